package callbackprom_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback/callbackprom"
	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/alertwire/alertwire/callback/dispatch"
)

// A source is a dispatcher that gives the numbers of a test.
type source struct {
	dispatch.Dispatcher
	stats []dispatch.EndpointStats
	err   error
}

func (s *source) Stats(context.Context) ([]dispatch.EndpointStats, error) { return s.stats, s.err }

// value returns what a scrape says of a counter of messages, or -1 if it says
// nothing.
func value(t *testing.T, g prometheus.Gatherer, endpoint, outcome string) float64 {
	t.Helper()
	families, err := g.Gather()
	require.NoError(t, err)
	for _, f := range families {
		if f.GetName() != "alertwire_dispatch_messages_total" {
			continue
		}
		for _, m := range f.GetMetric() {
			if l := m.GetLabel(); l[0].GetValue() == endpoint && l[1].GetValue() == outcome {
				return m.GetCounter().GetValue()
			}
		}
	}
	return -1
}

// A counter that falls is one that began anew to Prometheus, which then adds all
// of it to the rate.
func TestCountersDoNotFall(t *testing.T) {
	failed := func(name string, n uint64) dispatch.EndpointStats {
		return dispatch.EndpointStats{Name: name, Accepted: n, Failed: n}
	}
	t.Run("an endpoint that shares a name goes", func(t *testing.T) {
		metrics, registry := newMetrics(t, callbackprom.Options{MaxEndpoints: 1})
		s := &source{stats: []dispatch.EndpointStats{failed("a", 1), failed("b", 20), failed("c", 300)}}
		metrics.Watch(s)
		assert.InDelta(t, 320, value(t, registry, "other", "failed"), 0)
		s.stats = []dispatch.EndpointStats{failed("a", 1), failed("c", 301)}
		assert.InDelta(t, 321, value(t, registry, "other", "failed"), 0)
		s.stats = []dispatch.EndpointStats{failed("a", 1)}
		assert.InDelta(t, -1, value(t, registry, "other", "failed"), 0)
		s.stats = []dispatch.EndpointStats{failed("a", 1), failed("d", 2)}
		assert.InDelta(t, 323, value(t, registry, "other", "failed"), 0)
	})
	t.Run("one of two dispatchers is away", func(t *testing.T) {
		metrics, registry := newMetrics(t, callbackprom.Options{})
		one, two := &source{stats: []dispatch.EndpointStats{failed("a", 1)}}, &source{stats: []dispatch.EndpointStats{failed("a", 20), failed("b", 3)}}
		metrics.Watch(one)
		metrics.Watch(two)
		assert.InDelta(t, 21, value(t, registry, "a", "failed"), 0)
		one.stats, two.err = []dispatch.EndpointStats{failed("a", 2)}, errors.New("away")
		assert.InDelta(t, 22, value(t, registry, "a", "failed"), 0)
		assert.InDelta(t, -1, value(t, registry, "b", "failed"), 0)
		two.err = nil
		assert.InDelta(t, 22, value(t, registry, "a", "failed"), 0)
		assert.InDelta(t, 3, value(t, registry, "b", "failed"), 0)
	})
	t.Run("another process delivers what was accepted here", func(t *testing.T) {
		metrics, registry := newMetrics(t, callbackprom.Options{})
		s := &source{stats: []dispatch.EndpointStats{{Name: "a", Accepted: 100, Queued: 100}}}
		metrics.Watch(s)
		assert.InDelta(t, 100, value(t, registry, "a", "accepted"), 0)
		s.stats = []dispatch.EndpointStats{{Name: "a", Accepted: 60, Queued: 60}}
		assert.InDelta(t, 100, value(t, registry, "a", "accepted"), 0)
		s.stats = []dispatch.EndpointStats{{Name: "a", Accepted: 65, Queued: 65}}
		assert.InDelta(t, 105, value(t, registry, "a", "accepted"), 0)
	})
	t.Run("an endpoint is added anew between two scrapes", func(t *testing.T) {
		metrics, registry := newMetrics(t, callbackprom.Options{})
		s := &source{stats: []dispatch.EndpointStats{failed("a", 100)}}
		metrics.Watch(s)
		assert.InDelta(t, 100, value(t, registry, "a", "failed"), 0)
		s.stats = []dispatch.EndpointStats{failed("a", 7)}
		assert.InDelta(t, 107, value(t, registry, "a", "failed"), 0)
		assert.InDelta(t, 107, value(t, registry, "a", "accepted"), 0)
	})
	t.Run("an endpoint that comes back later begins anew", func(t *testing.T) {
		metrics, registry := newMetrics(t, callbackprom.Options{})
		s := &source{stats: []dispatch.EndpointStats{failed("a", 100)}}
		metrics.Watch(s)
		assert.InDelta(t, 100, value(t, registry, "a", "failed"), 0)
		s.stats = nil
		assert.InDelta(t, -1, value(t, registry, "a", "failed"), 0)
		s.stats = []dispatch.EndpointStats{failed("a", 7)}
		assert.InDelta(t, 7, value(t, registry, "a", "failed"), 0)
	})
}

// What is scraped twice is counted once, and a message grows older.
func TestEveryNumberOfAnEndpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		metrics, registry := newMetrics(t, callbackprom.Options{})
		metrics.Watch(&source{stats: []dispatch.EndpointStats{{
			Name: "a", Accepted: 28, Delivered: 2, Failed: 3, Dropped: 4, Returned: 5, Queued: 6, InFlight: 8,
			Refused: 9, Retried: 10, State: dispatch.StateReady, Oldest: time.Now(),
		}}})
		for range 3 {
			_, err := registry.Gather()
			require.NoError(t, err)
		}
		time.Sleep(90 * time.Second)
		require.NoError(t, testutil.GatherAndCompare(registry, strings.NewReader(`
# HELP alertwire_dispatch_in_flight Messages that are being called.
# TYPE alertwire_dispatch_in_flight gauge
alertwire_dispatch_in_flight{endpoint="a"} 8
# HELP alertwire_dispatch_messages_total Messages by what became of them at the queue of an endpoint.
# TYPE alertwire_dispatch_messages_total counter
alertwire_dispatch_messages_total{endpoint="a",outcome="accepted"} 28
alertwire_dispatch_messages_total{endpoint="a",outcome="delivered"} 2
alertwire_dispatch_messages_total{endpoint="a",outcome="dropped"} 4
alertwire_dispatch_messages_total{endpoint="a",outcome="failed"} 3
alertwire_dispatch_messages_total{endpoint="a",outcome="refused"} 9
alertwire_dispatch_messages_total{endpoint="a",outcome="returned"} 5
# HELP alertwire_dispatch_oldest_seconds Age of the oldest message that is not done with; 0 if there is none.
# TYPE alertwire_dispatch_oldest_seconds gauge
alertwire_dispatch_oldest_seconds{endpoint="a"} 90
# HELP alertwire_dispatch_queued Messages that wait for a call.
# TYPE alertwire_dispatch_queued gauge
alertwire_dispatch_queued{endpoint="a"} 6
# HELP alertwire_dispatch_retries_total Calls that repeated an earlier one.
# TYPE alertwire_dispatch_retries_total counter
alertwire_dispatch_retries_total{endpoint="a"} 10
`), "alertwire_dispatch_in_flight", "alertwire_dispatch_messages_total", "alertwire_dispatch_oldest_seconds",
			"alertwire_dispatch_queued", "alertwire_dispatch_retries_total"))
	})
}

func TestScrapesAtTheSameTimeCountOnce(t *testing.T) {
	metrics, registry := newMetrics(t, callbackprom.Options{})
	calls, err := dispatch.NewMemory(dispatch.MemoryOptions{})
	require.NoError(t, err)
	require.NoError(t, calls.Add(t.Context(), "ops", &callbacktest.Recorder{}, dispatch.EndpointOptions{}))
	metrics.Watch(calls)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 25 {
				assert.NoError(t, calls.Dispatch(t.Context(), message(t)))
				_, err := registry.Gather()
				assert.NoError(t, err)
			}
		})
	}
	wg.Wait()
	_, err = calls.Shutdown(t.Context())
	require.NoError(t, err)
	assert.InDelta(t, 100, value(t, registry, "ops", "accepted"), 0)
	assert.InDelta(t, 100, value(t, registry, "ops", "delivered"), 0)
}

func TestWatchingTwiceCountsOnce(t *testing.T) {
	metrics, registry := newMetrics(t, callbackprom.Options{})
	s := &source{stats: []dispatch.EndpointStats{{Name: "a", Delivered: 1}}}
	metrics.Watch(s)
	metrics.Watch(s)
	metrics.Watch(nil)
	metrics.Watch(uncomparable{source: s})
	metrics.Watch(uncomparable{source: s}) // nobody can tell
	assert.InDelta(t, 3, value(t, registry, "a", "delivered"), 0)
}

type uncomparable struct {
	*source
	_ []int
}

// hanging gives no numbers until it is given up.
type hanging struct{ dispatch.Dispatcher }

func (hanging) Stats(ctx context.Context) ([]dispatch.EndpointStats, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// careful is a dispatcher over a network, which asks nothing once its time is up.
type careful struct{ *source }

func (c careful) Stats(ctx context.Context) ([]dispatch.EndpointStats, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return c.source.Stats(ctx)
}

func TestADispatcherThatHangsHidesNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		metrics, registry := newMetrics(t, callbackprom.Options{})
		metrics.Watch(hanging{})
		metrics.Watch(careful{&source{stats: []dispatch.EndpointStats{{Name: "a", Delivered: 1}}}})
		assert.InDelta(t, 1, value(t, registry, "a", "delivered"), 0)
		require.NoError(t, testutil.GatherAndCompare(registry, strings.NewReader(`
# HELP alertwire_dispatch_watch_errors_total Scrapes at which a dispatcher gave no numbers.
# TYPE alertwire_dispatch_watch_errors_total counter
alertwire_dispatch_watch_errors_total 2
`), "alertwire_dispatch_watch_errors_total"))
	})
}

// Endpoints of one name in two dispatchers are shown as the sum of both.
func TestEndpointsOfOneName(t *testing.T) {
	const ready, paused, gone = dispatch.StateReady, dispatch.StatePaused, dispatch.StateGone
	for _, tt := range []struct{ a, b, want dispatch.State }{
		{ready, ready, ready}, {ready, paused, paused}, {paused, ready, paused}, {paused, gone, gone}, {gone, paused, gone}, {gone, ready, gone},
	} {
		t.Run(fmt.Sprint(tt.a, tt.b), func(t *testing.T) {
			metrics, registry := newMetrics(t, callbackprom.Options{})
			metrics.Watch(&source{stats: []dispatch.EndpointStats{{Name: "a", Queued: 1, InFlight: 10, State: tt.a}}})
			metrics.Watch(&source{stats: []dispatch.EndpointStats{{Name: "a", Queued: 2, InFlight: 20, State: tt.b}}})
			one := func(s dispatch.State) int {
				if s == tt.want {
					return 1
				}
				return 0
			}
			require.NoError(t, testutil.GatherAndCompare(registry, strings.NewReader(fmt.Sprintf(`
# HELP alertwire_dispatch_endpoint_state 1 for the state that the endpoint is in.
# TYPE alertwire_dispatch_endpoint_state gauge
alertwire_dispatch_endpoint_state{endpoint="a",state="gone"} %d
alertwire_dispatch_endpoint_state{endpoint="a",state="paused"} %d
alertwire_dispatch_endpoint_state{endpoint="a",state="ready"} %d
# HELP alertwire_dispatch_in_flight Messages that are being called.
# TYPE alertwire_dispatch_in_flight gauge
alertwire_dispatch_in_flight{endpoint="a"} 30
# HELP alertwire_dispatch_queued Messages that wait for a call.
# TYPE alertwire_dispatch_queued gauge
alertwire_dispatch_queued{endpoint="a"} 3
`, one(gone), one(paused), one(ready))), "alertwire_dispatch_endpoint_state", "alertwire_dispatch_in_flight", "alertwire_dispatch_queued"))
		})
	}
}
