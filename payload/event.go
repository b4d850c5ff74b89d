package payload

import (
	"log/slog"
	"strings"
	"time"

	"github.com/alertwire/alertwire/internal/jsonscan"
)

// An Event is what happened to one alert or incident, in words that every
// source shares. The package of each source documents how it fills them.
type Event struct {
	// Source is the name of the format, such as "alertmanager".
	Source string
	// ID identifies this piece of news: repeats of it have the same ID, the
	// next change of the same thing has another. "" if the source does not let
	// us tell: then nothing is a repeat of it, and no key can be made from it.
	ID string
	// Key identifies what the news is about, over its whole life: the firing of
	// an alert and its resolution have the same Key.
	Key      string
	Kind     Kind
	Severity Severity
	// Title is one line, of a source with several the first that is not empty;
	// Text is more of it. Both are plain text of the source.
	Title, Text string
	// Time is when it happened, as far as the source says; zero if it does not.
	Time        time.Time
	Labels      Labels
	Annotations Labels
	// URL leads a person to it.
	URL string
}

// Clone returns a copy of e that shares no memory with e, and so none with the
// message that e is from.
func (e Event) Clone() Event {
	for _, s := range []*string{&e.Source, &e.ID, &e.Key, &e.Title, &e.Text, &e.URL} {
		*s = strings.Clone(*s)
	}
	e.Kind = Kind(strings.Clone(string(e.Kind)))
	e.Severity = Severity(strings.Clone(string(e.Severity)))
	e.Labels, e.Annotations = e.Labels.Clone(), e.Annotations.Clone()
	return e
}

// LogValue returns what tells events apart in a log. Text, labels and
// annotations are left out: they may be long, and personal.
func (e Event) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("source", e.Source), slog.String("id", e.ID), slog.String("key", e.Key),
		slog.String("kind", string(e.Kind)), slog.String("severity", string(e.Severity)), slog.String("title", e.Title),
	)
}

func (e *Event) fields(f *jsonscan.Fields) {
	f.String("source", &e.Source)
	f.String("id", &e.ID).Omit()
	f.String("key", &e.Key).Omit()
	f.String("kind", (*string)(&e.Kind))
	f.String("severity", (*string)(&e.Severity)).Omit()
	f.String("title", &e.Title)
	f.String("text", &e.Text).Omit()
	f.Time("time", &e.Time).Omit()
	jsonscan.Pairs(f, "labels", &e.Labels)
	jsonscan.Pairs(f, "annotations", &e.Annotations)
	f.String("url", &e.URL).Omit()
}

// AppendJSON appends e as a JSON object with the names of its fields in lower
// case. Fields that are empty are left out, but for source, kind, title, labels
// and annotations.
func (e *Event) AppendJSON(dst []byte) ([]byte, error) {
	return jsonscan.Append(dst, e, (*Event).fields)
}

// MarshalJSON implements json.Marshaler with [Event.AppendJSON].
func (e Event) MarshalJSON() ([]byte, error) { return e.AppendJSON(nil) }

// UnmarshalJSON reads what [Event.AppendJSON] writes.
func (e *Event) UnmarshalJSON(data []byte) error {
	return Syntax("event", jsonscan.Unmarshal(data, e, (*Event).fields))
}

// Kind says what happened. A source may say what no constant names: programs
// need a default case.
type Kind string

// The kinds of events.
const (
	KindFiring        Kind = "firing"         // there is a problem
	KindResolved      Kind = "resolved"       // the problem is gone, or was closed
	KindAcknowledged  Kind = "acknowledged"   // a person has taken it on
	KindUpdated       Kind = "updated"        // some detail changed
	KindSnoozed       Kind = "snoozed"        // a person put it off
	KindReopened      Kind = "reopened"       // closed before, a problem again
	KindMerged        Kind = "merged"         // became part of another
	KindStorm         Kind = "storm"          // too many at once
	KindTest          Kind = "test"           // nothing happened, somebody tries the wiring
	KindReachable     Kind = "reachable"      // a host is back
	KindUnreachable   Kind = "unreachable"    // a host is gone
	KindTaskSucceeded Kind = "task_succeeded" // a task ended well
	KindTaskFailed    Kind = "task_failed"    // a task ended badly
)

// Severity says how bad it is. The zero Severity means that the source does not
// say, or in words that nobody knows; its own words are in the labels.
type Severity string

// The severities, the worst first.
const (
	SeverityCritical Severity = "critical"
	SeverityWarning  Severity = "warning"
	SeverityInfo     Severity = "info"
)

// ParseSeverity returns the severity that a word means, whatever its case:
//
//	critical  critical, crit, error, fatal, emergency, disaster, page, high, major, severe
//	warning   warning, warn, average, medium, minor, moderate
//	info      info, information, informational, notice, low, debug, none
//
// Other words have none.
func ParseSeverity(word string) Severity {
	switch strings.ToLower(word) {
	case "critical", "crit", "error", "fatal", "emergency", "disaster", "page", "high", "major", "severe":
		return SeverityCritical
	case "warning", "warn", "average", "medium", "minor", "moderate":
		return SeverityWarning
	case "info", "information", "informational", "notice", "low", "debug", "none":
		return SeverityInfo
	}
	return ""
}
