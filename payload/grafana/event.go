package grafana

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/internal/prom"
)

// DeliveryID identifies what the message says: organisation, contact point,
// group, and the fingerprint, status and start of each alert. It is the same
// for every reminder. It is "" for a message without alerts, or with one that
// has no fingerprint.
func (m *Message) DeliveryID() string {
	if len(m.Alerts) == 0 {
		return ""
	}
	parts := m.identity(4 + 3*len(m.Alerts))
	for i := range m.Alerts {
		if m.Alerts[i].Fingerprint == "" {
			return ""
		}
		parts = m.Alerts[i].appendIdentity(parts)
	}
	return payload.ID(parts...)
}

func (m *Message) identity(size int) []string {
	return append(make([]string, 0, size), source, strconv.FormatInt(m.OrgID, 10), m.Receiver, m.GroupKey)
}

func (a *Alert) appendIdentity(parts []string) []string {
	return append(parts, a.Fingerprint, string(a.Status), a.StartsAt.UTC().Format(time.RFC3339Nano))
}

// Test reports whether the alert comes from the Test button of a contact point, by
// the labels that it has there. Its user may choose others: Message.Events knows
// those too, by the name of the group.
func (a *Alert) Test() bool {
	return a.Labels.Get("alertname") == "TestAlert" && a.Labels.Get("instance") == "Grafana"
}

// tried reports whether the Test button sent m, whatever the labels. It names the
// group after the receiver, the fingerprint and the second, such as
// "webhook-57c6d9296de2ad39-1704985443", where others begin with "{}".
func (m *Message) tried() bool {
	if strings.HasPrefix(m.GroupKey, "{") {
		return false // without taking the names apart
	}
	rest, ok := strings.CutPrefix(m.GroupKey, m.ReceiverName())
	rest, dash := strings.CutPrefix(rest, "-")
	fingerprint, second, _ := strings.Cut(rest, "-")
	if _, err := strconv.ParseUint(second, 10, 64); err != nil || !ok || !dash || fingerprint == "" {
		return false
	}
	return slices.ContainsFunc(m.Alerts, func(a Alert) bool { return a.Fingerprint == fingerprint })
}

// Events returns one event for each alert, as the package says.
func (m *Message) Events() []payload.Event {
	events := make([]payload.Event, len(m.Alerts))
	tried := m.tried()
	for i := range m.Alerts {
		events[i] = m.event(&m.Alerts[i])
		if tried || m.Alerts[i].Test() {
			events[i].Kind = payload.KindTest
		}
	}
	return events
}

func (m *Message) event(a *Alert) payload.Event {
	e := payload.Event{
		Source:      source,
		Kind:        payload.Kind(cmp.Or(a.Status, m.Status, Firing)),
		Severity:    prom.Severity(a.Labels),
		Title:       prom.Title(a.Labels, a.Annotations),
		Text:        cmp.Or(prom.Text(a.Annotations), a.ValueString),
		Time:        a.StartsAt,
		Labels:      a.Labels,
		Annotations: a.Annotations,
		URL:         cmp.Or(a.PanelURL, a.DashboardURL, a.GeneratorURL, m.ExternalURL),
	}
	if a.Fingerprint != "" {
		e.ID = payload.ID(a.appendIdentity(m.identity(7))...)
		e.Key = strconv.FormatInt(m.OrgID, 10) + "/" + a.Fingerprint
	}
	if e.Kind == payload.KindResolved && !a.EndsAt.IsZero() {
		e.Time = a.EndsAt
	}
	return e
}
