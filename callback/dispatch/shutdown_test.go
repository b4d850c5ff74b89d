package dispatch_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/dispatch"
)

func TestShutdownDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newMemory(t, dispatch.MemoryOptions{})
		a := log{answer: func(_ context.Context, m callback.Message, n int) error {
			time.Sleep(time.Second)
			if n == 1 {
				return errPasses
			}
			return nil
		}}
		add(t, d, "a", &a, dispatch.EndpointOptions{})
		for i := range 20 {
			send(t, d, "", strconv.Itoa(i))
		}
		rest, err := d.Shutdown(t.Context())
		require.NoError(t, err)
		assert.Empty(t, rest)
		assert.Equal(t, uint64(20), stats(t, d, "a").Delivered, "those that wait for an attempt, too")

		require.ErrorIs(t, d.Dispatch(t.Context(), message("x", "")), dispatch.ErrClosed)
		require.ErrorIs(t, d.Dispatch(t.Context(), message("x", ""), "a"), dispatch.ErrClosed)
		require.ErrorIs(t, d.Add(t.Context(), "b", &a, dispatch.EndpointOptions{}), dispatch.ErrClosed)
		require.ErrorIs(t, d.Remove(t.Context(), "a"), dispatch.ErrClosed)
		rest, err = d.Shutdown(t.Context())
		require.NoError(t, err, "a second time")
		assert.Empty(t, rest)
	})
}

// Neither Shutdown nor Remove may say by chance that something was lost.
func TestAnEndedContextIsNoErrorWhereNothingIsLeft(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for range 100 {
		d := newMemory(t, dispatch.MemoryOptions{})
		add(t, d, "a", new(log), dispatch.EndpointOptions{})
		add(t, d, "b", new(log), dispatch.EndpointOptions{})
		require.NoError(t, d.Remove(ended, "a"))
		rest, err := d.Shutdown(ended)
		require.NoError(t, err)
		require.Empty(t, rest)
	}
}

// A call that Shutdown cancels is the last one of its endpoint.
func TestShutdownBeginsNoCallInVain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const endpoints = 200
		d := newMemory(t, dispatch.MemoryOptions{})
		var calls, vain atomic.Int64
		hangs := callback.CallerFunc(func(ctx context.Context, _ callback.Message) (callback.Reply, error) {
			calls.Add(1)
			if ctx.Err() != nil {
				vain.Add(1)
			}
			<-ctx.Done()
			return callback.Reply{}, ctx.Err()
		})
		for i := range endpoints {
			add(t, d, strconv.Itoa(i), hangs, dispatch.EndpointOptions{Concurrency: 1})
		}
		send(t, d, "", "1", "2")
		synctest.Wait()
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		rest, err := d.Shutdown(ended)
		require.ErrorIs(t, err, context.Canceled)
		assert.Len(t, rest, 2*endpoints)
		assert.Equal(t, int64(endpoints), calls.Load())
		assert.Zero(t, vain.Load())
	})
}

func TestShutdownHandsBackWhatIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		results := map[dispatch.Result]int{}
		d := newMemory(t, dispatch.MemoryOptions{Observe: func(o dispatch.Outcome) {
			mu.Lock()
			results[o.Result]++
			mu.Unlock()
		}})
		a := log{answer: func(ctx context.Context, m callback.Message, _ int) error {
			switch m.ID {
			case "fails":
				return errPasses
			case "hangs":
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}}
		add(t, d, "a", &a, dispatch.EndpointOptions{
			Concurrency: 1, Order: dispatch.Strict,
			Retry: callback.RetryPolicy{Waits: []time.Duration{time.Hour}},
		})
		accepted := time.Now()
		send(t, d, "1", "fails", "behind")
		send(t, d, "2", "passes", "hangs", "late")
		cause := errors.New("the house is burning")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, cause)
		defer cancel()
		rest, err := d.Shutdown(ctx)
		require.ErrorIs(t, err, cause)
		assert.Equal(t, time.Minute, time.Since(accepted))
		var ids []string
		for _, u := range rest {
			ids = append(ids, u.Message.ID)
			assert.Equal(t, accepted, u.Accepted)
			assert.Equal(t, "a", u.Endpoint)
		}
		assert.Equal(t, []string{"fails", "behind", "hangs", "late"}, ids, "in the order in which they were accepted")
		assert.Equal(t, []int{1, 0, 1, 0}, []int{rest[0].Attempts, rest[1].Attempts, rest[2].Attempts, rest[3].Attempts})
		require.ErrorIs(t, rest[0].Err, errPasses)
		require.ErrorIs(t, rest[2].Err, context.Canceled)
		require.NoError(t, rest[3].Err)
		s := stats(t, d, "a")
		assert.Equal(t, uint64(4), s.Returned)
		assert.Equal(t, uint64(1), s.Delivered)
		assert.Zero(t, s.Queued+s.InFlight)
		assert.Equal(t, map[dispatch.Result]int{dispatch.Returned: 4, dispatch.Delivered: 1}, results)
	})
}

func TestShutdownHandsBackOnlyWhatMayStillPass(t *testing.T) {
	answers := map[string]error{
		"delivered": nil, "refused": errFinal, "busy": errPasses, "cut off": fmt.Errorf("call: %w", context.Canceled),
	}
	synctest.Test(t, func(t *testing.T) {
		d := newMemory(t, dispatch.MemoryOptions{})
		a := log{answer: func(ctx context.Context, m callback.Message, _ int) error {
			<-ctx.Done() // and answers all the same
			return answers[m.ID]
		}}
		add(t, d, "a", &a, dispatch.EndpointOptions{Concurrency: 4})
		send(t, d, "", "delivered", "refused", "busy", "cut off")
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		rest, err := d.Shutdown(ctx)
		require.ErrorIs(t, err, context.Canceled)
		require.Len(t, rest, 2)
		assert.Equal(t, []string{"busy", "cut off"}, []string{rest[0].Message.ID, rest[1].Message.ID})
		s := stats(t, d, "a")
		assert.Equal(t, uint64(1), s.Delivered)
		assert.Equal(t, uint64(1), s.Failed)
	})
}

func TestShutdownDoesNotWaitForACallerThatHeedsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newMemory(t, dispatch.MemoryOptions{})
		gate := make(chan struct{})
		a := log{answer: func(context.Context, callback.Message, int) error {
			<-gate
			return nil
		}}
		add(t, d, "a", &a, dispatch.EndpointOptions{Concurrency: 1})
		send(t, d, "", "1", "2")
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		start := time.Now()
		rest, err := d.Shutdown(ctx)
		require.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, time.Second, time.Since(start))
		require.Len(t, rest, 2)
		assert.Zero(t, stats(t, d, "a").InFlight)
		close(gate) // the call returns after all; the message was handed back and is not counted twice
		synctest.Wait()
		s := stats(t, d, "a")
		assert.Equal(t, uint64(2), s.Returned)
		assert.Zero(t, s.Delivered)
	})
}

func TestShutdownWaitsForRemovedEndpoints(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newMemory(t, dispatch.MemoryOptions{})
		ended := false
		a := log{answer: func(context.Context, callback.Message, int) error {
			time.Sleep(time.Minute)
			ended = true
			return nil
		}}
		add(t, d, "a", &a, dispatch.EndpointOptions{})
		send(t, d, "", "1")
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.Error(t, d.Remove(ctx, "a"))
		drain(t, d)
		assert.True(t, ended)
	})
}
