//go:build unix

package embedded_test

import (
	"context"
	"fmt"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/alertwire/alertwire/callback/dispatch"
	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats"
)

// freeze stops a server as a machine does that swaps, or a network that loses
// everything: the connection stays, and nobody answers.
func (n *node) freeze(t testing.TB) {
	t.Helper()
	require.NoError(t, n.cmd.Process.Signal(syscall.SIGSTOP))
	var s syscall.WaitStatus
	_, err := syscall.Wait4(n.cmd.Process.Pid, &s, syscall.WUNTRACED, nil) // until the last thread has stopped
	require.NoError(t, err)
	require.Equal(t, syscall.SIGSTOP, s.StopSignal())
}

func (n *node) thaw(t testing.TB) {
	t.Helper()
	require.NoError(t, n.cmd.Process.Signal(syscall.SIGCONT))
}

// TestServerFreezes loses heartbeats until every pull has given up, and
// publishes meanwhile. What was published again and again is stored once, and
// delivery goes on by itself.
func TestServerFreezes(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("-short: it takes fifteen seconds")
	}
	for _, order := range allOrders {
		t.Run(order.String(), func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			n := alone(t)
			d := peer(t, connect(t, addresses(n)), dispatchnats.Options{Lease: 5 * time.Second})
			var r callbacktest.Recorder
			require.NoError(t, d.Add(ctx, "ops", &r, dispatch.EndpointOptions{Order: order}))
			require.NoError(t, d.Dispatch(ctx, message("before", 0)))
			// Not only called: what was not acknowledged would be called again.
			eventually(t, func() bool { return stats(t, d, "ops").Delivered == 1 }, "it does not work")

			n.freeze(t)
			var wg sync.WaitGroup
			for i := range 5 {
				wg.Go(func() { assert.NoError(t, d.Dispatch(ctx, message(fmt.Sprint("k", i), 0))) })
			}
			pause(ctx, 12*time.Second) // two heartbeats of five seconds, and a little
			n.thaw(t)
			wg.Wait()
			require.NoError(t, d.Dispatch(ctx, message("after", 0)))
			eventually(t, func() bool { return stats(t, d, "ops").Delivered == 7 }, "it stands still")
			assert.Len(t, r.IDs(), 7, "stored once")
		})
	}
}

// TestManyEndpointsWhileNobodyAnswers dispatches to more endpoints than it
// publishes to at a time. They wait together, not one after the other.
func TestManyEndpointsWhileNobodyAnswers(t *testing.T) {
	t.Parallel()
	const many = 100
	ctx := t.Context()
	n := alone(t)
	d := peer(t, connect(t, addresses(n)), dispatchnats.Options{})
	var r callbacktest.Recorder
	for i := range many {
		require.NoError(t, d.Add(ctx, fmt.Sprint("ops", i), &r, dispatch.EndpointOptions{}))
	}
	n.freeze(t)
	short, stop := context.WithTimeoutCause(ctx, 500*time.Millisecond, assert.AnError)
	defer stop()
	err := d.Dispatch(short, message("k", 0))
	var refused *dispatch.Error
	require.ErrorAs(t, err, &refused)
	assert.Len(t, refused.Refused, many)
	for _, err := range refused.Refused {
		require.ErrorIs(t, err, dispatchnats.ErrUnavailable)
		require.ErrorIs(t, err, assert.AnError, "it was the caller who would wait no longer")
	}
	n.thaw(t)
	require.NoError(t, d.Dispatch(ctx, message("k", 1)))
	eventually(t, func() bool {
		all := 0
		for _, id := range r.IDs() {
			if id == "k-1" {
				all++
			}
		}
		return all == many
	}, "it stands still")
}
