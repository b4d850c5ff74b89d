package embedded_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/dispatch"
	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats"
)

// TestNotesGoWithTheirMessage has many keys tried twice: what is noted about the
// first attempt leaves with the message, and takes no room from other endpoints.
func TestNotesGoWithTheirMessage(t *testing.T) {
	const keys = 50
	for _, order := range []dispatch.Order{dispatch.Latest, dispatch.Strict} {
		t.Run(order.String(), func(t *testing.T) {
			d := open(t, t.TempDir(), quick(dispatchnats.Options{}))
			var mu sync.Mutex
			tried := map[string]bool{}
			require.NoError(t, d.Add(t.Context(), "a", callback.CallerFunc(
				func(_ context.Context, m callback.Message) (callback.Reply, error) {
					mu.Lock()
					defer mu.Unlock()
					if !tried[m.ID] {
						tried[m.ID] = true
						return callback.Reply{}, unavailable(time.Millisecond)
					}
					return callback.Reply{Status: 200, Attempts: 1}, nil
				}), dispatch.EndpointOptions{Breaker: off, Order: order, Concurrency: 8}))
			for i := range keys {
				require.NoError(t, d.Dispatch(t.Context(), message(fmt.Sprint("k", i), 1)))
			}
			eventually(t, func() bool { return stats(t, d, "a").Delivered == keys }, "they were not delivered")
			assert.Equal(t, uint64(keys), stats(t, d, "a").Retried)
			js, err := jetstream.New(d.Conn(), patient)
			require.NoError(t, err)
			eventually(t, func() bool {
				s, err := js.Stream(t.Context(), "alertwire_RETRY")
				require.NoError(t, err)
				return s.CachedInfo().State.Msgs == 0
			}, "notes are left")
		})
	}
}
