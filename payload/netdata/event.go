package netdata

import (
	"cmp"
	"strings"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/internal/line"
)

// DeliveryID identifies what the alert says: the parts of its Key, severity, and
// the transition, or where there is none, the date. Without host and URL the message
// is a part of it, which may name the node. It is "" without transition and date.
func (a *Alert) DeliveryID() string {
	when := cmp.Or(a.Transition(), a.Date)
	if when == "" {
		return ""
	}
	parts := []string{source, "alert", a.key(), strings.ToLower(string(a.Severity)), when}
	if a.Host == "" && page(a.URL) == "" {
		parts = append(parts, a.Message)
	}
	return payload.ID(parts...)
}

// key is the same for each state of the alert.
func (a *Alert) key() string {
	return payload.ID(source, "alert", a.Space.Name, cmp.Or(a.Host, page(a.URL)), a.Name, cmp.Or(a.Chart, a.ChartID))
}

// page returns a URL without what differs from state to state.
func page(link string) string {
	if end := strings.IndexAny(link, "?#"); end >= 0 {
		return link[:end]
	}
	return link
}

// Events returns one event, as the package says.
func (a *Alert) Events() []payload.Event {
	e := payload.Event{
		Source:   source,
		ID:       a.DeliveryID(),
		Key:      a.key(),
		Kind:     payload.KindFiring,
		Severity: payload.ParseSeverity(string(a.Severity)),
		Title:    cmp.Or(line.First(a.Message), a.Name),
		Text:     cmp.Or(a.Info, a.Summary),
		Time:     a.Time(),
		URL:      a.URL,
	}
	switch {
	case a.Cleared():
		e.Kind = payload.KindResolved
	case e.Severity == "" && a.Severity != "":
		e.Kind = payload.Kind(strings.ToLower(string(a.Severity)))
	}
	e.Labels = present(payload.Labels{
		{Name: "alertname", Value: a.Name},
		{Name: "host", Value: a.Host},
		{Name: "space", Value: a.Space.Name},
		{Name: "chart", Value: a.Chart},
		{Name: "context", Value: a.Context},
		{Name: "family", Value: a.Family},
		{Name: "class", Value: a.Class},
	})
	e.Annotations = present(payload.Labels{
		{Name: "info", Value: a.Info},
		{Name: "summary", Value: a.Summary},
		{Name: "value", Value: a.ValueText},
		{Name: "duration", Value: a.Duration},
		{Name: "rooms", Value: a.Rooms.names()},
	})
	return []payload.Event{e}
}

func (r Rooms) names() string {
	names := make([]string, 0, len(r))
	for i := range r {
		if r[i].Name != "" {
			names = append(names, r[i].Name)
		}
	}
	return strings.Join(names, ", ")
}

// present drops what is empty, in place.
func present(labels payload.Labels) payload.Labels {
	kept := labels[:0]
	for _, l := range labels {
		if l.Value != "" {
			kept = append(kept, l)
		}
	}
	return kept
}

// DeliveryID identifies what the notification says: the nodes, or where none is
// named the URL, the state, and the transition in the URL. It is "" if there is
// none, as in all that were seen.
func (r *Reachability) DeliveryID() string {
	return r.identity(cmp.Or(strings.Join(r.Hosts(), "\n"), page(r.URL)))
}

// identity identifies what the notification says about a node, "" if repeats
// cannot be told.
func (r *Reachability) identity(node string) string {
	when := transition(r.URL)
	if when == "" {
		return ""
	}
	return payload.ID(source, "reachability", node, string(r.kind()), when)
}

func (r *Reachability) kind() payload.Kind {
	switch reachable, known := r.Reachable(); {
	case known && reachable:
		return payload.KindReachable
	case known:
		return payload.KindUnreachable
	case r.Status.Text != "":
		return payload.Kind(strings.ToLower(r.Status.Text))
	default:
		return payload.KindUpdated
	}
}

// Events returns one event for each node, as the package says.
func (r *Reachability) Events() []payload.Event {
	hosts := r.Hosts()
	if len(hosts) == 0 {
		hosts = []string{""}
	}
	events := make([]payload.Event, len(hosts))
	for i, host := range hosts {
		node := cmp.Or(host, page(r.URL))
		events[i] = payload.Event{
			Source:   source,
			ID:       r.identity(node),
			Key:      payload.ID(source, "reachability", node),
			Kind:     r.kind(),
			Severity: payload.ParseSeverity(string(r.Severity)),
			Title:    line.First(r.Message),
			URL:      r.URL,
			Labels:   present(payload.Labels{{Name: "alertname", Value: "reachability"}, {Name: "host", Value: host}}),
		}
	}
	return events
}
