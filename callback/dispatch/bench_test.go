package dispatch_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/alertwire/alertwire/callback/dispatch"
)

// BenchmarkDispatch measures what lies between Dispatch and the Caller.
func BenchmarkDispatch(b *testing.B) {
	for _, order := range []dispatch.Order{dispatch.None, dispatch.Latest, dispatch.Strict} {
		b.Run(order.String(), func(b *testing.B) {
			d := newMemory(b, dispatch.MemoryOptions{})
			c := callback.CallerFunc(func(context.Context, callback.Message) (callback.Reply, error) {
				return callback.Reply{}, nil
			})
			add(b, d, "a", c, dispatch.EndpointOptions{Queue: 1 << 30, Order: order})
			m := message("msg_1", "key")
			ctx := b.Context()
			b.ReportAllocs()
			for b.Loop() {
				if err := d.Dispatch(ctx, m, "a"); err != nil {
					b.Fatal(err)
				}
			}
			_, err := d.Shutdown(context.Background()) // the calls belong to it
			require.NoError(b, err)
		})
	}
}

// BenchmarkEncodes sends to a hundred endpoints that cost nothing, with the event
// encoded once, and as a loop over webhooks has it, for each of them.
func BenchmarkEncodes(b *testing.B) {
	for _, name := range []string{"once", "each"} {
		b.Run(name, func(b *testing.B) {
			var wg sync.WaitGroup
			d := newMemory(b, dispatch.MemoryOptions{})
			nothing := callback.CallerFunc(func(context.Context, callback.Message) (callback.Reply, error) {
				wg.Done()
				return callback.Reply{}, nil
			})
			names := make([]string, 100)
			for i := range names {
				names[i] = strconv.Itoa(i)
				add(b, d, names[i], nothing, dispatch.EndpointOptions{})
			}
			event, ctx := newCounted(), b.Context()
			b.ReportAllocs()
			for b.Loop() {
				wg.Add(100)
				if name == "once" {
					m, _ := callback.NewMessage(event)
					_ = d.Dispatch(ctx, m)
				} else {
					for _, to := range names {
						m, _ := callback.NewMessage(event)
						_ = d.Dispatch(ctx, m, to)
					}
				}
				wg.Wait()
			}
		})
	}
}

// BenchmarkFanOut sends to a hundred webhooks on loopback, of which none, one or
// ten hang, and measures until the last good one has its message.
func BenchmarkFanOut(b *testing.B) {
	for _, hanging := range []int{0, 1, 10} {
		b.Run(fmt.Sprintf("hanging=%d", hanging), func(b *testing.B) {
			var wg sync.WaitGroup
			d := newMemory(b, dispatch.MemoryOptions{Observe: func(o dispatch.Outcome) {
				if o.Result == dispatch.Delivered {
					wg.Done()
				}
			}})
			good := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body) // and keeps nothing
			}))
			defer good.Close()
			hundred(b, d, hanging, good.URL, callbacktest.NewServer(b, callbacktest.Hang()).URL)
			ctx := b.Context()
			event := newCounted()
			round := func() {
				m, err := callback.NewMessage(event)
				require.NoError(b, err)
				wg.Add(100 - hanging)
				_ = d.Dispatch(ctx, m)
				wg.Wait()
			}
			round() // connections
			b.ReportAllocs()
			for b.Loop() {
				round()
			}
		})
	}
}
