package intake

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/alertwire/alertwire/ratelimit"
)

// A Rate is a flag of the form "100/1m". The zero Rate is "off".
type Rate struct{ ratelimit.Rate }

// String returns the rate in the form that Set reads.
func (r *Rate) String() string {
	if r.Rate == (ratelimit.Rate{}) {
		return "off"
	}
	per := r.Per.String()
	if strings.HasSuffix(per, "m0s") {
		per = strings.TrimSuffix(per, "0s")
	}
	return fmt.Sprintf("%d/%s", r.Events, per)
}

// Set reads events/time, such as 100/1m, or "off".
func (r *Rate) Set(s string) error {
	if s == "off" {
		r.Rate = ratelimit.Rate{}
		return nil
	}
	events, per, ok := strings.Cut(s, "/")
	n, err := strconv.Atoi(events)
	if !ok || err != nil || n <= 0 {
		return errors.New("must have the form 100/1m")
	}
	d, err := time.ParseDuration(per)
	if err != nil || d <= 0 {
		return errors.New("must have the form 100/1m")
	}
	r.Rate = ratelimit.Rate{Events: n, Per: d}
	return nil
}

// Overload is a flag: the status of what exceeds a limit, or 0 for "auto".
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

// Func returns what ratelimit.EnforceOptions wants: nil lets it decide by the
// sender.
func (o Overload) Func() func(*http.Request) int {
	if o == 0 {
		return nil
	}
	return func(*http.Request) int { return int(o) }
}
