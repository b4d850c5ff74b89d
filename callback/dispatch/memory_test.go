package dispatch_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"runtime"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/dispatch"
)

func TestDispatchToAllAndToSome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newMemory(t, dispatch.MemoryOptions{})
		var a, b log
		add(t, d, "a", &a, dispatch.EndpointOptions{})
		add(t, d, "b", &b, dispatch.EndpointOptions{})
		require.NoError(t, d.Dispatch(t.Context(), message("1", "")))
		synctest.Wait()
		require.NoError(t, d.Dispatch(t.Context(), message("2", ""), "b", "b"))
		synctest.Wait()
		assert.Equal(t, []string{"1"}, a.seen())
		assert.Equal(t, []string{"1", "2"}, b.seen(), "an endpoint that is named twice gets the message once")
		assert.Equal(t, uint64(2), stats(t, d, "b").Delivered)
	})
}

func TestDispatchNamesWhoRefused(t *testing.T) {
	d := newMemory(t, dispatch.MemoryOptions{})
	var a log
	add(t, d, "a", &a, dispatch.EndpointOptions{})
	err := d.Dispatch(t.Context(), message("1", ""), "nobody", "a")
	var refused *dispatch.Error
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, map[string]error{"nobody": dispatch.ErrUnknown}, refused.Refused)
	assert.EqualError(t, err, `dispatch: not accepted: "nobody": no such endpoint`)
	_, err = d.Shutdown(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{"1"}, a.seen(), "the others have accepted")
}

func TestDispatchGivesOneIDToAMessageWithout(t *testing.T) {
	d := newMemory(t, dispatch.MemoryOptions{})
	var a, b log
	add(t, d, "a", &a, dispatch.EndpointOptions{})
	add(t, d, "b", &b, dispatch.EndpointOptions{})
	require.NoError(t, d.Dispatch(t.Context(), callback.Message{}))
	_, err := d.Shutdown(t.Context())
	require.NoError(t, err)
	require.Len(t, a.seen(), 1)
	assert.NotEmpty(t, a.seen()[0])
	assert.Equal(t, a.seen(), b.seen())
}

func TestDispatchWithAnEndedContext(t *testing.T) {
	d := newMemory(t, dispatch.MemoryOptions{})
	var a log
	add(t, d, "a", &a, dispatch.EndpointOptions{})
	cause := errors.New("gone home")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	require.ErrorIs(t, d.Dispatch(ctx, message("1", "")), cause)
	assert.Zero(t, stats(t, d, "a").Accepted)
}

func TestAddRefusesWhatMakesNoSense(t *testing.T) {
	d := newMemory(t, dispatch.MemoryOptions{Endpoints: 1})
	var a log
	ctx := t.Context()
	require.ErrorContains(t, d.Add(ctx, "", &a, dispatch.EndpointOptions{}), "no name")
	require.ErrorContains(t, d.Add(ctx, "a", nil, dispatch.EndpointOptions{}), "no caller")
	require.ErrorContains(t, d.Add(ctx, "a", &a, dispatch.EndpointOptions{Queue: -1}), "queue")
	require.NoError(t, d.Add(ctx, "a", &a, dispatch.EndpointOptions{}))
	require.NoError(t, d.Add(ctx, "a", &a, dispatch.EndpointOptions{}), "replacing needs no place")
	require.ErrorContains(t, d.Add(ctx, "b", &a, dispatch.EndpointOptions{}), "1 endpoints already")
	_, err := dispatch.NewMemory(dispatch.MemoryOptions{Endpoints: -1})
	require.Error(t, err)
}

func TestConcurrencyIsKept(t *testing.T) {
	for _, n := range []int{1, 2, 7} {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newMemory(t, dispatch.MemoryOptions{})
				a := log{answer: func(context.Context, callback.Message, int) error {
					time.Sleep(time.Second)
					return nil
				}}
				add(t, d, "a", &a, dispatch.EndpointOptions{Concurrency: n})
				for i := range 20 {
					require.NoError(t, d.Dispatch(t.Context(), message(strconv.Itoa(i), "")))
				}
				start := time.Now()
				_, err := d.Shutdown(t.Context())
				require.NoError(t, err)
				assert.Equal(t, n, a.most)
				assert.Equal(t, time.Duration((20+n-1)/n)*time.Second, time.Since(start), "and it is used")
			})
		})
	}
}

func TestRetryWaitsOffTheWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newMemory(t, dispatch.MemoryOptions{})
		a := log{answer: func(_ context.Context, m callback.Message, n int) error {
			if m.ID == "slow" && n < 3 {
				return errPasses
			}
			return nil
		}}
		policy := callback.RetryPolicy{Waits: []time.Duration{10 * time.Second, time.Minute}}
		add(t, d, "a", &a, dispatch.EndpointOptions{Concurrency: 1, Retry: policy})
		for _, id := range []string{"slow", "1", "2"} {
			require.NoError(t, d.Dispatch(t.Context(), message(id, "")))
		}
		_, err := d.Shutdown(t.Context())
		require.NoError(t, err)
		assert.Equal(t, []string{"slow", "1", "2", "slow", "slow"}, a.seen())
		assert.Equal(t, []time.Duration{0, 0, 0, 10 * time.Second, 70 * time.Second}, a.times)
		s := stats(t, d, "a")
		assert.Equal(t, uint64(2), s.Retried)
		assert.Equal(t, uint64(5), s.Calls)
		assert.Equal(t, uint64(3), s.Delivered)
	})
}

func TestElapsedEndsAMessageThatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var outs []dispatch.Outcome
		d := newMemory(t, dispatch.MemoryOptions{Observe: func(o dispatch.Outcome) { outs = append(outs, o) }})
		answer, release := hold()
		a := log{answer: answer}
		policy := callback.RetryPolicy{Elapsed: time.Minute}
		add(t, d, "a", &a, dispatch.EndpointOptions{Concurrency: 1, Retry: policy})
		require.NoError(t, d.Dispatch(t.Context(), message("1", "")))
		require.NoError(t, d.Dispatch(t.Context(), message("2", "")))
		time.Sleep(time.Minute + 1)
		release()
		_, err := d.Shutdown(t.Context())
		require.NoError(t, err)
		assert.Equal(t, []string{"1"}, a.seen())
		require.Len(t, outs, 2)
		require.ErrorIs(t, outs[1].Err, callback.ErrGaveUp)
		var late *callback.Error
		require.ErrorAs(t, outs[1].Err, &late)
		assert.Equal(t, callback.ClassDeadline, late.Class)
		assert.Zero(t, late.Attempts)
	})
}

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
