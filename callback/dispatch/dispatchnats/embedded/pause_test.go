package embedded_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/alertwire/alertwire/callback/dispatch"
	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats"
)

// TestOpenBreakerPausesTheEndpoint lets an endpoint fail until its breaker opens,
// and recover. Calls that the breaker refuses use up no attempts.
func TestOpenBreakerPausesTheEndpoint(t *testing.T) {
	t.Parallel()
	const cooldown = 5 * time.Second // in which the pause is to be seen
	for _, order := range allOrders {
		t.Run(order.String(), func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			d := open(t, t.TempDir(), quick(dispatchnats.Options{}))
			c := &clock{fail: 2, hold: make(chan struct{})}
			require.NoError(t, d.Add(ctx, "ops", c, dispatch.EndpointOptions{
				Order: order, Concurrency: 1,
				Retry:   callback.RetryPolicy{Attempts: 3, Base: time.Millisecond},
				Breaker: callback.BreakerPolicy{Failures: 2, Cooldown: cooldown},
			}))
			for n := range 5 {
				require.NoError(t, d.Dispatch(ctx, callback.Message{Key: string(rune('a' + n))}))
			}
			eventually(t, func() bool { return stats(t, d, "ops").State == dispatch.StatePaused }, "it does not pause")
			assert.Equal(t, uint64(2), stats(t, d, "ops").Calls)
			close(c.hold) // until now it paused: the first call after the wait is a probe
			eventually(t, func() bool { return stats(t, d, "ops").Delivered == 5 }, "it does not recover")
			assert.Equal(t, uint64(7), stats(t, d, "ops").Calls)
			assert.Equal(t, dispatch.StateReady, stats(t, d, "ops").State)
			assert.GreaterOrEqual(t, c.at[2].Sub(c.left[1]), cooldown)
		})
	}
}

// TestPausedProcessLeavesTheWorkToOthers has one process whose breaker is open
// and one that reaches the endpoint.
func TestPausedProcessLeavesTheWorkToOthers(t *testing.T) {
	t.Parallel()
	for _, order := range allOrders {
		t.Run(order.String(), func(t *testing.T) {
			ctx := t.Context()
			a := open(t, t.TempDir(), quick(dispatchnats.Options{}))
			b := peer(t, a.Conn(), dispatchnats.Options{})
			cut := &callbacktest.Recorder{Answer: callbacktest.Fail(unavailable(0))}
			o := dispatch.EndpointOptions{
				Order: order, Concurrency: 1, Retry: callback.RetryPolicy{Base: time.Millisecond},
				Breaker: callback.BreakerPolicy{Failures: 1, Cooldown: time.Hour},
			}
			require.NoError(t, a.Add(ctx, "ops", cut, o))
			for n := range 5 {
				require.NoError(t, a.Dispatch(ctx, callback.Message{Key: string(rune('a' + n))}))
			}
			eventually(t, func() bool { return stats(t, a, "ops").State == dispatch.StatePaused }, "it does not pause")
			require.NoError(t, b.Add(ctx, "ops", new(callbacktest.Recorder), o))
			eventually(t, func() bool { return stats(t, b, "ops").Delivered == 5 }, "the other one does not get the work")
			assert.Len(t, cut.IDs(), 1)
		})
	}
}

func TestRateIsKept(t *testing.T) {
	t.Parallel()
	for _, order := range allOrders {
		t.Run(order.String(), func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			d := open(t, t.TempDir(), quick(dispatchnats.Options{}))
			c := new(clock)
			require.NoError(t, d.Add(ctx, "ops", c, dispatch.EndpointOptions{
				Order: order, Concurrency: 4, Rate: dispatch.Rate{Events: 10, Per: time.Second, Burst: 2},
			}))
			began := time.Now()
			for n := range 8 {
				require.NoError(t, d.Dispatch(ctx, callback.Message{Key: string(rune('a' + n))}))
			}
			eventually(t, func() bool { return stats(t, d, "ops").Delivered == 8 }, "not delivered")
			// Two at once, and then one every 100 ms.
			assert.GreaterOrEqual(t, c.at[7].Sub(began), 600*time.Millisecond)
		})
	}
}

// TestGoneEndpointGetsNothingMore answers 410 with messages queued and one that
// waits for its next attempt.
func TestGoneEndpointGetsNothingMore(t *testing.T) {
	t.Parallel()
	for _, order := range allOrders {
		t.Run(order.String(), func(t *testing.T) {
			ctx := t.Context()
			var ends outcomes
			d := open(t, t.TempDir(), quick(dispatchnats.Options{Observe: ends.observe}))
			var s stage
			o := dispatch.EndpointOptions{
				Order: order, Concurrency: 1, Retry: callback.RetryPolicy{Cap: time.Hour}, Breaker: callback.BreakerPolicy{Off: true},
			}
			require.NoError(t, d.Add(ctx, "ops", &s, o))
			ids := []string{"waits-0", "gone-0", "queued-0", "more-0"}
			for _, key := range []string{"waits", "gone", "queued", "more"} {
				require.NoError(t, d.Dispatch(ctx, message(key, 0)))
			}
			s.await(t, 0).answer <- unavailable(time.Hour)
			s.await(t, 1).answer <- callbacktest.Failure(410)
			for _, id := range ids {
				out := ends.await(t, id)
				assert.Equal(t, dispatch.Failed, out.Result)
				require.ErrorIs(t, out.Err, callback.ErrGone)
			}
			assert.Equal(t, 2, s.count())
			require.ErrorIs(t, d.Dispatch(ctx, message("k", 1)), callback.ErrGone)
			assert.Equal(t, dispatch.StateGone, stats(t, d, "ops").State)
			assert.Len(t, letters(t, d.Dead("ops")), 4)
			assert.Zero(t, stats(t, d, "ops").Queued)

			var anew callbacktest.Recorder
			require.NoError(t, d.Add(ctx, "ops", &anew, o))
			require.NoError(t, d.Dispatch(ctx, message("new", 1)))
			eventually(t, func() bool { return len(anew.IDs()) > 0 }, "it was added anew")
		})
	}
}

// TestCallsSeeTheContextOfTheDispatcher ends the context that Add was called
// with.
func TestCallsSeeTheContextOfTheDispatcher(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	d := open(t, t.TempDir(), quick(dispatchnats.Options{}))
	seen := make(chan error, 1)
	require.NoError(t, d.Add(ctx, "ops", callback.CallerFunc(func(ctx context.Context, _ callback.Message) (callback.Reply, error) {
		seen <- ctx.Err()
		return callback.Reply{}, nil
	}), dispatch.EndpointOptions{}))
	cancel() // Add's context is over; calls do not see it
	require.NoError(t, d.Dispatch(t.Context(), message("k", 0)))
	require.NoError(t, <-seen)
}
