package embedded_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
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

// A register is an endpoint that fails a third of all calls and takes note of
// what it sees of each key, from however many dispatchers.
type register struct {
	mu     sync.Mutex
	called map[string][]int // numbers of the calls
	took   map[string][]int // and of those that were accepted
	now    map[string]int   // calls in flight
	most   int              // … of one key
	atOnce int              // … of all
	calls  int
}

func newRegister() *register {
	return &register{called: map[string][]int{}, took: map[string][]int{}, now: map[string]int{}}
}

func (r *register) Call(_ context.Context, m callback.Message) (callback.Reply, error) {
	n, _ := strconv.Atoi(m.Type)
	fails := rand.IntN(3) == 0
	r.mu.Lock()
	r.called[m.Key] = append(r.called[m.Key], n)
	if !fails {
		r.took[m.Key] = append(r.took[m.Key], n)
	}
	r.now[m.Key]++
	r.calls++
	r.most, r.atOnce = max(r.most, r.now[m.Key]), max(r.atOnce, r.calls)
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.now[m.Key]--
		r.calls--
	}()
	if fails {
		return callback.Reply{}, callbacktest.Failure(http.StatusServiceUnavailable)
	}
	return callback.Reply{Status: http.StatusOK}, nil
}

// last returns how many keys have had their last message accepted.
func (r *register) last(n int) (keys int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, took := range r.took {
		if took[len(took)-1] == n {
			keys++
		}
	}
	return keys
}

// TestOrderAmongSeveralDispatchers has three of them work one endpoint off, as
// three processes would, while its messages are dispatched.
func TestOrderAmongSeveralDispatchers(t *testing.T) {
	t.Parallel()
	const keys, each, concurrency = 12, 10, 6
	for _, order := range []dispatch.Order{dispatch.Latest, dispatch.Strict} {
		t.Run(order.String(), func(t *testing.T) {
			ctx := t.Context()
			first := open(t, t.TempDir(), quick(dispatchnats.Options{}))
			all := []dispatch.Dispatcher{first, peer(t, first.Conn(), dispatchnats.Options{}), peer(t, first.Conn(), dispatchnats.Options{})}
			r := newRegister()
			for _, d := range all {
				require.NoError(t, d.Add(ctx, "ops", r, dispatch.EndpointOptions{
					Order: order, Concurrency: concurrency, Breaker: off,
					Retry: callback.RetryPolicy{Attempts: 50, Base: 10 * time.Millisecond, Cap: 20 * time.Millisecond},
				}))
			}
			var wg sync.WaitGroup
			for key := range keys {
				wg.Go(func() {
					for n := range each {
						m := callback.Message{Key: fmt.Sprint("key ", key), Type: fmt.Sprint(n)}
						assert.NoError(t, all[(key+n)%3].Dispatch(ctx, m))
					}
				})
			}
			wg.Wait()
			eventually(t, func() bool { return r.last(each-1) == keys }, "not everything arrived")

			r.mu.Lock()
			defer r.mu.Unlock()
			assert.Equal(t, 1, r.most, "calls in flight of one key")
			assert.LessOrEqual(t, r.atOnce, concurrency, "calls in flight of all processes")
			for key := range r.called {
				assert.IsNonDecreasing(t, r.took[key])
				if order == dispatch.Strict {
					assert.IsNonDecreasing(t, r.called[key])
					assert.Len(t, r.took[key], each)
				}
			}
		})
	}
}

// TestOneKeyHoldsUpNoOther has a key whose head is not accepted, with more
// messages behind it than may be in flight.
func TestOneKeyHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	for _, order := range []dispatch.Order{dispatch.Latest, dispatch.Strict} {
		t.Run(order.String(), func(t *testing.T) {
			ctx := t.Context()
			d := open(t, t.TempDir(), quick(dispatchnats.Options{}))
			var got callbacktest.Recorder
			got.Answer = func(_ context.Context, m callback.Message, _ int) (callback.Reply, error) {
				if m.Key == "bad" {
					return callback.Reply{}, unavailable(time.Hour)
				}
				return callback.Reply{}, nil
			}
			require.NoError(t, d.Add(ctx, "ops", &got, dispatch.EndpointOptions{
				Order: order, Concurrency: 2, Breaker: off, Retry: callback.RetryPolicy{Cap: time.Hour},
			}))
			for n := range 20 {
				require.NoError(t, d.Dispatch(ctx, message("bad", n)))
			}
			for n := range 20 {
				require.NoError(t, d.Dispatch(ctx, message(fmt.Sprint("good", n), n)))
			}
			eventually(t, func() bool { return stats(t, d, "ops").Delivered == 20 }, "the others did not arrive")
		})
	}
}

// TestLatestReplacesWhatWaits has a message wait for an hour. A newer one need
// not.
func TestLatestReplacesWhatWaits(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	var ends outcomes
	d := open(t, t.TempDir(), quick(dispatchnats.Options{Observe: ends.observe}))
	var s stage
	require.NoError(t, d.Add(ctx, "ops", &s, dispatch.EndpointOptions{
		Order: dispatch.Latest, Breaker: off, Retry: callback.RetryPolicy{Cap: time.Hour},
	}))
	require.NoError(t, d.Dispatch(ctx, message("k", 0)))
	s.await(t, 0).answer <- unavailable(time.Hour)
	eventually(t, func() bool { return stats(t, d, "ops").Queued == 1 }, "it does not wait")
	require.NoError(t, d.Dispatch(ctx, message("k", 1)))
	in := s.await(t, 1)
	assert.Equal(t, "k-1", in.m.ID)

	// One in flight is not replaced, but those behind it are.
	require.NoError(t, d.Dispatch(ctx, message("k", 2)))
	require.NoError(t, d.Dispatch(ctx, message("k", 3)))
	in.answer <- nil
	last := s.await(t, 2)
	assert.Equal(t, "k-3", last.m.ID)
	last.answer <- nil

	assert.Equal(t, dispatch.Delivered, ends.await(t, "k-3").Result)
	for _, id := range []string{"k-0", "k-2"} {
		out := ends.await(t, id)
		assert.Equal(t, dispatch.Dropped, out.Result)
		require.ErrorIs(t, out.Err, dispatch.ErrSuperseded)
		require.ErrorIs(t, out.Err, callback.ErrDropped)
	}
	eventually(t, func() bool { return stats(t, d, "ops").Superseded == 2 }, "not counted")
	assert.Equal(t, uint64(4), stats(t, d, "ops").Accepted)
}

// TestLatestFailsOnlyTheLast gives up a message that a newer one has replaced
// while it was in flight.
func TestLatestFailsOnlyTheLast(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	var ends outcomes
	d := open(t, t.TempDir(), quick(dispatchnats.Options{Observe: ends.observe}))
	var s stage
	require.NoError(t, d.Add(ctx, "ops", &s, dispatch.EndpointOptions{Order: dispatch.Latest, Breaker: off}))
	require.NoError(t, d.Dispatch(ctx, message("k", 0)))
	in := s.await(t, 0)
	require.NoError(t, d.Dispatch(ctx, message("k", 1)))
	in.answer <- unavailable(time.Hour)
	s.await(t, 1).answer <- nil
	assert.Equal(t, dispatch.Dropped, ends.await(t, "k-0").Result)
	assert.Equal(t, dispatch.Delivered, ends.await(t, "k-1").Result)
}

// TestOrderMayChange gives an endpoint another order with messages queued.
func TestOrderMayChange(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	d := open(t, t.TempDir(), quick(dispatchnats.Options{}))
	var s stage
	o := dispatch.EndpointOptions{Concurrency: 1}
	require.NoError(t, d.Add(ctx, "ops", &s, o))
	for n := range 6 {
		require.NoError(t, d.Dispatch(ctx, message(fmt.Sprint("k", n), 0)))
	}
	for n, order := range []dispatch.Order{dispatch.Strict, dispatch.None, dispatch.Latest, dispatch.Strict, dispatch.None} {
		in := s.await(t, n)
		o.Order = order
		require.NoError(t, d.Add(ctx, "ops", &s, o))
		in.answer <- nil
	}
	s.await(t, 5).answer <- nil
	eventually(t, func() bool { return stats(t, d, "ops").Delivered == 6 }, "not all arrived")
	bodies := map[string]bool{}
	for _, c := range s.calls {
		bodies[string(c.m.Body)+c.m.Key] = true
	}
	assert.Len(t, bodies, 6)
}
