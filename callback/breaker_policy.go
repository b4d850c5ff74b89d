package callback

import (
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/alertwire/alertwire/internal/confjson"
)

const (
	defaultFailures = 5
	defaultCooldown = 30 * time.Second
	defaultPause    = time.Minute
)

// A BreakerPolicy says when a breaker opens, and for how long. It is plain
// data; the zero value opens after five failures in a row for 30 seconds.
//
// Only outcomes that tell something about the endpoint count, see
// [Class.Counts]: a message that it refused, an address that the guard refused,
// or a caller that went away are neutral.
type BreakerPolicy struct {
	// Off lets everything through, always.
	Off bool `json:"off,omitempty" yaml:"off,omitempty"`
	// Failures in a row open the breaker. Zero means 5.
	Failures int `json:"failures,omitempty" yaml:"failures,omitempty"`
	// Cooldown is how long it stays open before one call may probe. Zero means
	// 30 s.
	Cooldown time.Duration `json:"cooldown,omitempty" yaml:"cooldown,omitempty"`
	// Cap bounds how long the Retry-After of a receiver keeps it open. Zero
	// means 1 min.
	Cap time.Duration `json:"cap,omitempty" yaml:"cap,omitempty"`
	// Logger gets one record at level Warn when an outage begins, however often
	// the endpoint is probed in vain, and one at level Info when it is over.
	// Nil is silent. No file can name one: who reads a policy from a file sets
	// it afterwards.
	Logger *slog.Logger `json:"-" yaml:"-"`
}

// Validate returns an error that names the first field that makes no sense.
func (p BreakerPolicy) Validate() error {
	switch {
	case p.Failures < 0:
		return errors.New("callback: breaker: failures must not be negative")
	case p.Cooldown < 0:
		return errors.New("callback: breaker: cooldown must not be negative")
	case p.Cap < 0:
		return errors.New("callback: breaker: cap must not be negative")
	}
	return nil
}

func (p BreakerPolicy) withDefaults() BreakerPolicy {
	if p.Failures == 0 {
		p.Failures = defaultFailures
	}
	if p.Cooldown == 0 {
		p.Cooldown = defaultCooldown
	}
	if p.Cap == 0 {
		p.Cap = defaultPause
	}
	if p.Logger == nil {
		p.Logger = slog.New(slog.DiscardHandler)
	}
	return p
}

// A verdict is what the outcome of a call means to a breaker.
type verdict int

const (
	neutral verdict = iota
	healthy
	failing
	finished // the endpoint wants no more calls
)

// judge returns what err means, and the wait that the receiver advised along
// with it, which holds for every message and not only for this one.
func judge(err error) (verdict, time.Duration) {
	if err == nil {
		return healthy, 0
	}
	var e *Error
	switch {
	case !errors.As(err, &e):
		if isContextError(err) {
			return neutral, 0
		}
		return failing, 0
	case errors.Is(e.Reason, ErrGone):
		return finished, 0
	case e.Class.Counts():
		return failing, pause(e)
	case e.Class == ClassDeadline && e.Attempts > 0 && e.Last != nil:
		// A Retry ran out of time after attempts that failed.
		return judge(e.Last)
	}
	return neutral, 0
}

// pause returns the wait of a receiver that said to everybody: not now.
func pause(e *Error) time.Duration {
	if e.Status == http.StatusTooManyRequests || e.Status == http.StatusServiceUnavailable {
		return max(e.RetryAfter, 0)
	}
	return 0
}

// UnmarshalJSON reads durations as texts such as "30s", and refuses keys that it
// does not know.
func (p *BreakerPolicy) UnmarshalJSON(data []byte) error {
	type plain BreakerPolicy
	return confjson.Decode(data, (*plain)(p))
}

// UnmarshalYAML refuses keys that it does not know, as UnmarshalJSON does.
func (p *BreakerPolicy) UnmarshalYAML(decode func(any) error) error {
	type plain BreakerPolicy
	return confjson.DecodeYAML(decode, (*plain)(p))
}

// MarshalJSON writes what UnmarshalJSON reads.
func (p BreakerPolicy) MarshalJSON() ([]byte, error) {
	type plain BreakerPolicy
	return confjson.Encode(plain(p))
}
