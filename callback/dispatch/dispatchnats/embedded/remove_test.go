package embedded_test

import (
	"context"
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

func TestRemoveMovesWhatIsQueuedToDead(t *testing.T) {
	t.Parallel()
	for _, order := range allOrders {
		t.Run(order.String(), func(t *testing.T) {
			ctx := t.Context()
			var ends outcomes
			d := open(t, t.TempDir(), quick(dispatchnats.Options{Observe: ends.observe}))
			var s stage
			o := dispatch.EndpointOptions{Order: order, Concurrency: 1, Breaker: off, Retry: callback.RetryPolicy{Cap: time.Hour}}
			require.NoError(t, d.Add(ctx, "ops", &s, o))
			for _, key := range []string{"waits", "flies", "queued"} {
				require.NoError(t, d.Dispatch(ctx, message(key, 0)))
			}
			s.await(t, 0).answer <- unavailable(time.Hour)
			flies := s.await(t, 1)
			done := make(chan error, 1)
			go func() { done <- d.Remove(ctx, "ops") }()
			eventually(t, func() bool { return d.Dispatch(ctx, message("late", 0), "ops") != nil }, "it accepts more")
			flies.answer <- nil
			require.NoError(t, <-done)

			assert.Equal(t, dispatch.Delivered, ends.of("flies-0").Result)
			for _, id := range []string{"waits-0", "queued-0"} {
				assert.Equal(t, dispatch.Dropped, ends.of(id).Result, id)
				require.ErrorIs(t, ends.of(id).Err, dispatch.ErrRemoved)
			}
			removed := map[string]bool{}
			for _, l := range letters(t, d.Dead("ops")) {
				assert.Equal(t, dispatch.ErrRemoved.Error(), l.Reason)
				removed[l.Message.ID] = true
			}
			assert.Contains(t, removed, "waits-0")
			assert.Contains(t, removed, "queued-0")
			assert.NotContains(t, removed, "flies-0")
			assert.Empty(t, stats(t, d, "ops").Name)
			require.ErrorIs(t, d.Remove(ctx, "ops"), dispatch.ErrUnknown)
			require.ErrorIs(t, d.Dispatch(ctx, message("k", 1), "ops"), dispatch.ErrUnknown)

			var anew callbacktest.Recorder
			require.NoError(t, d.Add(ctx, "ops", &anew, o))
			n, err := d.Dead("ops").ReplayAll(ctx)
			require.NoError(t, err)
			eventually(t, func() bool { return len(anew.IDs()) == n }, "they cannot be replayed")
		})
	}
}

// TestAddAfterRemoveThatFails cannot remove an endpoint, and adds it again.
func TestAddAfterRemoveThatFails(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	n := alone(t)
	d := peer(t, connect(t, addresses(n)), dispatchnats.Options{})
	require.NoError(t, d.Add(ctx, "ops", accepts, dispatch.EndpointOptions{}))
	n.kill()
	short, stop := context.WithTimeout(ctx, 3*time.Second)
	defer stop()
	require.ErrorIs(t, d.Remove(short, "ops"), dispatchnats.ErrUnavailable)
	n.start(t)
	require.NoError(t, d.Add(ctx, "ops", accepts, dispatch.EndpointOptions{}))
	require.NoError(t, d.Dispatch(ctx, message("k", 0), "ops"))
	eventually(t, func() bool { return stats(t, d, "ops").Delivered == 1 }, "it was not added")
}

// TestRemoveWaitsForCalls ends its context with a call in flight.
func TestRemoveWaitsForCalls(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	var ends outcomes
	d := open(t, t.TempDir(), quick(dispatchnats.Options{Observe: ends.observe}))
	var s stage
	require.NoError(t, d.Add(ctx, "ops", &s, dispatch.EndpointOptions{}))
	require.NoError(t, d.Dispatch(ctx, message("k", 0)))
	flies := s.await(t, 0)
	ended, cancel := context.WithCancelCause(ctx)
	cancel(assert.AnError)
	require.ErrorIs(t, d.Remove(ended, "ops"), assert.AnError)
	flies.answer <- nil
	assert.Equal(t, dispatch.Delivered, ends.await(t, "k-0").Result, "the call is not cancelled")
}

// TestRemoveByAnotherProcess has a second dispatcher find out.
func TestRemoveByAnotherProcess(t *testing.T) {
	t.Parallel()
	for _, order := range allOrders {
		t.Run(order.String(), func(t *testing.T) {
			ctx := t.Context()
			a := open(t, t.TempDir(), quick(dispatchnats.Options{}))
			b := peer(t, a.Conn(), dispatchnats.Options{})
			c := peer(t, a.Conn(), dispatchnats.Options{})
			var s stage
			o := dispatch.EndpointOptions{Order: order, Concurrency: 1}
			require.NoError(t, a.Add(ctx, "ops", &s, o))
			require.NoError(t, a.Dispatch(ctx, message("flies", 0)))
			flies := s.await(t, 0)
			require.NoError(t, a.Dispatch(ctx, message("queued", 0)))
			require.NoError(t, b.Dispatch(ctx, message("queued", 1), "ops"))
			require.ErrorIs(t, c.Remove(ctx, "nobody"), dispatch.ErrUnknown)
			require.NoError(t, c.Remove(ctx, "ops"))
			require.ErrorIs(t, b.Dispatch(ctx, message("k", 1), "ops"), dispatch.ErrUnknown)
			eventually(t, func() bool { return a.Dispatch(ctx, message("late", 0), "ops") != nil }, "it does not find out")
			require.ErrorIs(t, a.Dispatch(ctx, message("late", 0), "ops"), dispatch.ErrUnknown)
			flies.answer <- nil
			var n uint64
			eventually(t, func() bool {
				out, err := b.Stats(ctx)
				require.NoError(t, err)
				n = uint64(len(out))
				return n == 0 && queued(t, a.Conn()) == 0
			}, "something is left")
			require.NoError(t, a.Add(ctx, "ops", &s, o), "it can be added anew")
			require.NoError(t, a.Dispatch(ctx, message("new", 0), "ops"))
			eventually(t, func() bool { return s.count() == 2 }, "it does not work")
		})
	}
}

// TestOrphans deletes queues behind the back of the dispatcher: one of an
// endpoint that was being removed when the process died, and one that got lost.
func TestOrphans(t *testing.T) {
	t.Parallel()
	ctx, dir := t.Context(), t.TempDir()
	d := open(t, dir, quick(dispatchnats.Options{}))
	var s stage
	for _, name := range []string{"stays", "removed", "lost"} {
		require.NoError(t, d.Add(ctx, name, &s, dispatch.EndpointOptions{Concurrency: 1}))
		for n := range 3 {
			require.NoError(t, d.Dispatch(ctx, message("k", n), name))
		}
	}
	eventually(t, func() bool { return s.count() == 3 }, "they are not called")
	shut(t, d)
	d = open(t, dir, quick(dispatchnats.Options{Prefix: "other"})) // the same server
	js, err := jetstream.New(d.Conn(), patient)
	require.NoError(t, err)
	require.NoError(t, js.DeleteConsumer(ctx, "alertwire_OUT", "removed"))
	require.NoError(t, js.DeleteConsumer(ctx, "alertwire_OUT", "lost"))
	_, err = js.Publish(ctx, "alertwire.gone.removed", nil)
	require.NoError(t, err)
	shut(t, d)

	d = open(t, dir, quick(dispatchnats.Options{}))
	eventually(t, func() bool { return len(letters(t, d.Dead("removed"))) == 3 }, "they stay")
	for _, l := range letters(t, d.Dead("")) {
		assert.Equal(t, dispatch.ErrUnknown.Error(), l.Reason)
		assert.Equal(t, "removed", l.Endpoint)
	}
	assert.Equal(t, 3, stats(t, d, "stays").Queued+stats(t, d, "stays").InFlight, "nobody has added it yet")
	var r callbacktest.Recorder
	require.NoError(t, d.Add(ctx, "lost", &r, dispatch.EndpointOptions{}))
	eventually(t, func() bool { return len(r.IDs()) == 3 }, "they got lost")
}

// TestLostQueueIsMadeAnew deletes the queue of an endpoint while it is worked
// off, with nobody having removed it.
func TestLostQueueIsMadeAnew(t *testing.T) {
	t.Parallel()
	for _, order := range allOrders {
		t.Run(order.String(), func(t *testing.T) {
			ctx := t.Context()
			d := open(t, t.TempDir(), quick(dispatchnats.Options{}))
			var r callbacktest.Recorder
			require.NoError(t, d.Add(ctx, "ops", &r, dispatch.EndpointOptions{Order: order}))
			require.NoError(t, d.Dispatch(ctx, message("k", 0)))
			eventually(t, func() bool { return stats(t, d, "ops").Delivered == 1 }, "it does not work")
			js, err := jetstream.New(d.Conn(), patient)
			require.NoError(t, err)
			require.NoError(t, js.DeleteConsumer(ctx, "alertwire_OUT", "ops"))
			eventually(t, func() bool {
				_, err := js.Consumer(ctx, "alertwire_OUT", "ops")
				return err == nil
			}, "it is not made anew")
			require.NoError(t, d.Dispatch(ctx, message("k", 1)))
			eventually(t, func() bool { return len(r.IDs()) == 2 }, "it does not work")
		})
	}
}

// TestReplaceWhileRunning gives an endpoint another Caller with messages queued
// and one in flight.
func TestReplaceWhileRunning(t *testing.T) {
	t.Parallel()
	for _, order := range allOrders {
		t.Run(order.String(), func(t *testing.T) {
			ctx := t.Context()
			d := open(t, t.TempDir(), quick(dispatchnats.Options{}))
			var old, anew stage
			o := dispatch.EndpointOptions{Order: order, Concurrency: 1}
			require.NoError(t, d.Add(ctx, "ops", &old, o))
			for n := range 4 {
				require.NoError(t, d.Dispatch(ctx, message(string(rune('a'+n)), 0)))
			}
			flies := old.await(t, 0)
			o.Concurrency = 4
			require.NoError(t, d.Add(ctx, "ops", &anew, o))
			anew.await(t, 2)
			flies.answer <- nil
			for n := range 3 {
				anew.await(t, n).answer <- nil
			}
			eventually(t, func() bool { return stats(t, d, "ops").Delivered == 4 }, "not delivered")
			assert.Equal(t, 1, old.count())
		})
	}
}

// TestAddAndRemoveFromSeveralAtOnce does both from three dispatchers while they
// dispatch: nothing hangs, and what was accepted was delivered or is in Dead.
func TestAddAndRemoveFromSeveralAtOnce(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	var ends outcomes
	first := open(t, t.TempDir(), quick(dispatchnats.Options{Observe: ends.observe}))
	all := []*dispatchnats.Dispatcher{
		first.Dispatcher,
		peer(t, first.Conn(), dispatchnats.Options{Observe: ends.observe}),
		peer(t, first.Conn(), dispatchnats.Options{Observe: ends.observe}),
	}
	var r callbacktest.Recorder
	accepted := make(chan string, 1000)
	done := make(chan struct{})
	for n, d := range all {
		go func() {
			defer func() { done <- struct{}{} }()
			for i := range 20 {
				assert.NoError(t, d.Add(ctx, "ops", &r, dispatch.EndpointOptions{}))
				for range 3 {
					m := callback.Message{ID: callback.NewID()}
					if d.Dispatch(ctx, m, "ops") == nil {
						accepted <- m.ID
					}
				}
				if i%3 == n {
					_ = d.Remove(ctx, "ops") // it may be gone
				}
			}
		}()
	}
	for range all {
		<-done
	}
	close(accepted)
	require.NoError(t, all[0].Add(ctx, "ops", &r, dispatch.EndpointOptions{}))
	eventually(t, func() bool { return queued(t, first.Conn()) == 0 }, "something is left")
	have := map[string]bool{}
	for _, id := range r.IDs() {
		have[id] = true
	}
	for _, l := range letters(t, first.Dead("ops")) {
		have[l.Message.ID] = true
	}
	for id := range accepted {
		assert.True(t, have[id], "%s is lost", id)
	}
}
