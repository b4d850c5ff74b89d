package callbackprom

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/alertwire/alertwire/callback/dispatch"
)

// queues turns the numbers of dispatchers into metrics. They are made at each
// scrape, so an endpoint that was removed is gone from the next one.
type queues struct {
	messages, retries, queued, inFlight, oldest, state *prometheus.Desc
}

func newQueues(namespace string) *queues {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(prometheus.BuildFQName(namespace, "dispatch", name), help, labels, nil)
	}
	return &queues{
		messages: desc("messages_total", "Messages by what became of them at the queue of an endpoint.", "endpoint", "outcome"),
		retries:  desc("retries_total", "Calls that repeated an earlier one.", "endpoint"),
		queued:   desc("queued", "Messages that wait for a call.", "endpoint"),
		inFlight: desc("in_flight", "Messages that are being called.", "endpoint"),
		oldest:   desc("oldest_seconds", "Age of the oldest message that is not done with; 0 if there is none.", "endpoint"),
		state:    desc("endpoint_state", "1 for the state that the endpoint is in.", "endpoint", "state"),
	}
}

func (q *queues) describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{q.messages, q.retries, q.queued, q.inFlight, q.oldest, q.state} {
		ch <- d
	}
}

func (q *queues) collect(ch chan<- prometheus.Metric, s dispatch.EndpointStats, now time.Time) {
	counter := func(d *prometheus.Desc, v uint64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	counter(q.messages, s.Accepted, s.Name, "accepted")
	counter(q.messages, s.Refused, s.Name, "refused")
	counter(q.messages, s.Delivered, s.Name, "delivered")
	counter(q.messages, s.Failed, s.Name, "failed")
	counter(q.messages, s.Dropped, s.Name, "dropped")
	counter(q.messages, s.Returned, s.Name, "returned")
	counter(q.retries, s.Retried, s.Name)
	gauge(q.queued, float64(s.Queued), s.Name)
	gauge(q.inFlight, float64(s.InFlight), s.Name)
	age := 0.0
	if !s.Oldest.IsZero() {
		age = max(now.Sub(s.Oldest).Seconds(), 0)
	}
	gauge(q.oldest, age, s.Name)
	for _, state := range []dispatch.State{dispatch.StateReady, dispatch.StatePaused, dispatch.StateGone} {
		v := 0.0
		if s.State == state {
			v = 1
		}
		gauge(q.state, v, s.Name, string(state))
	}
}

// sum adds the numbers of two endpoints of one name. The state is the worse one.
func sum(a, b dispatch.EndpointStats) dispatch.EndpointStats {
	if a.Name == "" {
		return b
	}
	a.Accepted += b.Accepted
	a.Refused += b.Refused
	a.Delivered += b.Delivered
	a.Failed += b.Failed
	a.Dropped += b.Dropped
	a.Returned += b.Returned
	a.Retried += b.Retried
	a.Queued += b.Queued
	a.InFlight += b.InFlight
	if a.Oldest.IsZero() || !b.Oldest.IsZero() && b.Oldest.Before(a.Oldest) {
		a.Oldest = b.Oldest
	}
	if b.State == dispatch.StateGone || a.State == dispatch.StateReady {
		a.State = b.State
	}
	return a
}
