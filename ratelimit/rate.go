package ratelimit

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Rate is how many events are allowed in how much time. The zero Rate allows
// nothing. It can be read from flags and files as text, see [Rate.UnmarshalText].
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
func (r Rate) String() string {
	per := r.Per.String()
	if strings.HasSuffix(per, "m0s") {
		per = per[:len(per)-2]
	}
	if strings.HasSuffix(per, "h0m") {
		per = per[:len(per)-2]
	}
	s := strconv.Itoa(r.Events) + "/" + per
	if r.Burst != 0 && r.Burst != r.Events {
		s += " burst " + strconv.Itoa(r.Burst)
	}
	return s
}

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
	fields := strings.Fields(string(text))
	if len(fields) != 1 && (len(fields) != 3 || fields[1] != "burst") {
		return fmt.Errorf("%w rate: want the form 100/1m or 100/1m burst 20", ErrInvalid)
	}
	events, per, ok := strings.Cut(fields[0], "/")
	if !ok || per == "" {
		return fmt.Errorf("%w rate: want the form 100/1m", ErrInvalid)
	}
	var parsed Rate
	var err error
	if parsed.Events, err = strconv.Atoi(events); err != nil {
		return fmt.Errorf("%w rate: bad number of events", ErrInvalid)
	}
	if per[0] >= 'a' && per[0] <= 'z' {
		per = "1" + per
	}
	if parsed.Per, err = time.ParseDuration(per); err != nil {
		return fmt.Errorf("%w rate: bad duration", ErrInvalid)
	}
	if len(fields) == 3 {
		if parsed.Burst, err = strconv.Atoi(fields[2]); err != nil {
			return fmt.Errorf("%w rate: bad burst", ErrInvalid)
		}
	}
	if _, err := parsed.gcra(); err != nil {
		return err
	}
	*r = parsed
	return nil
}
