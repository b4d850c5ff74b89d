package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A Limiter holds each key to a Rate. It is safe for concurrent use. The zero
// Limiter admits nothing.
type Limiter struct {
	rate    Rate
	gcra    gcra
	name    string
	salt    uint64
	store   Store
	memory  *Memory // the store, if it is one
	plain   bool    // neither rateFor nor exempt
	rateFor func(key string) Rate
	exempt  func(key string) bool
}

// Options are the options of [New].
type Options struct {
	// Store keeps the buckets. Nil is a [Memory] of the limiter's own.
	Store Store
	// Name keeps the keys of this limiter apart from those of others in the same
	// Store, see [Request]. [Limit.Name] overrides it.
	Name string
	// RateFor returns the rate of a key, for keys that differ. Nil gives each
	// key the limiter's rate. A key whose rate is changed keeps what it owes.
	RateFor func(key string) Rate
	// Exempt reports keys that are never limited nor counted. Nil exempts nobody.
	Exempt func(key string) bool
}

// New returns a Limiter. It returns [ErrInvalid] if the rate is negative, is
// more than one event per nanosecond or takes more than 36 years to refill a
// bucket, and for a Name that a [Request] may not have. It makes no connection
// and starts no goroutine.
func New(rate Rate, o Options) (*Limiter, error) {
	g, err := rate.gcra()
	if err != nil {
		return nil, err
	}
	if err := checkName(o.Name); err != nil {
		return nil, err
	}
	if o.Store == nil {
		o.Store = new(Memory)
	}
	l := &Limiter{
		rate: rate, gcra: g,
		name: o.Name, salt: saltOf(o.Name),
		store:   o.Store,
		rateFor: o.RateFor, exempt: o.Exempt,
		plain: o.RateFor == nil && o.Exempt == nil,
	}
	l.memory, _ = o.Store.(*Memory)
	return l, nil
}

// Allow spends one event of the key and reports whether that was possible. It
// reports false if the Store fails.
func (l *Limiter) Allow(key string) bool {
	if l.memory != nil && l.plain && l.gcra.burst > 0 {
		_, ok := l.memory.ready().take(hashOf(key, l.salt), clock(), l.gcra.step, l.gcra.span)
		return ok
	}
	d, err := l.Take(context.Background(), key, 1)
	return err == nil && d.OK
}

// Take spends n events of the key, all of them or, if there are fewer, none. An
// n of zero asks without spending. It returns [ErrInvalid] if n is negative,
// [ErrOversize] if the bucket never holds n, and what the Store returns if that
// fails; the Decision is not OK then. For an exempt key it is OK and nothing else.
func (l *Limiter) Take(ctx context.Context, key string, n int) (Decision, error) {
	if l.exempt != nil && l.exempt(key) {
		return Decision{OK: true}, nil
	}
	var a ask
	if err := l.prepare(&a, key, l.salt, n); err != nil {
		return Decision{Limit: int(a.gcra.burst)}, err
	}
	if l.memory == nil {
		return l.takeRemote(ctx, key, n)
	}
	now := clock()
	if n == 0 {
		a.look(now)
	} else {
		a.take(now)
	}
	return a.decision(now), nil
}

func (l *Limiter) takeRemote(ctx context.Context, key string, n int) (Decision, error) {
	if l.store == nil {
		return Decision{}, fmt.Errorf("%w limiter: not made by New", ErrInvalid)
	}
	out := make([]Decision, 1)
	if err := l.store.Take(ctx, []Request{{Name: l.name, Key: key, Rate: l.rateOf(key), N: n}}, out); err != nil {
		return Decision{}, err
	}
	return out[0], nil
}

// prepare checks a cost and sets what to ask the limiter's Memory, if it has one.
func (l *Limiter) prepare(a *ask, key string, salt uint64, n int) (err error) {
	a.gcra = l.gcra
	if l.rateFor != nil {
		if a.gcra, err = l.rateFor(key).gcra(); err != nil {
			return err
		}
	}
	if a.cost, err = a.gcra.cost(n); err == nil && l.memory != nil {
		a.table, a.hash = l.memory.ready(), hashOf(key, salt)
	}
	return err
}

func (l *Limiter) rateOf(key string) Rate {
	if l.rateFor == nil {
		return l.rate
	}
	return l.rateFor(key)
}

// Wait spends one event of the key, and waits until there is one. Who waits for
// the same key is admitted in no particular order. It returns the cause of the
// context's end, a wrapped [context.DeadlineExceeded] at once if the deadline is
// too near, and the errors of [Limiter.Take]. If it returns an error, nothing was
// spent, as far as the Store knows.
func (l *Limiter) Wait(ctx context.Context, key string) error {
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		d, err := l.Take(ctx, key, 1)
		if err != nil || d.OK {
			return err
		}
		wait := max(d.RetryAfter, time.Millisecond) // against a store that says 0
		if end, ok := ctx.Deadline(); ok && time.Until(end) < wait {
			return fmt.Errorf("ratelimit: wait for %v: %w", wait, context.DeadlineExceeded)
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
	}
}

// Reset makes the bucket of the key full. It returns a wrapped
// [errors.ErrUnsupported] if the Store has no such method.
func (l *Limiter) Reset(ctx context.Context, key string) error {
	return reset(ctx, l.store, l.name, key)
}

// reset calls the Reset of a Store that has one.
func reset(ctx context.Context, s Store, name, key string) error {
	r, ok := s.(interface {
		Reset(ctx context.Context, name, key string) error
	})
	if !ok {
		return fmt.Errorf("ratelimit: reset: %w", errors.ErrUnsupported)
	}
	return r.Reset(ctx, name, key)
}
