package callback_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
)

func ExampleBestEffort() {
	var receiver callbacktest.Recorder // stands for a webhook that is down
	receiver.Answer = callbacktest.Fail(callbacktest.Failure(503))
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))

	c := callback.Decorate(&receiver, callback.BestEffort(logger))
	_, err := c.Call(context.Background(), callback.Message{ID: "msg_1", Type: "firing"})
	fmt.Println(err)
	// Output:
	// level=WARN msg="callback failed" message_id=msg_1 type=firing endpoint=http://test class=server status=503 attempts=1
	// <nil>
}

func ExampleBulkhead() {
	var receiver callbacktest.Recorder // stands for a webhook
	c := callback.Decorate(&receiver, callback.Bulkhead(2))
	_, err := c.Call(context.Background(), callback.Message{ID: "msg_1"})
	fmt.Println(err)
	// Output: <nil>
}

func ExampleLimit() {
	var receiver callbacktest.Recorder // stands for a webhook
	wait := func(_ context.Context, key string) error {
		fmt.Println("waited for", key)
		return nil
	}
	c := callback.Decorate(&receiver, callback.Limit("ops", wait)) // or limiter.Wait of package ratelimit
	_, err := c.Call(context.Background(), callback.Message{ID: "msg_1"})
	fmt.Println(err)
	// Output:
	// waited for ops
	// <nil>
}

func ExampleRecover() {
	plugin := callback.CallerFunc(func(context.Context, callback.Message) (callback.Reply, error) {
		panic(errors.New("not for a log: secret"))
	})
	c := callback.Decorate(plugin, callback.Recover())
	_, err := c.Call(context.Background(), callback.Message{ID: "msg_1"})
	fmt.Println(err)
	// Output: callback: call: panic: refused for good: panic with a *errors.errorString
}

func TestBestEffortNeverFails(t *testing.T) {
	const canary = "canary-5e4c"
	for name, answer := range map[string]func(context.Context, callback.Message, int) (callback.Reply, error){
		"error":         callbacktest.Fail(callbacktest.Failure(500)),
		"foreign error": callbacktest.Fail(errors.New(canary)),
		"cancelled":     callbacktest.Fail(context.Canceled),
		"panic": func(context.Context, callback.Message, int) (callback.Reply, error) {
			panic(canary)
		},
	} {
		t.Run(name, func(t *testing.T) {
			var buf bytes.Buffer
			r := callbacktest.Recorder{Answer: answer}
			c := callback.BestEffort(slog.New(slog.NewTextHandler(&buf, nil)))(&r)
			_, err := c.Call(t.Context(), callback.Message{ID: "msg_1", Header: map[string][]string{"X": {canary}}})
			require.NoError(t, err)
			assert.Contains(t, buf.String(), "level=WARN")
			assert.Contains(t, buf.String(), "msg_1")
			assert.NotContains(t, buf.String(), canary)
			_, err = callback.BestEffort(nil)(&r).Call(t.Context(), callback.Message{})
			require.NoError(t, err, "nil is silent")
		})
	}
}

func TestBestEffortIsSilentOnSuccess(t *testing.T) {
	var buf bytes.Buffer
	var r callbacktest.Recorder
	reply, err := callback.BestEffort(slog.New(slog.NewTextHandler(&buf, nil)))(&r).Call(t.Context(), callback.Message{})
	require.NoError(t, err)
	assert.Equal(t, 200, reply.Status)
	assert.Empty(t, buf.String())
}

func TestRecoverTellsNoValue(t *testing.T) {
	c := callback.Recover()(callback.CallerFunc(func(context.Context, callback.Message) (callback.Reply, error) {
		panic("canary-77aa")
	}))
	_, err := c.Call(t.Context(), callback.Message{ID: "msg_1"})
	require.ErrorIs(t, err, callback.ErrRefused)
	var e *callback.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, callback.ClassPanic, e.Class)
	assert.Equal(t, "msg_1", e.MessageID)
	assert.NotContains(t, err.Error(), "canary")
	assert.Contains(t, err.Error(), "string")
}

func TestRecoverFromANilPointerForAnError(t *testing.T) {
	var none *callback.Error
	inner := callback.CallerFunc(func(context.Context, callback.Message) (callback.Reply, error) {
		return callback.Reply{Status: 200}, none
	})
	for name, c := range map[string]callback.Caller{
		"alone":     callback.Decorate(inner, callback.Recover()),
		"breaker":   callback.Decorate(inner, callback.Recover(), callback.Breaker(callback.BreakerPolicy{})),
		"retry":     callback.Decorate(inner, callback.Retry(callback.RetryPolicy{}), callback.Recover()),
		"decorated": callback.Decorate(inner, callback.Recover(), callback.Retry(callback.RetryPolicy{})),
	} {
		_, err := c.Call(t.Context(), callback.Message{ID: "msg_1"})
		require.ErrorIs(t, err, callback.ErrRefused, name)
		assert.Equal(t, callback.ClassPanic, failed(t, err).Class, name)
	}
}

func TestBulkheadKeepsItsNumber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		now, most := 0, 0
		c := callback.Bulkhead(3)(callback.CallerFunc(func(context.Context, callback.Message) (callback.Reply, error) {
			mu.Lock()
			now++
			most = max(most, now)
			mu.Unlock()
			time.Sleep(time.Second)
			mu.Lock()
			now--
			mu.Unlock()
			return callback.Reply{}, nil
		}))
		start := time.Now()
		var wg sync.WaitGroup
		for range 9 {
			wg.Go(func() { _, _ = c.Call(t.Context(), callback.Message{}) })
		}
		wg.Wait()
		assert.Equal(t, 3, most)
		assert.Equal(t, 3*time.Second, time.Since(start))
	})
}

func TestBulkheadHeedsTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := callback.Bulkhead(1)(callback.CallerFunc(func(context.Context, callback.Message) (callback.Reply, error) {
			time.Sleep(time.Minute)
			panic("no") // must not keep its place
		}))
		go func() {
			defer func() { _ = recover() }()
			_, _ = c.Call(t.Context(), callback.Message{})
		}()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := c.Call(ctx, callback.Message{})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		var e *callback.Error
		require.ErrorAs(t, err, &e)
		assert.Equal(t, callback.ClassDeadline, e.Class)
		assert.Zero(t, e.Attempts)
		time.Sleep(time.Hour)
		assert.PanicsWithValue(t, "no", func() { _, _ = c.Call(t.Context(), callback.Message{}) }, "the place is free")
	})
}

func TestLimitWaitsBeforeEachCall(t *testing.T) {
	full := errors.New("store is down")
	left := errors.New("left the house")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(left)
	tests := []struct {
		name    string
		ctx     context.Context
		wait    error
		class   callback.Class
		calls   int
		wantErr error
	}{
		{"free", t.Context(), nil, "", 1, nil},
		{"limiter fails", t.Context(), full, callback.ClassLimited, 0, full},
		{"limiter fails, which may pass", t.Context(), full, callback.ClassLimited, 0, callback.ErrGaveUp},
		{"caller went away", ctx, context.Canceled, callback.ClassCancelled, 0, context.Canceled},
		{"for a reason", ctx, context.Canceled, callback.ClassCancelled, 0, left},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var r callbacktest.Recorder
			c := callback.Limit("ops", func(_ context.Context, key string) error {
				assert.Equal(t, "ops", key)
				return tt.wait
			})(&r)
			_, err := c.Call(tt.ctx, callback.Message{})
			require.ErrorIs(t, err, tt.wantErr)
			assert.Len(t, r.Messages(), tt.calls)
			var e *callback.Error
			if errors.As(err, &e) {
				assert.Equal(t, tt.class, e.Class)
				assert.Zero(t, e.Attempts)
			}
		})
	}
}

func TestDecoratorsPassTheNameOn(t *testing.T) {
	hook, err := callback.New(callback.Config{URL: "http://127.0.0.1:1/"}, callback.Options{Name: "ops"})
	require.NoError(t, err)
	c := callback.Decorate(hook,
		callback.BestEffort(nil), callback.Retry(callback.RetryPolicy{}), callback.Breaker(callback.BreakerPolicy{}),
		callback.Bulkhead(1), callback.Limit("k", func(context.Context, string) error { return nil }),
		nil, callback.Recover())
	named, ok := c.(interface{ Endpoint() string })
	require.True(t, ok)
	assert.Equal(t, "ops", named.Endpoint())
}
