package embedded_test

import (
	"context"
	"errors"
	"fmt"
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

// TestSlowConsumer has a client drop what is handed out to it, because more comes
// to the inbox of a pull than it can take. What was lost is handed out again once
// its lease is over, and the endpoint goes on by itself.
func TestSlowConsumer(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("-short: it takes ten seconds")
	}
	for _, order := range []dispatch.Order{dispatch.None, dispatch.Strict} {
		t.Run(order.String(), func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			d := open(t, t.TempDir(), quick(dispatchnats.Options{Lease: time.Second}))
			drops := make(chan struct{}, 1)
			d.Conn().SetErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
				if errors.Is(err, nats.ErrSlowConsumer) {
					select {
					case drops <- struct{}{}:
					default:
					}
				}
			})
			inbox := make(chan string, 1)
			_, err := d.Conn().Subscribe("$JS.API.CONSUMER.MSG.NEXT.alertwire_OUT.ops", func(m *nats.Msg) {
				select { // the newest
				case <-inbox:
				default:
				}
				inbox <- m.Reply
			})
			require.NoError(t, err)
			var r callbacktest.Recorder
			require.NoError(t, d.Add(ctx, "ops", &r, dispatch.EndpointOptions{Order: order}))

			const messages = 10
			late := time.After(soon)
			heartbeat := nats.NewMsg(<-inbox) // which says nothing
			heartbeat.Header.Set("Status", "100")
			for i, dropped := 0, false; i < messages || !dropped; i++ {
				if i < messages {
					require.NoError(t, d.Dispatch(ctx, message(fmt.Sprint("k", i), 0)))
				}
				for range 2000 {
					require.NoError(t, d.Conn().PublishMsg(heartbeat))
				}
				select {
				case heartbeat.Subject = <-inbox:
				case <-drops:
					dropped = true
				case <-late:
					t.Fatal("the client takes it all")
				default:
				}
			}
			have := func() bool {
				ids := map[string]bool{}
				for _, id := range r.IDs() {
					ids[id] = true
				}
				return len(ids) == messages
			}
			eventually(t, have, "it stands still")
			eventually(t, func() bool { return queued(t, d.Conn()) == 0 }, "something is left")
		})
	}
}

// TestServerComesLater opens a dispatcher before there is a server.
func TestServerComesLater(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	n := &node{Name: "alone", Dir: t.TempDir(), Port: freePorts(t, 1)[0]}
	nc, err := nats.Connect(addresses(n), nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond), nats.Timeout(soon))
	require.NoError(t, err)
	t.Cleanup(nc.Close)
	short, stop := context.WithTimeout(ctx, 100*time.Millisecond)
	defer stop()
	_, err = dispatchnats.Open(short, nc, dispatchnats.Options{})
	require.ErrorIs(t, err, dispatchnats.ErrUnavailable)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.NotContains(t, err.Error(), "\n", "one line of a log")
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
