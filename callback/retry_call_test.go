package callback_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
)

func TestRetryCallKeepsToItsBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rnd := rand.New(rand.NewPCG(3, 4))
		for range 300 {
			p := callback.RetryPolicy{
				Attempts: 1 + rnd.IntN(50), Base: time.Duration(1+rnd.IntN(1000)) * time.Millisecond,
				Cap: time.Minute, Elapsed: time.Duration(1+rnd.IntN(120)) * time.Second,
			}
			r := callbacktest.Recorder{Answer: callbacktest.Fail(callbacktest.Failure(503))}
			start := time.Now()
			_, err := callback.Retry(p)(&r).Call(t.Context(), callback.Message{})
			require.ErrorIs(t, err, callback.ErrGaveUp)
			require.LessOrEqual(t, time.Since(start), p.Elapsed)
			require.LessOrEqual(t, len(r.Messages()), p.Attempts)
		}
	})
}

func TestRetryRepeatsTheSameMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var numbers []int
		r := callbacktest.Recorder{Answer: callbacktest.Fail(callbacktest.Failure(500), errors.New("lost"), nil)}
		outer := callback.CallerFunc(func(ctx context.Context, m callback.Message) (callback.Reply, error) {
			numbers = append(numbers, len(numbers)+1)
			return r.Call(ctx, m)
		})
		m := callback.Message{Body: []byte(`{"a": "<&>"}`), Type: "firing"}
		reply, err := callback.Retry(callback.RetryPolicy{})(outer).Call(t.Context(), m)
		require.NoError(t, err)
		assert.Equal(t, 3, reply.Attempts)
		got := r.Messages()
		require.Len(t, got, 3)
		assert.NotEmpty(t, got[0].ID, "a message without an ID gets one, so that repeats can be told")
		assert.Equal(t, got[0], got[1])
		assert.Equal(t, got[0], got[2])
		assert.Equal(t, m.Body, got[2].Body)
	})
}

func TestRetryTellsWhatHappened(t *testing.T) {
	lost := errors.New("lost")
	tests := []struct {
		name     string
		policy   callback.RetryPolicy
		answers  []error
		attempts int
		class    callback.Class
		status   int
		wantErr  error
	}{
		{"attempts used up", callback.RetryPolicy{Attempts: 3}, []error{callbacktest.Failure(503)}, 3, callback.ClassServer, 503, callback.ErrGaveUp},
		{"refused", callback.RetryPolicy{}, []error{callbacktest.Failure(503), callbacktest.Failure(400)}, 2, callback.ClassClient, 400, callback.ErrRefused},
		{"gone", callback.RetryPolicy{}, []error{callbacktest.Failure(410)}, 1, callback.ClassGone, 410, callback.ErrGone},
		{"foreign", callback.RetryPolicy{Attempts: 2}, []error{lost}, 2, callback.ClassOther, 0, lost},
		{"foreign is given up", callback.RetryPolicy{Attempts: 2}, []error{lost}, 2, callback.ClassOther, 0, callback.ErrGaveUp},
		{"extra status used up", callback.RetryPolicy{Attempts: 2, Statuses: []int{404}}, []error{callbacktest.Failure(404)}, 2, callback.ClassClient, 404, callback.ErrGaveUp},
		{"advice of centuries", callback.RetryPolicy{Cap: math.MaxInt64, Elapsed: time.Minute}, []error{&callback.Error{Attempts: 1, Status: 429, Reason: callback.ErrGaveUp, RetryAfter: math.MaxInt64}}, 1, callback.ClassDeadline, 429, callback.ErrGaveUp},
		{"budget used up", callback.RetryPolicy{Attempts: 9, Waits: []time.Duration{time.Second}, Elapsed: 2 * time.Second}, []error{callbacktest.Failure(502)}, 3, callback.ClassDeadline, 502, callback.ErrGaveUp},
		{"cancelled within", callback.RetryPolicy{}, []error{context.Canceled}, 1, callback.ClassCancelled, 0, context.Canceled},
		{"open breaker within", callback.RetryPolicy{Attempts: 3}, []error{callbacktest.Failure(500), &callback.Error{Reason: callback.ErrOpen, Class: callback.ClassOpen}}, 1, callback.ClassOpen, 0, callback.ErrOpen},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := callbacktest.Recorder{Answer: callbacktest.Fail(tt.answers...)}
				reply, err := callback.Retry(tt.policy)(&r).Call(t.Context(), callback.Message{ID: "msg_1"})
				require.ErrorIs(t, err, tt.wantErr)
				var e *callback.Error
				require.ErrorAs(t, err, &e)
				assert.Equal(t, tt.attempts, e.Attempts)
				assert.Equal(t, tt.attempts, reply.Attempts)
				assert.Equal(t, tt.class, e.Class)
				assert.Equal(t, tt.status, e.Status)
			})
		})
	}
}

func TestRetryHeedsItsContext(t *testing.T) {
	busy := callbacktest.Failure(503)
	busy.RetryAfter = 40 * time.Second
	tests := []struct {
		name    string
		context func(context.Context) (context.Context, context.CancelFunc)
		took    time.Duration
		class   callback.Class
		wantErr error
	}{
		{"the deadline is earlier than the next attempt", func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 30*time.Second)
		}, 0, callback.ClassDeadline, callback.ErrGaveUp},
		{"the deadline is just then", func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 40*time.Second)
		}, 0, callback.ClassDeadline, callback.ErrGaveUp},
		{"the deadline is between the second and the third", func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, time.Minute)
		}, 40 * time.Second, callback.ClassDeadline, callback.ErrGaveUp},
		{"the caller goes away", func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(10*time.Second, cancel)
			return ctx, cancel
		}, 10 * time.Second, callback.ClassCancelled, context.Canceled},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := tt.context(t.Context())
				defer cancel()
				r := callbacktest.Recorder{Answer: callbacktest.Fail(busy)}
				start := time.Now()
				_, err := callback.Retry(callback.RetryPolicy{Rand: always})(&r).Call(ctx, callback.Message{})
				require.ErrorIs(t, err, tt.wantErr)
				assert.Equal(t, tt.took, time.Since(start))
				var e *callback.Error
				require.ErrorAs(t, err, &e)
				assert.Equal(t, tt.class, e.Class)
				assert.Equal(t, 40*time.Second, e.RetryAfter, "the advice is handed on")
				assert.Equal(t, 503, e.Status)
			})
		})
	}
}

func TestRetryNumbersItsAttempts(t *testing.T) {
	srv := callbacktest.NewServer(t, callbacktest.Statuses(500, 500, 200)...)
	var numbers []int
	hook, err := callback.New(callback.Config{URL: srv.URL}, callback.Options{
		Observe: func(_ context.Context, a callback.Attempt) { numbers = append(numbers, a.Number) },
	})
	require.NoError(t, err)
	c := callback.Retry(callback.RetryPolicy{Waits: []time.Duration{time.Millisecond}})(hook)
	_, err = c.Call(t.Context(), callback.Message{})
	require.NoError(t, err)
	assert.Equal(t, []int{1, 2, 3}, numbers)
}

func TestRetryTellsHowLongItTook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := callbacktest.Recorder{Answer: callbacktest.Fail(callbacktest.Failure(500), nil)}
		c := callback.Retry(callback.RetryPolicy{Waits: []time.Duration{time.Minute}})(&r)
		reply, err := c.Call(t.Context(), callback.Message{})
		require.NoError(t, err)
		assert.Equal(t, time.Minute, reply.Took)
	})
}

func TestRetryKeepsWhatAWrapperSays(t *testing.T) {
	said := errors.New("plugin: no")
	r := callbacktest.Recorder{Answer: callbacktest.Fail(errors.Join(said, callbacktest.Failure(404)))}
	_, err := callback.Retry(callback.RetryPolicy{})(&r).Call(t.Context(), callback.Message{})
	require.ErrorIs(t, err, said)
	require.ErrorIs(t, err, callback.ErrRefused)
}

// The advice counts for every status that is tried again, those of the policy
// too.
func TestRetryHeedsTheAdviceOfListedStatuses(t *testing.T) {
	srv := callbacktest.NewServer(t, callbacktest.RetryAfter(404, 7))
	w := hook(t, callback.Config{URL: srv.URL}, callback.Options{})
	_, err := w.Call(t.Context(), message)
	require.ErrorIs(t, err, callback.ErrRefused)
	wait, ok := callback.RetryPolicy{Statuses: []int{404}}.Next(1, err)
	assert.True(t, ok)
	assert.Equal(t, 7*time.Second, wait)
	_, ok = callback.RetryPolicy{}.Next(1, err)
	assert.False(t, ok)
}
