package ratelimit

import (
	"fmt"
	"time"

	"github.com/alertwire/alertwire/internal/ratetext"
)

// A Rate is how many events are allowed in how much time. The zero Rate allows
// nothing. It can be read from flags and files as text, see [Rate.UnmarshalText].
// The Rate of package callback/dispatch has the same text; its zero is no bound,
// which here is Options.Exempt.
type Rate struct {
	// Events are refilled evenly over Per, which is measured in whole
	// nanoseconds per event: 100 per minute are exact, 7 per second are fast by
	// one event in a year.
	Events int
	Per    time.Duration
	// Burst is how many events the bucket holds. Zero means Events.
	Burst int
}

// String returns the Rate as text, such as "100/1m" or "100/1m burst 20".
func (r Rate) String() string { return ratetext.Format(r.Events, r.Per, r.Burst) }

// MarshalText returns the text of [Rate.String].
func (r Rate) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads a Rate from text: the events, a slash and the time as a
// [time.Duration], of which a single unit may stand without its 1, and perhaps
// "burst" and a number.
//
//	100/1m
//	5/s burst 20
//
// It returns [ErrInvalid] for what is not of this form, and for a Rate that
// [New] would refuse.
func (r *Rate) UnmarshalText(text []byte) error {
	events, per, burst, err := ratetext.Parse(string(text))
	if err != nil {
		return fmt.Errorf("%w rate: %w", ErrInvalid, err)
	}
	parsed := Rate{Events: events, Per: per, Burst: burst}
	if _, err := parsed.gcra(); err != nil {
		return err
	}
	*r = parsed
	return nil
}
