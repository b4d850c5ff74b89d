package ratelimitredis_test

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/ratelimit"
)

// A gate holds the scripts of a client up until it is opened.
type gate struct {
	counter
	arrived atomic.Int64
	open    chan struct{}
}

func (g *gate) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	next = g.counter.ProcessHook(next)
	return func(ctx context.Context, cmd redis.Cmder) error {
		if isScript(cmd) {
			g.arrived.Add(1)
			select {
			case <-g.open:
			case <-ctx.Done():
				cmd.SetErr(ctx.Err())
				return ctx.Err()
			}
		}
		return next(ctx, cmd)
	}
}

// Of those who come together two are sent at once, and the others in one call.
// Each gets its own decision, as if they had come one after the other.
func TestConcurrentCallersShareACall(t *testing.T) {
	c := anyServer(t)
	s := newStore(t, c, patient)
	take(t, s, ask("loads", 1, time.Hour, 1), ask("the script", 1, time.Hour, 1))
	take(t, s, ask("and the other", 1, time.Hour, 1))
	g := gate{open: make(chan struct{})}
	c.AddHook(&g)

	var group sync.WaitGroup
	const callers = 20
	out := make([][2]ratelimit.Decision, callers)
	errs := make([]error, callers)
	for i := range callers {
		group.Go(func() {
			reqs := []ratelimit.Request{ask(strconv.Itoa(i%4), 3, time.Hour, 1), ask("all", 1000, time.Hour, 10)}
			errs[i] = s.Take(context.Background(), reqs, out[i][:])
		})
	}
	eventually(t, func() bool { return s.Waiting() == callers-2 }, "they do not wait")
	close(g.open)
	group.Wait()
	assert.EqualValues(t, 3, g.calls.Load())

	admitted := 0
	for i := range callers {
		require.NoError(t, errs[i])
		assert.Equal(t, 3, out[i][0].Limit)
		assert.Equal(t, 1000, out[i][1].Limit)
		if out[i][0].OK && out[i][1].OK {
			admitted++
		}
	}
	assert.Equal(t, 12, admitted, "three for each of four keys")
	assert.Equal(t, 880, take(t, s, ask("all", 1000, time.Hour, 0))[0].Remaining)
}

// Who gave up while waiting is not charged.
func TestCallersWhoGaveUpAreNotCharged(t *testing.T) {
	c := anyServer(t)
	s := newStore(t, c, patient)
	g := gate{open: make(chan struct{})}
	c.AddHook(&g)
	var group sync.WaitGroup
	call := func(ctx context.Context, key string, wantErr error) {
		group.Go(func() {
			out := make([]ratelimit.Decision, 1)
			assert.ErrorIs(t, s.Take(ctx, []ratelimit.Request{ask(key, 10, time.Hour, 1)}, out), wantErr)
		})
	}
	call(context.Background(), "sent", nil)
	call(context.Background(), "sent", nil)
	eventually(t, func() bool { return g.arrived.Load() == 2 }, "they do not come")
	ctx, cancel := context.WithCancel(context.Background())
	for range 4 {
		call(ctx, "gave up", context.Canceled)
	}
	eventually(t, func() bool { return s.Waiting() == 4 }, "they do not wait")
	call(context.Background(), "patient", nil)
	eventually(t, func() bool { return s.Waiting() == 5 }, "it does not wait")
	cancel()
	eventually(t, func() bool { return s.GaveUp() == 4 }, "they do not give up")
	close(g.open)
	group.Wait()
	assert.ElementsMatch(t, []string{"{ratelimit}t:sent", "{ratelimit}t:patient"}, c.Keys(t.Context(), "*").Val())
}
