package callbacktest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/dispatch"
)

func heedsRetryAfter(t testing.TB, open NewDispatcher) {
	b := newBench(t, open)
	const advised = 300 * time.Millisecond
	busy := Failure(429)
	busy.RetryAfter = advised
	var mu sync.Mutex
	var times []time.Time
	r := Recorder{Answer: func(_ context.Context, _ callback.Message, n int) (callback.Reply, error) {
		mu.Lock()
		defer mu.Unlock()
		times = append(times, time.Now())
		if n == 1 {
			return callback.Reply{}, busy
		}
		return callback.Reply{}, nil
	}}
	b.add("one", &r, dispatch.EndpointOptions{Retry: quick(), Breaker: callback.BreakerPolicy{Off: true}})
	b.send("msg_1", "")
	b.settled("one", 1)
	mu.Lock()
	defer mu.Unlock()
	if len(times) != 2 {
		t.Fatalf("%d attempts, want 2", len(times))
	}
	if wait := times[1].Sub(times[0]); wait < advised {
		t.Errorf("the second attempt came %v after the first, want at least the advised %v", wait, advised)
	}
}

func waitsOffTheWorkers(t testing.TB, open NewDispatcher) {
	b := newBench(t, open)
	r := Recorder{Answer: func(_ context.Context, m callback.Message, _ int) (callback.Reply, error) {
		if m.ID == "msg_bad" {
			return callback.Reply{}, Failure(503)
		}
		return callback.Reply{}, nil
	}}
	b.add("one", &r, dispatch.EndpointOptions{
		Concurrency: 1, Retry: callback.RetryPolicy{Waits: []time.Duration{time.Hour}},
	})
	b.send("msg_bad", "")
	b.send("msg_good", "")
	await(t, "a message is delivered while another waits for its next attempt", func() bool {
		return b.stats("one").Delivered == 1
	})
}

func isolatesEndpoints(t testing.TB, open NewDispatcher) {
	b := newBench(t, open)
	const hanging, n = 10, 50
	var held sync.Map
	var names []string
	for i := range hanging {
		name := fmt.Sprint("hanging ", i)
		names = append(names, name)
		b.add(name, callback.CallerFunc(func(ctx context.Context, _ callback.Message) (callback.Reply, error) {
			held.Store(name, true)
			<-ctx.Done()
			return callback.Reply{}, ctx.Err()
		}), dispatch.EndpointOptions{})
	}
	for i := range n {
		b.send(fmt.Sprint("msg_", i), "", names...)
	}
	await(t, "every endpoint is called, although others hang", func() bool {
		count := 0
		held.Range(func(any, any) bool { count++; return true })
		return count == hanging
	})
	var good Recorder
	b.add("good", &good, dispatch.EndpointOptions{})
	for i := range n {
		b.send(fmt.Sprint("msg_", i), "", "good")
	}
	await(t, "a good endpoint has its messages while ten others hang", func() bool {
		return b.stats("good").Delivered == n
	})
}

func keepsItsConcurrency(t testing.TB, open NewDispatcher) {
	const most = 3
	b := newBench(t, open)
	gate := make(chan struct{})
	var mu sync.Mutex
	now, seen := 0, 0
	c := callback.CallerFunc(func(ctx context.Context, _ callback.Message) (callback.Reply, error) {
		mu.Lock()
		now++
		seen = max(seen, now)
		mu.Unlock()
		select {
		case <-gate:
		case <-ctx.Done():
		}
		mu.Lock()
		now--
		mu.Unlock()
		return callback.Reply{}, ctx.Err()
	})
	b.add("one", c, dispatch.EndpointOptions{Concurrency: most})
	for i := range 20 {
		b.send(fmt.Sprint("msg_", i), "")
	}
	await(t, "as many calls as are allowed are in flight", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return now >= most
	})
	tooMany := func() bool {
		mu.Lock()
		defer mu.Unlock()
		return seen > most
	}
	for end := time.Now().Add(250 * time.Millisecond); time.Now().Before(end) && !tooMany(); {
		pause(t.Context(), 5*time.Millisecond) // for one too many to come
	}
	close(gate)
	b.settled("one", 20)
	if seen > most {
		t.Errorf("%d calls were in flight, want %d", seen, most)
	}
}

func boundsItsQueue(t testing.TB, open NewDispatcher) {
	b := newBench(t, open)
	hang := callback.CallerFunc(func(ctx context.Context, _ callback.Message) (callback.Reply, error) {
		<-ctx.Done()
		return callback.Reply{}, ctx.Err()
	})
	b.add("one", hang, dispatch.EndpointOptions{Concurrency: 1, Queue: 5})
	var err error
	accepted := 0
	for i := range 100 {
		if err = b.Dispatch(t.Context(), callback.Message{ID: fmt.Sprint("msg_", i)}); err != nil {
			break
		}
		accepted++
	}
	var refused *dispatch.Error
	if !errors.As(err, &refused) || !errors.Is(err, dispatch.ErrQueueFull) {
		t.Errorf("a full queue returned %v, want a *dispatch.Error with ErrQueueFull", err)
	}
	if accepted < 5 || accepted > 7 {
		t.Errorf("a queue of 5 accepted %d messages", accepted)
	}
}

func keepsStrictOrder(t testing.TB, open NewDispatcher) {
	b := newBench(t, open)
	var mu sync.Mutex
	tries := map[string]int{}
	order := map[string][]string{}
	c := callback.CallerFunc(func(_ context.Context, m callback.Message) (callback.Reply, error) {
		mu.Lock()
		defer mu.Unlock()
		order[m.Key] = append(order[m.Key], m.ID)
		tries[m.ID]++
		switch {
		case len(m.ID)%2 == 0 && tries[m.ID] < 3:
			return callback.Reply{}, Failure(503)
		case tries[m.ID] == 3:
			return callback.Reply{}, Failure(400) // given up
		}
		return callback.Reply{}, nil
	})
	b.add("one", c, dispatch.EndpointOptions{
		Concurrency: 4, Order: dispatch.Strict, Retry: quick(), Breaker: callback.BreakerPolicy{Off: true},
	})
	want := map[string][]string{}
	for i := range 30 {
		id, key := fmt.Sprint("msg_", i*7), fmt.Sprint("key ", i%3)
		b.send(id, key)
		want[key] = append(want[key], id)
	}
	b.settled("one", 30)
	mu.Lock()
	defer mu.Unlock()
	for key := range want {
		if got := slices.Compact(order[key]); !slices.Equal(got, want[key]) {
			t.Errorf("%s was delivered as %q, want %q", key, got, want[key])
		}
	}
}

func deliversTheLatest(t testing.TB, open NewDispatcher) {
	b := newBench(t, open)
	gate := make(chan struct{})
	r := Recorder{Answer: func(ctx context.Context, _ callback.Message, _ int) (callback.Reply, error) {
		select {
		case <-gate:
		case <-ctx.Done():
		}
		return callback.Reply{}, ctx.Err()
	}}
	b.add("one", &r, dispatch.EndpointOptions{Concurrency: 4, Order: dispatch.Latest})
	b.send("msg_firing", "cpu")
	await(t, "the first message is in flight", func() bool { return len(r.Messages()) == 1 })
	for i := range 5 {
		b.send(fmt.Sprint("msg_update_", i), "cpu")
	}
	b.send("msg_resolved", "cpu")
	close(gate)
	s := b.settled("one", 7)
	if ids := r.IDs(); !slices.Equal(ids, []string{"msg_firing", "msg_resolved"}) {
		t.Errorf("got %q, want the first and the latest", ids)
	}
	if s.Delivered != 2 || s.Dropped != 5 {
		t.Errorf("got %+v, want 2 delivered and 5 dropped", s)
	}
}

func survivesAPanic(t testing.TB, open NewDispatcher) {
	b := newBench(t, open)
	r := Recorder{Answer: func(_ context.Context, m callback.Message, _ int) (callback.Reply, error) {
		if m.ID == "msg_bad" {
			panic("as some plugins do")
		}
		return callback.Reply{}, nil
	}}
	b.add("one", &r, dispatch.EndpointOptions{Concurrency: 1, Retry: quick()})
	b.send("msg_bad", "")
	b.send("msg_good", "")
	if s := b.settled("one", 2); s.Failed != 1 || s.Delivered != 1 {
		t.Errorf("got %+v, want one failed and one delivered", s)
	}
}
