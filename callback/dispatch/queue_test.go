package dispatch_test

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/dispatch"
)

func TestAFullQueueRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newMemory(t, dispatch.MemoryOptions{})
		answer, release := hold()
		a := log{answer: answer}
		var b log
		add(t, d, "a", &a, dispatch.EndpointOptions{Concurrency: 1, Queue: 2})
		add(t, d, "b", &b, dispatch.EndpointOptions{})
		send(t, d, "", "1")
		synctest.Wait() // in flight: not in the queue
		send(t, d, "", "2", "3")
		err := d.Dispatch(t.Context(), message("4", ""))
		var refused *dispatch.Error
		require.ErrorAs(t, err, &refused)
		require.ErrorIs(t, err, dispatch.ErrQueueFull)
		assert.Len(t, refused.Refused, 1)
		s := stats(t, d, "a")
		assert.Equal(t, uint64(3), s.Accepted)
		assert.Equal(t, uint64(1), s.Refused)
		release()
		drain(t, d)
		assert.Equal(t, []string{"1", "2", "3"}, a.seen())
		assert.ElementsMatch(t, []string{"1", "2", "3", "4"}, b.seen(), "the others have accepted")
	})
}

func TestAFullQueueDropsTheOldest(t *testing.T) {
	for _, order := range []dispatch.Order{dispatch.None, dispatch.Strict} {
		t.Run(order.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var dropped []string
				d := newMemory(t, dispatch.MemoryOptions{Observe: func(o dispatch.Outcome) {
					if o.Result == dispatch.Dropped {
						assert.ErrorIs(t, o.Err, dispatch.ErrQueueFull)
						assert.ErrorIs(t, o.Err, callback.ErrDropped)
						dropped = append(dropped, o.Message.ID)
					}
				}})
				answer, release := hold()
				a := log{answer: answer}
				add(t, d, "a", &a, dispatch.EndpointOptions{
					Concurrency: 1, Queue: 2, Full: dispatch.DropOldest, Order: order,
				})
				send(t, d, "k", "1")
				synctest.Wait()
				send(t, d, "k", "2", "3", "4", "5")
				s := stats(t, d, "a")
				assert.Equal(t, uint64(5), s.Accepted)
				assert.Equal(t, uint64(2), s.Dropped)
				release()
				drain(t, d)
				assert.Equal(t, []string{"1", "4", "5"}, a.seen())
				assert.Equal(t, []string{"2", "3"}, dropped)
			})
		})
	}
}

func TestDropOldestDropsWhatWaitsForItsNextAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newMemory(t, dispatch.MemoryOptions{})
		a := log{answer: fails(errPasses)}
		add(t, d, "a", &a, dispatch.EndpointOptions{
			Queue: 3, Full: dispatch.DropOldest,
			Retry:   callback.RetryPolicy{Waits: []time.Duration{time.Hour}},
			Breaker: callback.BreakerPolicy{Off: true},
		})
		for i := range 10 {
			send(t, d, "", strconv.Itoa(i))
			synctest.Wait()
		}
		s := stats(t, d, "a")
		assert.Equal(t, 3, s.Waiting)
		assert.Equal(t, uint64(7), s.Dropped)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		rest, err := d.Shutdown(ctx)
		require.ErrorIs(t, err, context.Canceled)
		require.Len(t, rest, 3)
		assert.Equal(t, "7", rest[0].Message.ID)
		assert.Equal(t, "9", rest[2].Message.ID)
	})
}

func TestRateIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newMemory(t, dispatch.MemoryOptions{})
		var a log
		add(t, d, "a", &a, dispatch.EndpointOptions{
			Concurrency: 10, Rate: dispatch.Rate{Events: 10, Per: time.Second, Burst: 3},
		})
		for i := range 20 {
			send(t, d, "", strconv.Itoa(i))
		}
		drain(t, d)
		for i, at := range a.times {
			assert.Equal(t, time.Duration(max(0, i-2))*100*time.Millisecond, at, "call %d", i)
		}
		time.Sleep(time.Hour)
	})
}

func TestRateValidate(t *testing.T) {
	for _, r := range []dispatch.Rate{{}, {Events: 1, Per: 1}, {Events: 5, Per: time.Second, Burst: 1}} {
		assert.NoError(t, r.Validate(), "%+v", r)
	}
	for _, r := range []dispatch.Rate{
		{Events: 1}, {Per: 1}, {Burst: 1}, {Events: -1, Per: 1}, {Events: 1, Per: -1},
		{Events: 1, Per: 1, Burst: -1}, {Events: 2, Per: 1},
	} {
		assert.Error(t, r.Validate(), "%+v", r)
	}
}

func TestGoneEndsTheEndpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var outs []dispatch.Outcome
		d := newMemory(t, dispatch.MemoryOptions{Observe: func(o dispatch.Outcome) { outs = append(outs, o) }})
		gate := make(chan error)
		a := log{answer: func(context.Context, callback.Message, int) error { return <-gate }}
		add(t, d, "a", &a, dispatch.EndpointOptions{Concurrency: 2, Breaker: callback.BreakerPolicy{Off: true}})
		send(t, d, "", "1", "2", "3", "4")
		synctest.Wait()
		gate <- errGone
		synctest.Wait()
		gate <- errPasses // the other in flight: not tried again
		synctest.Wait()
		require.Len(t, outs, 4)
		for _, o := range outs {
			assert.Equal(t, dispatch.Failed, o.Result)
		}
		assert.Equal(t, dispatch.StateGone, stats(t, d, "a").State)
		err := d.Dispatch(t.Context(), message("5", ""))
		require.ErrorIs(t, err, callback.ErrGone)

		var b log
		add(t, d, "a", &b, dispatch.EndpointOptions{})
		send(t, d, "", "6")
		drain(t, d)
		assert.Equal(t, []string{"6"}, b.seen(), "added anew, it is called again")
	})
}

func TestStatsTellTheOldest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newMemory(t, dispatch.MemoryOptions{})
		answer, release := hold()
		a := log{answer: answer}
		add(t, d, "a", &a, dispatch.EndpointOptions{Concurrency: 1})
		assert.True(t, stats(t, d, "a").Oldest.IsZero())
		at := time.Now()
		send(t, d, "", "1")
		time.Sleep(time.Minute)
		send(t, d, "", "2")
		assert.Equal(t, at, stats(t, d, "a").Oldest)
		release()
		synctest.Wait()
		assert.True(t, stats(t, d, "a").Oldest.IsZero())
	})
}

func TestErrorNamesEveryEndpoint(t *testing.T) {
	err := &dispatch.Error{Refused: map[string]error{"b": errors.New("x"), "a": dispatch.ErrQueueFull}}
	require.EqualError(t, err, `dispatch: not accepted: "a": queue is full; "b": x`)
	require.ErrorIs(t, err, dispatch.ErrQueueFull)
}
