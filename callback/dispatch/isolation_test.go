package dispatch_test

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
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
	for n := range messages {
		good.Await(90 * (n + 1)) // a bit at a time: it waits for so long and no longer
	}
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
	assert.Less(t, (int64(heap())-int64(before))/n, int64(4096), "bytes for an endpoint that was never called")

	require.NoError(t, d.Dispatch(t.Context(), message("1", "k")))
	eventually(t, func() bool { return len(c.Messages()) == n }, "not everything arrived")
	eventually(t, func() bool { return runtime.NumGoroutine() <= goroutines }, "goroutines are left")
	assert.Less(t, (int64(heap())-int64(before))/n, int64(4096), "bytes for an endpoint that is idle again")
	runtime.KeepAlive(d)
}

func TestAKeyThatIsDoneCostsNothing(t *testing.T) {
	const n = 50_000
	d := newMemory(t, dispatch.MemoryOptions{})
	c := callback.CallerFunc(func(context.Context, callback.Message) (callback.Reply, error) { return callback.Reply{}, nil })
	add(t, d, "a", c, dispatch.EndpointOptions{Order: dispatch.Strict, Queue: n})
	before := heap()
	for i := range n {
		require.NoError(t, d.Dispatch(t.Context(), message("msg_1", "a key of some length, number "+strconv.Itoa(i))))
	}
	eventually(t, func() bool { return stats(t, d, "a").Delivered == n }, "not everything arrived")
	assert.Less(t, int64(heap())-int64(before), int64(2<<20), "bytes of 50,000 keys that nobody needs")
	runtime.KeepAlive(d)
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// A counted event says how often it was encoded.
type counted struct {
	encodes *atomic.Int64
	Alert   string `json:"alert"`
	Detail  string `json:"detail"`
}

func (c counted) MarshalJSON() ([]byte, error) {
	c.encodes.Add(1)
	type plain counted
	return json.Marshal(plain(c))
}

func newCounted() counted {
	return counted{new(atomic.Int64), "CPU <hot>", strings.Repeat("x", 4000)}
}

func TestAFanOutEncodesOnce(t *testing.T) {
	d := newMemory(t, dispatch.MemoryOptions{})
	c := &callbacktest.Recorder{}
	for i := range 100 {
		add(t, d, strconv.Itoa(i), c, dispatch.EndpointOptions{})
	}
	event := newCounted()
	m, err := callback.NewMessage(event)
	require.NoError(t, err)
	require.NoError(t, d.Dispatch(t.Context(), m))
	_, err = d.Shutdown(t.Context())
	require.NoError(t, err)
	assert.Len(t, c.Messages(), 100)
	assert.Equal(t, int64(1), event.encodes.Load())
}
