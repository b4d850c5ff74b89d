package dispatch_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/alertwire/alertwire/callback/dispatch"
)

// A records is a log of slog that can be read while it is written.
type records struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (r *records) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

func (r *records) count(message string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Count(r.text.String(), message)
}

// A partitioned is a dispatcher with one endpoint behind a network, "far", and
// one that is near.
type partitioned struct {
	t       *testing.T
	network *callbacktest.Proxy
	far     *callbacktest.Server
	near    *callbacktest.Server
	d       *dispatch.Memory
	ledger  *ledger
	log     *records
	hooks   []*callback.Webhook
	n       int // messages sent
	hangs   atomic.Bool

	mu     sync.Mutex
	failed map[string]callback.Class // at far, by message
}

func newPartitioned(t *testing.T, far dispatch.EndpointOptions) *partitioned {
	p := &partitioned{t: t, ledger: newLedger(t), log: &records{}, failed: map[string]callback.Class{}}
	p.far = callbacktest.NewServer(t, callbacktest.Status(204))
	p.near = callbacktest.NewServer(t, callbacktest.Status(204))
	p.network = callbacktest.NewProxy(t, p.far.URL)
	p.d = newMemory(t, dispatch.MemoryOptions{Observe: func(o dispatch.Outcome) {
		var e *callback.Error
		switch {
		case o.Result == dispatch.Delivered: // a server keeps what came
			p.ledger.took(o.Endpoint, o.Message.ID)
		case errors.As(o.Err, &e):
			p.mu.Lock()
			p.failed[o.Message.ID] = e.Class
			p.mu.Unlock()
		}
		p.ledger.settle(o)
	}})
	far.Breaker.Logger = slog.New(slog.NewTextHandler(p.log, nil))
	brief, patient := p.hook(p.network.URL, 50*time.Millisecond), p.hook(p.network.URL, 0)
	add(t, p.d, "far", callback.CallerFunc(func(ctx context.Context, m callback.Message) (callback.Reply, error) {
		if p.hangs.Load() {
			return brief.Call(ctx, m)
		}
		return patient.Call(ctx, m) // only the network makes a call fail, and not a machine that is busy
	}), far)
	add(t, p.d, "near", p.hook(p.near.URL, 0), dispatch.EndpointOptions{})
	return p
}

func (p *partitioned) hook(url string, timeout time.Duration) *callback.Webhook {
	p.t.Helper()
	hook, err := callback.New(callback.Config{URL: url, Timeout: timeout}, callback.Options{})
	require.NoError(p.t, err)
	p.hooks = append(p.hooks, hook)
	return hook
}

func (p *partitioned) cut(f callbacktest.Fault) {
	p.hangs.Store(f.Silent || f.Stall)
	p.network.Set(f)
}

func (p *partitioned) heal() {
	p.hangs.Store(false)
	p.network.Heal()
}

// send sends n messages to both, of ten keys in turn.
func (p *partitioned) send(n int) {
	p.t.Helper()
	for range n {
		m := message(fmt.Sprint("msg_", p.n), fmt.Sprint("key ", p.n%10))
		p.ledger.sent("far", m.ID)
		p.ledger.sent("near", m.ID)
		require.NoError(p.t, p.d.Dispatch(p.t.Context(), m))
		p.n++
	}
}

// settled waits until the endpoint has nothing left to do.
func (p *partitioned) settled(name string) dispatch.EndpointStats {
	p.t.Helper()
	var s dispatch.EndpointStats
	eventually(p.t, func() bool {
		s = stats(p.t, p.d, name)
		return s.Queued+s.InFlight == 0
	}, "messages are left")
	return s
}

// came returns the messages that came to a server, by when they came first.
func came(srv *callbacktest.Server) (ids []string) {
	seen := map[string]bool{}
	for _, r := range srv.Requests() {
		id := r.Header.Get("Webhook-Id")
		if !seen[id] {
			ids = append(ids, id)
		}
		seen[id] = true
	}
	return ids
}

func messages(from, to int) (ids []string) {
	for n := from; n < to; n++ {
		ids = append(ids, fmt.Sprint("msg_", n))
	}
	return ids
}

// finish shuts everything down and balances the books.
func (p *partitioned) finish() {
	p.t.Helper()
	rest, err := p.d.Shutdown(p.t.Context())
	require.NoError(p.t, err)
	assert.Empty(p.t, rest)
	p.ledger.balance(p.d)
	for _, h := range p.hooks {
		h.CloseIdleConnections()
	}
	p.network.Close()
	p.far.Close()
	p.near.Close()
}

// inEachPartition runs a test for several partitions at a time, and checks that
// they leave no goroutine and no descriptor.
func inEachPartition(t *testing.T, test func(t *testing.T, name string, f callbacktest.Fault)) {
	t.Helper()
	goroutines, files := runtime.NumGoroutine(), descriptors()
	t.Run("all", func(t *testing.T) {
		for name, f := range partitions {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				test(t, name, f)
			})
		}
	})
	eventually(t, func() bool { return runtime.NumGoroutine() <= goroutines && descriptors() <= files }, "goroutines or descriptors are left")
}

var partitions = map[string]callbacktest.Fault{
	"refused":   {Refuse: true, Reset: true},
	"reset":     {Reset: true},
	"half-open": {Silent: true},
	"stalled":   {Stall: true},
	"no answer": {Silent: true, AfterReply: 1}, // the receiver has the message, and nobody can know
}

// The network to one endpoint is cut and heals. The breaker opens and closes,
// once; every message arrives and is reported once; and the other endpoint has
// all of its own meanwhile.
func TestPartitionHeals(t *testing.T) {
	inEachPartition(t, func(t *testing.T, name string, f callbacktest.Fault) {
		p := newPartitioned(t, dispatch.EndpointOptions{
			Concurrency: 4,
			Retry:       callback.RetryPolicy{Attempts: 1 << 30, Base: time.Millisecond, Cap: 5 * time.Millisecond},
			Breaker:     callback.BreakerPolicy{Failures: 3, Cooldown: 10 * time.Millisecond},
		})
		p.send(20)
		p.settled("far")

		p.cut(f)
		p.send(40)
		assert.Equal(t, uint64(60), p.settled("near").Delivered, "while the other one is cut off")
		eventually(t, func() bool { return stats(t, p.d, "far").State == dispatch.StatePaused }, "the breaker does not open")
		eventually(t, func() bool { return stats(t, p.d, "far").Calls >= 20+6 }, "nobody probes")
		assert.Equal(t, 1, p.log.count("breaker opened"))
		assert.Zero(t, p.log.count("breaker closed"))

		p.heal()
		p.send(20)
		p.settled("near")
		s := p.settled("far")
		assert.Equal(t, uint64(80), s.Delivered)
		assert.Equal(t, dispatch.StateReady, s.State)
		assert.ElementsMatch(t, messages(0, 80), came(p.far))
		assert.ElementsMatch(t, messages(0, 80), came(p.near))
		assert.Len(t, p.near.Requests(), 80, "each once")
		assert.Equal(t, 1, p.log.count("breaker opened"))
		eventually(t, func() bool { return p.log.count("breaker closed") == 1 }, "it is over")
		p.finish()
	})
}

// With a policy that gives up, the messages of an outage that got their calls
// are reported as failed, with the class of the fault; those that waited behind
// the breaker are delivered.
func TestPartitionWithAPolicyThatGivesUp(t *testing.T) {
	classes := map[string]callback.Class{
		"refused": callback.ClassRefused, "reset": callback.ClassReset, "half-open": callback.ClassTimeout,
		"stalled": callback.ClassTimeout, "no answer": callback.ClassTimeout,
	}
	inEachPartition(t, func(t *testing.T, name string, f callbacktest.Fault) {
		p := newPartitioned(t, dispatch.EndpointOptions{
			Concurrency: 4,
			Retry:       callback.RetryPolicy{Attempts: 1},
			Breaker:     callback.BreakerPolicy{Failures: 3, Cooldown: 200 * time.Millisecond}, // a machine that is busy heals late
		})
		p.cut(f)
		p.send(60)
		eventually(t, func() bool { return stats(t, p.d, "far").Failed >= 3 }, "nothing fails")
		assert.Equal(t, classes[name], stats(t, p.d, "far").LastClass)
		p.heal()
		s := p.settled("far")
		assert.Equal(t, uint64(60), s.Accepted)
		assert.Equal(t, uint64(60), s.Delivered+s.Failed)
		assert.GreaterOrEqual(t, s.Delivered, uint64(40), "the breaker has kept most of them")
		p.finish() // which waits for what is told of the last one
		if name == "refused" || name == "reset" {
			for _, id := range came(p.far) {
				assert.NotEqual(t, classes[name], p.failed[id], "%s has failed, and came", id)
			}
		}
	})
}

// An outage changes nothing of the order of a key, as long as the network loses
// what it does not deliver. (One that delivers late, as a stalled one may, can
// bring an attempt that was given up behind a newer message.)
func TestPartitionKeepsStrictOrder(t *testing.T) {
	inEachPartition(t, func(t *testing.T, name string, f callbacktest.Fault) {
		if name == "stalled" { // see above
			return
		}
		p := newPartitioned(t, dispatch.EndpointOptions{
			Concurrency: 4, Order: dispatch.Strict,
			Retry:   callback.RetryPolicy{Attempts: 1 << 30, Base: time.Millisecond, Cap: 5 * time.Millisecond},
			Breaker: callback.BreakerPolicy{Failures: 3, Cooldown: 10 * time.Millisecond},
		})
		for range 3 {
			p.cut(f)
			p.send(20)
			eventually(t, func() bool { return stats(t, p.d, "far").State == dispatch.StatePaused }, "the breaker does not open")
			p.heal()
			p.send(20)
			p.settled("far")
		}
		last := map[string]int{}
		for _, r := range p.far.Requests() {
			var n int
			_, err := fmt.Sscanf(r.Header.Get("Webhook-Id"), "msg_%d", &n)
			require.NoError(t, err)
			key := fmt.Sprint(n % 10)
			assert.GreaterOrEqual(t, n, last[key], "key %s", key)
			last[key] = n
		}
		assert.Len(t, came(p.far), 120)
		p.finish()
	})
}

// Shutdown in an outage hands back what is left, once each, and what it hands
// back was not delivered, or nobody can know.
func TestShutdownInAPartition(t *testing.T) {
	inEachPartition(t, func(t *testing.T, name string, f callbacktest.Fault) {
		p := newPartitioned(t, dispatch.EndpointOptions{Concurrency: 4, Retry: callback.RetryPolicy{Attempts: 1 << 30, Base: time.Millisecond}})
		p.send(20)
		p.settled("far")
		p.cut(f)
		p.send(40)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		p.settled("near")
		rest, err := p.d.Shutdown(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		var back []string
		for _, u := range rest {
			assert.Equal(t, "far", u.Endpoint)
			back = append(back, u.Message.ID)
		}
		assert.ElementsMatch(t, messages(20, 60), back)
		assert.Equal(t, uint64(40), p.ledger.balance(p.d).Returned)
		if name != "no answer" && name != "stalled" {
			assert.ElementsMatch(t, messages(0, 20), came(p.far))
		}
	})
}
