package alertmanager

import (
	"cmp"
	"fmt"
	"time"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/internal/prom"
)

// Events returns one event for each alert, as the package says.
func (m *Message) Events() []payload.Event {
	events := make([]payload.Event, len(m.Alerts))
	for i := range m.Alerts {
		events[i] = m.event(&m.Alerts[i])
	}
	return events
}

func (m *Message) event(a *Alert) payload.Event {
	e := payload.Event{
		Source:      source,
		ID:          m.eventID(a),
		Key:         a.ID(),
		Kind:        payload.KindFiring,
		Severity:    prom.Severity(a.Labels),
		Title:       prom.Title(a.Labels, a.Annotations),
		Text:        prom.Text(a.Annotations),
		Time:        a.StartsAt,
		Labels:      a.Labels,
		Annotations: a.Annotations,
		URL:         cmp.Or(a.GeneratorURL, m.ExternalURL),
	}
	switch status := m.StatusOf(a); status {
	case Firing:
	case Resolved:
		e.Kind = payload.KindResolved
		if !a.EndsAt.IsZero() {
			e.Time = a.EndsAt
		}
	default:
		e.Kind = payload.Kind(status)
	}
	return e
}

// FromEvent returns a message with one alert that says what the event says, so
// that a receiver of Alertmanager's messages understands it:
//
//	status        resolved for resolved, reachable, task_succeeded; else firing
//	labels        those of the event; alertname from Title, Key or Source and
//	              severity from Severity where they are missing
//	annotations   those of the event; summary from Title and description from
//	              Text where they are missing
//	startsAt      Time; endsAt too if resolved
//	generatorURL  URL
//	groupKey      made of Source, alertname and Key
//
// Receiver is the Source of the event; set it, and ExternalURL, to what the
// receiver expects.
func FromEvent(e payload.Event) *Message {
	labels := withMissing(e.Labels, "alertname", cmp.Or(e.Title, e.Key, e.Source, "event"))
	labels = withMissing(labels, "severity", string(e.Severity)).Sorted()
	annotations := withMissing(e.Annotations, "summary", e.Title)
	annotations = withMissing(annotations, "description", e.Text).Sorted()

	a := Alert{
		Status:       Firing,
		Labels:       labels,
		Annotations:  annotations,
		StartsAt:     e.Time,
		GeneratorURL: e.URL,
		Fingerprint:  Fingerprint(labels),
	}
	switch e.Kind {
	case payload.KindResolved, payload.KindReachable, payload.KindTaskSucceeded:
		a.Status = Resolved
		a.EndsAt = cmp.Or(e.Time, time.Now().UTC()) // an end is what makes it resolved
	}
	name := labels.Get("alertname")
	return &Message{
		Receiver:          e.Source,
		Status:            a.Status,
		Alerts:            []Alert{a},
		GroupLabels:       payload.Labels{{Name: "alertname", Value: name}},
		CommonLabels:      labels,
		CommonAnnotations: annotations,
		Version:           "4",
		GroupKey:          fmt.Sprintf("{}/{source=%q}:{alertname=%q, key=%q}", e.Source, name, e.Key),
	}
}

func withMissing(labels payload.Labels, name, value string) payload.Labels {
	if value == "" || labels.Get(name) != "" {
		return labels
	}
	return labels.With(name, value)
}
