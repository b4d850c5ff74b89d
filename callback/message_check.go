package callback

import (
	"errors"
	"fmt"
)

// Names of headers that every request has, in the form that net/http writes.
const (
	headerID   = "Webhook-Id"
	headerKey  = "Idempotency-Key"
	headerType = "Content-Type"

	defaultContentType = "application/json"
	maxID              = 256
)

// checkMessage refuses what cannot stand in a header.
func checkMessage(m *Message) error {
	if len(m.ID) > maxID {
		return fmt.Errorf("ID of the message is longer than %d bytes", maxID)
	}
	for i := range len(m.ID) {
		if c := m.ID[i]; c <= ' ' || c > '~' || c == '.' {
			return errors.New("ID of the message has a character that is not visible ASCII, or a full stop")
		}
	}
	if err := checkValue(m.ContentType); err != nil {
		return fmt.Errorf("content type of the message: %w", err)
	}
	return nil
}

// headerError says that a header of the message cannot be sent.
func headerError(name string, err error) error {
	return fmt.Errorf("header %q of the message: %w", cut(name, 64), err)
}
