package callback_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
)

// decorated returns c as an alert sender has it.
func decorated(c callback.Caller) callback.Caller {
	return callback.Decorate(c,
		callback.Retry(callback.RetryPolicy{}),
		callback.Breaker(callback.BreakerPolicy{}),
		callback.Limit("ops", func(context.Context, string) error { return nil }))
}

// BenchmarkDecorators puts Retry, Breaker and Limit around a webhook on loopback
// whose calls succeed, and around nothing at all.
func BenchmarkDecorators(b *testing.B) {
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // and keeps nothing, unlike the server of callbacktest
	}))
	defer srv.Close()
	hook, err := callback.New(callback.Config{URL: srv.URL}, callback.Options{})
	require.NoError(b, err)
	nothing := callback.CallerFunc(func(context.Context, callback.Message) (callback.Reply, error) {
		return callback.Reply{Status: 200}, nil
	})
	m := callback.Message{ID: "msg_1", Body: []byte(strings.Repeat("x", 4096))}
	for _, bb := range []struct {
		name string
		c    callback.Caller
	}{
		{"webhook/bare", hook},
		{"webhook/decorated", decorated(hook)},
		{"nothing/bare", nothing},
		{"nothing/decorated", decorated(nothing)},
	} {
		b.Run(bb.name, func(b *testing.B) {
			ctx := b.Context()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := bb.c.Call(ctx, m); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// A decorated call that succeeds costs no allocation more than a bare one.
func TestDecoratorsDoNotAllocate(t *testing.T) {
	c := decorated(callback.CallerFunc(func(context.Context, callback.Message) (callback.Reply, error) {
		return callback.Reply{Status: 200}, nil
	}))
	m := callback.Message{ID: "msg_1"}
	require.Zero(t, testing.AllocsPerRun(100, func() { _, _ = c.Call(t.Context(), m) }))
}
