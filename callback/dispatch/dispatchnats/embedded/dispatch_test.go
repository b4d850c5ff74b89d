package embedded_test

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/alertwire/alertwire/callback/dispatch"
	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats"
	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats/embedded"
)

func TestMessageArrivesAsItWasDispatched(t *testing.T) {
	t.Parallel()
	for _, order := range allOrders {
		for name, key := range map[string]string{"key": "alert 7", "none": ""} {
			t.Run(order.String()+" "+name, func(t *testing.T) {
				d := open(t, t.TempDir(), quick(dispatchnats.Options{}))
				var got callbacktest.Recorder
				require.NoError(t, d.Add(t.Context(), "Ops Team/€", &got, dispatch.EndpointOptions{Order: order}))
				want := callback.Message{
					ID: "msg_1", Type: "i_new\r\nX: y", Key: key, ContentType: "text/plain; charset=utf-8",
					Time:   time.Date(2026, 5, 1, 12, 0, 0, 123456789, time.UTC),
					Header: http.Header{"X-Trace": {"a=b", " %20\n"}, "X-Empty": {""}},
					Body:   []byte("\x00\xff<&>\r\n" + strings.Repeat("x", 5000)),
				}
				require.NoError(t, d.Dispatch(t.Context(), want))
				eventually(t, func() bool { return len(got.Messages()) == 1 }, "it did not come")
				assert.Equal(t, want, got.Messages()[0])
			})
		}
	}
}

func TestDispatchToSeveral(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	d := open(t, t.TempDir(), quick(dispatchnats.Options{}))
	var a, b callbacktest.Recorder
	require.NoError(t, d.Add(ctx, "a", &a, dispatch.EndpointOptions{}))
	require.NoError(t, d.Add(ctx, "b", &b, dispatch.EndpointOptions{}))

	require.NoError(t, d.Dispatch(ctx, callback.Message{Body: []byte("1")}), "to all")
	require.NoError(t, d.Dispatch(ctx, message("k", 2), "b", "b"), "named twice")
	err := d.Dispatch(ctx, message("k", 3), "a", "nobody")
	var refused *dispatch.Error
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, map[string]error{"nobody": dispatch.ErrUnknown}, refused.Refused)

	eventually(t, func() bool { return len(a.IDs()) == 2 && len(b.IDs()) == 2 }, "they did not come")
	byBody := func(r *callbacktest.Recorder) map[string]string {
		ids := map[string]string{}
		for _, m := range r.Messages() {
			ids[string(m.Body)] = m.ID
		}
		return ids
	}
	ids := byBody(&a)
	assert.NotEmpty(t, ids["1"], "a message without an ID gets one")
	assert.Equal(t, map[string]string{"1": ids["1"], `{"n":3}`: "k-3"}, ids)
	assert.Equal(t, map[string]string{"1": ids["1"], `{"n":2}`: "k-2"}, byBody(&b), "the same for all")
}

func TestDispatchRefuses(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	d := open(t, t.TempDir(), quick(dispatchnats.Options{MaxMessage: 1000}))
	var got callbacktest.Recorder
	require.NoError(t, d.Add(ctx, "ops", &got, dispatch.EndpointOptions{}))

	require.NoError(t, d.Dispatch(ctx, callback.Message{Body: make([]byte, 1000)}))
	err := d.Dispatch(ctx, callback.Message{Body: make([]byte, 1001)})
	require.ErrorIs(t, err, dispatchnats.ErrTooLarge)
	assert.ErrorContains(t, err, "the most is 1000")

	header := func(n int) callback.Message {
		return callback.Message{Header: http.Header{"X": {strings.Repeat("x", n)}}}
	}
	require.NoError(t, d.Dispatch(ctx, header(32000)))
	require.ErrorIs(t, d.Dispatch(ctx, header(33000)), dispatchnats.ErrTooLarge)

	ended, cancel := context.WithCancel(ctx)
	cancel()
	require.ErrorIs(t, d.Dispatch(ended, message("k", 1)), context.Canceled)

	eventually(t, func() bool { return len(got.IDs()) == 2 }, "what was accepted did not come")
	assert.Equal(t, uint64(2), stats(t, d, "ops").Refused)
	_, err = d.Shutdown(ctx)
	require.NoError(t, err)
	require.ErrorIs(t, d.Dispatch(ctx, message("k", 1)), dispatch.ErrClosed)
	require.ErrorIs(t, d.Dispatch(ctx, message("k", 1), "ops"), dispatch.ErrClosed)
	require.ErrorIs(t, d.Add(ctx, "more", &got, dispatch.EndpointOptions{}), dispatch.ErrClosed)
	require.ErrorIs(t, d.Remove(ctx, "ops"), dispatch.ErrClosed)
}

// TestLargestMessageCanBePutAside sends one as large as is accepted through all
// the streams, each of which adds headers.
func TestLargestMessageCanBePutAside(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	var ends outcomes
	d := open(t, t.TempDir(), quick(dispatchnats.Options{Observe: ends.observe}))
	require.NoError(t, d.Add(ctx, "ops", &callbacktest.Recorder{Answer: callbacktest.Fail(unavailable(0))}, dispatch.EndpointOptions{
		Retry: callback.RetryPolicy{Attempts: 2, Base: time.Millisecond}, Breaker: off,
	}))
	large := message("k", 1)
	large.Body = bytes.Repeat([]byte("x"), 8<<20)
	large.Header = http.Header{"X": {strings.Repeat("y", 32000)}}
	require.NoError(t, d.Dispatch(ctx, large))
	assert.Equal(t, dispatch.Failed, ends.await(t, large.ID).Result)
	for l, err := range d.Dead("ops").All(ctx) {
		require.NoError(t, err)
		assert.Equal(t, large.Body, l.Message.Body)
	}
	large.Body = append(large.Body, bytes.Repeat([]byte("x"), 64<<10)...)
	require.ErrorIs(t, d.Dispatch(ctx, large), dispatchnats.ErrTooLarge)
}

func TestQueueIsBounded(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	d := open(t, t.TempDir(), quick(dispatchnats.Options{}))
	var slow stage
	require.NoError(t, d.Add(ctx, "ops", &slow, dispatch.EndpointOptions{Concurrency: 1, Queue: 2}))
	require.NoError(t, d.Dispatch(ctx, message("k", 0)))
	first := slow.await(t, 0)
	require.NoError(t, d.Dispatch(ctx, message("k", 1)))
	require.NoError(t, d.Dispatch(ctx, message("k", 2)))
	require.ErrorIs(t, d.Dispatch(ctx, message("k", 3)), dispatch.ErrQueueFull)

	first.answer <- nil
	slow.await(t, 1)
	eventually(t, func() bool { return d.Dispatch(ctx, message("k", 4)) == nil }, "there is room again")
	require.ErrorIs(t, d.Dispatch(ctx, message("k", 5)), dispatch.ErrQueueFull)
	eventually(t, func() bool {
		s := stats(t, d, "ops")
		return s.Accepted == 4 && s.Queued == 2 && s.InFlight == 1
	}, "not counted")
}

// TestQueueThatOthersEmptied refuses nothing for want of room that others have
// made, even if that was just now.
func TestQueueThatOthersEmptied(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	d := open(t, t.TempDir(), quick(dispatchnats.Options{}))
	var slow stage
	require.NoError(t, d.Add(ctx, "ops", &slow, dispatch.EndpointOptions{Concurrency: 1, Queue: 5}))
	require.NoError(t, d.Dispatch(ctx, message("k", 0)))
	slow.await(t, 0)
	js, err := jetstream.New(d.Conn(), patient)
	require.NoError(t, err)
	out, err := js.Stream(ctx, "alertwire_OUT")
	require.NoError(t, err)
	for range 3 {
		for n := range 5 {
			require.NoError(t, d.Dispatch(ctx, message("k", 1+n)))
		}
		require.NoError(t, out.Purge(ctx))
	}
}

// TestStoreIsBounded fills the queue of one endpoint until MaxBytes: a durable
// queue drops nothing, it refuses.
func TestStoreIsBounded(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	d := open(t, t.TempDir(), quick(dispatchnats.Options{MaxBytes: 100 << 10}))
	var slow stage
	require.NoError(t, d.Add(ctx, "ops", &slow, dispatch.EndpointOptions{Concurrency: 1}))
	accepted := 0
	var err error
	for accepted < 100 && err == nil {
		if err = d.Dispatch(ctx, callback.Message{Body: make([]byte, 4096)}); err == nil {
			accepted++
		}
	}
	require.ErrorIs(t, err, dispatch.ErrQueueFull)
	assert.Greater(t, accepted, 15)
	assert.Less(t, accepted, 25)
	for n := range accepted {
		slow.await(t, n).answer <- nil
	}
	eventually(t, func() bool { return stats(t, d, "ops").Delivered == uint64(accepted) }, "what was accepted was not delivered")
	require.NoError(t, d.Dispatch(ctx, message("k", 1)), "there is room again")
}

func TestAddValidates(t *testing.T) {
	t.Parallel()
	d := open(t, t.TempDir(), quick(dispatchnats.Options{}))
	ok := new(callbacktest.Recorder)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	tests := []struct {
		name     string
		ctx      context.Context
		endpoint string
		caller   callback.Caller
		o        dispatch.EndpointOptions
		says     string
	}{
		{"no name", t.Context(), "", ok, dispatch.EndpointOptions{}, "no name"},
		{"long name", t.Context(), strings.Repeat("x", 65), ok, dispatch.EndpointOptions{}, "the most is 64"},
		{"no caller", t.Context(), "a", nil, dispatch.EndpointOptions{}, "no caller"},
		{"options", t.Context(), "a", ok, dispatch.EndpointOptions{Queue: -1}, "queue"},
		{"drops", t.Context(), "a", ok, dispatch.EndpointOptions{Full: dispatch.DropOldest}, "refuse_new"},
		{"too late", ended, "a", ok, dispatch.EndpointOptions{}, "canceled"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.ErrorContains(t, d.Add(tt.ctx, tt.endpoint, tt.caller, tt.o), tt.says)
		})
	}
	require.NoError(t, d.Add(t.Context(), strings.Repeat("X", 64), ok, dispatch.EndpointOptions{}), "the longest name")
}

// TestOneDeadEndpointHoldsUpNobody has an endpoint that answers nothing for the
// whole test, with more messages than it may have in flight.
func TestOneDeadEndpointHoldsUpNobody(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	d := open(t, t.TempDir(), quick(dispatchnats.Options{}))
	var dead stage
	var alive callbacktest.Recorder
	require.NoError(t, d.Add(ctx, "dead", &dead, dispatch.EndpointOptions{Concurrency: 4}))
	require.NoError(t, d.Add(ctx, "failing", &callbacktest.Recorder{Answer: callbacktest.Fail(unavailable(time.Hour))},
		dispatch.EndpointOptions{Retry: callback.RetryPolicy{Cap: time.Hour}, Breaker: off}))
	require.NoError(t, d.Add(ctx, "alive", &alive, dispatch.EndpointOptions{}))
	const n = 100
	for i := range n {
		require.NoError(t, d.Dispatch(ctx, message("k", i)))
	}
	eventually(t, func() bool { return len(alive.IDs()) == n }, "the living one got %d", len(alive.IDs()))
	dead.await(t, 3)
	assert.Equal(t, 4, dead.count())
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		o    embedded.Options
		says string
	}{
		{"prefix", embedded.Options{Engine: dispatchnats.Options{Prefix: "a.b"}}, "prefix"},
		{"replicas", embedded.Options{Engine: dispatchnats.Options{Replicas: 3}}, "replicas"},
		{"lease", embedded.Options{Engine: dispatchnats.Options{Lease: 999 * time.Millisecond}}, "lease"},
		{"message", embedded.Options{Engine: dispatchnats.Options{MaxMessage: 9 << 20}}, "max message may be"},
		{"negative", embedded.Options{Engine: dispatchnats.Options{MaxBytes: -1}}, "max bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			_, err := embedded.Open(t.Context(), dir, tt.o)
			require.ErrorContains(t, err, tt.says)
			open(t, dir, quick(dispatchnats.Options{})) // and nothing is left behind
		})
	}
}
