// Package flashduty reads and writes the pushes of Flashduty: those of its
// incident webhook, of its alert webhook, and of its custom actions.
//
//	p, err := flashduty.Decode(body)
//	switch p.Kind() {
//	case flashduty.AlertPush:
//		fmt.Println(p.EventType, p.Alert.Title, p.Alert.Status)
//	case flashduty.IncidentPush, flashduty.CustomAction:
//		fmt.Println(p.EventType, p.Incident.Title, p.Incident.Progress)
//	}
//
// A [Push] carries a code for what happened, who did it if it was a person, and
// the full state of the incident or alert afterwards. It does not say what the
// state was before.
//
// The facts are those of Flashduty's documentation of May 2026 and of 2024. A
// field that is marked "example" is in the published example bodies only, "API"
// in the description of the API only. Times of objects are seconds, the time of
// the push is milliseconds: they are two types, and neither is guessed by its
// size. Codes and words that are not known decode; [EventType.Known],
// [Severity.Known] and [Progress.Known] tell.
//
// Flashduty has added members since then, and goes on to: [Push.Unknown] has them.
// Among them is event_detail, which tells which button a custom action was.
//
// # What a receiver should know
//
// Answer 200, no other 2xx is promised to count, and answer within one second;
// accept by a [payload.Queue] does. A push that failed comes once more at most,
// and only after a timeout or a closed connection, so store it before you
// refuse it.
//
// Flashduty signs nothing. Its operators can add a header with a secret, or have
// one in the URL. Its log of calls shows the headers, and your answer, to whoever
// may read it. Persons come with their e-mail addresses; events have their names
// alone.
//
// The same push may come twice: [Push.DeliveryID] is its event_id, wherever the
// body has it. Pushes may overtake each other: as each has the full state,
// [payload.Latest] drops what is older than what was seen, by [Push.Key] and
// EventTime.
//
// # Bodies that the operator designed
//
// An incident webhook may send any JSON, made by a template in which {{path}}
// stands for a value; a path that leads nowhere stays in the text. Where that
// happens in a text of a push, it is a text like others. A body without an
// event_type, or with a placeholder for it or for something that is not a text,
// is not the default payload: an error that wraps [payload.ErrFormat]. Use
// [payload.RawFormat] to accept such bodies.
//
// # Events
//
// Each push is one event:
//
//	Source       "flashduty"
//	ID           payload.ID of event_id, "" if there is none
//	Key          "incident/" or "alert/" and the id
//	Kind         firing       i_new i_wake i_unack, a_new
//	             resolved     i_rslv, a_close; a_new and a_update if the alert
//	                          is Ok or Closed
//	             acknowledged i_ack
//	             snoozed      i_snooze
//	             reopened     i_reopen
//	             merged       i_merge, a_merge
//	             storm        i_storm
//	             updated      i_assign i_a_rspd i_comm i_r_*, a_update
//	             the code     i_custom, and what is not known
//	Severity     incident_severity or alert_severity, by payload.ParseSeverity
//	Title        title
//	Text         description
//	Time         event_time, updated_at
//	Labels       labels
//	Annotations  event_type, progress, status (incident_status or alert_status),
//	             person_name, channel_name, impact, root_cause, resolution,
//	             those that are not empty
//	URL          detail_url; alerts have none
//
// Where several are named, the first that is not empty counts. [FromEvent] is
// the way back.
package flashduty

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/alertwire/alertwire/internal/jsonscan"
	"github.com/alertwire/alertwire/payload"
)

const source = "flashduty"

// A Push is the body of a request. Exactly one of Incident and Alert is there.
type Push struct {
	// EventID identifies the push over its repeats. It is opaque. The published
	// example of the custom action has it inside of the incident; see [Push.ID].
	EventID string
	// EventTime is when it happened.
	EventTime UnixMilliTime
	EventType EventType
	// Person is who did it; nil if it was a rule or an integration.
	Person *Person
	// Incident is the full state of the incident, for the types i_*.
	Incident *Incident
	// Alert is the full state of the alert, for the types a_*.
	Alert *Alert

	origin jsonscan.Origin
}

func (p *Push) fields(f *jsonscan.Fields) {
	f.From(&p.origin)
	f.String("event_id", &p.EventID)
	f.Int64("event_time", (*int64)(&p.EventTime))
	f.String("event_type", (*string)(&p.EventType))
	jsonscan.Ref(f, "person", &p.Person, (*Person).fields).Omit()
	jsonscan.Ref(f, "incident", &p.Incident, (*Incident).fields).Omit()
	jsonscan.Ref(f, "alert", &p.Alert, (*Alert).fields).Omit()
}

// A Kind is which of Flashduty's three integrations a push comes from.
type Kind string

// The kinds of pushes.
const (
	IncidentPush Kind = "incident"
	AlertPush    Kind = "alert"
	// CustomAction is a push that a person sent off by a button. It has the
	// alerts of the incident with it; an i_custom without, such as that of an
	// incident that has none, is an IncidentPush.
	CustomAction Kind = "custom action"
)

// Kind returns which kind of push it is, by the object that is there, and where
// both are, by the prefix of the event type. It is "" if there is none, or only
// one that the prefix contradicts; [Push.Validate] says so.
func (p *Push) Kind() Kind {
	i, a := p.about()
	switch {
	case a != nil:
		return AlertPush
	case i == nil:
		return ""
	case p.EventType == IncidentCustomAction && i.Alerts != nil:
		return CustomAction
	default:
		return IncidentPush
	}
}

// about returns what the push is about, at most one of the two.
func (p *Push) about() (*Incident, *Alert) {
	switch {
	case p.Alert != nil && !p.EventType.ofIncident():
		return nil, p.Alert
	case p.Incident != nil && !p.EventType.ofAlert():
		return p.Incident, nil
	}
	return nil, nil
}

// ID returns the event_id: that of the push, or else that inside of the
// incident.
func (p *Push) ID() string {
	if p.EventID == "" && p.Incident != nil {
		return p.Incident.EventID
	}
	return p.EventID
}

// Key identifies what the push is about, over its whole life, such as
// "incident/65a0000000000000000000ff". It is "" where [Push.Kind] is.
func (p *Push) Key() string {
	i, a := p.about()
	switch {
	case a != nil:
		return "alert/" + a.ID
	case i != nil:
		return "incident/" + i.ID
	}
	return ""
}

// DeliveryID identifies the push over its repeats, made of its event_id. It is
// "" if there is none.
func (p *Push) DeliveryID() string {
	if id := p.ID(); id != "" {
		return payload.ID(source, id)
	}
	return ""
}

// Format returns the format for [payload.Formats]: an object with an event_type
// that is known, or that comes with one of event_id, event_time, incident and
// alert. What its users' templates make of a push is left to other formats.
func Format() payload.Format {
	return payload.NewFormat(source, func(s payload.Shape) bool {
		typ := s.Text("event_type")
		if s.Kind() != "object" || typ == "" || isPlaceholder(typ) {
			return false
		}
		return EventType(typ).Known() || s.Has("event_id") || s.Has("event_time") || s.Has("incident") || s.Has("alert")
	}, Decode)
}

// Decode decodes a push. It returns a [*payload.SyntaxError] for a body that is
// not JSON, or has a known field of the wrong type. A body that is JSON but not
// the default payload is an error that wraps [payload.ErrFormat], see the
// package. Missing fields are the business of [Push.Validate].
func Decode(data []byte) (*Push, error) {
	p := new(Push)
	err := jsonscan.Decode(data, p, (*Push).fields)
	if err == nil && p.EventType != "" && !isPlaceholder(string(p.EventType)) {
		return p, nil
	}
	if why := notDefault(data, err); why != "" {
		return nil, fmt.Errorf("payload: %s: %w: %s, so this is not the default payload", source, payload.ErrFormat, why)
	}
	return nil, payload.Syntax(source, err)
}

// notDefault says why a body that did not decode is one that the operator
// designed. It returns "" for a push with a defect.
func notDefault(data []byte, err error) string {
	s, broken := payload.ShapeOf(data)
	if broken != nil {
		return ""
	}
	if s.Kind() != "object" {
		return "no object"
	}
	switch typ := s.Text("event_type"); {
	case isPlaceholder(typ):
		return "a placeholder for event_type"
	case typ == "" && !wrongType(s.KindOf("event_type")):
		return "no event_type"
	}
	if e, ok := errors.AsType[*jsonscan.Error](err); ok && bytes.HasPrefix(data[e.Offset:], []byte(`"{{`)) {
		return "a placeholder for " + e.Field
	}
	return ""
}

// wrongType reports whether a member of that kind is there and no text.
func wrongType(kind string) bool { return kind != "" && kind != "null" && kind != "string" }

// isPlaceholder reports whether a text is one that Flashduty has not replaced.
func isPlaceholder(text string) bool { return strings.HasPrefix(text, "{{") }

// Raw returns the text that p was decoded from, "" if it was made in Go. That is
// the way to pass on a push that was not changed.
func (p *Push) Raw() string { return p.origin.Text() }

// Unknown iterates over the members of the push that Push has no field for.
func (p *Push) Unknown() iter.Seq2[string, json.RawMessage] {
	return jsonscan.Unknown(p.origin, (*Push).fields)
}

// AppendJSON appends p as JSON: as it came, but for the fields that were
// changed. It returns an error if a custom field is not JSON.
func (p *Push) AppendJSON(dst []byte) ([]byte, error) {
	return jsonscan.Append(dst, p, (*Push).fields)
}

// MarshalJSON implements json.Marshaler with [Push.AppendJSON].
func (p Push) MarshalJSON() ([]byte, error) { return p.AppendJSON(nil) }

// UnmarshalJSON implements json.Unmarshaler. It replaces all of p. Unlike
// Decode it takes null, which changes nothing, and a push without an event_type.
func (p *Push) UnmarshalJSON(data []byte) error {
	return payload.Syntax(source, jsonscan.Unmarshal(data, p, (*Push).fields))
}
