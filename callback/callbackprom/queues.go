package callbackprom

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/alertwire/alertwire/callback/dispatch"
)

// queues turns the numbers of dispatchers into metrics. They are made at each
// scrape, so an endpoint that was removed is gone from the next one.
type queues struct {
	messages, retries, queued, inFlight, oldest, state *prometheus.Desc

	mu     sync.Mutex // held over a scrape: numbers that overtook each other would look like a restart
	totals map[string]*total
}

func newQueues(namespace string) *queues {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(prometheus.BuildFQName(namespace, "dispatch", name), help, labels, nil)
	}
	return &queues{
		totals:   make(map[string]*total),
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

// A watched dispatcher, and its numbers at the last scrape at which it gave any,
// by its own names of the endpoints.
type watched struct {
	dispatch.Dispatcher
	last map[string]dispatch.EndpointStats
}

// collect asks all dispatchers at once, so that one that does not answer hides
// no other.
func (q *queues) collect(ch chan<- prometheus.Metric, all []*watched, label func(string) string) (failed int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), watchTimeout)
	defer cancel()
	numbers, errs := make([][]dispatch.EndpointStats, len(all)), make([]error, len(all))
	var wg sync.WaitGroup
	for i, w := range all {
		wg.Go(func() { numbers[i], errs[i] = w.Stats(ctx) })
	}
	wg.Wait()

	live := make(map[string]dispatch.EndpointStats)
	for i, w := range all {
		if errs[i] != nil {
			failed++
			continue
		}
		last := make(map[string]dispatch.EndpointStats, len(numbers[i]))
		for _, s := range numbers[i] {
			name := s.Name
			last[name] = s
			s.Name = label(name)
			q.total(s.Name).add(w.last[name], s)
			live[s.Name] = sum(live[s.Name], s)
		}
		w.last = last
	}
	now := time.Now()
	for name, s := range live {
		q.send(ch, s, q.totals[name], now)
	}
	for name := range q.totals {
		if _, ok := live[name]; !ok && failed == 0 && name != other {
			delete(q.totals, name) // there are no more totals than endpoints
		}
	}
	return failed
}

func (q *queues) total(name string) *total {
	t := q.totals[name]
	if t == nil {
		t = new(total)
		q.totals[name] = t
	}
	return t
}

func (q *queues) send(ch chan<- prometheus.Metric, s dispatch.EndpointStats, t *total, now time.Time) {
	counter := func(d *prometheus.Desc, v uint64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	counter(q.messages, t.accepted, s.Name, "accepted")
	counter(q.messages, t.refused, s.Name, "refused")
	counter(q.messages, t.delivered, s.Name, "delivered")
	counter(q.messages, t.failed, s.Name, "failed")
	counter(q.messages, t.dropped, s.Name, "dropped")
	counter(q.messages, t.returned, s.Name, "returned")
	counter(q.retries, t.retried, s.Name)
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

// sum adds what two endpoints of one name have at hand. The state is the worse one.
func sum(a, b dispatch.EndpointStats) dispatch.EndpointStats {
	if a.Name == "" {
		return b
	}
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
