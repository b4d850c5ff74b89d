package alertmanager

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/internal/prom"
)

// ReceiverName returns the name of the receiver as the operator wrote it.
// Alertmanager quotes it as if for a regular expression: "ops.team" arrives as
// `ops\.team`.
func (m *Message) ReceiverName() string { return prom.UnquoteReceiver(m.Receiver) }

// Truncated reports whether alerts were cut off.
func (m *Message) Truncated() bool { return m.TruncatedAlerts > 0 }

// AllResolved reports whether the whole group is resolved. Status alone does
// not say so: alerts that were cut off may still fire.
func (m *Message) AllResolved() bool { return m.Status == Resolved && !m.Truncated() }

// StatusOf returns the status of an alert of m. Where the alert does not say,
// it has resolved if it ended in the past; where it does not say that either,
// it has the status of the message, and fires if there is none.
func (m *Message) StatusOf(a *Alert) Status {
	switch {
	case a.Status != "":
		return a.Status
	case !a.EndsAt.IsZero():
		return a.statusByEnd()
	case m.Status != "":
		return m.Status
	default:
		return Firing
	}
}

func (a *Alert) statusByEnd() Status {
	if a.EndsAt.IsZero() || a.EndsAt.After(time.Now()) {
		return Firing
	}
	return Resolved
}

// Firing reports whether the alert fires, by its status or else by its end.
func (a *Alert) Firing() bool {
	return a.Status == Firing || a.Status == "" && a.statusByEnd() == Firing
}

// Resolved reports whether the alert has resolved, likewise.
func (a *Alert) Resolved() bool {
	return a.Status == Resolved || a.Status == "" && a.statusByEnd() == Resolved
}

// ID returns the fingerprint, computed from the labels if it is missing. It
// identifies the alert through firing, resolution, and firing again.
func (a *Alert) ID() string {
	if a.Fingerprint != "" {
		return a.Fingerprint
	}
	return Fingerprint(a.Labels)
}

// DeliveryID identifies what the message says: receiver, group, and the
// fingerprint, status and start of each alert. It is the same for retries, for
// reminders, and for the messages of redundant peers. It is "" for a message
// without alerts.
func (m *Message) DeliveryID() string {
	if len(m.Alerts) == 0 {
		return ""
	}
	parts := append(make([]string, 0, 3+3*len(m.Alerts)), source, m.Receiver, m.GroupKey)
	for i := range m.Alerts {
		parts = m.appendIdentity(parts, &m.Alerts[i])
	}
	return payload.ID(parts...)
}

// eventID identifies what the message says about one alert.
func (m *Message) eventID(a *Alert) string {
	return payload.ID(m.appendIdentity([]string{source, m.Receiver, m.GroupKey}, a)...)
}

func (m *Message) appendIdentity(parts []string, a *Alert) []string {
	return append(parts, a.ID(), string(m.StatusOf(a)), a.StartsAt.UTC().Format(time.RFC3339Nano))
}

// Fingerprint returns the fingerprint that Alertmanager gives to labels: 16
// hexadecimal digits, FNV-1a of the names and values sorted by name. It is not
// cryptographic: a sender can make two alerts collide. It does not hold for
// Grafana, which hashes labels that it does not send.
func Fingerprint(labels payload.Labels) string {
	if !slices.IsSortedFunc(labels, func(a, b payload.Label) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), -1) // of two equal names one has to go
	}) {
		labels = labels.Sorted()
	}
	hash := uint64(fnvOffset)
	for _, l := range labels {
		hash = fnv(fnv(hash, l.Name), l.Value)
	}
	var digits [16]byte
	for i := range digits {
		digits[i] = "0123456789abcdef"[hash>>60]
		hash <<= 4
	}
	return string(digits[:])
}

const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

// fnv continues an FNV-1a hash by the bytes of s and a separator.
func fnv(hash uint64, s string) uint64 {
	for i := range len(s) {
		hash = (hash ^ uint64(s[i])) * fnvPrime
	}
	return (hash ^ 0xff) * fnvPrime
}
