package embedded_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/dispatch"
	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats/embedded"
)

func TestFirst(t *testing.T) {
	for _, order := range []dispatch.Order{dispatch.None, dispatch.Latest, dispatch.Strict} {
		t.Run(order.String(), func(t *testing.T) {
			ctx := t.Context()
			d, err := embedded.Open(ctx, t.TempDir(), embedded.Options{NoSync: true})
			require.NoError(t, err)
			var mu sync.Mutex
			seen := map[string]int{}
			err = d.Add(ctx, "ops", callback.CallerFunc(func(ctx context.Context, m callback.Message) (callback.Reply, error) {
				mu.Lock()
				defer mu.Unlock()
				seen[m.ID]++
				if seen[m.ID] == 1 && m.ID[len(m.ID)-1] == '3' {
					return callback.Reply{}, errors.New("no")
				}
				return callback.Reply{Status: 200}, nil
			}), dispatch.EndpointOptions{Order: order, Concurrency: 8, Queue: 1000, Retry: callback.RetryPolicy{Base: 100 * time.Millisecond}})
			require.NoError(t, err)
			start := time.Now()
			for i := range 500 {
				require.NoError(t, d.Dispatch(ctx, callback.Message{ID: fmt.Sprint("m", i), Key: fmt.Sprint("k", i%50), Body: make([]byte, 4096)}))
			}
			t.Log("dispatched", time.Since(start))
			for i := 0; ; i++ {
				st, err := d.Stats(ctx)
				require.NoError(t, err)
				if st[0].Queued+st[0].InFlight == 0 {
					t.Logf("%v %+v", time.Since(start), st)
					break
				}
				if i%50 == 0 {
					t.Logf("%+v", st)
				}
				if i > 500 {
					t.Fatal("stuck")
				}
				time.Sleep(20 * time.Millisecond)
			}
			_, err = d.Shutdown(ctx)
			require.NoError(t, err)
			t.Log("down", time.Since(start))
		})
	}
}
