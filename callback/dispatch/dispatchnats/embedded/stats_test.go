package embedded_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/alertwire/alertwire/callback/dispatch"
	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats"
)

// TestStatsAddUp has every kind of end, and compares what was accepted with the
// sum.
func TestStatsAddUp(t *testing.T) {
	t.Parallel()
	for _, order := range allOrders {
		t.Run(order.String(), func(t *testing.T) {
			ctx, dir := t.Context(), t.TempDir()
			d := open(t, dir, quick(dispatchnats.Options{}))
			var s stage
			o := dispatch.EndpointOptions{
				Order: order, Concurrency: 1, Queue: 3, Breaker: off, Retry: callback.RetryPolicy{Cap: time.Hour},
			}
			require.NoError(t, d.Add(ctx, "ops", &s, o))
			before := time.Now()
			for n, answer := range []error{nil, callbacktest.Failure(404), unavailable(time.Hour)} {
				require.NoError(t, d.Dispatch(ctx, message(string(rune('a'+n)), 0)))
				s.await(t, n).answer <- answer
			}
			eventually(t, func() bool { return stats(t, d, "ops").Waiting == 1 }, "nothing waits")
			require.NoError(t, d.Dispatch(ctx, message("d", 0)))
			s.await(t, 3)
			require.NoError(t, d.Dispatch(ctx, message("e", 0)))
			require.NoError(t, d.Dispatch(ctx, message("f", 0)))
			require.ErrorIs(t, d.Dispatch(ctx, message("g", 0)), dispatch.ErrQueueFull)

			want := dispatch.EndpointStats{
				Name: "ops", Accepted: 6, Delivered: 1, Failed: 1, Queued: 3, InFlight: 1,
				Refused: 1, Calls: 3, Waiting: 1, State: dispatch.StateReady, LastClass: callback.ClassServer,
			}
			var got dispatch.EndpointStats
			eventually(t, func() bool {
				got = stats(t, d, "ops")
				return got.Queued == want.Queued
			}, "the engine does not count what has just come")
			assert.WithinRange(t, got.Oldest, before, time.Now())
			got.Oldest = time.Time{}
			assert.Equal(t, want, got)
			shut(t, d)

			d = open(t, dir, quick(dispatchnats.Options{}))
			got = stats(t, d, "ops") // nobody has added it yet
			assert.Equal(t, uint64(4), got.Accepted, "what is found at the start")
			assert.Equal(t, 4, got.Queued+got.InFlight)
		})
	}
}

// TestStatsOfWhatHasJustCome asks for numbers as soon as a message is accepted,
// which the engine counts a moment later: a host that waits until everything is
// delivered must not see an empty queue.
func TestStatsOfWhatHasJustCome(t *testing.T) {
	t.Parallel()
	for _, order := range allOrders {
		t.Run(order.String(), func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			d := open(t, t.TempDir(), quick(dispatchnats.Options{}))
			var s stage
			require.NoError(t, d.Add(ctx, "ops", &s, dispatch.EndpointOptions{Order: order, Concurrency: 1}))
			for i := range 200 {
				require.NoError(t, d.Dispatch(ctx, message(fmt.Sprint("k", i), 0)))
				got := stats(t, d, "ops")
				require.Equal(t, i+1, got.Queued+got.InFlight)
				require.Equal(t, uint64(i+1), got.Accepted)
			}
		})
	}
}

func TestIdleEndpointsHaveNumbers(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	d := open(t, t.TempDir(), quick(dispatchnats.Options{}))
	for _, name := range []string{"b", "A", "c d"} {
		require.NoError(t, d.Add(ctx, name, new(callbacktest.Recorder), dispatch.EndpointOptions{}))
	}
	all, err := d.Stats(ctx)
	require.NoError(t, err)
	assert.Equal(t, []dispatch.EndpointStats{
		{Name: "A", State: dispatch.StateReady}, {Name: "b", State: dispatch.StateReady}, {Name: "c d", State: dispatch.StateReady},
	}, all)
}
