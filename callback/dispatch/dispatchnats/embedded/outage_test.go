package embedded_test

import (
	"context"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/alertwire/alertwire/callback/dispatch"
	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats"
)

// TestServerGone kills the server with calls in flight, and starts it again.
// Delivery goes on by itself, and what was being called is not called twice.
func TestServerGone(t *testing.T) {
	t.Parallel()
	for _, order := range []dispatch.Order{dispatch.None, dispatch.Strict} {
		t.Run(order.String(), func(t *testing.T) {
			ctx := t.Context()
			n := alone(t)
			d := peer(t, connect(t, addresses(n)), dispatchnats.Options{})
			var s stage
			require.NoError(t, d.Add(ctx, "ops", &s, dispatch.EndpointOptions{Order: order, Concurrency: 1}))
			require.NoError(t, d.Dispatch(ctx, message("a", 0)))
			require.NoError(t, d.Dispatch(ctx, message("b", 0)))
			flies := s.await(t, 0)
			n.kill()

			short, stop := context.WithTimeout(ctx, 300*time.Millisecond)
			defer stop()
			err := d.Dispatch(short, message("c", 0))
			require.ErrorIs(t, err, dispatchnats.ErrUnavailable)
			require.ErrorIs(t, err, context.DeadlineExceeded)

			waits := make(chan error, 1)
			go func() { waits <- d.Dispatch(ctx, message("d", 0)) }()
			flies.answer <- nil // while there is nobody to acknowledge it to
			n.start(t)
			require.NoError(t, <-waits, "it waits for the server")
			got := map[string]int{flies.m.ID: 1}
			for i := 1; got["b-0"] == 0 || got["d-0"] == 0; i++ {
				c := s.await(t, i)
				got[c.m.ID]++
				c.answer <- nil
			}
			assert.Equal(t, 1, got["a-0"])
		})
	}
}

// TestServerComesLater opens a dispatcher before there is a server.
func TestServerComesLater(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	n := &node{Name: "alone", Dir: t.TempDir(), Port: freePorts(t, 1)[0]}
	nc, err := nats.Connect(addresses(n), nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond))
	require.NoError(t, err)
	t.Cleanup(nc.Close)
	short, stop := context.WithTimeout(ctx, 100*time.Millisecond)
	defer stop()
	_, err = dispatchnats.Open(short, nc, dispatchnats.Options{})
	require.ErrorIs(t, err, dispatchnats.ErrUnavailable)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	_, err = dispatchnats.Attach(short, nc, dispatchnats.Options{})
	require.ErrorIs(t, err, dispatchnats.ErrUnavailable)
	_, err = dispatchnats.Open(ctx, nil, dispatchnats.Options{})
	require.ErrorContains(t, err, "no connection")

	opened := make(chan error, 1)
	var d *dispatchnats.Dispatcher
	go func() {
		var err error
		d, err = dispatchnats.Open(ctx, nc, dispatchnats.Options{})
		opened <- err
	}()
	n.start(t)
	require.NoError(t, <-opened)
	t.Cleanup(func() { shut(t, d) })
	var r callbacktest.Recorder
	require.NoError(t, d.Add(ctx, "ops", &r, dispatch.EndpointOptions{}))
	require.NoError(t, d.Dispatch(ctx, message("k", 0)))
	eventually(t, func() bool { return len(r.IDs()) == 1 }, "it does not work")
}

// TestServerThatAllowsTooLittle has no room for the headers of the engine.
func TestServerThatAllowsTooLittle(t *testing.T) {
	t.Parallel()
	n := &node{Name: "alone", Dir: t.TempDir(), Port: freePorts(t, 1)[0], MaxPayload: 40 << 10}
	n.start(t)
	_, err := dispatchnats.Open(t.Context(), connect(t, addresses(n)), dispatchnats.Options{})
	require.ErrorIs(t, err, dispatchnats.ErrServer)
	assert.ErrorContains(t, err, "40960 bytes")
}

// TestConnectionClosed closes the connection under a dispatcher: it does not
// come back, and nothing hangs.
func TestConnectionClosed(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	n := alone(t)
	nc := connect(t, addresses(n))
	d := peer(t, nc, dispatchnats.Options{})
	require.NoError(t, d.Add(ctx, "ops", new(callbacktest.Recorder), dispatch.EndpointOptions{}))
	nc.Close()
	err := d.Dispatch(ctx, message("k", 0))
	require.ErrorIs(t, err, dispatchnats.ErrUnavailable)
	require.ErrorIs(t, err, nats.ErrConnectionClosed)
	_, err = d.Shutdown(ctx)
	require.NoError(t, err)
	_, err = dispatchnats.Open(ctx, nc, dispatchnats.Options{})
	require.ErrorIs(t, err, nats.ErrConnectionClosed)
}
