package dispatch_test

import (
	"context"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/dispatch"
)

func TestAnOpenBreakerPausesTheEndpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newMemory(t, dispatch.MemoryOptions{})
		down := true
		a := log{answer: func(context.Context, callback.Message, int) error {
			if down {
				return errPasses
			}
			return nil
		}}
		add(t, d, "a", &a, dispatch.EndpointOptions{
			Concurrency: 4,
			Retry:       callback.RetryPolicy{Attempts: 100, Waits: []time.Duration{0}},
			Breaker:     callback.BreakerPolicy{Failures: 10, Cooldown: time.Minute},
		})
		for i := range 50 {
			send(t, d, "", strconv.Itoa(i))
		}
		synctest.Wait()
		opened := len(a.seen())
		assert.LessOrEqual(t, opened, 13, "calls that were under way when it opened may end")
		assert.Equal(t, dispatch.StatePaused, stats(t, d, "a").State)
		for i := range 5 {
			time.Sleep(time.Minute)
			synctest.Wait()
			require.Len(t, a.seen(), opened+i+1, "one probe a minute")
		}
		assert.Equal(t, 50, stats(t, d, "a").Queued, "nothing has failed")
		down = false
		start := time.Now()
		drain(t, d)
		assert.LessOrEqual(t, time.Since(start), time.Minute)
		s := stats(t, d, "a")
		assert.Equal(t, uint64(50), s.Delivered)
		assert.Equal(t, dispatch.StateReady, s.State)
		assert.Empty(t, s.LastClass)
	})
}

func TestABreakerOfTheCallerPausesToo(t *testing.T) {
	open := &callback.Error{Class: callback.ClassOpen, Reason: callback.ErrOpen, RetryAfter: 10 * time.Second}
	synctest.Test(t, func(t *testing.T) {
		d := newMemory(t, dispatch.MemoryOptions{})
		a := log{answer: func(_ context.Context, m callback.Message, n int) error {
			if m.ID == "1" && n < 4 {
				return open
			}
			return nil
		}}
		add(t, d, "a", &a, dispatch.EndpointOptions{Concurrency: 1, Retry: callback.RetryPolicy{Attempts: 1}})
		send(t, d, "", "1", "2")
		drain(t, d)
		assert.Equal(t, []string{"1", "1", "1", "1", "2"}, a.seen())
		assert.Equal(t, 30*time.Second, a.times[3])
		s := stats(t, d, "a")
		assert.Equal(t, uint64(2), s.Calls, "a refusal of the breaker is no attempt")
		assert.Equal(t, uint64(2), s.Delivered)
	})
}

func TestRetryAfterHoldsUpTheEndpoint(t *testing.T) {
	busy := &callback.Error{Class: callback.ClassThrottled, Status: 429, Reason: callback.ErrGaveUp, RetryAfter: 20 * time.Second}
	synctest.Test(t, func(t *testing.T) {
		d := newMemory(t, dispatch.MemoryOptions{})
		a := log{answer: func(_ context.Context, m callback.Message, n int) error {
			if m.ID == "1" && n == 1 {
				return busy
			}
			return nil
		}}
		add(t, d, "a", &a, dispatch.EndpointOptions{Concurrency: 1})
		send(t, d, "", "1", "2", "3")
		drain(t, d)
		assert.Equal(t, []time.Duration{0, 20 * time.Second, 20 * time.Second, 20 * time.Second}, a.times)
	})
}

func TestAPauseWithoutMeasureIsBounded(t *testing.T) {
	for wait, want := range map[time.Duration]time.Duration{
		-1: 50 * time.Millisecond, 0: 50 * time.Millisecond, time.Second: time.Second, 1000 * time.Hour: 10 * time.Minute,
	} {
		open := &callback.Error{Class: callback.ClassOpen, Reason: callback.ErrOpen, RetryAfter: wait}
		synctest.Test(t, func(t *testing.T) {
			d := newMemory(t, dispatch.MemoryOptions{})
			a := log{answer: func(_ context.Context, _ callback.Message, n int) error {
				if n == 1 {
					return open
				}
				return nil
			}}
			add(t, d, "a", &a, dispatch.EndpointOptions{})
			send(t, d, "", "1")
			drain(t, d)
			assert.Equal(t, []time.Duration{0, want}, a.times)
		})
	}
}
