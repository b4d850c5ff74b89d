package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"time"
)

// A Fallback is a [Store] that asks another one, and decides by itself while
// that one fails. It is the way between refusing everybody and limiting nobody
// while a server is away. It is safe for concurrent use and starts no goroutine.
//
//	limiter, err := ratelimit.New(rate, ratelimit.Options{
//		Store: &ratelimit.Fallback{Store: redis, Instances: 3},
//	})
//
// Its own buckets are kept warm: what the other store admits is charged to them,
// and what it refuses empties them. So clients that were exhausted when the store
// failed are so afterwards.
type Fallback struct {
	// Store is asked first. It is required, and should answer within a time that
	// callers can bear.
	Store Store
	// Instances is how many processes use the Store. While it fails, each of them
	// admits its share of every rate. Zero or less means 1.
	Instances int
	// Local is what decides meanwhile. Its zero value is ready.
	Local Memory
	// OnChange is told the error when the Store begins to fail, and nil when it
	// is back. Nil tells nobody.
	OnChange func(err error)

	failing atomic.Bool
}

var _ Store = (*Fallback)(nil)

// Take implements [Store]. Decisions of its own are marked as Degraded.
func (f *Fallback) Take(ctx context.Context, reqs []Request, out []Decision) error {
	if f.Store == nil {
		return fmt.Errorf("%w fallback: no store", ErrInvalid)
	}
	err := f.Store.Take(ctx, reqs, out)
	switch {
	case err == nil:
		f.change(nil)
		f.warm(ctx, reqs, out)
		return nil
	case errors.Is(err, ErrInvalid), errors.Is(err, ErrOversize):
		return err
	case ctx.Err() == nil: // else it may be the caller who gave up
		f.change(err)
	}
	shares := make([]Request, len(reqs))
	for i := range reqs {
		shares[i] = f.share(reqs[i])
	}
	if err := f.Local.Take(ctx, shares, out); err != nil {
		return err
	}
	for i := range reqs {
		out[i].Degraded = true
	}
	return nil
}

// Reset makes the bucket of a key full in both stores, see [Limiter.Reset].
func (f *Fallback) Reset(ctx context.Context, name, key string) error {
	if err := f.Local.Reset(ctx, name, key); err != nil {
		return err
	}
	return reset(ctx, f.Store, name, key)
}

// change notes whether the Store fails.
func (f *Fallback) change(err error) {
	failing := err != nil
	if f.failing.Load() != failing && f.failing.Swap(failing) != failing && f.OnChange != nil {
		f.OnChange(err)
	}
}

// warm charges what the Store charged, and empties what the Store has empty.
func (f *Fallback) warm(ctx context.Context, reqs []Request, out []Decision) {
	all := allOK(out[:len(reqs)])
	for i := range reqs {
		var d [1]Decision
		r := [1]Request{f.share(reqs[i])}
		if !all {
			if out[i].OK || out[i].Remaining > 0 {
				continue
			}
			r[0].N = 0
			if f.Local.Take(ctx, r[:], d[:]) != nil {
				continue
			}
			r[0].N = d[0].Remaining
		}
		_ = f.Local.Take(ctx, r[:], d[:]) // whether there is enough does not matter
	}
}

// share returns r with the part of its rate that one instance may admit.
func (f *Fallback) share(r Request) Request {
	n := max(f.Instances, 1)
	if n == 1 || r.Rate.Per > math.MaxInt64/time.Duration(n) {
		return r
	}
	s := r
	if s.Rate.Burst == 0 {
		s.Rate.Burst = s.Rate.Events
	}
	s.Rate.Burst = (s.Rate.Burst + n - 1) / n
	s.Rate.Per *= time.Duration(n)
	if _, err := s.Rate.gcra(); err != nil {
		return r // rounding made it too slow
	}
	s.N = min(s.N, s.Rate.Burst)
	return s
}
