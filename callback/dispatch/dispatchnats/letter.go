package dispatchnats

import (
	"errors"
	"net/http"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/alertwire/alertwire/callback"
)

// ErrNoLetter means that there is no dead letter of that number, or no longer.
var ErrNoLetter = errors.New("dispatchnats: no such dead letter")

// A Letter is a message that was given up.
type Letter struct {
	ID       uint64 `json:"id"` // its number, for Replay and Drop
	Endpoint string `json:"endpoint"`
	// Message is what was dispatched. Of a message that could not be decoded
	// it has only the Body.
	Message  callback.Message `json:"message"`
	Accepted time.Time        `json:"accepted,omitzero"`
	Died     time.Time        `json:"died"`
	Reason   string           `json:"reason"`   // why it was given up
	Attempts int              `json:"attempts"` // calls that were made
	History  []Attempt        `json:"history"`  // the last 16 of them, oldest first
	Readable bool             `json:"readable"` // it could be decoded, and can be replayed
}

// letter reads what buryMsg has written.
func letter(n names, raw *jetstream.RawStreamMsg) Letter {
	token, _ := n.endpointOf(raw.Subject)
	l := Letter{ID: raw.Sequence, Endpoint: nameOf(token), Died: raw.Time}
	if t, err := getTime(raw.Header, headerDied); err == nil && !t.IsZero() {
		l.Died = t
	}
	if reason, err := unescape(raw.Header.Get(headerReason)); err == nil {
		l.Reason = reason
	}
	v, err := readLetter(n, raw)
	if err != nil {
		l.Message = callback.Message{Body: raw.Data, Header: http.Header(raw.Header)}
		return l
	}
	l.Readable = true
	l.Message, l.Accepted, l.Attempts, l.History = v.msg, v.accepted, v.attempts, v.history
	return l
}

// readLetter decodes a letter. One that was addressed to one endpoint and says it
// is for another was not written by this package.
func readLetter(n names, raw *jetstream.RawStreamMsg) (envelope, error) {
	v, err := decode(raw.Header, raw.Data)
	token, _ := n.endpointOf(raw.Subject)
	if name, ok := endpointName(token); err == nil && (!ok || name != v.endpoint) {
		err = errUndecodable
	}
	return v, err
}
