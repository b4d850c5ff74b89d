package callbacktest

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/dispatch"
)

// OpenDispatcher opens a dispatcher without endpoints on what is stored under
// dir, a directory that is empty at first. It is called in other processes than
// the one of the test, and fails t if it cannot open.
type OpenDispatcher func(t testing.TB, dir string) dispatch.Dispatcher

// TestDurable is the conformance test of dispatchers that keep what they
// accepted, beside TestDispatcher. It must be called by a test function, or by a
// subtest, that reaches the call in the same way each time: it starts the test
// binary again to kill it, twice, once while it accepts messages and once while
// it delivers them, with every fifth call answered by 503, or by 429 and a
// Retry-After. It then fails t unless, for each [dispatch.Order],
//
//   - every message that was accepted was delivered; of the order Latest, the
//     last one of each key,
//   - no more were delivered twice than two for each kill and call in flight,
//   - no Retry-After was cut short but those of calls in flight at a kill,
//   - Strict shows an endpoint no older message after a newer one, and Latest
//     none after it accepted a newer one.
//
// It takes a few seconds. With ALERTWIRE_DURABLE=full in the environment it
// sends 10,000 messages of 4 KiB in place of a few hundred of 1 KiB.
func TestDurable(t *testing.T, open OpenDispatcher) {
	runAll(t, durableChecks, open)
}

var durableChecks = []check[OpenDispatcher]{
	{"survives kill -9, order none", func(t testing.TB, open OpenDispatcher) { survivesKills(t, open, dispatch.None) }},
	{"survives kill -9, order latest", func(t testing.TB, open OpenDispatcher) { survivesKills(t, open, dispatch.Latest) }},
	{"survives kill -9, order strict", func(t testing.TB, open OpenDispatcher) { survivesKills(t, open, dispatch.Strict) }},
	{"keeps a Retry-After over kill -9", keepsRetryAfter},
	{"keeps what waits over a shutdown", keepsWhatWaits},
}

const kills = 2 // by survivesKills

// survivesKills kills a process that uses the dispatcher, and judges what its
// endpoint got.
func survivesKills(t testing.TB, open OpenDispatcher, order dispatch.Order) {
	p := newPlan(order)
	if serveChild(t, open) {
		return
	}
	s := newSink(t, p)
	c := startChild(t, p, s)
	c.until(func() bool { return s.accepted() >= p.Messages/3 })
	c.kill()
	c = c.again()
	c.until(func() bool {
		return s.accepted() >= p.Messages/2 && (s.delivered() >= s.accepted()*2/3 || c.isIdle())
	})
	c.kill()
	c = c.again()
	c.untilIdle()
	c.end()
	s.judge(t)
}

// keepsRetryAfter kills a process while a message waits because its endpoint has
// asked for it.
func keepsRetryAfter(t testing.TB, open OpenDispatcher) {
	if serveChild(t, open) {
		return
	}
	p := plan{Messages: 1, Keys: 1, Producers: 1, Senders: 1, Wait: 2 * time.Second, Next: make([]int, 1)}
	s := newSink(t, p)
	c := startChild(t, p, s)
	c.until(func() bool { return c.isWaiting() || c.isIdle() }) // or this machine is too slow to see it wait
	c.kill()
	c = c.again()
	c.untilIdle()
	c.end()
	s.judge(t)
}

// keepsWhatWaits shuts a dispatcher down while a message waits for its next
// attempt, and opens it again.
func keepsWhatWaits(t testing.TB, open OpenDispatcher) {
	const wait = time.Second
	if os.Getenv(planVariable) != "" {
		t.SkipNow() // the child of another check
	}
	dir, m := t.TempDir(), sample()
	m.ContentType = "text/plain"
	early := Failure(http.StatusServiceUnavailable)
	early.RetryAfter = wait
	options := dispatch.EndpointOptions{Breaker: callback.BreakerPolicy{Off: true}}

	called := make(chan time.Time, 1)
	refuse := callback.CallerFunc(func(context.Context, callback.Message) (callback.Reply, error) {
		called <- time.Now()
		return callback.Reply{Attempts: 1}, early
	})
	d := open(t, dir)
	ctx := t.Context()
	must(t, "Add", d.Add(ctx, "ops", refuse, options))
	must(t, "Dispatch", d.Dispatch(ctx, m, "ops"))
	due := receive(t, "the first call", called).Add(wait)
	await(t, "the message to wait", func() bool {
		stats, err := d.Stats(ctx)
		return err == nil && len(stats) == 1 && stats[0].Waiting == 1
	})
	ended, end := context.WithCancel(ctx)
	end() // it is not to wait for the message, nor to deliver it
	left, _ := d.Shutdown(ended)
	if len(left) > 0 {
		t.Errorf("Shutdown handed %d messages back, which it had promised to keep", len(left))
	}

	accept := new(Recorder)
	d = open(t, dir)
	must(t, "Add", d.Add(ctx, "ops", accept, options))
	await(t, "the second call", func() bool { return len(accept.Messages()) > 0 })
	if early := time.Until(due); early > 0 {
		t.Errorf("the Retry-After was cut short by %v", early)
	}
	got := accept.Messages()[0]
	same := got.ID == m.ID && got.Key == m.Key && got.Type == m.Type && got.ContentType == m.ContentType && got.Time.Equal(m.Time)
	if !same || !maps.EqualFunc(got.Header, m.Header, slices.Equal) || !slices.Equal(got.Body, m.Body) {
		t.Errorf("the message came back as %+v, want %+v", got, m)
	}
	_, err := d.Shutdown(ctx)
	must(t, "Shutdown", err)
}

func must(t testing.TB, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// A plan is what a child process is to do. It travels in its environment.
type plan struct {
	Order     dispatch.Order
	Messages  int
	Keys      int
	Producers int
	Senders   int
	Body      int           // bytes
	Wait      time.Duration // the Retry-After, in whole seconds
	Advise    int           // the message whose first call gets a Retry-After in any case; -1 is none

	Check string // the name of the test
	Dir   string
	URL   string
	Next  []int // of each producer: its next turn
}

func newPlan(order dispatch.Order) plan {
	p := plan{Order: order, Messages: 300, Producers: 4, Senders: 8, Body: 1 << 10, Wait: time.Second, Advise: -1}
	if full() {
		p = plan{Order: order, Messages: 10_000, Producers: 16, Senders: 32, Body: 4 << 10, Wait: time.Second, Advise: -1}
	}
	p.Keys = p.Messages / 10
	p.Next = make([]int, p.Producers)
	return p
}

// message returns the n-th message. Those of a key come in a row now and then,
// and each key has one producer.
func (p plan) message(n int) callback.Message {
	return callback.Message{
		ID:   fmt.Sprintf("m%06d", n),
		Key:  fmt.Sprintf("key %d", n%p.Keys),
		Type: "test",
		Time: time.Now(),
		Body: slices.Repeat([]byte("x"), p.Body),
	}
}

// of returns the n-th message of a producer, or false if there are no more. It
// has the keys that leave its number as a remainder.
func (p plan) of(producer, n int) (message int, ok bool) {
	own := (p.Keys - producer + p.Producers - 1) / p.Producers // keys of the producer
	message = n/own*p.Keys + producer + n%own*p.Producers
	return message, message < p.Messages
}
