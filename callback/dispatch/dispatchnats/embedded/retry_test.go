package embedded_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/alertwire/alertwire/callback/dispatch"
	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats"
)

// A clock is a Caller that notes when it is called, and fails the first calls.
type clock struct {
	fail int
	wait time.Duration // its Retry-After
	hold chan struct{} // if there is one, calls that do not fail wait for it to be closed
	mu   sync.Mutex
	at   []time.Time
	left []time.Time
}

func (c *clock) Call(ctx context.Context, _ callback.Message) (callback.Reply, error) {
	c.mu.Lock()
	c.at = append(c.at, time.Now())
	n := len(c.at)
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.left = append(c.left, time.Now())
	}()
	if n <= c.fail {
		return callback.Reply{}, unavailable(c.wait)
	}
	if c.hold != nil {
		select {
		case <-c.hold:
		case <-ctx.Done():
			return callback.Reply{}, ctx.Err()
		}
	}
	return callback.Reply{}, nil
}

func TestRetryAfterOnlyPostpones(t *testing.T) {
	t.Parallel()
	const wait = 1100 * time.Millisecond // no whole second, to which a library would round
	for _, order := range allOrders {
		t.Run(order.String(), func(t *testing.T) {
			t.Parallel()
			d := open(t, t.TempDir(), quick(dispatchnats.Options{}))
			c := &clock{fail: 2, wait: wait}
			require.NoError(t, d.Add(t.Context(), "ops", c, dispatch.EndpointOptions{
				Order: order, Breaker: off, Retry: callback.RetryPolicy{Base: time.Millisecond},
			}))
			require.NoError(t, d.Dispatch(t.Context(), message("k", 0)))
			eventually(t, func() bool { return stats(t, d, "ops").Delivered == 1 }, "not delivered")
			for i := 1; i < len(c.at); i++ {
				assert.GreaterOrEqual(t, c.at[i].Sub(c.left[i-1]), wait)
			}
			s := stats(t, d, "ops")
			assert.Equal(t, uint64(3), s.Calls)
			assert.Equal(t, uint64(2), s.Retried)
		})
	}
}

// TestWaitTakesUpNoPlace has a message wait at an endpoint that may be called
// once at a time.
func TestWaitTakesUpNoPlace(t *testing.T) {
	t.Parallel()
	for _, order := range allOrders {
		t.Run(order.String(), func(t *testing.T) {
			ctx := t.Context()
			d := open(t, t.TempDir(), quick(dispatchnats.Options{}))
			var s stage
			require.NoError(t, d.Add(ctx, "ops", &s, dispatch.EndpointOptions{
				Order: order, Concurrency: 1, Breaker: off, Retry: callback.RetryPolicy{Cap: time.Hour},
			}))
			require.NoError(t, d.Dispatch(ctx, message("a", 0)))
			require.NoError(t, d.Dispatch(ctx, message("b", 0)))
			s.await(t, 0).answer <- unavailable(time.Hour)
			s.await(t, 1).answer <- nil
			eventually(t, func() bool { return stats(t, d, "ops").Delivered == 1 }, "not delivered")
			got := stats(t, d, "ops")
			assert.Equal(t, 1, got.Queued)
			assert.Zero(t, got.InFlight)
		})
	}
}

// TestAttemptsSurviveARestart lets a message use up its attempts in three lives
// of the process.
func TestAttemptsSurviveARestart(t *testing.T) {
	t.Parallel()
	for _, order := range allOrders {
		t.Run(order.String(), func(t *testing.T) {
			ctx, dir := t.Context(), t.TempDir()
			for life := 1; life <= 3; life++ {
				var ends outcomes
				d := open(t, dir, quick(dispatchnats.Options{Observe: ends.observe}))
				var s stage
				require.NoError(t, d.Add(ctx, "ops", &s, dispatch.EndpointOptions{
					Order: order, Breaker: off,
					Retry: callback.RetryPolicy{Attempts: 3, Waits: []time.Duration{500 * time.Millisecond}},
				}))
				if life == 1 {
					require.NoError(t, d.Dispatch(ctx, message("k", 0)))
				}
				failure := callbacktest.Failure([]int{0, 500, 502, 503}[life])
				s.await(t, 0).answer <- failure
				if life < 3 {
					eventually(t, func() bool { // or called again already, which is cut off
						now := stats(t, d, "ops")
						return now.Waiting == 1 && now.InFlight == 0 || s.count() > 1
					}, "not put aside")
					shut(t, d)
					continue
				}
				out := ends.await(t, "k-0")
				assert.Equal(t, dispatch.Failed, out.Result)
				assert.Equal(t, 3, out.Attempts)
				assert.Equal(t, error(failure), out.Err)
				letters := letters(t, d.Dead("ops"))
				require.Len(t, letters, 1)
				var statuses []int
				for _, a := range letters[0].History {
					statuses = append(statuses, a.Status)
				}
				assert.Equal(t, []int{500, 502, 503}, statuses)
			}
		})
	}
}

// TestOutlivesAnOutage has an endpoint without a policy of its own fail more
// often than a policy in memory would bear, with its waits cut short.
func TestOutlivesAnOutage(t *testing.T) {
	t.Parallel()
	for _, order := range allOrders {
		t.Run(order.String(), func(t *testing.T) {
			t.Parallel()
			var ends outcomes
			d := open(t, t.TempDir(), quick(dispatchnats.Options{Observe: ends.observe}))
			require.NoError(t, d.Add(t.Context(), "ops", &clock{fail: 12}, dispatch.EndpointOptions{
				Order: order, Breaker: off, Retry: callback.RetryPolicy{Rand: func() float64 { return 0 }},
			}))
			require.NoError(t, d.Dispatch(t.Context(), message("k", 0)))
			out := ends.await(t, "k-0")
			assert.Equal(t, dispatch.Delivered, out.Result)
			assert.Equal(t, 13, out.Attempts)
		})
	}
}

// TestRefusedByABreakerIsNoAttempt has a Caller with a breaker of its own, which
// is open for the first calls, and a policy that allows a single attempt.
func TestRefusedByABreakerIsNoAttempt(t *testing.T) {
	t.Parallel()
	isOpen := &callback.Error{Class: callback.ClassOpen, Reason: callback.ErrOpen}
	for _, order := range allOrders {
		t.Run(order.String(), func(t *testing.T) {
			t.Parallel()
			var ends outcomes
			d := open(t, t.TempDir(), quick(dispatchnats.Options{Observe: ends.observe}))
			r := &callbacktest.Recorder{Answer: callbacktest.Fail(isOpen, isOpen, isOpen, nil)}
			require.NoError(t, d.Add(t.Context(), "ops", r, dispatch.EndpointOptions{
				Order: order, Retry: callback.RetryPolicy{Attempts: 1},
			}))
			require.NoError(t, d.Dispatch(t.Context(), message("k", 0)))
			out := ends.await(t, "k-0")
			assert.Equal(t, dispatch.Delivered, out.Result)
			assert.Equal(t, 1, out.Attempts)
			assert.Len(t, r.IDs(), 4)
			assert.Equal(t, uint64(1), stats(t, d, "ops").Calls)
		})
	}
}

// TestLostMoverIsMadeAnew deletes what puts messages back that have become due.
func TestLostMoverIsMadeAnew(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	d := open(t, t.TempDir(), quick(dispatchnats.Options{}))
	js, err := jetstream.New(d.Conn(), patient)
	require.NoError(t, err)
	require.NoError(t, js.DeleteConsumer(ctx, "alertwire_RETRY", "mover"))
	r := &callbacktest.Recorder{Answer: callbacktest.Fail(unavailable(0), nil)}
	require.NoError(t, d.Add(ctx, "ops", r, dispatch.EndpointOptions{Retry: callback.RetryPolicy{Base: time.Millisecond}}))
	require.NoError(t, d.Dispatch(ctx, message("k", 0)))
	eventually(t, func() bool { return stats(t, d, "ops").Delivered == 1 }, "it is not put back")
}

// TestElapsedBeginsWhenAccepted gives a message up that would be called too late.
func TestElapsedBeginsWhenAccepted(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	var ends outcomes
	d := open(t, t.TempDir(), quick(dispatchnats.Options{Observe: ends.observe}))
	c := &clock{fail: 1, wait: time.Minute}
	require.NoError(t, d.Add(ctx, "ops", c, dispatch.EndpointOptions{
		Breaker: off, Retry: callback.RetryPolicy{Elapsed: 50 * time.Second}, // in which it is called once
	}))
	require.NoError(t, d.Dispatch(ctx, message("k", 0)))
	out := ends.await(t, "k-0")
	assert.Equal(t, dispatch.Failed, out.Result)
	var e *callback.Error
	require.ErrorAs(t, out.Err, &e)
	assert.Equal(t, callback.ClassDeadline, e.Class)
	assert.Equal(t, time.Minute, e.RetryAfter)
	require.ErrorIs(t, out.Err, callback.ErrGaveUp)
}

func TestFailuresForGoodAreNotTriedAgain(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	var ends outcomes
	d := open(t, t.TempDir(), quick(dispatchnats.Options{Observe: ends.observe}))
	panics := callback.CallerFunc(func(context.Context, callback.Message) (callback.Reply, error) { panic("oops") })
	require.NoError(t, d.Add(ctx, "refuses", &callbacktest.Recorder{Answer: callbacktest.Fail(callbacktest.Failure(404))}, dispatch.EndpointOptions{}))
	require.NoError(t, d.Add(ctx, "panics", panics, dispatch.EndpointOptions{Retry: callback.RetryPolicy{Attempts: 1}}))

	require.NoError(t, d.Dispatch(ctx, message("a", 0), "refuses"))
	out := ends.await(t, "a-0")
	assert.Equal(t, 1, out.Attempts)
	require.ErrorIs(t, out.Err, callback.ErrRefused)

	require.NoError(t, d.Dispatch(ctx, message("b", 0), "panics"))
	var e *callback.Error
	require.True(t, errors.As(ends.await(t, "b-0").Err, &e))
	assert.Equal(t, callback.ClassPanic, e.Class)
}

func letters(t testing.TB, b dispatchnats.Dead) []dispatchnats.Letter {
	t.Helper()
	var all []dispatchnats.Letter
	for l, err := range b.All(t.Context()) {
		require.NoError(t, err)
		all = append(all, l)
	}
	return all
}
