package intake

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/alertwire/alertwire/callback/callbackprom"
)

// metrics are what /metrics shows: the names of the OnCallM document with a
// prefix of the operator's, those of package callbackprom, and those of Go.
type metrics struct {
	registry  *prometheus.Registry
	alertwire *callbackprom.Metrics
	requests  *prometheus.CounterVec
	duration  *prometheus.HistogramVec
	errors    *prometheus.CounterVec
}

func newMetrics(prefix string) (*metrics, error) {
	ours, err := callbackprom.New(callbackprom.Options{})
	if err != nil {
		return nil, err
	}
	m := &metrics{
		registry:  prometheus.NewRegistry(),
		alertwire: ours,
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: prefix + "_webhook_requests_total", Help: "Requests to /webhook, by status.",
		}, []string{"code", "method"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: prefix + "_webhook_duration_seconds", Help: "Time to answer a request to /webhook.",
			Buckets:                     []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5},
			NativeHistogramBucketFactor: 1.1,
		}, []string{"code"}),
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: prefix + "_webhook_errors_total", Help: "Requests to /webhook that were not accepted, by status.",
		}, []string{"code"}),
	}
	for _, c := range []prometheus.Collector{
		ours, m.requests, m.duration, m.errors,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	} {
		if err := m.registry.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// measure counts the requests to h.
func (m *metrics) measure(h http.Handler) http.Handler {
	h = promhttp.InstrumentHandlerDuration(m.duration, h)
	h = promhttp.InstrumentHandlerCounter(m.requests, h)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := &statusWriter{ResponseWriter: w}
		h.ServeHTTP(s, r)
		if s.status >= 400 {
			m.errors.WithLabelValues(codeText(s.status)).Inc()
		}
	})
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{EnableOpenMetrics: true})
}

// A statusWriter remembers the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// codeText returns a status as a label: there are few of them.
func codeText(status int) string {
	const digits = "0123456789"
	if status < 100 || status > 999 {
		return "0"
	}
	return string([]byte{digits[status/100], digits[status/10%10], digits[status%10]})
}
