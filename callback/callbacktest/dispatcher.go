package callbacktest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/dispatch"
)

// NewDispatcher returns a dispatcher without endpoints, for [TestDispatcher].
type NewDispatcher func(t testing.TB) dispatch.Dispatcher

// TestDispatcher tests a dispatcher: that everything accepted is delivered or
// accounted for, that no endpoint holds up another, and that it keeps to the
// EndpointOptions. open is called for every part anew; what it returns is shut
// down by the suite. It is for engines that hand back what they did not deliver
// and for those that keep it.
func TestDispatcher(t *testing.T, open NewDispatcher) {
	t.Helper()
	runAll(t, dispatcherChecks, open)
}

var dispatcherChecks = []check[NewDispatcher]{
	{"delivers to all and to some", deliversToAllAndSome},
	{"names who refused", namesWhoRefused},
	{"calls outlive the Dispatch", callsOutliveTheDispatch},
	{"gives a message an ID", givesAnID},
	{"repeats the same message", repeatsTheSameMessage},
	{"numbers the attempts", numbersTheAttempts},
	{"gives up", givesUp},
	{"does not repeat what is final", doesNotRepeatWhatIsFinal},
	{"stops at gone", stopsAtGone},
	{"heeds Retry-After", heedsRetryAfter},
	{"waits off the workers", waitsOffTheWorkers},
	{"isolates endpoints", isolatesEndpoints},
	{"keeps its concurrency", keepsItsConcurrency},
	{"keeps its rate", keepsItsRate},
	{"bounds its queue", boundsItsQueue},
	{"treats a full queue as told", treatsAFullQueue},
	{"keeps strict order", keepsStrictOrder},
	{"delivers the latest", deliversTheLatest},
	{"survives a panic", survivesAPanic},
	{"pauses behind an open breaker", pausesBehindABreaker},
	{"replaces a Caller", replacesACaller},
	{"removes an endpoint", removesAnEndpoint},
	{"adds up", addsUp},
	{"drains", drains},
	{"shuts down in time", shutsDownInTime},
}

// A bench is a dispatcher under test.
type bench struct {
	testing.TB
	dispatch.Dispatcher
}

func newBench(t testing.TB, open NewDispatcher) bench {
	b := bench{t, open(t)}
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_, _ = b.Shutdown(ctx)
	})
	return b
}

func (b bench) add(name string, c callback.Caller, o dispatch.EndpointOptions) {
	b.Helper()
	if err := b.Add(b.Context(), name, c, o); err != nil {
		b.Fatalf("Add(%q) failed: %v", name, err)
	}
}

func (b bench) send(id, key string, to ...string) {
	b.Helper()
	m := callback.Message{ID: id, Key: key, Body: []byte(sampleBody)}
	if err := b.Dispatch(b.Context(), m, to...); err != nil {
		b.Fatalf("Dispatch of %q failed: %v", id, err)
	}
}

// stats returns the numbers of an endpoint, having checked all of them.
func (b bench) stats(name string) dispatch.EndpointStats {
	b.Helper()
	all, err := b.Stats(b.Context())
	if err != nil {
		b.Fatalf("Stats failed: %v", err)
	}
	var found dispatch.EndpointStats
	for _, s := range all {
		if sum := s.Delivered + s.Failed + s.Dropped + s.Returned + uint64(s.Queued) + uint64(s.InFlight); sum != s.Accepted {
			b.Fatalf("%d were accepted and %d are accounted for: %+v", s.Accepted, sum, s)
		}
		if s.Name == name {
			found = s
		}
	}
	return found
}

// settled waits until nothing of an endpoint is queued or in flight.
func (b bench) settled(name string, accepted int) dispatch.EndpointStats {
	b.Helper()
	var s dispatch.EndpointStats
	await(b.TB, fmt.Sprintf("%d messages of %q have their outcome", accepted, name), func() bool {
		s = b.stats(name)
		return s.Accepted == uint64(accepted) && s.Queued == 0 && s.InFlight == 0
	})
	return s
}

// quick returns a policy for tests: three attempts, one after the other.
func quick() callback.RetryPolicy {
	return callback.RetryPolicy{Attempts: 3, Waits: []time.Duration{time.Millisecond}}
}

func deliversToAllAndSome(t testing.TB, open NewDispatcher) {
	b := newBench(t, open)
	var one, two Recorder
	b.add("one", &one, dispatch.EndpointOptions{})
	b.add("two", &two, dispatch.EndpointOptions{})
	b.send("msg_1", "")
	b.send("msg_2", "", "two")
	b.settled("one", 1)
	b.settled("two", 2)
	if ids := one.IDs(); !slices.Equal(ids, []string{"msg_1"}) {
		t.Errorf("the first endpoint got %q, want what was for all", ids)
	}
	ids := two.IDs()
	slices.Sort(ids)
	if !slices.Equal(ids, []string{"msg_1", "msg_2"}) {
		t.Errorf("the second endpoint got %q, want both messages", ids)
	}
}

func namesWhoRefused(t testing.TB, open NewDispatcher) {
	b := newBench(t, open)
	var one Recorder
	b.add("one", &one, dispatch.EndpointOptions{})
	err := b.Dispatch(t.Context(), callback.Message{ID: "msg_1"}, "nobody", "one")
	var refused *dispatch.Error
	if !errors.As(err, &refused) || len(refused.Refused) != 1 || !errors.Is(refused.Refused["nobody"], dispatch.ErrUnknown) {
		t.Errorf("got the error %v, want a *dispatch.Error with ErrUnknown for %q", err, "nobody")
	}
	b.settled("one", 1)
}

func repeatsTheSameMessage(t testing.TB, open NewDispatcher) {
	b := newBench(t, open)
	r := Recorder{Answer: Fail(Failure(503), errors.New("lost"), nil)}
	b.add("one", &r, dispatch.EndpointOptions{Retry: quick()})
	m := sample()
	if err := b.Dispatch(t.Context(), m); err != nil {
		t.Fatalf("Dispatch failed: %v", err)
	}
	s := b.settled("one", 1)
	if s.Delivered != 1 || s.Retried != 2 {
		t.Errorf("after two failures: %+v, want one delivered and two retried", s)
	}
	for i, got := range r.Messages() {
		if got.ID != m.ID || string(got.Body) != string(m.Body) || got.Type != m.Type || got.Key != m.Key || !slices.Equal(got.Header["X-Team"], m.Header["X-Team"]) || !got.Time.Equal(m.Time) {
			t.Errorf("attempt %d got %+v, want the message", i+1, got)
		}
	}
}

func givesUp(t testing.TB, open NewDispatcher) {
	b := newBench(t, open)
	r := Recorder{Answer: Fail(Failure(500))}
	b.add("one", &r, dispatch.EndpointOptions{Retry: quick()})
	b.send("msg_1", "")
	s := b.settled("one", 1)
	if n := len(r.Messages()); n != 3 || s.Failed != 1 {
		t.Errorf("%d attempts and %d failed, want 3 and 1", n, s.Failed)
	}
}

func doesNotRepeatWhatIsFinal(t testing.TB, open NewDispatcher) {
	b := newBench(t, open)
	for _, status := range []int{302, 400, 404, 501} {
		r := Recorder{Answer: Fail(Failure(status))}
		name := fmt.Sprint("status ", status)
		b.add(name, &r, dispatch.EndpointOptions{Retry: quick()})
		b.send("msg_1", "", name)
		s := b.settled(name, 1)
		if n := len(r.Messages()); n != 1 || s.Failed != 1 {
			t.Errorf("%s: %d attempts and %d failed, want one each", name, n, s.Failed)
		}
	}
}

func stopsAtGone(t testing.TB, open NewDispatcher) {
	b := newBench(t, open)
	r := Recorder{Answer: Fail(Failure(410), nil)}
	b.add("one", &r, dispatch.EndpointOptions{Concurrency: 1})
	b.send("msg_1", "")
	b.settled("one", 1)
	await(t, "messages for an endpoint that is gone are refused", func() bool {
		return errors.Is(b.Dispatch(t.Context(), callback.Message{ID: "msg_2"}), callback.ErrGone)
	})
	if n := len(r.Messages()); n != 1 {
		t.Errorf("an endpoint that is gone was called %d times", n)
	}
}
