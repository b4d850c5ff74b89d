package callbacktest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/dispatch"
)

func pausesBehindABreaker(t testing.TB, open NewDispatcher) {
	b := newBench(t, open)
	const n, cooldown = 10, 200 * time.Millisecond
	var mu sync.Mutex
	var times []time.Time
	c := callback.CallerFunc(func(context.Context, callback.Message) (callback.Reply, error) {
		mu.Lock()
		defer mu.Unlock()
		times = append(times, time.Now())
		if len(times) <= 3 { // two that open it, and the first probe
			return callback.Reply{}, Failure(503)
		}
		return callback.Reply{}, nil
	})
	b.add("one", c, dispatch.EndpointOptions{
		Concurrency: 1,
		Retry:       callback.RetryPolicy{Attempts: 4, Waits: []time.Duration{time.Millisecond}},
		Breaker:     callback.BreakerPolicy{Failures: 2, Cooldown: cooldown},
	})
	for i := range n {
		b.send(fmt.Sprint("msg_", i), "")
	}
	if s := b.settled("one", n); s.Delivered != n {
		t.Errorf("got %+v, want all delivered: an open breaker costs no attempts", s)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(times) < n {
		t.Fatalf("%d calls were made, want at least one for each of %d messages", len(times), n)
	}
	for i, what := range map[int]string{2: "first", 3: "second"} {
		if wait := times[i].Sub(times[i-1]); wait < cooldown {
			t.Errorf("the %s probe came after %v, want the cooldown of %v", what, wait, cooldown)
		}
	}
}

func replacesACaller(t testing.TB, open NewDispatcher) {
	b := newBench(t, open)
	old := Recorder{Answer: Fail(Failure(503))}
	var fresh Recorder
	o := dispatch.EndpointOptions{Retry: callback.RetryPolicy{Attempts: 100, Waits: []time.Duration{50 * time.Millisecond}}}
	b.add("one", &old, o)
	b.send("msg_1", "")
	await(t, "the first attempt", func() bool { return len(old.Messages()) > 0 })
	b.add("one", &fresh, o)
	if s := b.settled("one", 1); s.Delivered != 1 || len(fresh.Messages()) != 1 {
		t.Errorf("got %+v and %d calls of the new Caller, want the next attempt to use it", s, len(fresh.Messages()))
	}
}

func removesAnEndpoint(t testing.TB, open NewDispatcher) {
	b := newBench(t, open)
	if err := b.Remove(t.Context(), "nobody"); !errors.Is(err, dispatch.ErrUnknown) {
		t.Errorf("Remove of an unknown endpoint returned %v, want ErrUnknown", err)
	}
	r := Recorder{Answer: Fail(Failure(503))}
	b.add("one", &r, dispatch.EndpointOptions{Retry: callback.RetryPolicy{Attempts: 1000, Waits: []time.Duration{20 * time.Millisecond}}})
	b.send("msg_1", "")
	await(t, "the first attempt", func() bool { return len(r.Messages()) > 0 })
	if err := b.Remove(t.Context(), "one"); err != nil {
		t.Fatalf("Remove failed: %v", err)
	}
	calls := len(r.Messages())
	if err := b.Dispatch(t.Context(), callback.Message{ID: "msg_2"}, "one"); !errors.Is(err, dispatch.ErrUnknown) {
		t.Errorf("Dispatch to a removed endpoint returned %v, want ErrUnknown", err)
	}
	var other Recorder
	b.add("other", &other, dispatch.EndpointOptions{Retry: quick()})
	b.send("msg_3", "")
	b.settled("other", 1)
	if n := len(r.Messages()); n != calls {
		t.Errorf("%d calls came after Remove had returned", n-calls)
	}
}

// addsUp lets many senders and random faults loose, and reads the numbers all
// the while: stats checks the sum each time.
func addsUp(t testing.TB, open NewDispatcher) {
	b := newBench(t, open)
	c := callback.CallerFunc(func(context.Context, callback.Message) (callback.Reply, error) {
		switch rand.IntN(5) {
		case 0:
			return callback.Reply{}, Failure(503)
		case 1:
			return callback.Reply{}, Failure(400)
		case 2:
			panic("at random")
		}
		return callback.Reply{}, nil
	})
	const endpoints, senders, each = 3, 4, 50
	for i := range endpoints {
		b.add(fmt.Sprint("endpoint ", i), c, dispatch.EndpointOptions{
			Concurrency: 3, Order: dispatch.Order(i), Queue: 40, Retry: quick(), Breaker: callback.BreakerPolicy{Off: true},
		})
	}
	var accepted [endpoints]atomic.Int64
	var wg sync.WaitGroup
	for s := range senders {
		wg.Go(func() {
			for n := range each {
				m := callback.Message{ID: fmt.Sprintf("msg_%d_%d", s, n), Key: fmt.Sprint("key ", n%5), Body: []byte("{}")}
				err := b.Dispatch(context.Background(), m)
				var refused *dispatch.Error
				if err != nil && !errors.As(err, &refused) {
					t.Errorf("Dispatch failed: %v", err)
					return
				}
				for i := range endpoints {
					if refused == nil || refused.Refused[fmt.Sprint("endpoint ", i)] == nil {
						accepted[i].Add(1)
					}
				}
			}
		})
	}
	sent := make(chan struct{})
	go func() {
		wg.Wait()
		close(sent)
	}()
	for done := false; !done; {
		select {
		case <-sent:
			done = true
		default:
			b.stats("")
		}
	}
	for i := range endpoints {
		b.settled(fmt.Sprint("endpoint ", i), int(accepted[i].Load()))
	}
}

// keeps reports whether what could not be delivered stays in the engine: such a
// dispatcher hands nothing back.
func keeps(t testing.TB, open NewDispatcher) bool {
	b := newBench(t, open)
	b.add("one", callback.CallerFunc(func(ctx context.Context, _ callback.Message) (callback.Reply, error) {
		<-ctx.Done()
		return callback.Reply{}, ctx.Err()
	}), dispatch.EndpointOptions{})
	b.send("msg_x", "")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	rest, _ := b.Shutdown(ctx)
	return len(rest) == 0
}

// drains fails the first call of every message, and the one of the last only
// when Shutdown waits for it. An engine that keeps what waits for its next
// attempt need not wait with it: of such a one every tenth fails.
func drains(t testing.TB, open NewDispatcher) {
	kept := keeps(t, open)
	b := newBench(t, open)
	var mu sync.Mutex
	tries, delivered := map[string]int{}, map[string]bool{}
	const n = 30
	late := make(chan struct{}) // the last one takes until Shutdown is under way
	c := callback.CallerFunc(func(ctx context.Context, m callback.Message) (callback.Reply, error) {
		if m.ID == fmt.Sprint("msg_", n-1) {
			select {
			case <-late:
			case <-ctx.Done():
				return callback.Reply{}, ctx.Err()
			}
		}
		mu.Lock()
		defer mu.Unlock()
		if tries[m.ID]++; tries[m.ID] == 1 && (!kept || strings.HasSuffix(m.ID, "0")) {
			return callback.Reply{}, Failure(503)
		}
		delivered[m.ID] = true
		return callback.Reply{}, nil
	})
	b.add("one", c, dispatch.EndpointOptions{Retry: quick(), Breaker: callback.BreakerPolicy{Off: true}})
	for i := range n {
		b.send(fmt.Sprint("msg_", i), "")
	}
	ctx, cancel := context.WithTimeout(t.Context(), patienceOf(t))
	defer cancel()
	time.AfterFunc(100*time.Millisecond, func() { close(late) })
	rest, err := b.Shutdown(ctx)
	if err != nil || len(rest) != 0 {
		t.Errorf("Shutdown handed back %d messages with the error %v, want none", len(rest), err)
	}
	mu.Lock()
	if len(tries) != n {
		t.Errorf("%d messages were called before Shutdown returned, want %d", len(tries), n)
	}
	if !kept && len(delivered) != n {
		t.Errorf("%d messages were delivered before Shutdown returned, want %d", len(delivered), n)
	}
	mu.Unlock()
	if err := b.Dispatch(t.Context(), callback.Message{ID: "msg_x"}); !errors.Is(err, dispatch.ErrClosed) {
		t.Errorf("Dispatch after Shutdown returned %v, want ErrClosed", err)
	}
	if err := b.Add(t.Context(), "two", c, dispatch.EndpointOptions{}); !errors.Is(err, dispatch.ErrClosed) {
		t.Errorf("Add after Shutdown returned %v, want ErrClosed", err)
	}
}

func shutsDownInTime(t testing.TB, open NewDispatcher) {
	b := newBench(t, open)
	started := make(chan struct{}, 10)
	hang := callback.CallerFunc(func(ctx context.Context, _ callback.Message) (callback.Reply, error) {
		started <- struct{}{}
		<-ctx.Done()
		return callback.Reply{}, ctx.Err()
	})
	b.add("one", hang, dispatch.EndpointOptions{Concurrency: 1})
	for i := range 3 {
		b.send(fmt.Sprint("msg_", i), "")
	}
	receive(t, "the first call", started)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	var rest []dispatch.Undelivered
	within(t, "Shutdown with a call that hangs", func() {
		var err error
		if rest, err = b.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Shutdown returned the error %v, want that of its context", err)
		}
	})
	if all, err := b.Stats(context.Background()); err == nil {
		for _, s := range all {
			if s.Returned != uint64(len(rest)) || s.InFlight != 0 {
				t.Errorf("%d messages were handed back, and the numbers are %+v", len(rest), s)
			}
		}
	}
	for i, u := range rest {
		if u.Endpoint != "one" || u.Message.ID != fmt.Sprint("msg_", i) {
			t.Errorf("handed back %q of %q as number %d, want the order of acceptance", u.Message.ID, u.Endpoint, i)
		}
	}
}
