package callback

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"
)

// updateReplyLimit is how much of a reply Update reads: a changed event is as
// large as an event.
const updateReplyLimit = 1 << 20

// ErrDropEvent is what [Update] returns when the receiver answered that the
// event is to be dropped, and may.
var ErrDropEvent = errors.New("callback: the receiver drops the event")

// UpdateOptions are the options of [Update].
type UpdateOptions struct {
	// Fields are the fields of the event that the receiver may change, by their
	// names in JSON and in their case, such as "severity" and "annotations".
	// None means that it may change nothing.
	Fields []string
	// AllowDrop accepts the answer {"drop": true}, see [ErrDropEvent].
	AllowDrop bool
	// Message is what goes out, with the event as its Body. An empty ID is
	// replaced by a random one.
	Message Message
}

// Update sends an event and returns it as the receiver wants it to be. The reply
// is the event in JSON, whole or only what changes, and is merged into a copy:
// objects name by name, everything else by replacement, null by the zero value.
// The event that was given is never modified, and nothing that is written to is
// shared with it: a field that changes is built anew from JSON.
//
// It is all or nothing. No change is an empty reply, null, {}, and a field with
// the value that it has already. An error, with the event as it was, is a reply
// that is not JSON, is cut, has a field that is neither in the event nor in
// o.Fields, changes one that is not in o.Fields, or does not fit the type: an
// [*Error] of [ClassReply] with [ErrRefused]. Names are compared in their case,
// and a name may come once. Every other failure is that of the call.
//
// E is a struct, a map with names as keys, a type with UnmarshalJSON, or a
// pointer to one of them. Fields of a struct that are not in its JSON stay as they
// are. Numbers that go into a value of any are float64s, but for integers that would
// lose digits: those are of type [json.Number].
func Update[E any](ctx context.Context, c Caller, event E, o UpdateOptions) (E, error) {
	c = orRefuse(c)
	body, err := encode(event)
	if err != nil {
		return event, fmt.Errorf("callback: update: encode %T: %w", event, err)
	}
	m := o.Message
	m.Body = body
	if m.ID == "" {
		m.ID = NewID()
	}
	reply, err := c.Call(withReplyLimit(ctx, updateReplyLimit), m)
	if err != nil {
		return event, err
	}
	updated, err := apply(event, body, reply, o)
	if err == nil || errors.Is(err, ErrDropEvent) {
		return updated, err
	}
	return event, &Error{
		Endpoint: endpointOf(c), MessageID: m.ID, Class: ClassReply, Attempts: reply.Attempts,
		Status: reply.Status, Snippet: snippet(reply.Body), Reason: ErrRefused, Last: err,
	}
}

// apply returns the event as the reply wants it to be. Its errors tell no name
// that the receiver chose.
func apply[E any](event E, sent []byte, reply Reply, o UpdateOptions) (E, error) {
	body := bytes.TrimSpace(reply.Body)
	switch {
	case reply.Truncated:
		return event, errors.New("update: the reply is too long, and was cut")
	case len(body) == 0, string(body) == "null":
		return event, nil
	case !isJSON(reply.Header):
		return event, errors.New("update: the reply is not of a JSON content type")
	}
	got, err := members(body)
	if err != nil {
		return event, fmt.Errorf("update: the reply %w", err)
	}
	if repeats(body) {
		return event, errors.New("update: the reply has a field twice")
	}
	if o.AllowDrop && len(got) == 1 && got[0].name == "drop" && string(got[0].value) == "true" {
		return event, ErrDropEvent
	}
	had, err := members(sent)
	if err != nil {
		return event, fmt.Errorf("update: the event %w", err)
	}
	changes, err := o.allowed(got, had)
	if err != nil || len(changes) == 0 {
		return event, err
	}
	return merge(event, had, changes)
}

// allowed returns what of got is a change, if all of it may be.
func (o UpdateOptions) allowed(got, had []member) ([]member, error) {
	var changes []member
	for _, g := range got {
		old, known := find(had, g.name)
		switch {
		case known && sameJSON(old, g.value):
		case slices.Contains(o.Fields, g.name):
			changes = append(changes, g)
		case known:
			return nil, fmt.Errorf("update: the field %q may not be changed", g.name)
		default:
			return nil, errors.New("update: the reply has a field that the event does not have")
		}
	}
	return changes, nil
}

// isJSON reports whether a reply may hold JSON. Servers that say nothing, or
// have guessed that it is a text, are believed to.
func isJSON(h http.Header) bool {
	text := h.Get("Content-Type")
	if text == "" {
		return true
	}
	typ, _, err := mime.ParseMediaType(text)
	return err == nil && (typ == "application/json" || typ == "text/json" || typ == "text/plain" ||
		strings.HasSuffix(typ, "+json"))
}
