package dispatch_test

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/dispatch"
)

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

func TestConcurrencyIsUsedForWhatFallsDueTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newMemory(t, dispatch.MemoryOptions{})
		a := log{answer: func(_ context.Context, _ callback.Message, n int) error {
			if n == 1 {
				return errPasses
			}
			time.Sleep(time.Second)
			return nil
		}}
		add(t, d, "a", &a, dispatch.EndpointOptions{
			Concurrency: 5, Retry: callback.RetryPolicy{Waits: []time.Duration{time.Minute}}, Breaker: callback.BreakerPolicy{Off: true},
		})
		for i := range 10 {
			send(t, d, "", strconv.Itoa(i))
		}
		start := time.Now()
		drain(t, d)
		assert.Equal(t, time.Minute+2*time.Second, time.Since(start))
	})
}

func TestConcurrencyCanBeLowered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newMemory(t, dispatch.MemoryOptions{})
		slow := func(context.Context, callback.Message, int) error {
			time.Sleep(time.Second)
			return nil
		}
		before, after := log{answer: slow}, log{answer: slow}
		add(t, d, "a", &before, dispatch.EndpointOptions{Concurrency: 4})
		for i := range 10 {
			send(t, d, "", strconv.Itoa(i))
		}
		synctest.Wait()
		add(t, d, "a", &after, dispatch.EndpointOptions{Concurrency: 1})
		drain(t, d)
		assert.Equal(t, 4, before.most)
		assert.Equal(t, 1, after.most)
	})
}

func TestConcurrencyIsOneBehindABreakerThatWasOpen(t *testing.T) {
	open := &callback.Error{Class: callback.ClassOpen, Reason: callback.ErrOpen, RetryAfter: time.Minute}
	synctest.Test(t, func(t *testing.T) {
		d := newMemory(t, dispatch.MemoryOptions{})
		var mu sync.Mutex
		var since []time.Duration
		start := time.Now()
		a := log{answer: func(_ context.Context, m callback.Message, n int) error {
			if m.ID == "0" && n == 1 {
				return open
			}
			mu.Lock()
			since = append(since, time.Since(start))
			first := len(since) == 1
			mu.Unlock()
			time.Sleep(time.Second)
			if first {
				return errFinal // about the message: it says nothing of the endpoint
			}
			return nil
		}}
		add(t, d, "a", &a, dispatch.EndpointOptions{Concurrency: 2})
		send(t, d, "", "0")
		synctest.Wait()
		for i := range 4 {
			send(t, d, "", strconv.Itoa(i+1))
		}
		drain(t, d)
		assert.Equal(t, 61*time.Second, since[1], "the second waits for the first")
		assert.Equal(t, 62*time.Second, since[2], "and the third for its success")
		assert.Equal(t, since[2], since[3], "then there are two again")
	})
}
