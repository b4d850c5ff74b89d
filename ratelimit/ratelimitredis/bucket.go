package ratelimitredis

import (
	"context"
	"fmt"
	"time"

	"github.com/alertwire/alertwire/ratelimit"
)

// A bucket is a Request in microseconds.
type bucket struct {
	step, span, cost int64
	burst            int64
}

func newBucket(r ratelimit.Request) (bucket, error) {
	if err := r.Check(); err != nil {
		return bucket{}, err
	}
	if r.Rate.Events == 0 {
		return bucket{step: 1}, nil // has no room for a step
	}
	b := bucket{burst: int64(r.Rate.Burst)}
	if b.burst == 0 {
		b.burst = int64(r.Rate.Events)
	}
	step := r.Rate.Per / time.Duration(r.Rate.Events)
	if step < time.Microsecond {
		return bucket{}, fmt.Errorf("ratelimitredis: more than one event per microsecond: %w", ratelimit.ErrInvalid)
	}
	b.step = int64((step + time.Microsecond - 1) / time.Microsecond)
	b.span = b.step * b.burst
	b.cost = b.step * int64(r.N)
	return b, nil
}

// read describes a bucket of which the script said so.
func (b bucket) read(said int64) ratelimit.Decision {
	if said < 0 {
		return b.decide(false, -1-said)
	}
	return b.decide(true, said)
}

// decide describes a bucket that will be full again in debt.
func (b bucket) decide(ok bool, debt int64) ratelimit.Decision {
	d := ratelimit.Decision{
		OK:        ok,
		Limit:     int(b.burst),
		Remaining: int((b.span - debt) / b.step),
		Reset:     time.Duration(debt) * time.Microsecond,
	}
	if !ok && b.span > 0 {
		d.RetryAfter = time.Duration(debt+max(b.cost, b.step)-b.span) * time.Microsecond
	}
	return d
}

// refusedBefore reports whether a bucket is known to be empty, and decides if so.
// While the server fails it knows nothing, so that who watches the failures does
// not take a decision of ours for one of the server's.
func (s *Store) refusedBefore(ctx context.Context, reqs []ratelimit.Request, buckets []bucket, out []ratelimit.Decision) bool {
	if s.denied == nil || s.guard.failing() {
		return false
	}
	refused := false
	for i, r := range reqs {
		var known [1]ratelimit.Decision
		ask := [1]ratelimit.Request{{Name: r.Name, Key: r.Key, Rate: ratelimit.Rate{Events: 1, Per: time.Hour}}}
		if s.denied.Take(ctx, ask[:], known[:]) != nil || known[0].OK {
			continue
		}
		if !refused {
			refused = true
			for j := range buckets {
				out[j] = buckets[j].decide(true, 0)
			}
		}
		// One event comes back when the key is no longer remembered.
		b := buckets[i]
		debt := int64((known[0].RetryAfter+time.Microsecond-1)/time.Microsecond) + b.span - b.step
		out[i] = b.decide(false, debt)
	}
	return refused
}

// remember notes what is empty, for as long as it is.
func (s *Store) remember(ctx context.Context, reqs []ratelimit.Request, buckets []bucket, out []ratelimit.Decision) {
	if s.denied == nil {
		return
	}
	for i, r := range reqs {
		b := buckets[i]
		wait := out[i].RetryAfter - time.Duration(max(b.cost, b.step)-b.step)*time.Microsecond
		if out[i].OK || wait <= 0 {
			continue
		}
		var d [1]ratelimit.Decision
		note := [1]ratelimit.Request{{Name: r.Name, Key: r.Key, Rate: ratelimit.Rate{Events: 1, Per: wait}, N: 1}}
		_ = s.denied.Take(ctx, note[:], d[:]) // is noted already if that is refused
	}
}
