package embedded_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/alertwire/alertwire/callback/dispatch"
	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats"
)

func TestShutdownDeliversWhatIsReady(t *testing.T) {
	t.Parallel()
	for _, order := range allOrders {
		t.Run(order.String(), func(t *testing.T) {
			ctx, dir := t.Context(), t.TempDir()
			d := open(t, dir, quick(dispatchnats.Options{}))
			var slow stage
			o := dispatch.EndpointOptions{Order: order, Concurrency: 1}
			require.NoError(t, d.Add(ctx, "ops", &slow, o))
			for i := range 5 {
				require.NoError(t, d.Dispatch(ctx, callback.Message{Key: string(rune('a' + i))}))
			}
			done := make(chan error, 1)
			go func() {
				_, err := d.Shutdown(ctx)
				done <- err
			}()
			for i := range 5 {
				slow.await(t, i).answer <- nil
			}
			require.NoError(t, <-done)
		})
	}
}

func TestShutdownKeepsWhatItCutsOff(t *testing.T) {
	t.Parallel()
	for _, order := range allOrders {
		t.Run(order.String(), func(t *testing.T) {
			dir := t.TempDir()
			d := open(t, dir, quick(dispatchnats.Options{}))
			var hangs stage
			o := dispatch.EndpointOptions{Order: order, Concurrency: 2}
			require.NoError(t, d.Add(t.Context(), "ops", &hangs, o))
			for i := range 5 {
				require.NoError(t, d.Dispatch(t.Context(), callback.Message{ID: string(rune('a' + i)), Key: string(rune('a' + i))}))
			}
			hangs.await(t, 1)
			ctx, cancel := context.WithCancelCause(t.Context())
			cancel(assert.AnError)
			left, err := d.Shutdown(ctx)
			require.ErrorIs(t, err, assert.AnError)
			assert.Empty(t, left)
			_, err = d.Shutdown(t.Context())
			require.NoError(t, err, "a second one")

			d = open(t, dir, quick(dispatchnats.Options{}))
			var got callbacktest.Recorder
			require.NoError(t, d.Add(t.Context(), "ops", &got, o))
			eventually(t, func() bool { return len(got.IDs()) >= 5 }, "got %v", got.IDs())
			assert.ElementsMatch(t, []string{"a", "b", "c", "d", "e"}, got.IDs())
		})
	}
}

// TestShutdownManyTimesAtOnce has several callers shut a dispatcher down with a
// call in flight, while others still use it. Each of them waits.
func TestShutdownManyTimesAtOnce(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	d := open(t, t.TempDir(), quick(dispatchnats.Options{}))
	var s stage
	require.NoError(t, d.Add(ctx, "ops", &s, dispatch.EndpointOptions{}))
	require.NoError(t, d.Dispatch(ctx, message("k", 0)))
	flies := s.await(t, 0)
	done := make(chan error)
	for range 4 {
		go func() {
			_, err := d.Shutdown(ctx)
			done <- err
		}()
	}
	accepted := 0
	for err := error(nil); !errors.Is(err, dispatch.ErrClosed); {
		if err = d.Dispatch(ctx, message("k", 1)); err == nil {
			accepted++
		}
	}
	require.ErrorIs(t, d.Add(ctx, "more", &s, dispatch.EndpointOptions{}), dispatch.ErrClosed)
	select {
	case <-done:
		t.Error("Shutdown did not wait for the call")
	default:
	}
	flies.answer <- nil
	for i := range accepted {
		s.await(t, i+1).answer <- nil
	}
	for range 4 {
		require.NoError(t, <-done)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	_, err := d.Shutdown(ended)
	require.NoError(t, err, "there is nothing left to wait for")
	require.ErrorIs(t, d.Dispatch(ctx, message("k", 2), "ops"), dispatch.ErrClosed)
}

// TestImpatientShutdown ends one that would wait for ever.
func TestImpatientShutdown(t *testing.T) {
	t.Parallel()
	for _, order := range allOrders {
		t.Run(order.String(), func(t *testing.T) {
			ctx := t.Context()
			first := open(t, t.TempDir(), quick(dispatchnats.Options{}))
			d := peer(t, first.Conn(), dispatchnats.Options{})
			var hangs stage
			require.NoError(t, d.Add(ctx, "ops", &hangs, dispatch.EndpointOptions{Order: order, Concurrency: 1}))
			for n := range 5 {
				require.NoError(t, d.Dispatch(ctx, message(fmt.Sprint(n), 0)))
			}
			hangs.await(t, 0)
			patient := make(chan error)
			go func() {
				_, err := d.Shutdown(ctx)
				patient <- err
			}()
			eventually(t, func() bool { return d.Dispatch(ctx, message("k", 1)) != nil }, "it accepts more")
			ended, cancel := context.WithCancel(ctx)
			cancel()
			_, err := d.Shutdown(ended)
			require.ErrorIs(t, err, context.Canceled)
			require.NoError(t, <-patient)
		})
	}
}
