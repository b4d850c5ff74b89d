package dispatch

import (
	"errors"
	"time"

	"github.com/alertwire/alertwire/internal/confjson"
)

// A Rate is a number of calls in a time. The zero value is no bound.
type Rate struct {
	// Events calls may begin in each Per: one every Per/Events once the burst is
	// used up. Both are set, or none.
	Events int           `json:"events" yaml:"events"`
	Per    time.Duration `json:"per" yaml:"per"`
	// Burst is how many may come at once. Zero means Events.
	Burst int `json:"burst,omitempty" yaml:"burst,omitempty"`
}

// Validate returns an error if r is half a rate, or negative.
func (r Rate) Validate() error {
	switch {
	case r == Rate{}:
		return nil
	case r.Events < 1 || r.Burst < 0:
		return errors.New("dispatch: rate: events must be positive")
	case r.Per <= 0:
		return errors.New("dispatch: rate: per must be positive")
	case r.Per/time.Duration(r.Events) == 0:
		return errors.New("dispatch: rate: more than one event in a nanosecond")
	}
	return nil
}

// UnmarshalJSON reads Per as a text such as "1m", and refuses keys that it does
// not know.
func (r *Rate) UnmarshalJSON(data []byte) error {
	type plain Rate
	return confjson.Decode(data, (*plain)(r))
}

// MarshalJSON writes what UnmarshalJSON reads.
func (r Rate) MarshalJSON() ([]byte, error) {
	type plain Rate
	return confjson.Encode(plain(r))
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
