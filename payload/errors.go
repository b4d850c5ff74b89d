package payload

import (
	"errors"
	"fmt"
	"time"

	"github.com/alertwire/alertwire/internal/jsonscan"
)

var (
	// ErrFormat says that a body is JSON of no known shape.
	ErrFormat = errors.New("unknown format")
	// ErrInvalid is for accept functions of [Handler]: an error that wraps it
	// is answered with 400, so that the sender does not try again.
	ErrInvalid = errors.New("payload: invalid")
)

// A SyntaxError says where a body is not what its format demands. Its text
// holds none of the values of the body.
type SyntaxError struct {
	Format string // such as "alertmanager"; "" before the format is known
	Field  string // such as "alerts[3].startsAt"; "" for the body as a whole
	Offset int64  // in bytes from the start of the body
	Reason string
}

// Error names the format, the field and the reason, and none of the values.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s (offset %d)", fieldText(e.Format, e.Field, e.Reason), e.Offset)
}

// A FieldError says which field of a decoded payload is wrong, and why.
type FieldError struct {
	Format, Field, Reason string
}

// Error names the format, the field and the reason.
func (e *FieldError) Error() string { return fieldText(e.Format, e.Field, e.Reason) }

func fieldText(format, field, reason string) string {
	text := "payload: "
	if format != "" {
		text += format + ": "
	}
	if field != "" {
		text += field + ": "
	}
	return text + reason
}

// Syntax returns the error of a decoder as the [*SyntaxError] of a format, nil
// for nil. It is for the packages that define formats.
func Syntax(format string, err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*jsonscan.Error](err); ok {
		return &SyntaxError{Format: format, Field: e.Field, Offset: int64(e.Offset), Reason: e.Reason}
	}
	return fmt.Errorf("payload: %s: %w", format, err)
}

// A RetryError is for accept functions of [Handler]: the delivery cannot be
// taken now, and is welcome later. The answer is HandlerOptions.RetryStatus.
type RetryError struct {
	After time.Duration // how long to wait; zero means 5 seconds
	Err   error         // why; not told to the sender
}

// Error includes the text of Err.
func (e *RetryError) Error() string { return fmt.Sprintf("payload: retry later: %v", e.Err) }

// Unwrap returns Err.
func (e *RetryError) Unwrap() error { return e.Err }
