package embedded_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/alertwire/alertwire/callback/dispatch"
	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats"
	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats/embedded"
)

// TestOutcomeFollowsTheAck looks for each message in the stream as soon as its
// outcome is known, with a server that syncs its disk: one that is still there
// would be delivered again after a crash.
func TestOutcomeFollowsTheAck(t *testing.T) {
	t.Parallel()
	const n = 200
	for _, order := range allOrders {
		t.Run(order.String(), func(t *testing.T) {
			ctx := t.Context()
			var mu sync.Mutex
			ended, there := 0, 0
			var out jetstream.Stream
			d := open(t, t.TempDir(), embedded.Options{Engine: dispatchnats.Options{Observe: func(o dispatch.Outcome) {
				_, err := out.GetLastMsgForSubject(ctx, "alertwire.out."+o.Endpoint+".*")
				mu.Lock()
				defer mu.Unlock()
				ended++
				if err == nil {
					there++
				}
			}}})
			js, err := jetstream.New(d.Conn(), patient)
			require.NoError(t, err)
			out, err = js.Stream(ctx, "alertwire_OUT")
			require.NoError(t, err)
			for i := range n / 10 { // each endpoint has one at a time
				require.NoError(t, d.Add(ctx, fmt.Sprint("e", i), new(callbacktest.Recorder), dispatch.EndpointOptions{Order: order}))
			}
			for i := range 10 {
				require.NoError(t, d.Dispatch(ctx, message("k", i)))
				eventually(t, func() bool {
					mu.Lock()
					defer mu.Unlock()
					return ended == (i+1)*n/10
				}, "not all came")
			}
			assert.Zero(t, there)
		})
	}
}

// TestSameIDTwice dispatches a message twice: it is the receiver who drops
// repeats, by the ID. The engine forgets those of the past when it restarts.
func TestSameIDTwice(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	d := open(t, t.TempDir(), quick(dispatchnats.Options{}))
	var r callbacktest.Recorder
	require.NoError(t, d.Add(ctx, "ops", &r, dispatch.EndpointOptions{}))
	require.NoError(t, d.Dispatch(ctx, message("k", 0)))
	require.NoError(t, d.Dispatch(ctx, message("k", 0)))
	eventually(t, func() bool { return stats(t, d, "ops").Delivered == 2 }, "not both came")
	assert.Equal(t, []string{"k-0", "k-0"}, r.IDs())
}

// TestHandedOutAgain has the server hand a message out anew while this process
// is calling it, as it does when a crash made it forget that it had: there is no
// second call of what the first one delivered.
func TestHandedOutAgain(t *testing.T) {
	t.Parallel()
	for _, order := range allOrders {
		t.Run(order.String(), func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			d := open(t, t.TempDir(), quick(dispatchnats.Options{}))
			var s stage
			require.NoError(t, d.Add(ctx, "ops", &s, dispatch.EndpointOptions{Order: order, Concurrency: 2}))
			require.NoError(t, d.Dispatch(ctx, message("k", 0)))
			flies := s.await(t, 0)
			js, err := jetstream.New(d.Conn(), patient)
			require.NoError(t, err)
			c, err := js.Consumer(ctx, "alertwire_OUT", "ops")
			require.NoError(t, err)
			require.NoError(t, d.Conn().Publish("$JS.ACK.alertwire_OUT.ops.1.1.1.0.0", []byte("-NAK")))
			eventually(t, func() bool {
				info, err := c.Info(ctx)
				return err == nil && info.Delivered.Consumer == 2
			}, "it is not handed out again")
			time.Sleep(50 * time.Millisecond) // in which a second call would begin
			flies.answer <- nil
			eventually(t, func() bool {
				info, err := c.Info(ctx)
				return err == nil && info.NumAckPending == 0 && info.NumPending == 0
			}, "the queue does not empty")
			// It is counted after it was acknowledged.
			eventually(t, func() bool { return stats(t, d, "ops").Delivered == 1 }, "it is not counted")
			assert.Equal(t, 1, s.count())

			require.NoError(t, d.Dispatch(ctx, message("k", 1)))
			s.await(t, 1).answer <- nil
			eventually(t, func() bool { return stats(t, d, "ops").Delivered == 2 }, "the endpoint stands still")
		})
	}
}

// TestLeaseOfTheDead has a process die with a message in its hands, while the
// server lives: another one takes it up when the lease is over, and not before.
func TestLeaseOfTheDead(t *testing.T) {
	t.Parallel()
	for _, order := range allOrders {
		t.Run(order.String(), func(t *testing.T) {
			t.Parallel()
			const lease = 4 * time.Second
			ctx := t.Context()
			n := alone(t)
			o := dispatchnats.Options{Lease: lease}
			nc := connect(t, addresses(n))
			dies, err := dispatchnats.Open(ctx, nc, o)
			require.NoError(t, err)
			t.Cleanup(func() { shut(t, dies) })
			var hangs stage
			eo := dispatch.EndpointOptions{Order: order, Concurrency: 1}
			require.NoError(t, dies.Add(ctx, "ops", &hangs, eo))
			require.NoError(t, dies.Dispatch(ctx, message("k", 0)))
			hangs.await(t, 0)
			nc.Close() // from here on it is as good as dead
			died := time.Now()

			lives := peer(t, connect(t, addresses(n)), o)
			at := make(chan time.Time, 1)
			require.NoError(t, lives.Add(ctx, "ops", callback.CallerFunc(func(context.Context, callback.Message) (callback.Reply, error) {
				at <- time.Now()
				return callback.Reply{}, nil
			}), eo))
			select {
			case called := <-at:
				assert.Greater(t, called.Sub(died), lease/4, "it was renewed a while before")
			case <-time.After(soon):
				t.Fatal("nobody takes it up")
			}
		})
	}
}

// TestOpenAndDispatchWaitForALeader starts a cluster one server after the other.
func TestOpenAndDispatchWaitForALeader(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("-short: it takes ten seconds")
	}
	ctx := t.Context()
	nodes := unstarted(t)
	nodes[0].start(t)
	nc := connect(t, addresses(nodes...))
	o := dispatchnats.Options{Replicas: 3}
	short, stop := context.WithTimeout(ctx, 500*time.Millisecond)
	defer stop()
	_, err := dispatchnats.Open(short, nc, o)
	require.ErrorIs(t, err, dispatchnats.ErrUnavailable)
	require.ErrorIs(t, err, context.DeadlineExceeded)

	opened := make(chan error, 1)
	var d *dispatchnats.Dispatcher
	go func() {
		var err error
		d, err = dispatchnats.Open(ctx, nc, o)
		opened <- err
	}()
	nodes[1].start(t)
	nodes[2].start(t)
	require.NoError(t, <-opened)
	t.Cleanup(func() { shut(t, d) })
	var r callbacktest.Recorder
	require.NoError(t, d.Add(ctx, "ops", &r, dispatch.EndpointOptions{Order: dispatch.Strict}))

	nodes[1].kill()
	nodes[2].kill()
	eventually(t, func() bool { // until the one that is left knows that it is alone
		short, stop := context.WithTimeout(ctx, 300*time.Millisecond)
		defer stop()
		return d.Dispatch(short, message("lost", 0)) != nil
	}, "it accepts messages without a quorum")
	accepted := make(chan error, 1)
	go func() { accepted <- d.Dispatch(ctx, message("k", 0)) }()
	nodes[1].start(t)
	require.NoError(t, <-accepted)
	eventually(t, func() bool {
		for _, id := range r.IDs() {
			if id == "k-0" {
				return true
			}
		}
		return false
	}, "it stands still")
}
