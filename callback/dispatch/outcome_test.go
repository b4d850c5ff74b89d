package dispatch_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/alertwire/alertwire/callback/dispatch"
)

func TestOutcomes(t *testing.T) {
	tests := []struct {
		name     string
		answer   error
		result   dispatch.Result
		attempts int
		wantErr  error
	}{
		{"accepted", nil, dispatch.Delivered, 1, nil},
		{"may pass", errPasses, dispatch.Failed, 3, callback.ErrGaveUp},
		{"foreign error", errPlain, dispatch.Failed, 3, errPlain},
		{"refused", errFinal, dispatch.Failed, 1, callback.ErrRefused},
		{"gone", errGone, dispatch.Failed, 1, callback.ErrGone},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var outs []dispatch.Outcome
				d := newMemory(t, dispatch.MemoryOptions{Observe: func(o dispatch.Outcome) { outs = append(outs, o) }})
				a := log{answer: fails(tt.answer)}
				add(t, d, "a", &a, dispatch.EndpointOptions{Retry: callback.RetryPolicy{Attempts: 3}})
				require.NoError(t, d.Dispatch(t.Context(), message("1", "")))
				_, err := d.Shutdown(t.Context())
				require.NoError(t, err)
				require.Len(t, outs, 1)
				assert.Equal(t, tt.result, outs[0].Result)
				assert.Equal(t, tt.attempts, outs[0].Attempts)
				require.ErrorIs(t, outs[0].Err, tt.wantErr)
				assert.Len(t, a.seen(), tt.attempts)
				var e *callback.Error
				if errors.As(outs[0].Err, &e) {
					assert.Equal(t, tt.attempts, e.Attempts)
				}
			})
		})
	}
}

func TestAPanicFailsOneMessage(t *testing.T) {
	d := newMemory(t, dispatch.MemoryOptions{})
	a := log{answer: func(_ context.Context, m callback.Message, _ int) error {
		if m.ID == "1" {
			panic("secret")
		}
		return nil
	}}
	add(t, d, "a", &a, dispatch.EndpointOptions{})
	for _, id := range []string{"1", "2"} {
		require.NoError(t, d.Dispatch(t.Context(), message(id, "")))
	}
	_, err := d.Shutdown(t.Context())
	require.NoError(t, err)
	s := stats(t, d, "a")
	assert.Equal(t, uint64(1), s.Failed)
	assert.Equal(t, uint64(1), s.Delivered)
}

// A pointer that is nil, returned as an error, is an error that is not nil: what
// all who look into it would panic at.
func TestANilPointerForAnErrorFailsOneMessage(t *testing.T) {
	for _, off := range []bool{false, true} {
		d := newMemory(t, dispatch.MemoryOptions{})
		a := log{answer: func(_ context.Context, m callback.Message, _ int) error {
			var e *callback.Error
			switch m.ID {
			case "1":
				return e
			case "2":
				return fmt.Errorf("wrapped: %w", e)
			}
			return nil
		}}
		add(t, d, "a", &a, dispatch.EndpointOptions{Breaker: callback.BreakerPolicy{Off: off}})
		send(t, d, "", "1", "2", "3")
		drain(t, d)
		s := stats(t, d, "a")
		assert.Equal(t, uint64(2), s.Failed)
		assert.Equal(t, uint64(1), s.Delivered)
	}
}

func TestACallerThatEndsItsGoroutineFailsOneMessage(t *testing.T) {
	d := newMemory(t, dispatch.MemoryOptions{Observe: func(o dispatch.Outcome) {
		if o.Message.ID == "3" {
			runtime.Goexit() // neither may an observer hurt
		}
	}})
	a := log{answer: func(_ context.Context, m callback.Message, _ int) error {
		if m.ID == "1" {
			runtime.Goexit() // what t.FailNow does
		}
		return nil
	}}
	add(t, d, "a", &a, dispatch.EndpointOptions{Concurrency: 1})
	send(t, d, "", "1", "2", "3", "4")
	drain(t, d)
	s := stats(t, d, "a")
	assert.Equal(t, uint64(1), s.Failed)
	assert.Equal(t, uint64(3), s.Delivered)
	assert.Equal(t, callback.Class(""), s.LastClass)
}

func TestTheBreakerLogsTheNameOfTheEndpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var buf bytes.Buffer
		logger := slog.New(slog.NewTextHandler(&buf, nil))
		d := newMemory(t, dispatch.MemoryOptions{})
		a := log{answer: fails(errPasses)}
		add(t, d, "ops", &a, dispatch.EndpointOptions{
			Retry: callback.RetryPolicy{Attempts: 1}, Breaker: callback.BreakerPolicy{Failures: 1, Logger: logger},
		})
		send(t, d, "", "1")
		synctest.Wait()
		assert.Contains(t, buf.String(), "endpoint=ops")
	})
}

func TestAttemptsAreNumbered(t *testing.T) {
	srv := callbacktest.NewServer(t, callbacktest.Statuses(500, 500, 200)...)
	var numbers []int
	hook, err := callback.New(callback.Config{URL: srv.URL}, callback.Options{
		Observe: func(_ context.Context, a callback.Attempt) { numbers = append(numbers, a.Number) },
	})
	require.NoError(t, err)
	d := newMemory(t, dispatch.MemoryOptions{})
	add(t, d, "a", hook, dispatch.EndpointOptions{Retry: callback.RetryPolicy{Waits: []time.Duration{time.Millisecond}}})
	send(t, d, "", "1")
	drain(t, d)
	assert.Equal(t, []int{1, 2, 3}, numbers)
}
