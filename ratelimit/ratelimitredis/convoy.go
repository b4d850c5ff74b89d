package ratelimitredis

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/redis/go-redis/v9"
)

const (
	maxUnderWay = 2   // calls at a time
	maxTogether = 128 // groups in a call
)

// A convoy asks for concurrent callers together. Who comes when little is under
// way is sent at once. Who comes later waits until an answer has come, and is
// sent with all that wait, in one call: most of what a decision costs is its
// journey.
type convoy struct {
	guard *guard

	mu       sync.Mutex
	underWay int
	waiting  []*passenger
}

// A passenger is a group that waits.
type passenger struct {
	group  group
	gaveUp atomic.Bool
	done   chan answer // has room for one
}

type answer struct {
	said []int64
	err  error
}

// decide asks for a decision on one group, within the time of the guard.
func (v *convoy) decide(ctx context.Context, g group) ([]int64, error) {
	v.mu.Lock()
	if v.underWay < maxUnderWay {
		v.underWay++
		v.mu.Unlock()
		defer v.next()
		return v.call(ctx, []group{g})
	}
	p := &passenger{group: g, done: make(chan answer, 1)}
	v.waiting = append(v.waiting, p)
	v.mu.Unlock()

	ctx, cancel := context.WithTimeout(ctx, v.guard.timeout)
	defer cancel()
	select {
	case a := <-p.done:
		return a.said, a.err
	case <-ctx.Done():
		p.gaveUp.Store(true) // if it is not under way already
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, ctx.Err())
	}
}

// next sends those who wait in the place of a call that has ended.
func (v *convoy) next() {
	v.mu.Lock()
	defer v.mu.Unlock()
	n := min(len(v.waiting), maxTogether)
	if n == 0 {
		v.underWay--
		return
	}
	sent := v.waiting[:n:n]
	v.waiting = v.waiting[n:]
	go v.send(sent)
}

// send asks for those who have not given up, and tells them.
func (v *convoy) send(ps []*passenger) {
	defer v.next()
	ps = slices.DeleteFunc(ps, func(p *passenger) bool { return p.gaveUp.Load() })
	if len(ps) == 0 {
		return
	}
	groups := make([]group, len(ps))
	for i, p := range ps {
		groups[i] = p.group
	}
	said, err := v.call(context.Background(), groups)
	for _, p := range ps {
		if err != nil {
			p.done <- answer{err: err}
			continue
		}
		n := len(p.group.keys)
		p.done <- answer{said: said[:n]}
		said = said[n:]
	}
}

func (v *convoy) call(ctx context.Context, groups []group) ([]int64, error) {
	return run(ctx, v.guard, func(ctx context.Context, c redis.UniversalClient) ([]int64, error) {
		return decide(ctx, c, groups)
	})
}
