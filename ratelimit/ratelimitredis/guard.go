package ratelimitredis

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/alertwire/alertwire/ratelimit"
)

const (
	defaultTimeout = 50 * time.Millisecond
	// After maxFailures in a row there is one try in each pause.
	maxFailures = 5
	pause       = 100 * time.Millisecond
)

// A guard makes calls to a server that may be away: within a time, and while
// they fail, few of them.
type guard struct {
	client   redis.UniversalClient
	punctual bool // the client
	timeout  time.Duration
	start    time.Time

	failures atomic.Int64 // in a row
	next     atomic.Int64 // when to try again, counted from start
	cause    atomic.Pointer[error]
}

func newGuard(client redis.UniversalClient, timeout time.Duration) (*guard, error) {
	if client == nil {
		return nil, fmt.Errorf("ratelimitredis: no client: %w", ratelimit.ErrInvalid)
	}
	if timeout < 0 {
		return nil, fmt.Errorf("ratelimitredis: negative timeout: %w", ratelimit.ErrInvalid)
	}
	if timeout == 0 {
		timeout = defaultTimeout
	}
	return &guard{client: client, punctual: isPunctual(client), timeout: timeout, start: time.Now()}, nil
}

// run calls f, and returns when it does or when the time is up.
func run[T any](ctx context.Context, g *guard, f func(context.Context, redis.UniversalClient) (T, error)) (T, error) {
	if !g.ready() {
		var none T
		return none, fmt.Errorf("%w, and not asked: %w", ErrUnavailable, *g.cause.Load())
	}
	limited, cancel := context.WithTimeout(ctx, g.timeout)
	defer cancel()
	if !g.punctual {
		f = apart(f)
	}
	v, err := f(limited, g.client)
	if err == nil {
		if g.failing() {
			g.failures.Store(0)
		}
		return v, nil
	}
	if ctx.Err() == nil { // else it was the caller who gave up
		g.failed(err)
	}
	return v, fmt.Errorf("%w: %w", ErrUnavailable, err)
}

// isPunctual reports whether a client heeds deadlines. Those of clusters do not
// in all that they do, whatever their settings: they look up their commands within
// 5 seconds of their own.
func isPunctual(client redis.UniversalClient) bool {
	c, ok := client.(*redis.Client)
	return ok && c.Options().ContextTimeoutEnabled
}

// apart makes f return when its context ends. What it calls goes on in a
// goroutine, until the client gives up; the pauses bound how many there are.
func apart[T any](f func(context.Context, redis.UniversalClient) (T, error)) func(context.Context, redis.UniversalClient) (T, error) {
	type result struct {
		value T
		err   error
	}
	return func(ctx context.Context, c redis.UniversalClient) (T, error) {
		done := make(chan result, 1)
		go func() {
			v, err := f(ctx, c)
			done <- result{v, err}
		}()
		select {
		case r := <-done:
			return r.value, r.err
		case <-ctx.Done():
			var none T
			return none, ctx.Err()
		}
	}
}

// ready reports whether to try. Who is told to try is the only one until a pause
// after the try has failed, or could have taken no longer.
func (g *guard) ready() bool {
	if g.failures.Load() < maxFailures {
		return true
	}
	now, next := g.now(), g.next.Load()
	return now >= next && g.next.CompareAndSwap(next, now+int64(g.timeout+pause))
}

func (g *guard) failed(err error) {
	g.cause.Store(&err)
	if g.failures.Add(1) >= maxFailures {
		g.next.Store(g.now() + int64(pause))
	}
}

// failing reports whether the latest call failed.
func (g *guard) failing() bool { return g.failures.Load() > 0 }

func (g *guard) now() int64 { return int64(time.Since(g.start)) }
