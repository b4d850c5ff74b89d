// Package netdata reads and writes the webhook notifications of Netdata Cloud:
// alerts, reachability of nodes, and the test notification.
//
//	n, err := netdata.Decode(body)
//	switch {
//	case n.Alert != nil:
//		fmt.Println(n.Alert.Name, n.Alert.Severity, n.Alert.Host)
//	case n.Reachability != nil:
//		fmt.Println(n.Reachability.Hosts(), n.Reachability.Status.Text)
//	case n.Test != nil:
//		fmt.Println("copy this into the console:", n.Test.Token)
//	}
//
// # Forms
//
// Netdata documents flat bodies. Since about October 2025 receivers see nested
// ones, which no page describes; their fields here are the union of what two
// public receivers read. Both are one type, with one field for what is the same:
// the name of an alert is Name, whether it comes as alert, as alarm, or as
// alert.name. [Form] says how it came, and how it is written.
//
// The kind is told by the shape, in this order; null counts as absent:
//
//	token is a text, no alert, no alarm             TestNotification
//	alert is an object                              Alert, Nested
//	alert is a text, or alarm is there              Alert, Flat
//	status is an object, or there are host and url  Reachability, Flat
//	status is a text, and there is url or nodes     Reachability, Nested
//	nodes is a list, and there is url               Reachability, Nested
//	message and url (of 2023), nothing unknown      Reachability, Flat
//
// Everything else is an error that wraps [payload.ErrFormat].
//
// These names are read, the first that is not null: alert, alarm; alert_url,
// alarm_url; rooms, Rooms, ROOMS; additional_active_critical_alerts,
// critical_count; additional_active_warning_alerts, warning_count. Space and
// status may each be a text or an object in either form, and rooms any of
//
//	{"name": "url"}  {"name": {"url": …}}  [{"name": …, "url": …}]  ["name"]  null
//
// Severities and states are compared in any letter case, and words that are not
// known decode. A member of the nested form that is not of the type that was seen
// is left alone, as one that is unknown; only the name and the status must be
// texts. What is changed is written back in the form and under the name in which
// it came.
//
// # What a receiver should know
//
// Show the token of a test notification to a person: it has to be copied into
// Netdata's console before the webhook can be saved. It proves who controls the
// URL, so do not answer it, nor hand it on; its event does not have it.
//
// How long Netdata waits, and whether it tries again, is not documented: accept
// by a [payload.Queue], which answers at once.
//
// Netdata presents a client certificate, which proves that Netdata Cloud sent
// the body, but not that it is about your space: every customer's notifications
// come with the same. Ask for a token too, or choose a URL that nobody guesses.
//
// Nothing in a body says that it is a repeat. [Notification.DeliveryID] is made
// of what it says and when, where it says when: with date, or the transition
// that the URL of a nested alert has. Else it is "", and a repeat cannot be told
// from news.
//
// # Events
//
// An alert is one event:
//
//	Source       "netdata"
//	ID           as Notification.DeliveryID
//	Key          payload.ID of space, host or else URL, name and chart
//	Kind         resolved for clear; firing for a word that payload.ParseSeverity
//	             knows, and for none; else the word in lower case
//	Severity     severity, by payload.ParseSeverity
//	Title        message, name
//	Text         info, summary
//	Time         date
//	Labels       alertname (the name), host, space, chart, context, family, class
//	Annotations  info, summary, value, duration, rooms (their names)
//	URL          the URL of the alert
//
// Reachability is one event for each node, or one if none is named:
//
//	Key          payload.ID of host, or else URL
//	Kind         reachable or unreachable, see Reachability.Reachable; if that
//	             is not known the word of status in lower case, else updated
//	Severity     severity, by payload.ParseSeverity
//	Title        message
//	Labels       alertname ("reachability"), host
//	URL          url
//
// A test notification is one event of the kind test, with its title and
// message. Labels and annotations that would be empty are left out. The URL of a
// Key is without query and fragment, which differ from state to state.
package netdata

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"github.com/alertwire/alertwire/internal/jsonscan"
	"github.com/alertwire/alertwire/payload"
)

const source = "netdata"

// A Notification is the body of a request: exactly one of its fields is there.
type Notification struct {
	Alert        *Alert
	Reachability *Reachability
	Test         *TestNotification
}

// Format returns the format for [payload.Formats]: an object of one of the
// shapes that Decode takes, with a message; nested reachability needs nodes too,
// or a status of reachable or unreachable, because monitors of all kinds send
// message, url and status. Without a message, which no page allows and nobody has
// seen, it takes
//
//   - a flat alert with severity and one of info, chart, context, space,
//     family, class and its URL
//   - a nested alert with the objects node and space
//   - reachability with url, and with an object in status or with nodes
//   - a test notification of title and token
//
// Bodies with alerts or event_type are those of other systems.
func Format() payload.Format {
	return payload.NewFormat(source, func(s payload.Shape) bool {
		kind, form := classify(s)
		return distinct(s, kind, form)
	}, Decode)
}

// Decode decodes a notification. It returns a [*payload.SyntaxError] for a body
// that is not a JSON object, or has a known field of the wrong type, and an
// error that wraps [payload.ErrFormat] and names what was found for an object
// that is no notification.
func Decode(data []byte) (*Notification, error) {
	if a := likelyAlert(data); a != nil {
		return &Notification{Alert: a}, nil
	}
	s, err := payload.ShapeOf(data)
	if err != nil {
		return nil, ours(err)
	}
	kind, form := classify(s)
	n := new(Notification)
	switch kind {
	case alert:
		n.Alert = &Alert{Form: form, came: form}
		err = jsonscan.Decode(data, n.Alert, (*Alert).fields)
	case reachability:
		n.Reachability = &Reachability{Form: form, came: form}
		err = jsonscan.Decode(data, n.Reachability, (*Reachability).fields)
	case test:
		n.Test = new(TestNotification)
		err = jsonscan.Decode(data, n.Test, (*TestNotification).fields)
	default:
		if s.Kind() == "object" {
			_, err = payload.Formats(nil).Decode(data) // says what was found
			return nil, fmt.Errorf("%w, which is no notification of Netdata", err)
		}
		err = jsonscan.Decode(data, new(TestNotification), (*TestNotification).fields)
	}
	if err != nil {
		return nil, payload.Syntax(source, err)
	}
	return n, nil
}

// likelyAlert decodes what looks like an alert, as most notifications are,
// without finding its shape first, which would be a quarter of the work. It
// returns nil where the shape has to decide.
func likelyAlert(data []byte) *Alert {
	a := new(Alert)
	_, value, found := bytes.Cut(data, []byte(`"alert"`))
	if value = bytes.TrimLeft(value, ": \t\r\n"); len(value) > 0 && value[0] == '{' {
		a.Form, a.came = Nested, Nested
	} else if !found && !bytes.Contains(data, []byte(`"alarm"`)) {
		return nil
	}
	if jsonscan.Decode(data, a, (*Alert).fields) != nil {
		return nil
	}
	// These alone make it an alert of that form, whatever else is there: alert
	// was an object, or alert or alarm was a text.
	if a.Form == Nested && a.origins.alert.Text() != "" || a.Form == Flat && a.Name != "" {
		return a
	}
	return nil
}

// ours names the format in an error of ShapeOf.
func ours(err error) error {
	if e, ok := errors.AsType[*payload.SyntaxError](err); ok {
		e.Format = source
	}
	return err
}

var errNotOne = errors.New("payload: netdata: a notification has one of Alert, Reachability and Test")

// the returns what n has, nil if that is not exactly one thing.
func (n *Notification) the() part {
	switch {
	case n.Alert != nil && n.Reachability == nil && n.Test == nil:
		return n.Alert
	case n.Alert == nil && n.Reachability != nil && n.Test == nil:
		return n.Reachability
	case n.Alert == nil && n.Reachability == nil && n.Test != nil:
		return n.Test
	}
	return nil
}

// A part is what each kind of notification can do.
type part interface {
	Raw() string
	Unknown() iter.Seq2[string, json.RawMessage]
	AppendJSON(dst []byte) ([]byte, error)
	Validate() error
	DeliveryID() string
	Events() []payload.Event
}

// Raw returns the text that n was decoded from, "" if it was made in Go. That is
// the way to pass on a notification that was not changed.
func (n *Notification) Raw() string {
	if p := n.the(); p != nil {
		return p.Raw()
	}
	return ""
}

// Unknown iterates over the members that there is no field for, those of nested
// objects by their path, such as "alert.state.since".
func (n *Notification) Unknown() iter.Seq2[string, json.RawMessage] {
	if p := n.the(); p != nil {
		return p.Unknown()
	}
	return func(func(string, json.RawMessage) bool) {}
}

// AppendJSON appends n as JSON: as it came, but for the fields that were
// changed. It returns an error if n does not have exactly one field, or if a raw
// value is not JSON.
func (n *Notification) AppendJSON(dst []byte) ([]byte, error) {
	if p := n.the(); p != nil {
		return p.AppendJSON(dst)
	}
	return dst, errNotOne
}

// MarshalJSON implements json.Marshaler with [Notification.AppendJSON].
func (n Notification) MarshalJSON() ([]byte, error) { return n.AppendJSON(nil) }

// UnmarshalJSON implements json.Unmarshaler. It replaces all of n. Unlike Decode
// it takes null, which changes nothing.
func (n *Notification) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	fresh, err := Decode(data)
	if err != nil {
		return err
	}
	*n = *fresh
	return nil
}

// Validate returns a [*payload.FieldError] for what a notification cannot do
// without: name and severity of an alert, the node or the URL of reachability,
// the token of a test.
func (n *Notification) Validate() error {
	if p := n.the(); p != nil {
		return p.Validate()
	}
	return errNotOne
}

// DeliveryID identifies what the notification says, see the package: the same
// for its repeats, "" where these cannot be told from news.
func (n *Notification) DeliveryID() string {
	if p := n.the(); p != nil {
		return p.DeliveryID()
	}
	return ""
}

// Events returns what happened, as the package says.
func (n *Notification) Events() []payload.Event {
	if p := n.the(); p != nil {
		return p.Events()
	}
	return nil
}

// notThe says that a body is another notification than that of its type.
func notThe(kind string) error {
	return fmt.Errorf("payload: %s: %w: no %s", source, payload.ErrFormat, kind)
}

func missing(field, reason string) error {
	return &payload.FieldError{Format: source, Field: field, Reason: reason}
}
