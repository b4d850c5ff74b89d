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

// callsOutliveTheDispatch cancels the context of Dispatch as a server does when
// its handler returns, with the call in flight.
func callsOutliveTheDispatch(t testing.TB, open NewDispatcher) {
	b := newBench(t, open)
	started, gate := make(chan struct{}), make(chan struct{})
	var once sync.Once
	b.add("one", callback.CallerFunc(func(ctx context.Context, _ callback.Message) (callback.Reply, error) {
		once.Do(func() { close(started) })
		select {
		case <-gate:
		case <-ctx.Done():
		}
		return callback.Reply{}, ctx.Err()
	}), dispatch.EndpointOptions{Retry: quick()})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if err := b.Dispatch(ctx, sample()); err != nil {
		t.Fatalf("Dispatch failed: %v", err)
	}
	receive(t, "the first call", started)
	cancel()
	close(gate)
	if s := b.settled("one", 1); s.Delivered != 1 || s.Calls != 1 {
		t.Errorf("got %+v, want the message delivered by the call that was in flight when the context of Dispatch ended", s)
	}
}

// numbersTheAttempts asks a webhook, which is told by callback.WithAttempt.
func numbersTheAttempts(t testing.TB, open NewDispatcher) {
	b := newBench(t, open)
	srv := NewServer(t, Statuses(503, 503, 200)...)
	var mu sync.Mutex
	var numbers []int
	hook, err := callback.New(callback.Config{URL: srv.URL}, callback.Options{Observe: func(_ context.Context, a callback.Attempt) {
		mu.Lock()
		defer mu.Unlock()
		numbers = append(numbers, a.Number)
	}})
	must(t, "New", err)
	b.add("one", hook, dispatch.EndpointOptions{Retry: quick()})
	b.send("msg_1", "")
	b.settled("one", 1)
	mu.Lock()
	defer mu.Unlock()
	if !slices.Equal(numbers, []int{1, 2, 3}) {
		t.Errorf("the attempts have the numbers %v, want 1, 2 and 3: see callback.WithAttempt", numbers)
	}
}

// givesAnID dispatches a message without one, for two endpoints of which one
// gets it twice.
func givesAnID(t testing.TB, open NewDispatcher) {
	b := newBench(t, open)
	one, two := Recorder{Answer: Fail(Failure(503), nil)}, Recorder{}
	b.add("one", &one, dispatch.EndpointOptions{Retry: quick()})
	b.add("two", &two, dispatch.EndpointOptions{})
	if err := b.Dispatch(t.Context(), callback.Message{Body: []byte(sampleBody)}); err != nil {
		t.Fatalf("Dispatch failed: %v", err)
	}
	b.settled("one", 1)
	b.settled("two", 1)
	ids := append(one.IDs(), two.IDs()...)
	if len(ids) != 3 || ids[0] == "" || len(slices.Compact(slices.Clone(ids))) != 1 {
		t.Errorf("the attempts at a message without an ID have the IDs %q, want one, the same for all", ids)
	}
}

func keepsItsRate(t testing.TB, open NewDispatcher) {
	b := newBench(t, open)
	const n, per = 3, 500 * time.Millisecond // long enough for a slow machine to make the calls in less
	var r Recorder
	b.add("one", &r, dispatch.EndpointOptions{Rate: dispatch.Rate{Events: 1, Per: per}})
	began := time.Now() // the first call is not before this
	for i := range n {
		b.send(fmt.Sprint("msg_", i), "")
	}
	if s := b.settled("one", n); s.Delivered != n {
		t.Errorf("got %+v, want all delivered: what waits for the rate is not lost", s)
	}
	if took := time.Since(began); took < (n-1)*per {
		t.Errorf("%d calls at a rate of one every %v took %v", n, per, took)
	}
}

// treatsAFullQueue lets an engine drop the oldest message or refuse the option,
// as those do that drop nothing. It must not pass it over.
func treatsAFullQueue(t testing.TB, open NewDispatcher) {
	b := newBench(t, open)
	const queue, sent = 3, 10
	gate := make(chan struct{})
	r := Recorder{Answer: func(ctx context.Context, _ callback.Message, _ int) (callback.Reply, error) {
		select {
		case <-gate:
		case <-ctx.Done():
		}
		return callback.Reply{}, ctx.Err()
	}}
	err := b.Add(t.Context(), "one", &r, dispatch.EndpointOptions{Concurrency: 1, Queue: queue, Full: dispatch.DropOldest})
	if err != nil {
		return
	}
	b.send("msg_0", "")
	await(t, "the first message is in flight", func() bool { return len(r.Messages()) == 1 })
	for i := 1; i < sent; i++ {
		if err := b.Dispatch(t.Context(), callback.Message{ID: fmt.Sprint("msg_", i)}); err != nil {
			if errors.Is(err, dispatch.ErrQueueFull) {
				t.Fatalf("a full queue with DropOldest refused a message; an engine that drops nothing refuses the option in Add")
			}
			t.Fatalf("Dispatch failed: %v", err)
		}
	}
	close(gate)
	s := b.settled("one", sent)
	want := []string{"msg_0", "msg_7", "msg_8", "msg_9"}
	if ids := r.IDs(); !slices.Equal(ids, want) || s.Delivered != uint64(len(want)) || s.Dropped != sent-uint64(len(want)) {
		t.Errorf("a queue of %d with DropOldest delivered %q of %d messages, with the numbers %+v; want %q and the others dropped",
			queue, ids, sent, s, want)
	}
}
