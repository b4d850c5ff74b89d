package dispatch_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/dispatch"
)

func TestReplaceWhileRunning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newMemory(t, dispatch.MemoryOptions{})
		old := log{answer: fails(errPasses)}
		var fresh log
		retry := callback.RetryPolicy{Waits: []time.Duration{time.Minute}}
		add(t, d, "a", &old, dispatch.EndpointOptions{Retry: retry})
		send(t, d, "", "1", "2")
		synctest.Wait()
		add(t, d, "a", &fresh, dispatch.EndpointOptions{Retry: retry})
		drain(t, d)
		assert.ElementsMatch(t, []string{"1", "2"}, old.seen())
		assert.ElementsMatch(t, []string{"1", "2"}, fresh.seen(), "the next attempt uses what is new")
		s := stats(t, d, "a")
		assert.Equal(t, uint64(2), s.Accepted, "and the numbers go on")
		assert.Equal(t, uint64(2), s.Retried)
	})
}

func TestReplaceWakesAPausedEndpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newMemory(t, dispatch.MemoryOptions{})
		down := log{answer: fails(errPasses)}
		var up log
		add(t, d, "a", &down, dispatch.EndpointOptions{
			Retry: callback.RetryPolicy{Attempts: 9, Waits: []time.Duration{0}}, Breaker: callback.BreakerPolicy{Failures: 1, Cooldown: time.Hour},
		})
		send(t, d, "", "1", "2", "3")
		synctest.Wait()
		require.Equal(t, dispatch.StatePaused, stats(t, d, "a").State)
		add(t, d, "a", &up, dispatch.EndpointOptions{})
		synctest.Wait()
		assert.Equal(t, uint64(3), stats(t, d, "a").Delivered)
	})
}

func TestReplaceHurriesWhatWaitsBehindAPause(t *testing.T) {
	open := &callback.Error{Class: callback.ClassOpen, Reason: callback.ErrOpen, RetryAfter: time.Minute}
	synctest.Test(t, func(t *testing.T) {
		d := newMemory(t, dispatch.MemoryOptions{})
		down := log{answer: func(_ context.Context, m callback.Message, _ int) error {
			if m.ID == "1" {
				time.Sleep(time.Millisecond)
				return open
			}
			return errPasses
		}}
		var up log
		o := dispatch.EndpointOptions{
			Queue: 2, Full: dispatch.DropOldest, Order: dispatch.Strict, Retry: callback.RetryPolicy{Waits: []time.Duration{time.Second}},
		}
		add(t, d, "a", &down, o)
		send(t, d, "j", "1")
		send(t, d, "k", "2")
		time.Sleep(2 * time.Millisecond) // 2 waits for a second, 1 for a minute, and everybody with it
		send(t, d, "k", "3")             // drops 1 and is behind 2: nothing is ready
		start := time.Now()
		add(t, d, "a", &up, o)
		drain(t, d)
		assert.Less(t, time.Since(start), time.Second)
		assert.Equal(t, []string{"2", "3"}, up.seen())
	})
}

func TestRemove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		outs := map[string]dispatch.Outcome{}
		d := newMemory(t, dispatch.MemoryOptions{Observe: func(o dispatch.Outcome) {
			mu.Lock()
			outs[o.Message.ID] = o
			mu.Unlock()
		}})
		gate := make(chan struct{})
		a := log{answer: func(_ context.Context, m callback.Message, _ int) error {
			<-gate
			if m.ID == "2" {
				return errPasses
			}
			return nil
		}}
		add(t, d, "a", &a, dispatch.EndpointOptions{Concurrency: 2})
		send(t, d, "", "1", "2", "3")
		synctest.Wait()
		require.ErrorIs(t, d.Remove(t.Context(), "nobody"), dispatch.ErrUnknown)

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, d.Remove(ctx, "a"), context.DeadlineExceeded, "calls are in flight")
		require.ErrorIs(t, outs["3"].Err, dispatch.ErrRemoved)
		require.ErrorIs(t, d.Dispatch(t.Context(), message("4", ""), "a"), dispatch.ErrUnknown)
		all, err := d.Stats(t.Context())
		require.NoError(t, err)
		assert.Empty(t, all)

		close(gate)
		synctest.Wait()
		assert.Equal(t, dispatch.Delivered, outs["1"].Result)
		assert.Equal(t, dispatch.Dropped, outs["2"].Result, "there is nobody to try again")

		var b log
		add(t, d, "a", &b, dispatch.EndpointOptions{})
		send(t, d, "", "5")
		require.Zero(t, stats(t, d, "a").Dropped, "it is another endpoint")
		synctest.Wait()
		require.NoError(t, d.Remove(t.Context(), "a"))
		assert.Equal(t, []string{"5"}, b.seen())
	})
}

func TestAddCopiesTheOptions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newMemory(t, dispatch.MemoryOptions{})
		a := log{answer: func(_ context.Context, _ callback.Message, n int) error {
			if n == 1 {
				return errFinal
			}
			return nil
		}}
		o := dispatch.EndpointOptions{Retry: callback.RetryPolicy{Waits: []time.Duration{time.Minute}, Statuses: []int{400}}}
		add(t, d, "a", &a, o)
		o.Retry.Waits[0], o.Retry.Statuses[0] = time.Hour, 500
		send(t, d, "", "1")
		start := time.Now()
		drain(t, d)
		assert.Equal(t, time.Minute, time.Since(start))
		assert.Equal(t, uint64(1), stats(t, d, "a").Delivered)
	})
}
