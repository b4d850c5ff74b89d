// Package alertmanager reads and writes the webhook messages of Prometheus
// Alertmanager, and of Mimir and Grafana Cloud, which send the same.
//
//	m, err := alertmanager.Decode(body)
//	for i := range m.Alerts {
//		a := &m.Alerts[i]
//		fmt.Println(m.StatusOf(a), a.Labels.Get("alertname"))
//	}
//
// A [Message] holds what the body says and nothing else; what is missing in
// the reduced messages that people post by hand is filled in by the methods.
// Validate refuses alerts without labels.
//
// # What a receiver should know
//
// Alertmanager repeats a message within its flush until the answer is a 2xx or
// a 4xx, and sends the whole group again when something in it has changed.
// Redundant peers send theirs each. Nothing in a request says that it is a
// repeat; [Message.DeliveryID] does. A fingerprint alone does not tell a firing
// from its resolution, nor one firing from the next, and the bytes of a repeat
// from another peer differ.
//
// Answer 503 when busy. A 429, as any 4xx, ends the flush, and an alert that is
// over before the next flush is lost.
//
// # Events
//
// Each alert is one event:
//
//	Source       "alertmanager"
//	ID           payload.ID of receiver, groupKey, fingerprint, status, startsAt
//	Key          fingerprint, computed if it is missing
//	Kind         firing or resolved
//	Severity     label severity, priority or level, by payload.ParseSeverity
//	Title        annotation summary or title, label alertname
//	Text         annotation description or message; summary or title of more than
//	             one line
//	Time         endsAt if resolved, else startsAt
//	Labels       labels
//	Annotations  annotations
//	URL          generatorURL, externalURL
//
// Where several are named, the first that is not empty counts. [FromEvent] is
// the way back.
package alertmanager

import (
	"encoding/json"
	"fmt"
	"iter"
	"time"

	"github.com/alertwire/alertwire/internal/jsonscan"
	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/internal/prom"
)

const source = "alertmanager"

// Status is the state of an alert, or of a group: firing if any alert in it is.
type Status string

// What Alertmanager sends as a Status.
const (
	Firing   Status = "firing"
	Resolved Status = "resolved"
)

// A Message is what Alertmanager posts: the alerts of one group. The fields are
// in the order of the wire.
type Message struct {
	// Receiver is the name of the receiver as it came, with the special
	// characters of regular expressions quoted; see [Message.ReceiverName].
	Receiver string
	// Status is that of the alerts that are included. It says nothing about
	// those that were cut off; see [Message.AllResolved].
	Status Status
	// Alerts are those that fire and those that resolved since the last message.
	Alerts []Alert
	// NotificationReason is why the message is sent, such as "repeat interval
	// elapsed"; since Alertmanager 0.32.
	NotificationReason string
	GroupLabels        payload.Labels
	CommonLabels       payload.Labels
	CommonAnnotations  payload.Labels
	RouteLabels        payload.Labels // since Alertmanager 0.34
	ExternalURL        string         // of the Alertmanager: redundant peers differ
	Version            string         // "4"
	// GroupKey identifies the group together with Receiver. It cannot be
	// parsed, and is as long as it likes.
	GroupKey string
	// TruncatedAlerts is how many alerts were cut off by max_alerts. Nothing
	// else is ever sent about them.
	TruncatedAlerts uint64

	origin jsonscan.Origin
}

// An Alert is one alert of a [Message].
type Alert struct {
	Status Status
	// Labels identify the alert. There may be no alertname among them.
	Labels payload.Labels
	// Annotations describe it. Those of a resolved alert may differ.
	Annotations payload.Labels
	StartsAt    time.Time
	// EndsAt is the zero time while the alert fires.
	EndsAt       time.Time
	GeneratorURL string
	// Fingerprint is a hash of the labels; see [Alert.ID].
	Fingerprint string

	origin jsonscan.Origin
}

func (m *Message) fields(f *jsonscan.Fields) {
	f.From(&m.origin)
	f.String("receiver", &m.Receiver)
	f.String("status", (*string)(&m.Status))
	jsonscan.List(f, "alerts", &m.Alerts, (*Alert).fields)
	f.String("notification_reason", &m.NotificationReason).Omit()
	jsonscan.Pairs(f, "groupLabels", &m.GroupLabels)
	jsonscan.Pairs(f, "commonLabels", &m.CommonLabels)
	jsonscan.Pairs(f, "commonAnnotations", &m.CommonAnnotations)
	jsonscan.Pairs(f, "routeLabels", &m.RouteLabels).Omit()
	f.String("externalURL", &m.ExternalURL)
	f.String("version", &m.Version)
	f.String("groupKey", &m.GroupKey)
	f.Uint64("truncatedAlerts", &m.TruncatedAlerts)
}

func (a *Alert) fields(f *jsonscan.Fields) {
	f.From(&a.origin)
	f.String("status", (*string)(&a.Status))
	jsonscan.Pairs(f, "labels", &a.Labels)
	jsonscan.Pairs(f, "annotations", &a.Annotations)
	f.Time("startsAt", &a.StartsAt)
	f.Time("endsAt", &a.EndsAt)
	f.String("generatorURL", &a.GeneratorURL)
	f.String("fingerprint", &a.Fingerprint)
}

// Format returns the format for [payload.Formats]: an object with an array of
// alerts. Grafana's messages look like that too, so its format comes before.
func Format() payload.Format {
	return payload.NewFormat(source, func(s payload.Shape) bool {
		return s.Kind() == "object" && s.KindOf("alerts") == "array"
	}, Decode)
}

// Decode decodes a message. It returns a [*payload.SyntaxError] for a body that
// is not a JSON object, or has a known field of the wrong type. An object
// without alerts is a body that the operator designed (the payload setting of
// Alertmanager 0.32), or something else altogether: that is an error which
// wraps [payload.ErrFormat]. Use [payload.RawFormat] to accept such bodies.
func Decode(data []byte) (*Message, error) {
	m := new(Message)
	if err := jsonscan.Decode(data, m, (*Message).fields); err != nil {
		return nil, payload.Syntax(source, err)
	}
	if m.Alerts == nil {
		return nil, fmt.Errorf("payload: %s: %w: no alerts, so this is not the default payload", source, payload.ErrFormat)
	}
	return m, nil
}

// Raw returns the text that m was decoded from, "" if it was made in Go. That
// is the way to pass on a message that was not changed.
func (m *Message) Raw() string { return m.origin.Text() }

// Unknown iterates over the members of the message that Message has no field
// for.
func (m *Message) Unknown() iter.Seq2[string, json.RawMessage] {
	return jsonscan.Unknown(m.origin, (*Message).fields)
}

// AppendJSON appends m as JSON: as it came, but for the fields that were
// changed. It returns an error if a time is beyond the year 9999.
func (m *Message) AppendJSON(dst []byte) ([]byte, error) {
	return jsonscan.Append(dst, m, (*Message).fields)
}

// MarshalJSON implements json.Marshaler with [Message.AppendJSON].
func (m Message) MarshalJSON() ([]byte, error) { return m.AppendJSON(nil) }

// UnmarshalJSON implements json.Unmarshaler. It replaces all of m.
func (m *Message) UnmarshalJSON(data []byte) error {
	return payload.Syntax(source, jsonscan.Unmarshal(data, m, (*Message).fields))
}

// Unknown iterates over the members of the alert that Alert has no field for.
func (a *Alert) Unknown() iter.Seq2[string, json.RawMessage] {
	return jsonscan.Unknown(a.origin, (*Alert).fields)
}

// AppendJSON appends a as JSON, as [Message.AppendJSON].
func (a *Alert) AppendJSON(dst []byte) ([]byte, error) {
	return jsonscan.Append(dst, a, (*Alert).fields)
}

// MarshalJSON implements json.Marshaler with [Alert.AppendJSON].
func (a Alert) MarshalJSON() ([]byte, error) { return a.AppendJSON(nil) }

// UnmarshalJSON implements json.Unmarshaler. It replaces all of a.
func (a *Alert) UnmarshalJSON(data []byte) error {
	return payload.Syntax(source, jsonscan.Unmarshal(data, a, (*Alert).fields))
}

// Validate returns a [*payload.FieldError] for a message without a list of
// alerts, or with an alert that has no labels.
func (m *Message) Validate() error {
	return prom.Validate(source, m.Alerts, func(a *Alert) payload.Labels { return a.Labels })
}
