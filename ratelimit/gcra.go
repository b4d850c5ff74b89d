package ratelimit

import (
	"fmt"
	"math"
	"time"
)

// maxSpan bounds the time that an empty bucket needs to be full, so that no sum
// of it with a point in time overflows. It is 36 years.
const maxSpan = math.MaxInt64 / 8

// epoch is the zero of our time, in the past by more than a maxSpan: the word of
// an unused bucket, 0, must be in the past too, also for the fake clocks of
// testing/synctest, which begin in the year 2000.
var epoch = time.Now().Add(-2 * maxSpan)

// clock returns the time in nanoseconds since epoch. It follows the monotonic
// clock, so steps of the wall clock do not show.
func clock() int64 { return int64(time.Since(epoch)) }

// A gcra is a Rate in the form in which the generic cell rate algorithm needs
// it. The whole state of a bucket is one word, the theoretical arrival time
// (tat): when the bucket will be full again. A tat that is past means full, as
// does a bucket that nobody has ever used.
type gcra struct {
	step  int64 // nanoseconds to refill one event
	span  int64 // nanoseconds to refill all of them: step × burst
	burst int64
}

// gcra returns r in its computable form, or ErrInvalid.
func (r Rate) gcra() (gcra, error) {
	if r.Events == 0 && r.Burst == 0 && r.Per >= 0 {
		return gcra{}, nil
	}
	burst := int64(r.Burst)
	if burst == 0 {
		burst = int64(r.Events)
	}
	if r.Events <= 0 || r.Per <= 0 || burst < 0 {
		return gcra{}, fmt.Errorf("%w rate %v", ErrInvalid, r)
	}
	step := int64(r.Per) / int64(r.Events)
	if step == 0 {
		return gcra{}, fmt.Errorf("%w rate %v: more than one event per nanosecond", ErrInvalid, r)
	}
	if burst > maxSpan/step {
		return gcra{}, fmt.Errorf("%w rate %v: more than 36 years to refill", ErrInvalid, r)
	}
	return gcra{step: step, span: step * burst, burst: burst}, nil
}

// cost returns n events in nanoseconds.
func (g gcra) cost(n int) (int64, error) {
	switch {
	case n < 0:
		return 0, fmt.Errorf("%w cost %d", ErrInvalid, n)
	case int64(n) > g.burst:
		return 0, ErrOversize
	}
	return int64(n) * g.step, nil
}

// decide describes a bucket with the given tat: after cost was taken if ok, or
// with too little for cost if not.
func (g gcra) decide(tat, now, cost int64, ok bool) Decision {
	d := Decision{OK: ok, Limit: int(g.burst), Remaining: int(g.burst)}
	if debt := tat - now; debt > 0 {
		d.Reset = time.Duration(debt)
		d.Remaining = int(max(g.span-debt, 0) / max(g.step, 1))
	}
	if !ok {
		d.RetryAfter = max(d.Reset+time.Duration(cost-g.span), 0)
	}
	return d
}
