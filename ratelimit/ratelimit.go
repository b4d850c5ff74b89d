// Package ratelimit decides how often somebody may do something: token buckets
// per key, their enforcement in front of an HTTP handler, and deduplication.
//
//	perIP, err := ratelimit.New(ratelimit.Rate{Events: 100, Per: time.Minute}, ratelimit.Options{})
//	all, err := ratelimit.New(ratelimit.Rate{Events: 1000, Per: time.Minute}, ratelimit.Options{})
//	limit := ratelimit.Enforce(ratelimit.EnforceOptions{},
//		ratelimit.Limit{Name: "ip", Limiter: perIP, Key: ratelimit.RemoteIP},
//		ratelimit.Limit{Name: "all", Limiter: all, Key: ratelimit.Everyone})
//	http.ListenAndServe(addr, limit(handler))
//
// A bucket is full at first, holds [Rate.Burst] events and is refilled evenly.
// So a client with a full bucket may send the whole burst at once, and then what
// is refilled: 100 per minute with a burst of 100 admits up to 200 in the first
// minute, and 100 in each one after that. A smaller Burst makes the difference
// smaller.
//
// Buckets live in a [Store]. [Memory] is one in this process: of fixed size,
// without a goroutine, exact among concurrent callers, and free of the wall
// clock. Package ratelimitredis, a module of its own, has one for several
// processes; [Fallback] keeps the service limited while such a store is away.
//
// This package does not count requests that are in progress, and it does not
// know who a client is: a [KeyFunc] says that, and none is chosen by default.
package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"time"
)

var (
	// ErrLimited is the reason of a refusal because a limit was reached.
	ErrLimited = errors.New("ratelimit: limit reached")
	// ErrOversize is returned for a cost that is more than the bucket holds,
	// which no waiting helps. A [Rate] of zero makes every cost oversize.
	ErrOversize = errors.New("ratelimit: cost exceeds the burst")
	// ErrInvalid is returned for a Rate, a name or a cost that has no meaning.
	ErrInvalid = errors.New("ratelimit: invalid")
	// ErrInFlight is returned by [Dedup.Reserve] while another delivery of the
	// same id is being worked on.
	ErrInFlight = errors.New("ratelimit: delivery in flight")
)

// A Request asks one bucket for N events.
type Request struct {
	// Name and Key together are the bucket. The Name keeps apart what several
	// limits in one Store say about one Key. It is made of at most 64 letters,
	// digits and "-_./", and may be empty; [New] sees to that. The Key may be any
	// text.
	Name, Key string
	// Rate is that of the bucket. The zero Rate allows nothing.
	Rate Rate
	// N is the cost. Zero asks without spending anything.
	N int
}

// Check returns [ErrInvalid] or [ErrOversize] for a Request that a Store must
// refuse. It is meant for implementations of [Store].
func (r Request) Check() error {
	g, err := r.Rate.gcra()
	if err != nil {
		return err
	}
	_, err = g.cost(r.N)
	return err
}

// A Decision is what a bucket says.
type Decision struct {
	// OK reports whether the cost fits, or for a cost of zero, whether one event
	// would.
	OK bool
	// Limit is what the bucket holds when it is full, Remaining what it holds now.
	Limit, Remaining int
	// Reset is how long it takes until the bucket is full again.
	Reset time.Duration
	// RetryAfter is how long it takes until the cost fits. It is 0 if OK, and
	// also if no waiting helps.
	RetryAfter time.Duration
	// Degraded reports that the store could not be asked, and a substitute decided.
	Degraded bool
}

// A Store keeps buckets. Implementations are safe for concurrent use; test one
// with package ratelimittest.
//
// A Store that can also make a bucket full again has a method
//
//	Reset(ctx context.Context, name, key string) error
//
// which [Limiter.Reset] calls.
type Store interface {
	// Take asks the buckets of all reqs. Either each of them has enough and is
	// charged, or none is. It writes to out[i] what the bucket of reqs[i] says
	// by itself, so the caller is admitted if every Decision is OK; out is at
	// least as long as reqs.
	//
	// It returns ErrInvalid if a Rate or a cost is invalid or a bucket occurs
	// twice, ErrOversize if a cost is more than its bucket holds, and any other
	// error if it cannot decide. In all these cases nothing is charged.
	Take(ctx context.Context, reqs []Request, out []Decision) error
}

// checkName tells whether s can name a limit: it becomes a part of keys and headers.
func checkName(s string) error {
	if len(s) > 64 {
		return fmt.Errorf("%w name: more than 64 bytes", ErrInvalid)
	}
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '-', c == '_', c == '.', c == '/':
		default:
			return fmt.Errorf("%w name %q", ErrInvalid, s)
		}
	}
	return nil
}
