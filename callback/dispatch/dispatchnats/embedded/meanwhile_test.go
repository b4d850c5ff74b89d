package embedded_test

import (
	"bytes"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/alertwire/alertwire/callback/dispatch"
	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats"
)

// A meanwhile holds a connection up at a certain request, after another one, and
// lets something happen elsewhere before it goes on.
type meanwhile struct {
	mu            sync.Mutex
	after, before string
	do            func()
}

func (m *meanwhile) arm(after, before string, do func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.after, m.before, m.do = after, before, do
}

// at returns what is to happen before p is sent.
func (m *meanwhile) at(p []byte) func() {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.after != "":
		if bytes.Contains(p, []byte(m.after)) {
			m.after = ""
		}
	case m.do != nil && bytes.Contains(p, []byte(m.before)):
		do := m.do
		m.do = nil
		return do
	}
	return func() {}
}

// happened reports whether it came to that.
func (m *meanwhile) happened() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.do == nil
}

// Dial is for [nats.SetCustomDialer].
func (m *meanwhile) Dial(network, address string) (net.Conn, error) {
	c, err := net.Dial(network, address)
	return &heldUp{c, m}, err
}

type heldUp struct {
	net.Conn
	m *meanwhile
}

func (c *heldUp) Write(p []byte) (int, error) {
	c.m.at(p)()
	return c.Conn.Write(p)
}

// heldUpPeer opens a dispatcher whose connection can be held up.
func heldUpPeer(t testing.TB, n *node) (*dispatchnats.Dispatcher, *meanwhile) {
	t.Helper()
	m := new(meanwhile)
	nc, err := nats.Connect(addresses(n), nats.MaxReconnects(-1), nats.Timeout(soon), nats.SetCustomDialer(m))
	require.NoError(t, err)
	t.Cleanup(nc.Close)
	return peer(t, nc, dispatchnats.Options{}), m
}

// TestAddWhileAnotherRemoves adds an endpoint that another process is removing,
// at every moment at which that one looks at the engine after it has removed the
// queue. What is dispatched to the new one is not taken for what the old one
// left.
func TestAddWhileAnotherRemoves(t *testing.T) {
	t.Parallel()
	for _, before := range []string{
		"STREAM.INFO.alertwire_OUT", "STREAM.INFO.alertwire_RETRY",
		"CONSUMER.INFO.alertwire_OUT.ops", "STREAM.MSG.GET.alertwire_OUT",
	} {
		t.Run(before, func(t *testing.T) {
			ctx := t.Context()
			n := alone(t)
			nc := connect(t, addresses(n))
			removes, m := heldUpPeer(t, n)
			adds := peer(t, nc, dispatchnats.Options{})

			left := peer(t, nc, dispatchnats.Options{})
			require.NoError(t, left.Add(ctx, "ops", new(stage), dispatch.EndpointOptions{}))
			require.NoError(t, left.Dispatch(ctx, message("old", 0)))
			shut(t, left)

			var s stage
			m.arm("CONSUMER.DELETE.alertwire_SLOT.ops", before, func() {
				assert.NoError(t, adds.Add(ctx, "ops", &s, dispatch.EndpointOptions{Concurrency: 4}))
				assert.NoError(t, adds.Dispatch(ctx, message("new", 0)))
			})
			require.NoError(t, removes.Remove(ctx, "ops"))
			require.True(t, m.happened())
			for _, l := range letters(t, adds.Dead("ops")) {
				assert.Equal(t, "old-0", l.Message.ID)
			}
			called := func() bool {
				s.mu.Lock()
				defer s.mu.Unlock()
				for _, c := range s.calls {
					if c.m.ID == "new-0" {
						c.answer <- nil
						return true
					}
				}
				return false
			}
			eventually(t, called, "it was not called")
			eventually(t, func() bool { return stats(t, adds, "ops").Delivered == 1 }, "it was not delivered")
		})
	}
}

// TestStatsWhileAMessageMoves takes numbers while a message is put aside, between
// the counts of those that wait and of those that are queued.
func TestStatsWhileAMessageMoves(t *testing.T) {
	t.Parallel()
	for _, order := range allOrders {
		t.Run(order.String(), func(t *testing.T) {
			ctx := t.Context()
			n := alone(t)
			works := peer(t, connect(t, addresses(n)), dispatchnats.Options{})
			counts, m := heldUpPeer(t, n)
			var s stage
			require.NoError(t, works.Add(ctx, "ops", &s, dispatch.EndpointOptions{
				Order: order, Breaker: off, Retry: callback.RetryPolicy{Cap: time.Hour},
			}))
			require.NoError(t, works.Dispatch(ctx, message("k", 0)))
			flies := s.await(t, 0)
			m.arm("STREAM.INFO.alertwire_RETRY", "CONSUMER.LIST", func() {
				flies.answer <- unavailable(time.Hour)
				eventually(t, func() bool { return stats(t, works, "ops").Waiting == 1 }, "it does not wait")
			})
			got := stats(t, counts, "ops")
			require.True(t, m.happened())
			assert.Equal(t, 1, got.Queued+got.InFlight)
		})
	}
}

// TestRemoveWhileAnotherReplays removes an endpoint for which a letter is about
// to be queued again.
func TestRemoveWhileAnotherReplays(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	n := alone(t)
	nc := connect(t, addresses(n))
	var ends outcomes
	d := peer(t, nc, dispatchnats.Options{Observe: ends.observe})
	refuse := &callbacktest.Recorder{Answer: callbacktest.Fail(callbacktest.Failure(404))}
	require.NoError(t, d.Add(ctx, "ops", refuse, dispatch.EndpointOptions{}))
	require.NoError(t, d.Dispatch(ctx, message("k", 0)))
	ends.await(t, "k-0")
	first := letters(t, d.Dead("ops"))
	require.Len(t, first, 1)

	replays, m := heldUpPeer(t, n)
	m.arm("", "alertwire.out.ops.", func() { assert.NoError(t, d.Remove(ctx, "ops")) })
	require.NoError(t, replays.Dead("ops").Replay(ctx, first[0].ID))
	require.True(t, m.happened())
	again := letters(t, d.Dead("ops"))
	require.Len(t, again, 1)
	assert.Equal(t, "k-0", again[0].Message.ID)
	assert.Equal(t, dispatch.ErrRemoved.Error(), again[0].Reason)
	assert.Zero(t, queued(t, nc), "nobody would ever call it")
}

// TestRemoveWhileAnotherPutsBack removes the queue of an endpoint just before a
// message that has become due is put back into it.
func TestRemoveWhileAnotherPutsBack(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	n := alone(t)
	nc := connect(t, addresses(n))
	d := peer(t, nc, dispatchnats.Options{})
	require.NoError(t, d.Add(ctx, "ops", accepts, dispatch.EndpointOptions{}))
	shut(t, d)
	js, err := jetstream.New(nc, patient)
	require.NoError(t, err)

	moves, m := heldUpPeer(t, n)
	m.arm("", "alertwire.out.ops.", func() {
		_, err := js.Publish(ctx, "alertwire.gone.ops", nil)
		assert.NoError(t, err)
		assert.NoError(t, js.DeleteConsumer(ctx, "alertwire_OUT", "ops"))
	})
	_, err = js.PublishMsg(ctx, &nats.Msg{Subject: "alertwire.due.ops.k", Header: nats.Header{
		"Alertwire-Version": {"1"}, "Alertwire-Id": {"m"}, "Alertwire-Endpoint": {"ops"},
		"Alertwire-Accepted": {time.Now().UTC().Format(time.RFC3339Nano)},
	}})
	require.NoError(t, err)
	eventually(t, func() bool { return len(letters(t, moves.Dead("ops"))) > 0 }, "nobody would ever call it")
	require.True(t, m.happened())
	eventually(t, func() bool { return queued(t, nc) == 0 }, "it is still there")
	for _, l := range letters(t, moves.Dead("ops")) {
		assert.Equal(t, "m", l.Message.ID)
	}
}
