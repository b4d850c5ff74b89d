// Package netpulse reads and writes the messages that NetPulse posts when a task
// on a network device has ended.
//
//	m, err := netpulse.Decode(body)
//	if o := m.Outcome(); o.Failed {
//		fmt.Println(m.ID, o.Type, o.Message)
//	}
//
// The body has had four forms that do not fit each other, and no version in it.
// Decode reads all of them into a [Message] and tells them apart by their shape:
//
//	event_type is there                    generation 4, NetPulse 0.4.2 and later
//	status is there, before result         generation 3, 0.4.0 and 0.4.1
//	status is there, behind result         generation 2, 0.3
//	neither                                generation 1, 0.1 and 0.2
//
// What each of them tells, [Message.Outcome], [Message.More] and
// [Message.CommandLines] say in one way. Generation 1 does not say whether the
// task failed: that is guessed from the text, and marked as a guess.
//
// Words that later releases add for status, event_type and the type of a result
// are kept, and so are unknown members. null is accepted everywhere, as the zero
// value. A wrong type is an error; only result and command have the two types
// that they had over time, and times may lack the zone, which is UTC then. Package
// payload answers the other doubts, such as equal names and huge numbers.
//
// # What a receiver should know
//
// NetPulse calls from within its worker, before it stores the result: a receiver
// that asks its API at once finds the task running, and a slow one holds up the
// queue of the device. Redirects are followed, any status below 400 is a
// success, and a GET has a body too: HandlerOptions.Methods must name what the
// operator configured.
//
// A job is reported once, or again with the same id and event_type when the
// answer was a failure; [Message.DeliveryID] is made of those. The pushes of the
// log of a detached task have nothing that tells a repeat from the next part:
// they have no delivery ID, and none may be dropped as a repeat. In generation 3
// nothing tells them from jobs either, so that their result is a part of the
// delivery ID. Finished does not mean that each command went well: see
// [Message.FailedCommands].
//
// Results hold what devices printed, configurations with their secrets included.
// Printing or logging a message shows none of it.
//
// # Events
//
// Each message is one event:
//
//	Source    "netpulse"
//	ID        as Message.DeliveryID
//	Key       id
//	Kind      updated if more is to come; task_failed; task_succeeded; updated
//	          also where neither status nor event_type has a word that is known
//	Severity  critical if failed, warning if a command has an exit status other
//	          than 0, else info
//	Title     the first line of command or config; id
//	Text      type and message of the failure; else the text of the result, or
//	          what the commands printed
//	Time      ended_at, timestamp
//	Labels    host, device_type, driver, event_type, status, task_id and
//	          result_type, where they are known
//
// Where several are named, the first that is not empty counts. There are no
// annotations and no URL.
package netpulse

import (
	"encoding/json"
	"iter"

	"github.com/alertwire/alertwire/internal/jsonscan"
	"github.com/alertwire/alertwire/payload"
)

const source = "netpulse"

// Format returns the format for [payload.Formats]: an object with a text id, and
// one of
//
//   - status and event_type, as in generation 4
//   - a result that is a text, as in generations 1 to 3
//   - a status that is "success" or "failed", and a result that is null or a
//     device or a driver, which generations 2 and 3 should not send
//
// So a generation is recognised without any of its optional members.
func Format() payload.Format {
	return payload.NewFormat(source, func(s payload.Shape) bool {
		if s.Kind() != "object" || s.KindOf("id") != "string" || s.Has("jsonrpc") {
			return false // nothing, or an answer of JSON-RPC
		}
		if s.Has("status", "event_type") || s.KindOf("result") == "string" {
			return true
		}
		switch Status(s.Text("status")) {
		case StatusSuccess, StatusFailed:
			return s.KindOf("result") == "null" || s.KindOf("device") == "object" || s.KindOf("driver") == "string"
		}
		return false
	}, Decode)
}

// Decode decodes a message of any generation. It returns a
// [*payload.SyntaxError] for a body that is not a JSON object, or has a known
// field of the wrong type.
func Decode(data []byte) (*Message, error) {
	m := new(Message)
	if err := jsonscan.Decode(data, m, (*Message).fields); err != nil {
		return nil, payload.Syntax(source, err)
	}
	m.settle()
	return m, nil
}

// Raw returns the text that m was decoded from, "" if it was made in Go. That is
// the way to pass on a message that was not changed.
func (m *Message) Raw() string { return m.origin.Text() }

// Unknown iterates over the members of the message that Message has no field
// for.
func (m *Message) Unknown() iter.Seq2[string, json.RawMessage] {
	return jsonscan.Unknown(m.origin, (*Message).fields)
}

// AppendJSON appends m as JSON: as it came, but for the fields that were
// changed. A message made in Go is written in the form of its Generation. It
// returns an error if a field holds what JSON cannot say.
func (m *Message) AppendJSON(dst []byte) ([]byte, error) {
	return jsonscan.Append(dst, m, (*Message).fields)
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

// Validate returns a [*payload.FieldError] if id is missing, or what tells the
// outcome: status from generation 2 on, event_type in generation 4.
func (m *Message) Validate() error {
	missing := ""
	switch g := m.generation(); {
	case m.ID == "":
		missing = "id"
	case g >= Generation2 && m.Status == "":
		missing = "status"
	case g >= Generation4 && m.EventType == "":
		missing = "event_type"
	default:
		return nil
	}
	return &payload.FieldError{Format: source, Field: missing, Reason: "missing"}
}
