package auth

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
)

// redacted is what a Secret looks like from outside.
const redacted = "[redacted]"

// A Secret is a password, token or key that prints as [redacted]: through fmt,
// through log/slog, and when it is marshalled as text, JSON or YAML. It
// unmarshals plainly, and string(s) gives it away.
//
// What was marshalled therefore does not come back: constructors refuse the
// text "[redacted]" as they refuse an empty secret. Three places show a Secret
// in the clear, because no method of it is called there: an unexported field,
// to fmt, and with the verbs %s and %q also a struct that an unexported field
// points to; the key of a map, to encoding/json; and the verbs %p and %w, which
// are mistakes that go vet finds.
type Secret string

var (
	_ fmt.Formatter  = Secret("")
	_ fmt.GoStringer = Secret("")
	_ slog.LogValuer = Secret("")
	_ json.Marshaler = Secret("")
)

// String returns "[redacted]".
func (Secret) String() string { return redacted }

// GoString returns "[redacted]".
func (Secret) GoString() string { return redacted }

// Format writes "[redacted]", whatever the verb and the flags. (fmt does not
// ask it for %p, nor for a %w that has no error.)
func (Secret) Format(f fmt.State, _ rune) { io.WriteString(f, redacted) }

// LogValue returns "[redacted]".
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns "[redacted]".
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// MarshalJSON returns "[redacted]" as a JSON string.
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// MarshalYAML returns "[redacted]".
func (Secret) MarshalYAML() (any, error) { return redacted, nil }

// check refuses what can never be a secret.
func (s Secret) check() error {
	switch s {
	case "":
		return ErrEmptySecret
	case redacted:
		return fmt.Errorf("%w: it was replaced by its placeholder when it was marshalled", ErrEmptySecret)
	}
	return nil
}
