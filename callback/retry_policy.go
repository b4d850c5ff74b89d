package callback

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"github.com/alertwire/alertwire/internal/confjson"
)

const (
	defaultAttempts = 4
	defaultBase     = time.Second
	defaultFactor   = 2
	defaultCap      = time.Minute
)

// A RetryPolicy says which failures are tried again, how often, and after which
// waits. It is plain data, as fit for a file as for code; the zero value makes
// four attempts within a few seconds of each other. One policy serves every
// engine: [Retry] sleeps for it, a dispatcher keeps the message aside.
//
// Tried again are failures that may pass: 408, 425, 429, every 5xx but 501,
// broken or missing connections, and credentials that cannot be had just now.
// Everything else is final at the first attempt, but for the Statuses. The wait
// before attempt n+1 is drawn evenly from zero to Base times Factor to the power
// of n-1 ("full jitter"), so that a thousand senders do not come back in step,
// and is never longer than Cap. What a receiver advises (Retry-After) can make a
// wait longer, up to Cap, and never shorter.
type RetryPolicy struct {
	// Attempts is the number of calls, the first one included. Zero means 4;
	// 1 turns repeats off.
	Attempts int `json:"attempts,omitempty" yaml:"attempts,omitempty"`
	// Base bounds the first wait. Zero means 1 s.
	Base time.Duration `json:"base,omitempty" yaml:"base,omitempty"`
	// Factor is by how much the bound grows each time. Zero means 2; 1 keeps it
	// as it is, and less is an error.
	Factor float64 `json:"factor,omitempty" yaml:"factor,omitempty"`
	// Cap bounds every wait, an advised one too. Zero means 1 min, or the
	// longest of Waits if that is more.
	Cap time.Duration `json:"cap,omitempty" yaml:"cap,omitempty"`
	// Elapsed bounds the time from the beginning to the last attempt. In a
	// dispatcher it begins when the message is accepted. Zero means no bound
	// beside Attempts and the context.
	Elapsed time.Duration `json:"elapsed,omitempty" yaml:"elapsed,omitempty"`
	// Waits are the waits themselves, in place of Base and Factor and without
	// jitter. The last one repeats.
	Waits []time.Duration `json:"waits,omitempty" yaml:"waits,omitempty"`
	// Statuses are tried again as well, for receivers that answer 404 or 403
	// while they are being set up.
	Statuses []int `json:"statuses,omitempty" yaml:"statuses,omitempty"`
	// Rand draws from [0, 1). Nil means a random source of the process. It must
	// be safe for concurrent use.
	Rand func() float64 `json:"-" yaml:"-"`
}

// Validate returns an error that names the first field that makes no sense.
func (p RetryPolicy) Validate() error {
	switch {
	case p.Attempts < 0:
		return errors.New("callback: retry: attempts must not be negative")
	case p.Base < 0:
		return errors.New("callback: retry: base must not be negative")
	case p.Cap < 0:
		return errors.New("callback: retry: cap must not be negative")
	case p.Elapsed < 0:
		return errors.New("callback: retry: elapsed must not be negative")
	case p.Factor != 0 && !(p.Factor >= 1): // NaN is refused as well
		return errors.New("callback: retry: factor must be at least 1")
	case len(p.Waits) > 0 && (p.Base != 0 || p.Factor != 0):
		return errors.New("callback: retry: waits and base or factor exclude each other")
	}
	for _, w := range p.Waits {
		if w < 0 {
			return errors.New("callback: retry: waits must not be negative")
		}
	}
	for _, s := range p.Statuses {
		if s < 100 || s > 599 {
			return fmt.Errorf("callback: retry: statuses: %d is not a status", s)
		}
	}
	return nil
}

// Next returns how long to wait before the next call, after attempt calls have
// been made and the last one has returned err, or false if there should be no
// next call. It looks at the kind of err and at the number of attempts; the
// elapsed time and the context are kept by whoever does the waiting.
//
// An [*Error] is judged by its Reason and Status. The error of a context is
// final. Every other error may pass.
func (p RetryPolicy) Next(attempt int, err error) (wait time.Duration, ok bool) {
	attempt = max(attempt, 1)
	if attempt >= p.attempts() || !p.again(err) {
		return 0, false
	}
	longest := p.cap()
	wait = min(p.scheduled(attempt), longest)
	return min(max(wait, advised(err)), longest), true
}

func (p RetryPolicy) attempts() int {
	if p.Attempts <= 0 {
		return defaultAttempts
	}
	return p.Attempts
}

func (p RetryPolicy) cap() time.Duration {
	if p.Cap > 0 {
		return p.Cap
	}
	longest := defaultCap
	for _, w := range p.Waits {
		longest = max(longest, w)
	}
	return longest
}

// scheduled returns the wait after attempt calls, before anybody's advice.
func (p RetryPolicy) scheduled(attempt int) time.Duration {
	if n := len(p.Waits); n > 0 {
		return max(p.Waits[min(attempt, n)-1], 0)
	}
	base, factor := float64(p.Base), p.Factor
	if base <= 0 {
		base = float64(defaultBase)
	}
	if !(factor >= 1) {
		factor = defaultFactor
	}
	// In floating point a huge power is infinite, where it would wrap around in
	// integers; the smaller of it and the cap is a wait again.
	longest := p.cap()
	bound := min(base*math.Pow(factor, float64(attempt-1)), float64(longest))
	if wait := bound * p.draw(); wait < float64(longest) {
		return time.Duration(wait)
	}
	return longest // which as a floating point number may be too large to be one
}

// draw returns a number from [0, 1), whatever Rand returns.
func (p RetryPolicy) draw() float64 {
	if p.Rand == nil {
		return rand.Float64()
	}
	if f := p.Rand(); f > 0 {
		return min(f, 1)
	}
	return 0
}

// again reports whether err may pass.
func (p RetryPolicy) again(err error) bool {
	var e *Error
	if !errors.As(err, &e) {
		return err != nil && !isContextError(err)
	}
	if e.Reason == nil { // a foreign Caller that left it out
		return e.Status == 0 || statusMayPass(e.Status)
	}
	if errors.Is(e.Reason, ErrRefused) || errors.Is(e.Reason, ErrGone) {
		return slices.Contains(p.Statuses, e.Status)
	}
	return e.Temporary()
}

// advised returns the wait that the receiver, or an open breaker, asked for.
func advised(err error) time.Duration {
	var e *Error
	if errors.As(err, &e) {
		return e.RetryAfter
	}
	return 0
}

// statusMayPass reports whether the same message may get another answer than
// status later.
func statusMayPass(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return status >= 500 && status != http.StatusNotImplemented
}

func isContextError(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// UnmarshalJSON reads durations as texts such as "10s", and refuses keys that it
// does not know.
func (p *RetryPolicy) UnmarshalJSON(data []byte) error {
	type plain RetryPolicy
	return confjson.Decode(data, (*plain)(p))
}

// UnmarshalYAML refuses keys that it does not know, as UnmarshalJSON does.
func (p *RetryPolicy) UnmarshalYAML(decode func(any) error) error {
	type plain RetryPolicy
	return confjson.DecodeYAML(decode, (*plain)(p))
}

// MarshalJSON writes what UnmarshalJSON reads.
func (p RetryPolicy) MarshalJSON() ([]byte, error) {
	type plain RetryPolicy
	return confjson.Encode(plain(p))
}
