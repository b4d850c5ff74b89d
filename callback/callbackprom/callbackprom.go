// Package callbackprom counts for Prometheus what the packages of alertwire do.
//
//	metrics, err := callbackprom.New(callbackprom.Options{})
//	registry.MustRegister(metrics)
//	hook, err := callback.New(config, callback.Options{Name: "ops", Observe: metrics.Observe})
//	calls, err := dispatch.NewMemory(dispatch.MemoryOptions{})
//	metrics.Watch(calls)
//	auth.Require(v, auth.RequireOptions{OnReject: metrics.Rejected("auth")})
//
// It registers nothing by itself and knows no default registry. The handlers of
// a receiver are measured with promhttp, which exists for that.
//
// # Metrics
//
// The prefix is Options.Namespace.
//
//	alertwire_callback_attempts_total{endpoint,class}          attempts made, by callback.Class; "ok" for accepted
//	alertwire_callback_attempt_duration_seconds{endpoint}      from the start of an attempt to the last byte of the reply
//	alertwire_callback_connections_total{endpoint,reused}      requests over new and over open connections
//	alertwire_dispatch_messages_total{endpoint,outcome}        accepted, refused, delivered, failed, dropped, returned
//	alertwire_dispatch_retries_total{endpoint}                 calls that repeated an earlier one
//	alertwire_dispatch_queued{endpoint}                        messages that wait
//	alertwire_dispatch_in_flight{endpoint}                     messages that are being called
//	alertwire_dispatch_oldest_seconds{endpoint}                age of the oldest message at hand
//	alertwire_dispatch_endpoint_state{endpoint,state}          1 for the state that is true: ready, paused, gone
//	alertwire_dispatch_watch_errors_total                      scrapes at which a dispatcher gave no numbers
//	alertwire_rejected_requests_total{by,reason}               what receivers turned away
//
// An endpoint is named as in callback.Options.Name or Dispatcher.Add. A Webhook
// without a Name goes by the scheme and host of its URL, and by nothing more of
// it. Names beyond Options.MaxEndpoints share the name "other", so that whoever
// may add endpoints cannot fill the memory of Prometheus; a name keeps its place
// when its endpoint is removed.
//
// Endpoints of one name are added up, whichever dispatcher they are in. What they
// count begins with what they had counted at the first scrape. A dispatcher that
// is durable counts what it found in its queue as accepted.
package callbackprom

import (
	"context"
	"errors"
	"math"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/dispatch"
)

const (
	defaultNamespace    = "alertwire"
	defaultMaxEndpoints = 1000
	other               = "other"
	watchTimeout        = 5 * time.Second
)

// Options are the options of [New].
type Options struct {
	// Namespace is the prefix of all metrics: letters, digits and underscores, and
	// no digit first. Empty means "alertwire".
	Namespace string
	// Buckets are the bounds of the latency histogram in seconds. Nil means 5 ms
	// to 30 s. A Prometheus that scrapes native histograms gets one as well.
	Buckets []float64
	// MaxEndpoints is how many endpoints have a name of their own. Zero means
	// 1,000.
	MaxEndpoints int
}

// Metrics is a [prometheus.Collector]. It is safe for concurrent use.
type Metrics struct {
	attempts    *prometheus.CounterVec
	duration    *prometheus.HistogramVec
	connections *prometheus.CounterVec
	rejected    *prometheus.CounterVec
	watchErrors prometheus.Counter
	queues      *queues

	max   int
	mu    sync.RWMutex
	names map[string]bool
	watch []*watched
}

var _ prometheus.Collector = (*Metrics)(nil)

// New returns a Metrics, which has to be registered. It returns an error if the
// options make no sense.
func New(o Options) (*Metrics, error) {
	if o.MaxEndpoints < 0 {
		return nil, errors.New("callbackprom: MaxEndpoints must not be negative")
	}
	if o.MaxEndpoints == 0 {
		o.MaxEndpoints = defaultMaxEndpoints
	}
	if o.Namespace == "" {
		o.Namespace = defaultNamespace
	}
	if !isName(o.Namespace) {
		return nil, errors.New("callbackprom: Namespace must consist of letters, digits and underscores, and not begin with a digit")
	}
	if o.Buckets == nil {
		o.Buckets = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}
	}
	for i, b := range o.Buckets {
		if math.IsNaN(b) || i > 0 && b <= o.Buckets[i-1] {
			return nil, errors.New("callbackprom: Buckets must rise")
		}
	}
	counter := func(subsystem, name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: o.Namespace, Subsystem: subsystem, Name: name, Help: help,
		}, labels)
	}
	return &Metrics{
		attempts:    counter("callback", "attempts_total", "Requests made to an endpoint, by the class of what came of them; ok if accepted.", "endpoint", "class"),
		connections: counter("callback", "connections_total", "Requests made over connections that were open already, or not.", "endpoint", "reused"),
		rejected:    counter("", "rejected_requests_total", "Incoming requests that were turned away, by what and why.", "by", "reason"),
		watchErrors: counter("dispatch", "watch_errors_total", "Scrapes at which a dispatcher gave no numbers.").WithLabelValues(),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: o.Namespace, Subsystem: "callback", Name: "attempt_duration_seconds",
			Help:                            "Time that one request to an endpoint took, the reply included.",
			Buckets:                         o.Buckets,
			NativeHistogramBucketFactor:     1.1,
			NativeHistogramMaxBucketNumber:  160,
			NativeHistogramMinResetDuration: time.Hour,
		}, []string{"endpoint"}),
		queues: newQueues(o.Namespace),
		max:    o.MaxEndpoints,
		names:  make(map[string]bool),
	}, nil
}

// Observe counts an attempt. It is for callback.Options.Observe.
func (m *Metrics) Observe(_ context.Context, a callback.Attempt) {
	endpoint := m.name(a.Endpoint)
	m.attempts.WithLabelValues(endpoint, classOf(a)).Inc()
	m.duration.WithLabelValues(endpoint).Observe(a.Took.Seconds())
	if a.Status != 0 { // else there may have been no connection at all
		m.connections.WithLabelValues(endpoint, strconv.FormatBool(a.Reused)).Inc()
	}
}

// Watch reads the numbers of d at each scrape. A dispatcher that was shut down
// keeps its last ones. Nil, and a dispatcher that is watched already, are
// ignored.
func (m *Metrics) Watch(d dispatch.Dispatcher) {
	if d == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, w := range m.watch {
		if reflect.ValueOf(d).Comparable() && reflect.ValueOf(w.Dispatcher).Comparable() && w.Dispatcher == d {
			return
		}
	}
	m.watch = append(m.watch, &watched{Dispatcher: d})
}

// Rejected returns a function that counts refused requests under a name of
// yours, which should be one of few: "auth", "payload". It is for the OnReject
// of every middleware.
func (m *Metrics) Rejected(by string) func(*http.Request, error) {
	by = valid(by)
	return func(_ *http.Request, reason error) {
		m.rejected.WithLabelValues(by, reasonOf(reason)).Inc()
	}
}

// Describe implements prometheus.Collector.
func (m *Metrics) Describe(ch chan<- *prometheus.Desc) {
	for _, c := range m.own() {
		c.Describe(ch)
	}
	m.queues.describe(ch)
}

// Collect implements prometheus.Collector.
func (m *Metrics) Collect(ch chan<- prometheus.Metric) {
	m.mu.RLock()
	all := m.watch
	m.mu.RUnlock()
	m.watchErrors.Add(float64(m.queues.collect(ch, all, m.name)))
	for _, c := range m.own() {
		c.Collect(ch)
	}
}

func (m *Metrics) own() []prometheus.Collector {
	return []prometheus.Collector{m.attempts, m.duration, m.connections, m.rejected, m.watchErrors}
}

// name returns the label of an endpoint.
func (m *Metrics) name(endpoint string) string {
	endpoint = valid(endpoint)
	m.mu.RLock()
	known, full := m.names[endpoint], len(m.names) >= m.max
	m.mu.RUnlock()
	switch {
	case known:
		return endpoint
	case full:
		return other
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.names) >= m.max && !m.names[endpoint] {
		return other
	}
	m.names[endpoint] = true
	return endpoint
}

// isName says whether a text can begin the name of a metric in every version of
// Prometheus.
func isName(s string) bool {
	for i, c := range []byte(s) {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// valid returns a text that may be a label. Others make the client library panic:
// in the middle of a call, or of the scrape of everything.
func valid(label string) string { return strings.ToValidUTF8(label, "\uFFFD") }
