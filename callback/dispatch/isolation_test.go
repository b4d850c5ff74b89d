package dispatch_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/alertwire/alertwire/callback/dispatch"
)

// hundred adds a hundred webhooks, of which the first n hang.
func hundred(t testing.TB, d *dispatch.Memory, n int, good, hanging string) {
	t.Helper()
	for i := range 100 {
		url := good
		if i < n {
			url = hanging
		}
		c := callback.Config{URL: url + "/" + strconv.Itoa(i), Timeout: time.Minute}
		hook, err := callback.New(c, callback.Options{})
		require.NoError(t, err)
		add(t, d, "endpoint "+strconv.Itoa(i), hook, dispatch.EndpointOptions{})
	}
}

// One dead receiver in front of a queue that all share delays the alerts of the
// others (nightingale#3140).
func TestTenHangingEndpointsHoldUpNobody(t *testing.T) {
	const messages = 20
	d := newMemory(t, dispatch.MemoryOptions{})
	good := callbacktest.NewServer(t, callbacktest.Status(204))
	hanging := callbacktest.NewServer(t, callbacktest.Hang())
	hundred(t, d, 10, good.URL, hanging.URL)
	want := map[string]bool{}
	for n := range messages {
		m := message(fmt.Sprint("msg_", n), "")
		require.NoError(t, d.Dispatch(t.Context(), m))
		for i := 10; i < 100; i++ {
			want[fmt.Sprintf("/%d %s", i, m.ID)] = true
		}
	}
	hanging.Await(20) // two calls each
	got := map[string]bool{}
	for _, r := range good.Await(90 * messages) {
		got[r.URI+" "+r.Header.Get("Webhook-Id")] = true
	}
	assert.Equal(t, want, got, "every message of the other ninety arrives while the ten are held")
	assert.Len(t, hanging.Requests(), 20, "and the ten hold two calls each")
}

func TestAnIdleEndpointIsSmall(t *testing.T) {
	const n = 2000
	d := newMemory(t, dispatch.MemoryOptions{})
	c := &callbacktest.Recorder{}
	names := make([]string, n)
	for i := range names {
		names[i] = "endpoint " + strconv.Itoa(i)
	}
	goroutines, before := runtime.NumGoroutine(), heap()
	for _, name := range names {
		require.NoError(t, d.Add(t.Context(), name, c, dispatch.EndpointOptions{Order: dispatch.Strict}))
	}
	assert.Less(t, (heap()-before)/n, uint64(4096), "bytes for an endpoint that was never called")

	require.NoError(t, d.Dispatch(t.Context(), message("1", "k")))
	eventually(t, func() bool { return len(c.Messages()) == n }, "not everything arrived")
	eventually(t, func() bool { return runtime.NumGoroutine() <= goroutines }, "goroutines are left")
	assert.Less(t, (heap()-before)/n, uint64(4096), "bytes for an endpoint that is idle again")
	runtime.KeepAlive(d)
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

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
			event := map[string]string{"alert": "CPU <hot>", "detail": strings.Repeat("x", 4000)}
			round := func() {
				m, err := callback.NewMessage(event) // encoded once
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
