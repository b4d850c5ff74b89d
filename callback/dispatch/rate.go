package dispatch

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/alertwire/alertwire/internal/confjson"
	"github.com/alertwire/alertwire/internal/ratetext"
)

// A Rate is a number of calls in a time. The zero value is no bound. As text it
// is "20/1m" or "20/1m burst 5", see [Rate.UnmarshalText]. It is not a Rate of
// package ratelimit, which has the same text: the zero value of that allows
// nothing.
type Rate struct {
	// Events calls may begin in each Per: one every Per/Events once the burst is
	// used up. Both are set, or none.
	Events int           `json:"events" yaml:"events"`
	Per    time.Duration `json:"per" yaml:"per"`
	// Burst is how many may come at once. Zero means Events.
	Burst int `json:"burst,omitempty" yaml:"burst,omitempty"`
}

// Validate returns an error if r is half a rate, or negative, or more than a
// Duration can measure.
func (r Rate) Validate() error {
	switch {
	case r == Rate{}:
		return nil
	case r.Events < 1:
		return errors.New("dispatch: rate: events must be positive")
	case r.Burst < 0:
		return errors.New("dispatch: rate: burst must not be negative")
	case r.Per <= 0:
		return errors.New("dispatch: rate: per must be positive")
	case r.Per/time.Duration(r.Events) == 0:
		return errors.New("dispatch: rate: more than one event in a nanosecond")
	case int64(r.Burst) > math.MaxInt64/int64(r.Per/time.Duration(r.Events)):
		return errors.New("dispatch: rate: a burst that takes more than 292 years to come back")
	}
	return nil
}

// noRate is the zero Rate as text.
const noRate = "off"

// String returns r as text, such as "20/1m" or "20/1m burst 5", and "off" for the
// zero value.
func (r Rate) String() string {
	if r == (Rate{}) {
		return noRate
	}
	return ratetext.Format(r.Events, r.Per, r.Burst)
}

// MarshalText returns the text of [Rate.String], which is what is written to JSON
// and YAML too.
func (r Rate) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads the events, a slash and the time, of which a single unit may
// stand without its 1, and perhaps "burst" and a number; or "off", which is the
// zero value:
//
//	20/1m
//	5/s burst 20
//
// It returns an error for what is not of this form, and for what Validate
// refuses. A rate of no events is not "off" but a mistake.
func (r *Rate) UnmarshalText(text []byte) error {
	if string(text) == noRate {
		*r = Rate{}
		return nil
	}
	events, per, burst, err := ratetext.Parse(string(text))
	if err != nil {
		return fmt.Errorf("dispatch: rate: %w", err)
	}
	parsed := Rate{events, per, burst}
	if parsed == (Rate{}) {
		return errors.New(`dispatch: rate: events must be positive; no bound is "off"`)
	}
	if err := parsed.Validate(); err != nil {
		return err
	}
	*r = parsed
	return nil
}

// MarshalJSON writes r as text.
func (r Rate) MarshalJSON() ([]byte, error) { return json.Marshal(r.String()) }

// UnmarshalJSON reads a text as UnmarshalText, or an object of Events, Per, which
// is a text such as "1m", and Burst. It refuses keys that it does not know.
func (r *Rate) UnmarshalJSON(data []byte) error {
	return r.read(func(v any) error { return json.Unmarshal(data, v) }, func(v any) error { return confjson.Decode(data, v) })
}

// UnmarshalYAML reads what UnmarshalJSON reads.
func (r *Rate) UnmarshalYAML(decode func(any) error) error {
	return r.read(decode, func(v any) error { return confjson.DecodeYAML(decode, v) })
}

// read reads a text, or else an object. null is neither, and changes nothing.
func (r *Rate) read(text, object func(any) error) error {
	var s *string
	switch {
	case text(&s) != nil:
		type plain Rate
		return object((*plain)(r))
	case s != nil:
		return r.UnmarshalText([]byte(*s))
	}
	return nil
}

// A pace keeps the calls of one endpoint to a Rate. It is a token bucket in the
// form that needs one number: the time at which the bucket will be full again.
// The zero value does not limit.
type pace struct {
	interval time.Duration // from one call to the next
	slack    time.Duration // how far a burst may run ahead
	full     time.Time
}

func newPace(r Rate) pace {
	if r == (Rate{}) {
		return pace{}
	}
	burst := r.Burst
	if burst == 0 {
		burst = r.Events
	}
	interval := r.Per / time.Duration(r.Events)
	return pace{interval: interval, slack: time.Duration(burst-1) * interval}
}

// next returns when the next call may start. It has passed if one may start now.
func (p *pace) next() time.Time { return p.full.Add(-p.slack) }

// take takes a token, if there is one.
func (p *pace) take(now time.Time) bool {
	if p.interval == 0 {
		return true
	}
	if p.next().After(now) {
		return false
	}
	if p.full.Before(now) {
		p.full = now
	}
	p.full = p.full.Add(p.interval)
	return true
}
