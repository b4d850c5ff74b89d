package dispatch_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/alertwire/alertwire/callback/dispatch"
)

// soakTime is how long the soak lasts: 2 s, or what ALERTWIRE_SOAK says, such as
// "60s".
func soakTime(t testing.TB) time.Duration {
	text := os.Getenv("ALERTWIRE_SOAK")
	if text == "" {
		return 2 * time.Second
	}
	d, err := time.ParseDuration(text)
	require.NoError(t, err)
	return d
}

// trouble returns a step that does something else for each request.
func trouble() http.HandlerFunc {
	steps := []http.HandlerFunc{
		callbacktest.Status(503), callbacktest.Status(400), callbacktest.RetryAfter(429, 0),
		callbacktest.Reset(), callbacktest.Close(), callbacktest.CloseMidHeader(), callbacktest.CloseMidBody(),
		callbacktest.Garbage(), callbacktest.Hang(), callbacktest.Drip(time.Millisecond),
		callbacktest.Huge(1 << 20), callbacktest.GzipBomb(4 << 20), callbacktest.HeaderBomb(2 << 20),
		callbacktest.Redirect(307, "/"), callbacktest.Delay(5*time.Millisecond, callbacktest.Status(204)),
	}
	return func(w http.ResponseWriter, r *http.Request) {
		if i := rand.IntN(3 * len(steps)); i < len(steps) {
			steps[i](w, r)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}
}

// A soak: real webhooks, a receiver that makes every trouble at random, and in
// the end exact numbers, no goroutine and no descriptor.
func TestSoak(t *testing.T) {
	goroutines, files := runtime.NumGoroutine(), descriptors()
	t.Run("soak", func(t *testing.T) { soak(t, soakTime(t)) }) // its servers are closed when it ends
	eventually(t, func() bool { return runtime.NumGoroutine() <= goroutines }, "goroutines are left")
	eventually(t, func() bool { return descriptors() <= files }, "descriptors are left")
}

func soak(t *testing.T, d time.Duration) {
	const endpoints = 8
	srv := callbacktest.NewServer(t, trouble())
	m := newMemory(t, dispatch.MemoryOptions{})
	for i := range endpoints {
		hook, err := callback.New(callback.Config{URL: fmt.Sprint(srv.URL, "/", i), Timeout: 100 * time.Millisecond}, callback.Options{})
		require.NoError(t, err)
		t.Cleanup(hook.CloseIdleConnections)
		add(t, m, fmt.Sprint(i), hook, dispatch.EndpointOptions{
			Concurrency: 1 + i%4, Queue: 50, Order: dispatch.Order(i % 3), Full: dispatch.Full(i % 2),
			Retry:   callback.RetryPolicy{Base: time.Millisecond, Cap: 20 * time.Millisecond},
			Breaker: callback.BreakerPolicy{Cooldown: 10 * time.Millisecond},
		})
	}
	accepted := 0
	for n, end := 0, time.After(d); ; n++ {
		select {
		case <-end:
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			rest, _ := m.Shutdown(ctx)
			t.Logf("%d messages accepted, %d requests, %d handed back", accepted, len(srv.Requests()), len(rest))
			checkSoak(t, m, accepted, len(rest))
			return
		case <-time.After(time.Duration(rand.IntN(int(time.Millisecond)))):
		}
		if m.Dispatch(t.Context(), message(fmt.Sprint("msg_", n), fmt.Sprint("key ", n%10)), fmt.Sprint(n%endpoints)) == nil {
			accepted++
		}
	}
}

func checkSoak(t *testing.T, m *dispatch.Memory, accepted, returned int) {
	t.Helper()
	all, err := m.Stats(t.Context())
	require.NoError(t, err)
	var sum dispatch.EndpointStats
	for _, s := range all {
		requireSum(t, s)
		sum.Accepted += s.Accepted
		sum.Returned += s.Returned
		sum.Delivered += s.Delivered
		sum.Retried += s.Retried
		assert.Zero(t, s.Queued+s.InFlight)
	}
	assert.Equal(t, uint64(accepted), sum.Accepted)
	assert.Equal(t, uint64(returned), sum.Returned)
	assert.NotZero(t, sum.Delivered)
	assert.NotZero(t, sum.Retried)
}

// descriptors returns how many files and sockets this process has open, or 0
// where that cannot be known.
func descriptors() int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(entries)
}
