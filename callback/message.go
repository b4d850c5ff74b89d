package callback

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// A Message is one event on its way to any number of destinations. It is
// passed by value; its Body and Header are shared by everyone who has it and
// must not be modified once the message is under way.
type Message struct {
	// ID names the event to the receiver, which uses it to drop repeats. It
	// stays the same over all attempts, destinations and restarts, is sent as
	// webhook-id and Idempotency-Key, and must not contain a full stop.
	ID string
	// Type says what happened, for example "firing" or "i_new".
	Type string
	// Key says what it happened to. Messages of one Key can be kept in order.
	Key string
	// Time is when it happened.
	Time time.Time
	// ContentType is the type of Body. "" means application/json.
	ContentType string
	// Header is sent beside the headers of the destination, which win where both
	// have one name. A name that the sender sets itself is refused.
	Header http.Header
	// Body is sent as it is.
	Body []byte
}

// NewMessage returns a Message that carries event, encoded once, with a random
// ID and the present time. A []byte or [json.RawMessage] is the body as it is
// and not copied. An event with a method AppendJSON([]byte) ([]byte, error)
// encodes itself; everything else goes through encoding/json, without its
// escapes for HTML.
//
// A program that relays what it received sets ID to [DeriveID] of the delivery
// it got, so that a repeat of its sender keeps the ID.
func NewMessage(event any) (Message, error) {
	body, err := encode(event)
	if err != nil {
		return Message{}, fmt.Errorf("callback: encode %T: %w", event, err)
	}
	return Message{ID: NewID(), Time: time.Now(), Body: body}, nil
}

// NewID returns a random message ID of 130 bits, "msg_" and 26 letters and
// digits.
func NewID() string { return "msg_" + rand.Text() }

// DeriveID returns a message ID made of parts, such as the name of a source and
// the identity of what it delivered: equal parts give equal IDs, in every
// process, and the parts cannot be read from it. The parts stay apart: ("ab",
// "c") and ("a", "bc") differ.
//
// Without parts, or with an empty one, there is no identity to derive from, and
// the ID is that of [NewID]: what cannot be told apart must not look like a
// repeat, which a receiver drops.
func DeriveID(parts ...string) string {
	if len(parts) == 0 {
		return NewID()
	}
	var b []byte
	for _, p := range parts {
		if p == "" {
			return NewID()
		}
		b = binary.AppendUvarint(b, uint64(len(p)))
		b = append(b, p...)
	}
	sum := sha256.Sum256(b)
	return "msg_" + base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:16])
}

// scratch holds buffers to encode into. What is kept of one is a copy of the
// right size, so that a body of 10 KiB costs 10 KiB and not what append grew by.
var scratch = sync.Pool{New: func() any { return new([]byte) }}

// maxScratch is the greatest buffer that is kept: one storm must not hold its
// memory for ever.
const maxScratch = 256 << 10

func encode(event any) ([]byte, error) {
	switch e := event.(type) {
	case []byte:
		return e, nil
	case json.RawMessage:
		return e, nil
	}

	buf := scratch.Get().(*[]byte)
	defer func() {
		if cap(*buf) <= maxScratch {
			scratch.Put(buf)
		}
	}()
	if e, ok := event.(interface{ AppendJSON([]byte) ([]byte, error) }); ok {
		b, err := e.AppendJSON((*buf)[:0])
		if err != nil {
			return nil, err
		}
		*buf = b
		return bytes.Clone(b), nil
	}
	b := bytes.NewBuffer((*buf)[:0])
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(event); err != nil {
		return nil, err
	}
	*buf = b.Bytes()
	return bytes.Clone(bytes.TrimSuffix(b.Bytes(), []byte{'\n'})), nil
}
