package callback

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// Breaker returns a decorator that stops calling an endpoint that is down. Once
// p.Failures calls in a row have failed, further ones fail at once with
// [ErrOpen], which may pass and whose RetryAfter is the time that is left. After
// the cooldown exactly one call goes through as a probe: if it succeeds, the
// breaker closes, else it stays open for another cooldown. A probe with a
// neutral outcome hands its part to the next call.
//
// A receiver that answers 429 or 503 with Retry-After keeps everybody away for
// that long, as far as p.Cap goes. One that answers 410 is left alone for good:
// every further call fails with [ErrGone].
//
// With a policy that Validate refuses, every call fails with that error.
func Breaker(p BreakerPolicy) Decorator {
	if err := p.Validate(); err != nil {
		return refuse(err)
	}
	return func(c Caller) Caller {
		if p.Off {
			return c
		}
		return &breaker{next: c, policy: p.withDefaults()}
	}
}

type breaker struct {
	next   Caller
	policy BreakerPolicy

	mu       sync.Mutex
	state    breakerState
	era      uint64    // counts changes of state: the outcome of a call from an earlier era is ignored
	failures int       // in a row, while closed
	probing  bool      // the one probe is under way, while half open
	until    time.Time // when the next probe may start, while open
	health   health    // what was logged last
}

type breakerState int

const (
	closed breakerState = iota
	open
	halfOpen
	shut // for good
)

// health is the state of the endpoint as a person sees it. It changes less
// often than that of the breaker, which every probe in vain opens again.
type health int

const (
	up health = iota
	down
	gone
)

func (b *breaker) Call(ctx context.Context, m Message) (reply Reply, err error) {
	era, refusal := b.enter(m)
	if refusal != nil {
		return Reply{}, refusal
	}
	v, wait := failing, time.Duration(0) // what a panic means
	defer func() { b.leave(ctx, era, v, wait, err) }()
	reply, err = b.next.Call(ctx, m)
	v, wait = judge(err)
	return reply, err
}

// Endpoint returns the name of the endpoint.
func (b *breaker) Endpoint() string { return endpointOf(b.next) }

// enter lets a call through and returns its era, or refuses it.
func (b *breaker) enter(m Message) (uint64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.state == closed {
		return b.era, nil
	}
	e := &Error{Endpoint: b.Endpoint(), MessageID: m.ID, Class: ClassOpen, Reason: ErrOpen}
	switch b.state {
	case shut:
		e.Class, e.Reason = ClassGone, ErrGone
		return 0, e
	case open:
		if left := time.Until(b.until); left > 0 {
			e.RetryAfter = left
			return 0, e
		}
		b.turn(halfOpen)
	}
	if b.probing {
		return 0, e
	}
	b.probing = true
	return b.era, nil
}

// leave takes note of the outcome of a call, and logs what it changed.
func (b *breaker) leave(ctx context.Context, era uint64, v verdict, wait time.Duration, err error) {
	switch before, after := b.note(era, v, wait); {
	case before == after:
	case after == gone:
		b.log(ctx, slog.LevelWarn, "callback endpoint is gone", err)
	case after == down:
		b.log(ctx, slog.LevelWarn, "callback breaker opened", err)
	case after == up:
		b.log(ctx, slog.LevelInfo, "callback breaker closed", nil)
	}
}

// note takes the outcome into account and returns how the endpoint was seen
// before and after it.
func (b *breaker) note(era uint64, v verdict, wait time.Duration) (before, after health) {
	b.mu.Lock()
	defer b.mu.Unlock()
	before = b.health
	switch {
	case v == finished:
		b.turn(shut)
		b.health = gone
	case era != b.era:
		// A call from before the last change knows nothing new.
	case v == healthy:
		b.succeed()
	case v == failing:
		b.fail(wait)
	default:
		b.probing = false // the next call is the probe
	}
	return before, b.health
}

func (b *breaker) succeed() {
	b.failures = 0
	if b.state != closed {
		b.turn(closed)
		b.health = up
	}
}

func (b *breaker) fail(wait time.Duration) {
	b.failures++
	wait = min(wait, b.policy.Cap)
	switch {
	case b.failures >= b.policy.Failures:
		b.health = down
		wait = max(wait, b.policy.Cooldown)
	case b.state == halfOpen && wait == 0:
		wait = b.policy.Cooldown
	}
	if wait > 0 {
		b.turn(open)
		b.until = time.Now().Add(wait)
	}
}

// turn changes the state and begins a new era.
func (b *breaker) turn(s breakerState) {
	b.state, b.probing = s, false
	b.era++
}

// log is called without the lock: a handler may take its time.
func (b *breaker) log(ctx context.Context, level slog.Level, text string, err error) {
	attrs := []slog.Attr{slog.String("endpoint", b.Endpoint())}
	var e *Error
	if errors.As(err, &e) {
		attrs = append(attrs, slog.String("class", string(e.Class)), slog.Int("status", e.Status))
	}
	b.policy.Logger.LogAttrs(ctx, level, text, attrs...)
}
