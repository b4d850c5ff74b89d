package callbackprom

import (
	"errors"

	"github.com/alertwire/alertwire/auth"
	"github.com/alertwire/alertwire/challenge"
	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/ratelimit"
)

// reasons are the labels of rejected requests: there are no more than these.
var reasons = []struct {
	err   error
	label string
}{
	{auth.ErrMissing, "missing"},
	{auth.ErrMalformed, "malformed"},
	{auth.ErrMismatch, "mismatch"},
	{auth.ErrStale, "stale"},
	{auth.ErrBodyShape, "body_shape"},
	{auth.ErrTooLarge, "too_large"},
	{challenge.ErrMalformed, "malformed"},
	{challenge.ErrUnverified, "mismatch"},
	{challenge.ErrMethod, "method"},
	{ratelimit.ErrLimited, "limited"},
	{ratelimit.ErrOversize, "oversize"},
	{ratelimit.ErrInFlight, "in_flight"},
	{ratelimit.ErrInvalid, "invalid"},
	{payload.ErrFormat, "format"},
	{payload.ErrInvalid, "invalid"},
}

// reasonOf returns the label of a reason. It looks at errors, never at their
// text, which is not bounded.
func reasonOf(err error) string {
	for _, r := range reasons {
		if errors.Is(err, r.err) {
			return r.label
		}
	}
	var syntax *payload.SyntaxError
	var field *payload.FieldError
	var rejection *payload.Rejection
	switch {
	case errors.As(err, &syntax):
		return "syntax"
	case errors.As(err, &field):
		return "invalid"
	case errors.As(err, &rejection) && rejection.Status >= 500:
		return "unavailable"
	case errors.As(err, &rejection):
		return "request"
	}
	return other
}
