package netdata

import "github.com/alertwire/alertwire/payload"

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
	case statusKind == "string" && (there("url") || there("nodes")):
		return reachability, Nested
	case there("message") && there("url") && onlyReachability(s):
		return reachability, Flat
	}
	return unknown, Flat
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
