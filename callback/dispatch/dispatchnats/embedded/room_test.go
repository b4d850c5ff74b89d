package embedded_test

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/alertwire/alertwire/callback/dispatch"
	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats"
)

// TestNoRoomForWhatWaits has one endpoint take all the room for messages that
// wait. Those of another one wait in its queue, and their attempts count.
func TestNoRoomForWhatWaits(t *testing.T) {
	t.Parallel()
	for _, order := range allOrders {
		t.Run(order.String(), func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			const room = 256 << 10
			var ends outcomes
			d := open(t, t.TempDir(), quick(dispatchnats.Options{MaxBytes: room, Observe: ends.observe}))
			later := &callbacktest.Recorder{Answer: callbacktest.Fail(unavailable(time.Hour))}
			require.NoError(t, d.Add(ctx, "greedy", later, dispatch.EndpointOptions{
				Breaker: off, Retry: callback.RetryPolicy{Cap: time.Hour},
			}))
			js, err := jetstream.New(d.Conn(), patient)
			require.NoError(t, err)
			for n := 0; ; n++ {
				s, err := js.Stream(ctx, "alertwire_RETRY")
				require.NoError(t, err)
				if s.CachedInfo().State.Bytes > room {
					break
				}
				m := message("k", n)
				m.Body = make([]byte, 64<<10)
				require.NoError(t, d.Dispatch(ctx, m, "greedy"))
				eventually(t, func() bool { return len(later.IDs()) > n }, "it was not called")
			}

			fails := &callbacktest.Recorder{Answer: callbacktest.Fail(unavailable(0))}
			o := dispatch.EndpointOptions{
				Order: order, Concurrency: 1, Breaker: off,
				Retry: callback.RetryPolicy{Attempts: 20, Waits: []time.Duration{tick}},
			}
			require.NoError(t, d.Add(ctx, "ops", fails, o))
			m := message("", 0)
			require.NoError(t, d.Dispatch(ctx, m, "ops"))
			out := ends.await(t, m.ID)
			assert.Equal(t, dispatch.Failed, out.Result)
			assert.Equal(t, o.Retry.Attempts, out.Attempts)
			assert.Len(t, fails.IDs(), o.Retry.Attempts)
			all := letters(t, d.Dead("ops"))
			require.Len(t, all, 1)
			assert.Len(t, all[0].History, 16)
			assert.Equal(t, o.Retry.Attempts, all[0].History[15].Number)
		})
	}
}
