// Package nightingale reads and writes the alert events of Nightingale (n9e),
// as its pipeline processors, global webhooks, rule callbacks and notify
// channels post them.
//
//	m, err := nightingale.Decode(body)
//	for i := range m.Alerts {
//		e := &m.Alerts[i]
//		fmt.Println(e.IsRecovered, e.RuleName, e.Labels().Get("ident"))
//	}
//
// The processors callback and event_update post one event as an object; the
// batch form of the global webhook and the built-in template of the notify
// channel post an array, even of one. Decode takes both, and [Message] writes
// the form that came.
//
// The facts are those of the type AlertCurEvent of Nightingale 9.1.1, which has
// 56 members: 52 that are always sent and 4 that are left out when they are
// empty. Members that later releases add are kept. null is accepted everywhere,
// as the zero value, but not as an event in an array. Any other type than that
// of the field is an error, so are a number for trigger_value, which is a text,
// and a text for id. Package payload answers the other doubts, such as equal
// names and huge numbers.
//
// # What a receiver should know
//
// A pipeline on an alert rule posts at every evaluation, every 15 seconds for
// instance, for every series that is out of bounds, and never a recovery. One
// on a notify rule posts once for each notification, recoveries included. A
// slow answer holds up the evaluation of the rule; queue and answer. No status
// but 429 makes the webhooks try again, none at all the processors: with it
// [payload.Handler] answers what its accept function cannot take. The notify
// channel takes 200 for success and no other 2xx, and tries again only where
// there was no answer.
//
// Nothing in a request says that it is a repeat. [AlertEvent.DeliveryID] does,
// made of hash, state, start and notification number, or the time of the
// evaluation where there is no number. ID is new in each event and tells nothing;
// Hash is the identity of the alert, from its first event to its recovery, and
// when it fires again. It differs by severity: an alert that gets worse is another
// alert.
//
// A recovery has the trigger time and, mostly, the value of the firing;
// [AlertEvent.RecoveredAt] has the time of the recovery. The "Test" button sends
// real requests; [AlertEvent.IsTest] recognizes them.
//
// # Tags
//
// The labels of an alert are sent twice, as a list of "name=value" in tags and
// as an object in tags_map. Read them with [AlertEvent.Labels] and change them
// with [AlertEvent.SetLabels]. Where a program has changed one of the two, or
// made an event with one of the two, encoding makes the other follow; where it
// has changed both and they disagree, tags counts, as in Nightingale. What came
// in disagreement and was not touched goes out as it came.
//
// # Personal data
//
// Events may carry the people to notify, with phone numbers and the tokens of
// their messengers, and pictures of megabytes. [AlertEvent.Strip] removes them.
// Printing or logging an event shows neither, only what identifies it.
//
// # Events
//
// Each alert is one event:
//
//	Source       "nightingale"
//	ID           as AlertEvent.DeliveryID
//	Key          hash
//	Kind         test, resolved if is_recovered, else firing
//	Severity     1 critical, 2 warning, 3 info, others none
//	Title        rule_name, label rulename
//	Text         annotation description, summary or message, rule_note
//	Time         if recovered recover_time or last_eval_time; else trigger_time,
//	             last_eval_time
//	Labels       tags_map, tags
//	Annotations  annotations
//	URL          runbook_url
//
// Where several are named, the first that is not empty counts. [FromEvent] is
// the way back.
package nightingale

import (
	"net/http"
	"slices"

	"github.com/alertwire/alertwire/internal/jsonscan"
	"github.com/alertwire/alertwire/payload"
)

const source = "nightingale"

// A Message is the body of a request: one event, or a list of them.
type Message struct {
	// Alerts are the events. An empty list is legal; there is nothing to do.
	Alerts []AlertEvent
	// Array says that the body is an array. It is written as one too if there
	// is not exactly one event.
	Array bool

	origin jsonscan.Origin
}

// Format returns the format for [payload.Formats]: an object with rule_name and
// one of hash, severity or trigger_time, an array of such, or an empty array.
func Format() payload.Format {
	return payload.NewFormat(source, func(s payload.Shape) bool {
		if s.Kind() == "array" && s.Len() == 0 {
			return true
		}
		return s.Has("rule_name") && (s.Has("hash") || s.Has("severity") || s.Has("trigger_time"))
	}, Decode)
}

// Decode decodes a body, one event or an array of events. It returns a
// [*payload.SyntaxError] if the body is neither, or if a known field has the
// wrong type; in an array the error tells the index, as in "[3].severity". All
// of the body decodes or none of it; [Each] is for reading what can be read.
func Decode(data []byte) (*Message, error) {
	m := new(Message)
	var err error
	if first(data) == '[' {
		m.Array = true
		m.origin, err = jsonscan.DecodeArray(data, &m.Alerts, (*AlertEvent).fields)
	} else {
		m.Alerts = make([]AlertEvent, 1)
		err = jsonscan.Decode(data, &m.Alerts[0], (*AlertEvent).fields)
		m.origin = m.Alerts[0].origin
	}
	if err != nil {
		return nil, payload.Syntax(source, err)
	}
	return m, nil
}

// first returns the first byte of data that is not white space, 0 if there is
// none.
func first(data []byte) byte {
	for _, c := range data {
		switch c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

// RetryStatus returns 429, the one status after which a webhook of Nightingale
// tries again. [payload.Handler] answers it where others get 503.
func (m *Message) RetryStatus() int { return http.StatusTooManyRequests }

// Raw returns the text that m was decoded from, "" if it was made in Go. That
// is the way to pass on a message that was not changed.
func (m *Message) Raw() string { return m.origin.Text() }

// AppendJSON appends m as JSON: as it came, but for the fields that were
// changed. It returns an error if a field holds what JSON cannot say.
func (m *Message) AppendJSON(dst []byte) ([]byte, error) {
	if len(m.Alerts) == 1 && !m.Array {
		return m.Alerts[0].AppendJSON(dst)
	}
	return jsonscan.AppendArray(dst, m.origin, inStep(m.Alerts), (*AlertEvent).fields)
}

// inStep returns the events with tags and tags_map in step.
func inStep(alerts []AlertEvent) []AlertEvent {
	copied := false
	for i := range alerts {
		e := &alerts[i]
		if agree(e.Tags, e.TagsMap) {
			continue
		}
		if !copied {
			alerts, copied = slices.Clone(alerts), true
		}
		alerts[i].followOrigin()
	}
	return alerts
}

// MarshalJSON implements json.Marshaler with [Message.AppendJSON].
func (m Message) MarshalJSON() ([]byte, error) { return m.AppendJSON(nil) }

// UnmarshalJSON implements json.Unmarshaler. It replaces all of m. Unlike
// Decode it takes null, which changes nothing.
func (m *Message) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	fresh, err := Decode(data)
	if err != nil {
		return err
	}
	*m = *fresh
	return nil
}
