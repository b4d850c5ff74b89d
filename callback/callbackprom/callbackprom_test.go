package callbackprom_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/auth"
	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbackprom"
	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/alertwire/alertwire/callback/dispatch"
	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/alertmanager"
	"github.com/alertwire/alertwire/ratelimit"
)

func newMetrics(t *testing.T, o callbackprom.Options) (*callbackprom.Metrics, *prometheus.Registry) {
	t.Helper()
	m, err := callbackprom.New(o)
	require.NoError(t, err)
	r := prometheus.NewPedanticRegistry()
	require.NoError(t, r.Register(m))
	return m, r
}

func message(t *testing.T) callback.Message {
	t.Helper()
	m, err := callback.NewMessage([]byte(`{}`))
	require.NoError(t, err)
	return m
}

// TestNumbersAgreeWithTheReceiver compares the metrics with what a real
// receiver saw.
func TestNumbersAgreeWithTheReceiver(t *testing.T) {
	metrics, registry := newMetrics(t, callbackprom.Options{})
	srv := callbacktest.NewServer(t, callbacktest.Status(503), callbacktest.Status(200), callbacktest.Status(400), callbacktest.Status(204))
	hook, err := callback.New(callback.Config{URL: srv.URL}, callback.Options{Name: "ops", Observe: metrics.Observe})
	require.NoError(t, err)
	calls, err := dispatch.NewMemory(dispatch.MemoryOptions{})
	require.NoError(t, err)
	metrics.Watch(calls)
	require.NoError(t, calls.Add(t.Context(), "ops", hook, dispatch.EndpointOptions{
		Concurrency: 1,
		Order:       dispatch.Strict,
		Retry:       callback.RetryPolicy{Base: time.Millisecond},
	}))
	for range 3 {
		require.NoError(t, calls.Dispatch(t.Context(), message(t)))
	}
	srv.Await(4)
	_, err = calls.Shutdown(t.Context())
	require.NoError(t, err)

	require.NoError(t, testutil.GatherAndCompare(registry, strings.NewReader(`
# HELP alertwire_callback_attempts_total Requests made to an endpoint, by the class of what came of them; ok if accepted.
# TYPE alertwire_callback_attempts_total counter
alertwire_callback_attempts_total{class="client",endpoint="ops"} 1
alertwire_callback_attempts_total{class="ok",endpoint="ops"} 2
alertwire_callback_attempts_total{class="server",endpoint="ops"} 1
# HELP alertwire_callback_connections_total Requests made over connections that were open already, or not.
# TYPE alertwire_callback_connections_total counter
alertwire_callback_connections_total{endpoint="ops",reused="false"} 1
alertwire_callback_connections_total{endpoint="ops",reused="true"} 3
# HELP alertwire_dispatch_messages_total Messages by what became of them at the queue of an endpoint.
# TYPE alertwire_dispatch_messages_total counter
alertwire_dispatch_messages_total{endpoint="ops",outcome="accepted"} 3
alertwire_dispatch_messages_total{endpoint="ops",outcome="delivered"} 2
alertwire_dispatch_messages_total{endpoint="ops",outcome="dropped"} 0
alertwire_dispatch_messages_total{endpoint="ops",outcome="failed"} 1
alertwire_dispatch_messages_total{endpoint="ops",outcome="refused"} 0
alertwire_dispatch_messages_total{endpoint="ops",outcome="returned"} 0
# HELP alertwire_dispatch_retries_total Calls that repeated an earlier one.
# TYPE alertwire_dispatch_retries_total counter
alertwire_dispatch_retries_total{endpoint="ops"} 1
# HELP alertwire_dispatch_endpoint_state 1 for the state that the endpoint is in.
# TYPE alertwire_dispatch_endpoint_state gauge
alertwire_dispatch_endpoint_state{endpoint="ops",state="gone"} 0
alertwire_dispatch_endpoint_state{endpoint="ops",state="paused"} 0
alertwire_dispatch_endpoint_state{endpoint="ops",state="ready"} 1
`), "alertwire_callback_attempts_total", "alertwire_callback_connections_total", "alertwire_dispatch_messages_total",
		"alertwire_dispatch_retries_total", "alertwire_dispatch_endpoint_state"))
}

func TestHistogramIsNativeToo(t *testing.T) {
	metrics, registry := newMetrics(t, callbackprom.Options{})
	metrics.Observe(t.Context(), callback.Attempt{Endpoint: "ops", Status: 200, Took: 20 * time.Millisecond})

	families, err := registry.Gather()
	require.NoError(t, err)
	for _, f := range families {
		if f.GetName() == "alertwire_callback_attempt_duration_seconds" {
			h := f.GetMetric()[0].GetHistogram()
			assert.Equal(t, uint64(1), h.GetSampleCount())
			assert.NotEmpty(t, h.GetBucket())
			assert.NotEmpty(t, h.GetPositiveSpan())
			return
		}
	}
	t.Fatal("no histogram")
}

func TestLint(t *testing.T) {
	metrics, registry := newMetrics(t, callbackprom.Options{Namespace: "relay"})
	metrics.Observe(t.Context(), callback.Attempt{Endpoint: "ops", Status: 200})
	metrics.Rejected("auth")(nil, auth.ErrMissing)
	calls, err := dispatch.NewMemory(dispatch.MemoryOptions{})
	require.NoError(t, err)
	require.NoError(t, calls.Add(t.Context(), "ops", &callbacktest.Recorder{}, dispatch.EndpointOptions{}))
	metrics.Watch(calls)

	problems, err := testutil.GatherAndLint(registry)
	require.NoError(t, err)
	assert.Empty(t, problems)
}

// TestReasonsComeFromRealMiddleware runs requests through the packages, so that
// a sentinel that changes is noticed here.
func TestReasonsComeFromRealMiddleware(t *testing.T) {
	metrics, registry := newMetrics(t, callbackprom.Options{})
	bearer, err := auth.NewBearer("s3cr3t")
	require.NoError(t, err)
	once, err := ratelimit.New(ratelimit.Rate{Events: 4, Per: time.Hour}, ratelimit.Options{})
	require.NoError(t, err)
	h := payload.Handler(alertmanager.Decode, func(context.Context, *alertmanager.Message) (any, error) {
		return nil, errors.New("queue is full")
	}, payload.HandlerOptions{OnReject: metrics.Rejected("payload")})
	h = auth.Require(bearer, auth.RequireOptions{OnReject: metrics.Rejected("auth")})(h)
	h = ratelimit.Enforce(ratelimit.EnforceOptions{OnReject: metrics.Rejected("ratelimit")},
		ratelimit.Limit{Limiter: once, Key: ratelimit.Everyone})(h)

	send := func(token, body string) {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+token)
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
	send("wrong", `{"alerts":[]}`)
	send("s3cr3t", `{"alerts":`)
	send("s3cr3t", `{}`)
	send("s3cr3t", `{"alerts":[]}`)
	send("s3cr3t", `{"alerts":[]}`)

	require.NoError(t, testutil.GatherAndCompare(registry, strings.NewReader(`
# HELP alertwire_rejected_requests_total Incoming requests that were turned away, by what and why.
# TYPE alertwire_rejected_requests_total counter
alertwire_rejected_requests_total{by="auth",reason="mismatch"} 1
alertwire_rejected_requests_total{by="payload",reason="format"} 1
alertwire_rejected_requests_total{by="payload",reason="syntax"} 1
alertwire_rejected_requests_total{by="payload",reason="unavailable"} 1
alertwire_rejected_requests_total{by="ratelimit",reason="limited"} 1
`), "alertwire_rejected_requests_total"))
}

func TestEndpointsAreBounded(t *testing.T) {
	metrics, registry := newMetrics(t, callbackprom.Options{MaxEndpoints: 2})
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			metrics.Observe(t.Context(), callback.Attempt{Endpoint: fmt.Sprint("e", i), Status: 200})
		})
	}
	wg.Wait()
	n, err := testutil.GatherAndCount(registry, "alertwire_callback_attempts_total")
	require.NoError(t, err)
	assert.Equal(t, 3, n, "two with a name, and the others")
}

// The client library panics over a label that is not UTF-8: in a call, that would
// make a failure of a message that was delivered.
func TestNamesThatAreNoUTF8(t *testing.T) {
	metrics, registry := newMetrics(t, callbackprom.Options{})
	calls, err := dispatch.NewMemory(dispatch.MemoryOptions{})
	require.NoError(t, err)
	metrics.Watch(calls)
	require.NoError(t, calls.Add(t.Context(), "ops\xff", callback.CallerFunc(nil), dispatch.EndpointOptions{}))
	metrics.Observe(t.Context(), callback.Attempt{Endpoint: "ops\xff", Status: 200})
	metrics.Rejected("gate\xff")(nil, auth.ErrStale)
	require.NoError(t, testutil.GatherAndCompare(registry, strings.NewReader(`
# HELP alertwire_callback_attempts_total Requests made to an endpoint, by the class of what came of them; ok if accepted.
# TYPE alertwire_callback_attempts_total counter
alertwire_callback_attempts_total{class="ok",endpoint="ops�"} 1
# HELP alertwire_dispatch_queued Messages that wait for a call.
# TYPE alertwire_dispatch_queued gauge
alertwire_dispatch_queued{endpoint="ops�"} 0
# HELP alertwire_rejected_requests_total Incoming requests that were turned away, by what and why.
# TYPE alertwire_rejected_requests_total counter
alertwire_rejected_requests_total{by="gate�",reason="stale"} 1
`), "alertwire_callback_attempts_total", "alertwire_dispatch_queued", "alertwire_rejected_requests_total"))
}

func TestDispatcherThatGivesNoNumbers(t *testing.T) {
	metrics, registry := newMetrics(t, callbackprom.Options{})
	metrics.Watch(broken{})
	for range 2 {
		_, err := registry.Gather()
		require.NoError(t, err)
	}
	require.NoError(t, testutil.GatherAndCompare(registry, strings.NewReader(`
# HELP alertwire_dispatch_watch_errors_total Scrapes at which a dispatcher gave no numbers.
# TYPE alertwire_dispatch_watch_errors_total counter
alertwire_dispatch_watch_errors_total 3
`), "alertwire_dispatch_watch_errors_total"))
}

type broken struct{ dispatch.Dispatcher }

func (broken) Stats(context.Context) ([]dispatch.EndpointStats, error) {
	return nil, errors.New("the engine is away")
}

func TestOptionsThatAreRefused(t *testing.T) {
	for _, o := range []callbackprom.Options{
		{MaxEndpoints: -1},
		{Buckets: []float64{1, 1}},
		{Buckets: []float64{2, 1}},
	} {
		_, err := callbackprom.New(o)
		require.Error(t, err)
	}
}
