// Package payload receives the webhooks of systems that alert, and gives them
// one vocabulary.
//
// Each system has a package of its own with its types: alertmanager, flashduty,
// grafana, netdata, netpulse, nightingale. A message of any of them is a
// [Payload], which tells what happened as [Event] values:
//
//	formats := payload.Formats{grafana.Format(), alertmanager.Format()}
//	http.Handle("/webhook", payload.Handler(formats.Decode,
//		func(ctx context.Context, p payload.Payload) (any, error) {
//			for _, e := range p.Events() {
//				log.Print(e.Kind, e.Title)
//			}
//			return nil, nil
//		}, payload.HandlerOptions{}))
//
// A program that knows its sender takes the types of that sender instead:
//
//	payload.Handler(alertmanager.Decode,
//		func(ctx context.Context, m *alertmanager.Message) (any, error) { … },
//		payload.HandlerOptions{})
//
// Senders wait for an answer for seconds, repeat themselves, and let their
// retries overtake each other: [Queue] answers at once, HandlerOptions.Once
// makes repeats harmless, [Latest] drops what comes late. A body that is only
// routed need not be decoded, see [ShapeOf]. Package payloadtest has bodies of
// every system for tests.
//
// # Nothing is lost
//
// A decoded message keeps the text it came from. Encoding it again gives that
// text, byte for byte: fields that the types do not know, at every level, in
// their order, with the digits of their numbers. A field that was changed
// changes only itself. Sending on what has not been touched needs no encoding
// at all: that is what the Raw methods of the messages are for.
//
// The strings of a message share the memory of its text. Clone what outlives
// the message, an [Event] for instance, or one label keeps megabytes alive.
//
// # What is accepted
//
// A body is one JSON value, UTF-8, nested at most 200 deep. Unknown fields and
// unknown words in known fields are accepted, and kept. null is the zero value
// of any field; null in a list of objects is an error. Names match exactly,
// letter case included, except where a package says otherwise. Of members with
// equal names the last counts; [Labels] keep all. A value of the wrong type, a
// number out of range, a fraction where an integer belongs: each is a
// [*SyntaxError] that names the field. What decodes may still lack something;
// Validate says what.
//
// Decoding takes no reflection, time linear in the body, and at most a fixed
// multiple of its memory; [Handler] bounds the body. The packages import the
// standard library only, and start no goroutine.
package payload

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// A Payload is a decoded body.
type Payload interface {
	// Events returns what happened, in the words of every source: one event
	// for each alert, none for a body that says nothing.
	Events() []Event
	// Validate returns a [*FieldError] for the first field that is missing or
	// makes no sense. [Handler] answers it with 400.
	Validate() error
}

// An Identified payload knows how to tell a repeated delivery from a new one.
// [Handler] hands the identity to HandlerOptions.Once; without it, it takes the
// IDs of the events.
type Identified interface {
	// DeliveryID returns the same text for the same news, however often and by
	// whichever of several redundant senders it is delivered. "" means that a
	// repeat cannot be told from news: such a delivery is always accepted.
	DeliveryID() string
}

// A Retried payload knows by which answer its sender comes again. [Handler] gives
// that one where HandlerOptions.RetryStatus says nothing.
type Retried interface {
	// RetryStatus returns the status, such as 429.
	RetryStatus() int
}

// ID makes an identity of fixed size out of parts: 32 hexadecimal digits, equal
// for equal parts only. An empty part counts as any other: check before that
// the parts identify something.
func ID(parts ...string) string {
	var buf [512]byte
	b := buf[:0]
	for _, p := range parts {
		b = binary.AppendUvarint(b, uint64(len(p)))
		b = append(b, p...)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

// identity returns what Once is asked about, "" for nothing.
func identity(v any) string {
	switch v := v.(type) {
	case Identified:
		return v.DeliveryID()
	case Payload:
		events := v.Events()
		ids := make([]string, len(events))
		for i, e := range events {
			if e.ID == "" {
				return ""
			}
			ids[i] = e.ID
		}
		if len(ids) > 0 {
			return ID(ids...)
		}
	}
	return ""
}
