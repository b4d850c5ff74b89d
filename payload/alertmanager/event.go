package alertmanager

import (
	"cmp"
	"fmt"
	"time"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/internal/life"
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
//	status        resolved for resolved, reachable, task_succeeded, and for what
//	              else happens to something of Flashduty that is closed or Ok;
//	              else firing
//	labels        those of the event; alertname from Title, Key or Source and
//	              severity from Severity where they are missing
//	annotations   those of the event; summary from Title and description from
//	              Text where they are missing
//	startsAt      Time, now where there is none; endsAt too if resolved
//	generatorURL  URL
//	fingerprint   Key of events of Alertmanager; else made of Source and Key, or
//	              where there is no Key, of the labels
//	groupKey      made of Source, alertname and Key
//
// So the fingerprint is the same for the firing of an alert and its resolution,
// even where these differ in their labels, as severities often do. Receiver is the
// Source of the event; set it, and ExternalURL, to what the receiver expects.
func FromEvent(e payload.Event) *Message {
	labels := withMissing(e.Labels, "alertname", cmp.Or(e.Title, e.Key, e.Source, "event"))
	labels = withMissing(labels, "severity", string(e.Severity)).Sorted()
	annotations := withMissing(e.Annotations, "summary", e.Title)
	annotations = withMissing(annotations, "description", e.Text).Sorted()

	at := e.Time
	if at.IsZero() {
		at = time.Now().UTC().Truncate(time.Millisecond) // the year 1 would be taken for a time
	}
	a := Alert{
		Status:       Firing,
		Labels:       labels,
		Annotations:  annotations,
		StartsAt:     at,
		GeneratorURL: e.URL,
		Fingerprint:  fingerprintOf(e, labels),
	}
	if life.Over(e) {
		a.Status = Resolved
		a.EndsAt = a.StartsAt // an end is what makes it resolved
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

func fingerprintOf(e payload.Event, labels payload.Labels) string {
	switch {
	case e.Key == "":
		return Fingerprint(labels)
	case e.Source == source:
		return e.Key
	default:
		return Fingerprint(payload.Labels{{Name: "key", Value: e.Key}, {Name: "source", Value: e.Source}})
	}
}

func withMissing(labels payload.Labels, name, value string) payload.Labels {
	if value == "" || labels.Get(name) != "" {
		return labels
	}
	return labels.With(name, value)
}
