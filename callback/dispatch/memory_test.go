package dispatch_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
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

// A list of recipients may be short or long, and have some of them twice.
func TestDispatchToManyNames(t *testing.T) {
	for _, n := range []int{1, 2, 32, 33, 100} {
		synctest.Test(t, func(t *testing.T) {
			d := newMemory(t, dispatch.MemoryOptions{})
			var all []string
			for i := range n {
				all = append(all, fmt.Sprintf("%03d", n-i))
				add(t, d, all[i], new(log), dispatch.EndpointOptions{})
			}
			given := slices.Clone(all)
			require.NoError(t, d.Dispatch(t.Context(), message("1", ""), given...))
			assert.Equal(t, all, given, "the list is the caller's")
			twice := append(given, given...)
			require.NoError(t, d.Dispatch(t.Context(), message("2", ""), twice...))
			synctest.Wait()
			for _, name := range all {
				assert.Equal(t, uint64(2), stats(t, d, name).Delivered, "%s of %d", name, n)
			}
			err := d.Dispatch(t.Context(), message("3", ""), append(twice, "nobody")...)
			require.ErrorIs(t, err, dispatch.ErrUnknown)
			var e *dispatch.Error
			require.ErrorAs(t, err, &e)
			assert.Len(t, e.Refused, 1)
		})
	}
}

func TestDispatchToAllKnowsWhoIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newMemory(t, dispatch.MemoryOptions{})
		var a, b log
		send(t, d, "", "0") // to nobody
		add(t, d, "a", &a, dispatch.EndpointOptions{})
		send(t, d, "", "1")
		add(t, d, "b", &b, dispatch.EndpointOptions{})
		send(t, d, "", "2")
		synctest.Wait()
		require.NoError(t, d.Remove(t.Context(), "a"))
		send(t, d, "", "3")
		drain(t, d)
		assert.ElementsMatch(t, []string{"1", "2"}, a.seen())
		assert.ElementsMatch(t, []string{"2", "3"}, b.seen())
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

func TestElapsedDoesNotWaitForAnAttemptThatIsTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newMemory(t, dispatch.MemoryOptions{})
		a := log{answer: fails(errPasses)}
		policy := callback.RetryPolicy{Elapsed: time.Minute, Waits: []time.Duration{time.Minute + 1}}
		add(t, d, "a", &a, dispatch.EndpointOptions{Retry: policy})
		send(t, d, "", "1")
		synctest.Wait()
		assert.Equal(t, uint64(1), stats(t, d, "a").Failed)
	})
}

func TestZeroMemoryIsShutDown(t *testing.T) {
	var d dispatch.Memory
	require.ErrorIs(t, d.Add(t.Context(), "ops", &log{}, dispatch.EndpointOptions{}), dispatch.ErrClosed)
	require.ErrorIs(t, d.Dispatch(t.Context(), message("1", "")), dispatch.ErrClosed)
	require.ErrorIs(t, d.Dispatch(t.Context(), message("1", ""), "ops"), dispatch.ErrClosed)
	require.ErrorIs(t, d.Remove(t.Context(), "ops"), dispatch.ErrClosed)
	rest, err := d.Shutdown(t.Context())
	require.NoError(t, err)
	assert.Empty(t, rest)
}
