package intake

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/alertwire/alertwire/ratelimit"
)

// A Rate is a flag of the form "100/1m", or "off" for no limit.
type Rate struct{ ratelimit.Rate }

// String returns the rate in the form that Set reads.
func (r *Rate) String() string {
	if r.Rate == (ratelimit.Rate{}) {
		return "off"
	}
	return r.Rate.String()
}

// Set reads events/time, such as 100/1m, or "off".
func (r *Rate) Set(s string) error {
	if s == "off" {
		r.Rate = ratelimit.Rate{}
		return nil
	}
	var rate ratelimit.Rate
	if err := rate.UnmarshalText([]byte(s)); err != nil || rate.Events == 0 {
		return errors.New(`must have the form 100/1m, or be "off"`)
	}
	r.Rate = rate
	return nil
}

// Overload is a flag: the status of what exceeds a limit or finds a full queue,
// or 0 for "auto".
type Overload int

// String returns the flag in the form that Set reads.
func (o *Overload) String() string {
	if *o == 0 {
		return "auto"
	}
	return strconv.Itoa(int(*o))
}

// Set reads 429, 503 or auto.
func (o *Overload) Set(s string) error {
	switch s {
	case "auto":
		*o = 0
	case "429":
		*o = http.StatusTooManyRequests
	case "503":
		*o = http.StatusServiceUnavailable
	default:
		return errors.New("must be 429, 503 or auto")
	}
	return nil
}

// Func returns what ratelimit.EnforceOptions and payload.HandlerOptions want: nil
// lets them decide by the sender.
func (o Overload) Func() func(*http.Request) int {
	if o == 0 {
		return nil
	}
	return func(*http.Request) int { return int(o) }
}
