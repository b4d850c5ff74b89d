package embedded_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/alertwire/alertwire/callback/dispatch"
	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats"
)

// A counter counts the calls of several callers together.
type counter struct {
	mu        sync.Mutex
	now, most int
	by        map[string]int
}

// caller returns a Caller that takes a little while.
func (c *counter) caller(name string) callback.Caller {
	return callback.CallerFunc(func(ctx context.Context, _ callback.Message) (callback.Reply, error) {
		c.mu.Lock()
		if c.by == nil {
			c.by = map[string]int{}
		}
		c.by[name]++
		c.now++
		c.most = max(c.most, c.now)
		c.mu.Unlock()
		timer := time.NewTimer(5 * time.Millisecond)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.now--
		return callback.Reply{}, nil
	})
}

// both reports whether callers a and b were called.
func (c *counter) both() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.by["a"] > 0 && c.by["b"] > 0
}

// TestConcurrencyIsThatOfAllProcesses has two dispatchers share the work, and
// never make more calls together than one may.
func TestConcurrencyIsThatOfAllProcesses(t *testing.T) {
	t.Parallel()
	for _, order := range allOrders {
		for _, concurrency := range []int{1, 4} {
			t.Run(fmt.Sprint(order, " ", concurrency), func(t *testing.T) {
				ctx := t.Context()
				a := open(t, t.TempDir(), quick(dispatchnats.Options{}))
				b := peer(t, a.Conn(), dispatchnats.Options{})
				var c counter
				o := dispatch.EndpointOptions{Order: order, Concurrency: concurrency, Queue: 1e5, Breaker: off}
				require.NoError(t, a.Add(ctx, "ops", c.caller("a"), o))
				require.NoError(t, b.Add(ctx, "ops", c.caller("b"), o))
				n := 0
				send := func() {
					require.NoError(t, a.Dispatch(ctx, callback.Message{Key: fmt.Sprint(n)}))
					n++
				}
				for range 120 {
					send()
				}
				for end := time.Now().Add(soon); !c.both() && time.Now().Before(end); pause(ctx, tick) {
					send()
				}
				assert.True(t, c.both(), "one of them gets no work")
				eventually(t, func() bool {
					return stats(t, a, "ops").Delivered+stats(t, b, "ops").Delivered == uint64(n)
				}, "not everything was delivered")
				assert.LessOrEqual(t, c.most, concurrency)
			})
		}
	}
}

// TestProducerNeedsNoEndpoint dispatches from a process that has added nothing.
func TestProducerNeedsNoEndpoint(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	a := open(t, t.TempDir(), quick(dispatchnats.Options{}))
	producer := peer(t, a.Conn(), dispatchnats.Options{})
	var got callbacktest.Recorder
	require.NoError(t, a.Add(ctx, "ops", &got, dispatch.EndpointOptions{}))
	require.NoError(t, producer.Dispatch(ctx, message("k", 0)), "to all: there are none")
	require.NoError(t, producer.Dispatch(ctx, message("k", 1), "ops"))
	require.ErrorIs(t, producer.Dispatch(ctx, message("k", 2), "nobody"), dispatch.ErrUnknown)
	eventually(t, func() bool { return len(got.IDs()) == 1 }, "it did not come")
	assert.Equal(t, []string{"k-1"}, got.IDs())
	assert.Equal(t, "ops", stats(t, producer, "ops").Name, "it sees the queue")
}

// TestPrefixesDoNotMeet keeps two applications on one server apart.
func TestPrefixesDoNotMeet(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	a := open(t, t.TempDir(), quick(dispatchnats.Options{Prefix: "one"}))
	b := peer(t, a.Conn(), dispatchnats.Options{Prefix: "two"})
	var one, two callbacktest.Recorder
	require.NoError(t, a.Add(ctx, "ops", &one, dispatch.EndpointOptions{}))
	require.NoError(t, b.Add(ctx, "ops", &two, dispatch.EndpointOptions{}))
	require.NoError(t, b.Dispatch(ctx, message("k", 2), "ops"))
	require.NoError(t, a.Dispatch(ctx, message("k", 1), "ops"))
	eventually(t, func() bool { return len(one.IDs()) == 1 && len(two.IDs()) == 1 }, "they did not come")
	assert.Equal(t, []string{"k-1"}, one.IDs())
}

// TestLongCallsKeepTheirMessage has a call take longer than the lease, while
// another process waits for work.
func TestLongCallsKeepTheirMessage(t *testing.T) {
	t.Parallel()
	for _, order := range []dispatch.Order{dispatch.None, dispatch.Strict} {
		t.Run(order.String(), func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			o := dispatchnats.Options{Lease: 6 * time.Second} // a third of which may pass between two renewals
			a := open(t, t.TempDir(), quick(o))
			b := peer(t, a.Conn(), o)
			var s stage
			eo := dispatch.EndpointOptions{Order: order}
			require.NoError(t, a.Add(ctx, "ops", &s, eo))
			require.NoError(t, b.Add(ctx, "ops", &s, eo))
			require.NoError(t, a.Dispatch(ctx, message("k", 0)))
			require.NoError(t, a.Dispatch(ctx, message("l", 0)))
			first, second := s.await(t, 0), s.await(t, 1)
			pause(ctx, 13*time.Second)
			assert.Equal(t, 2, s.count())
			first.answer <- nil
			second.answer <- nil
			eventually(t, func() bool {
				return stats(t, a, "ops").Delivered+stats(t, b, "ops").Delivered == 2
			}, "not delivered")
			assert.Equal(t, 2, s.count())
		})
	}
}
