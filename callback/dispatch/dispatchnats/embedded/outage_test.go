package embedded_test

import (
	"context"
	"fmt"
	"hash/fnv"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
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

// TestClusterLosesANode kills one of three servers, the leader at times, while
// messages are dispatched and delivered.
func TestClusterLosesANode(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it takes ten seconds")
	}
	ctx := t.Context()
	nodes := cluster(t)
	o := dispatchnats.Options{Replicas: 3, Lease: 5 * time.Second}
	a := peer(t, connect(t, addresses(nodes...)), o)
	b := peer(t, connect(t, addresses(nodes[1:]...)), o)
	var r callbacktest.Recorder
	for _, d := range []*dispatchnats.Dispatcher{a, b} {
		require.NoError(t, d.Add(ctx, "ops", &r, dispatch.EndpointOptions{Concurrency: 4}))
	}
	const producers, each = 4, 50
	accepted := make(chan string, producers*each)
	half := make(chan struct{})
	var wg sync.WaitGroup
	var once sync.Once
	for p := range producers {
		wg.Go(func() {
			for i := range each {
				id := fmt.Sprintf("m%d-%d", p, i)
				if err := a.Dispatch(ctx, callback.Message{ID: id}, "ops"); assert.NoError(t, err) {
					accepted <- id
				}
				if i == each/3 {
					once.Do(func() { close(half) })
				}
			}
		})
	}
	<-half
	nodes[0].kill()
	wg.Wait()
	nodes[0].start(t)
	close(accepted)
	var want []string
	for id := range accepted {
		want = append(want, id)
	}
	require.Len(t, want, producers*each)
	have := func() map[string]int {
		n := map[string]int{}
		for _, id := range r.IDs() {
			n[id]++
		}
		return n
	}
	eventually(t, func() bool { return len(have()) == producers*each }, "something is lost")
	repeats := len(r.IDs()) - producers*each
	assert.LessOrEqual(t, repeats, 2*2*4, "calls that came twice")
}

// TestDurableCluster is TestDurable against three servers, of which one after the
// other is killed while the processes that use them are. In full:
// ALERTWIRE_DURABLE=full go test -run TestDurableCluster .
func TestDurableCluster(t *testing.T) {
	const variable = "ALERTWIRE_TEST_URLS"
	urls := os.Getenv(variable)
	if urls == "" {
		if testing.Short() {
			t.Skip("it takes a minute")
		}
		nodes := cluster(t)
		urls = addresses(nodes...)
		t.Setenv(variable, urls) // for the processes that the suite starts
		defer killInTurn(t, nodes)()
	}
	callbacktest.TestDurable(t, func(t testing.TB, dir string) dispatch.Dispatcher {
		h := fnv.New64a()
		_, _ = h.Write([]byte(dir))
		d, err := dispatchnats.Open(t.Context(), connect(t, urls), dispatchnats.Options{
			Prefix: fmt.Sprintf("t%x", h.Sum64()), Replicas: 3, Lease: 5 * time.Second,
		})
		require.NoError(t, err)
		return d
	})
}

// killInTurn kills a server now and then, and starts it again, until stop is
// called.
func killInTurn(t testing.TB, nodes []*node) (stop func()) {
	const every = 10 * time.Second // an election takes up to nine
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		kills := 0
		for ; pause(ctx, every); kills++ {
			n := nodes[kills%len(nodes)]
			n.kill()
			pause(ctx, time.Second)
			n.start(t)
		}
		t.Logf("servers were killed %d times", kills)
	}()
	return func() {
		cancel()
		<-done
	}
}

// pause waits for d, and reports whether ctx allowed it to.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
