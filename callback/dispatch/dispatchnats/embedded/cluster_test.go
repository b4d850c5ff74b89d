package embedded_test

import (
	"context"
	"fmt"
	"hash/fnv"
	"os"
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

// TestClusterLosesANode kills one of three servers, the leader at times, and a
// worker together with it, while messages are dispatched and delivered.
func TestClusterLosesANode(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("-short: it takes ten seconds")
	}
	ctx := t.Context()
	nodes := cluster(t)
	o := dispatchnats.Options{Replicas: 3, Lease: 5 * time.Second}
	a := peer(t, connect(t, addresses(nodes...)), o)
	b := peer(t, connect(t, addresses(nodes[1:]...)), o)
	mortal := connect(t, addresses(nodes[1:]...))
	dies := peer(t, mortal, o)
	var r callbacktest.Recorder
	for _, d := range []*dispatchnats.Dispatcher{a, b, dies} {
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
	mortal.Close() // what it has in hand it cannot give back
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
	assert.LessOrEqual(t, repeats, 2*3*4, "calls that came twice")
}

// TestDurableCluster is TestDurable against three servers, of which one after the
// other is killed while the processes that use them are. In full:
// ALERTWIRE_DURABLE=full go test -run TestDurableCluster .
func TestDurableCluster(t *testing.T) {
	const variable = "ALERTWIRE_TEST_URLS"
	urls := os.Getenv(variable)
	if urls == "" {
		if testing.Short() {
			t.Skip("-short: it takes a minute")
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
	every := 20 * time.Second // an election takes up to nine
	if os.Getenv("ALERTWIRE_DURABLE") == "full" {
		every /= 2
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		kills := 0
		for wait := time.Second; pause(ctx, wait); wait = every {
			n := nodes[kills%len(nodes)]
			n.kill()
			kills++
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
