package netdata

import (
	"slices"
	"strings"

	"github.com/alertwire/alertwire/payload"
)

// Form is how a notification is laid out.
type Form int

// The forms.
const (
	Flat   Form = iota // as it is documented
	Nested             // as receivers see it since about October 2025
)

// String returns "flat" or "nested".
func (f Form) String() string {
	if f == Nested {
		return "nested"
	}
	return "flat"
}

// kind is what a body is about.
type kind int

const (
	unknown kind = iota
	alert
	reachability
	test
)

// classify tells what a body is by its shape.
func classify(s payload.Shape) (kind, Form) {
	there := func(name string) bool {
		kind := s.KindOf(name)
		return kind != "" && kind != "null"
	}
	alertKind, statusKind := s.KindOf("alert"), s.KindOf("status")
	switch {
	case s.Kind() != "object":
		return unknown, Flat
	case s.KindOf("token") == "string" && !there("alert") && !there("alarm"):
		return test, Flat
	case alertKind == "object":
		return alert, Nested
	case alertKind == "string" || there("alarm"):
		return alert, Flat
	case statusKind == "object" || there("host") && there("url"):
		return reachability, Flat
	case statusKind == "string" && (there("url") || there("nodes")), s.KindOf("nodes") == "array" && there("url"):
		return reachability, Nested
	case there("message") && there("url") && onlyReachability(s):
		return reachability, Flat
	}
	return unknown, Flat
}

// distinct reports whether a body of that kind is one of Netdata and of nobody
// else. The message alone is mostly enough; where it is missing, two members have
// to speak for it.
func distinct(s payload.Shape, k kind, form Form) bool {
	text := func(names ...string) bool {
		return slices.ContainsFunc(names, func(name string) bool { return s.KindOf(name) == "string" })
	}
	switch {
	case k == unknown || s.Has("alerts") || s.Has("event_type"):
		return false // nothing, or a message of Alertmanager's shape, or of Flashduty
	case k == reachability && form == Nested && s.KindOf("nodes") != "array" && !word(s.Text("status")):
		return false // monitors of all kinds send message, url and status
	case text("message"):
		return true
	case k == alert && form == Flat:
		return text("severity") && text("info", "chart", "context", "space", "family", "class", "alert_url", "alarm_url")
	case k == alert:
		return s.KindOf("node") == "object" && s.KindOf("space") == "object"
	case k == reachability:
		return text("url") && (s.KindOf("status") == "object" || s.KindOf("nodes") == "array")
	default:
		return text("title") && (s.Len() == 2 || s.Len() == 3 && s.Has("message"))
	}
}

// word reports whether status is one of Netdata's.
func word(status string) bool {
	return strings.EqualFold(status, up) || strings.EqualFold(status, down)
}

// onlyReachability reports whether nothing else is there than what Reachability
// has a field for.
func onlyReachability(s payload.Shape) bool {
	count := 0
	for _, name := range [...]string{"message", "url", "severity", "status", "host", "nodes"} {
		if s.Has(name) {
			count++
		}
	}
	return s.Len() == count
}
