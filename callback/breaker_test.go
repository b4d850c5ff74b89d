package callback_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
)

func ExampleBreaker() {
	var receiver callbacktest.Recorder // stands for a webhook that is down
	receiver.Answer = callbacktest.Fail(callbacktest.Failure(502))

	c := callback.Decorate(&receiver, callback.Breaker(callback.BreakerPolicy{Failures: 2}))
	for range 4 {
		_, err := c.Call(context.Background(), callback.Message{ID: "msg_1"})
		fmt.Println(errors.Is(err, callback.ErrOpen))
	}
	fmt.Println(len(receiver.Messages()), "calls went out")
	// Output:
	// false
	// false
	// true
	// true
	// 2 calls went out
}

// A circuit is a breaker around a receiver whose next answer the test sets.
type circuit struct {
	callback.Caller
	t     *testing.T
	next  error
	calls int
}

func newCircuit(t *testing.T, p callback.BreakerPolicy) *circuit {
	c := &circuit{t: t}
	c.Caller = callback.Breaker(p)(callback.CallerFunc(func(context.Context, callback.Message) (callback.Reply, error) {
		c.calls++
		return callback.Reply{}, c.next
	}))
	return c
}

// call makes n calls that the receiver answers with err, and returns the error
// of the last one.
func (c *circuit) call(n int, err error) error {
	c.next = err
	for range n {
		_, err = c.Call(c.t.Context(), callback.Message{ID: "msg_1"})
	}
	return err
}

func TestBreakerOpensAndCloses(t *testing.T) {
	down := callbacktest.Failure(503)
	synctest.Test(t, func(t *testing.T) {
		c := newCircuit(t, callback.BreakerPolicy{Failures: 3, Cooldown: 10 * time.Second})
		require.ErrorIs(t, c.call(2, down), down)
		require.NoError(t, c.call(1, nil), "a success in between begins the count anew")
		require.ErrorIs(t, c.call(3, down), down)
		err := c.call(1, down)
		require.ErrorIs(t, err, callback.ErrOpen)
		var e *callback.Error
		require.ErrorAs(t, err, &e)
		assert.Equal(t, callback.ClassOpen, e.Class)
		assert.Equal(t, 10*time.Second, e.RetryAfter)
		assert.True(t, e.Temporary())
		assert.Zero(t, e.Attempts)
		assert.Equal(t, "msg_1", e.MessageID)
		assert.Equal(t, 6, c.calls)

		time.Sleep(10*time.Second - 1)
		require.ErrorIs(t, c.call(1, nil), callback.ErrOpen)
		time.Sleep(time.Nanosecond)
		require.ErrorIs(t, c.call(1, down), down, "the probe")
		require.ErrorIs(t, c.call(1, nil), callback.ErrOpen, "it failed")
		time.Sleep(10 * time.Second)
		require.NoError(t, c.call(1, nil), "the next probe")
		require.ErrorIs(t, c.call(2, down), down, "closed, and the count is zero")
		require.NoError(t, c.call(1, nil))
	})
}

func TestBreakerDefaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCircuit(t, callback.BreakerPolicy{})
		require.NotErrorIs(t, c.call(5, errors.New("lost")), callback.ErrOpen)
		require.ErrorIs(t, c.call(1, nil), callback.ErrOpen)
		time.Sleep(30 * time.Second)
		require.NoError(t, c.call(1, nil))
	})
}

func TestBreakerOffLetsEverythingThrough(t *testing.T) {
	c := newCircuit(t, callback.BreakerPolicy{Off: true, Failures: 1})
	require.NotErrorIs(t, c.call(50, errors.New("lost")), callback.ErrOpen)
	assert.Equal(t, 50, c.calls)
}

func TestBreakerNeutralOutcomes(t *testing.T) {
	class := func(c callback.Class, reason error) error {
		return &callback.Error{Class: c, Attempts: 1, Reason: reason}
	}
	for name, err := range map[string]error{
		"refused message":  callbacktest.Failure(400),
		"credentials":      callbacktest.Failure(401),
		"redirect":         callbacktest.Failure(302),
		"blocked address":  class(callback.ClassBlocked, callback.ErrBlocked),
		"proxy":            class(callback.ClassProxy, callback.ErrGaveUp),
		"request":          class(callback.ClassRequest, callback.ErrRefused),
		"own limit":        class(callback.ClassLimited, callback.ErrGaveUp),
		"caller went away": class(callback.ClassCancelled, context.Canceled),
		"caller's time":    class(callback.ClassDeadline, context.DeadlineExceeded),
		"plain cancel":     context.Canceled,
		"another breaker":  class(callback.ClassOpen, callback.ErrOpen),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCircuit(t, callback.BreakerPolicy{Failures: 2, Cooldown: time.Second})
				require.ErrorIs(t, c.call(20, err), err, "does not count")
				lost := errors.New("lost")
				require.ErrorIs(t, c.call(1, lost), lost)
				require.ErrorIs(t, c.call(1, err), err)
				require.ErrorIs(t, c.call(1, lost), lost)
				require.ErrorIs(t, c.call(1, nil), callback.ErrOpen, "and does not end the row of failures")
				time.Sleep(time.Second)
				require.ErrorIs(t, c.call(1, err), err, "as the outcome of the probe it decides nothing")
				require.NoError(t, c.call(1, nil), "the next call is the probe")
			})
		})
	}
}

func TestBreakerCountsARetryThatRanOutOfTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r callbacktest.Recorder
		r.Answer = callbacktest.Fail(callbacktest.Failure(503))
		c := callback.Decorate(&r,
			callback.Breaker(callback.BreakerPolicy{Failures: 1}),
			callback.Retry(callback.RetryPolicy{Waits: []time.Duration{time.Second}, Elapsed: time.Millisecond}))
		_, err := c.Call(t.Context(), callback.Message{})
		var e *callback.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, callback.ClassDeadline, e.Class)
		_, err = c.Call(t.Context(), callback.Message{})
		require.ErrorIs(t, err, callback.ErrOpen)
	})
}

func TestBreakerProbesWithExactlyOneCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		var slow atomic.Bool
		c := callback.Breaker(callback.BreakerPolicy{Failures: 1, Cooldown: time.Second})(
			callback.CallerFunc(func(context.Context, callback.Message) (callback.Reply, error) {
				calls.Add(1)
				if slow.Load() {
					time.Sleep(time.Minute)
				}
				return callback.Reply{}, errors.New("lost")
			}))
		_, _ = c.Call(t.Context(), callback.Message{})
		slow.Store(true)
		for round := range 10 {
			time.Sleep(time.Second)
			calls.Store(0)
			var open atomic.Int32
			var wg sync.WaitGroup
			for range 64 {
				wg.Go(func() {
					if _, err := c.Call(t.Context(), callback.Message{}); errors.Is(err, callback.ErrOpen) {
						open.Add(1)
					}
				})
			}
			wg.Wait()
			require.Equal(t, int32(1), calls.Load(), "round %d", round)
			require.Equal(t, int32(63), open.Load(), "round %d", round)
		}
	})
}

func TestBreakerIgnoresWhatWasUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answers := make(chan error)
		c := callback.Breaker(callback.BreakerPolicy{Failures: 1, Cooldown: time.Second})(
			callback.CallerFunc(func(context.Context, callback.Message) (callback.Reply, error) {
				return callback.Reply{}, <-answers
			}))
		call := func() { _, _ = c.Call(t.Context(), callback.Message{}) }
		for range 3 {
			go call()
		}
		synctest.Wait()
		answers <- errors.New("lost") // opens it
		synctest.Wait()
		answers <- nil // began before: does not close it
		synctest.Wait()
		_, err := c.Call(t.Context(), callback.Message{})
		require.ErrorIs(t, err, callback.ErrOpen)

		time.Sleep(time.Second)
		go call() // the probe
		synctest.Wait()
		answers <- errors.New("lost") // one of the old call and the probe; neither closes it
		answers <- errors.New("lost")
		synctest.Wait()
		_, err = c.Call(t.Context(), callback.Message{})
		require.ErrorIs(t, err, callback.ErrOpen)
	})
}
