package dispatchnats

import (
	"context"
	"sync"
	"time"

	"github.com/alertwire/alertwire/callback/dispatch"
)

// A gate lets a number of callers through at a time, a number that may change.
type gate struct {
	mu      sync.Mutex
	changed sync.Cond
	max, in int
}

func newGate() *gate {
	g := new(gate)
	g.changed.L = &g.mu
	return g
}

func (g *gate) limit(n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.max = n
	g.changed.Broadcast()
}

// enter waits for its turn and reports whether ctx allowed it to.
func (g *gate) enter(ctx context.Context) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.in < g.max {
		g.in++
		return ctx.Err() == nil || g.undo()
	}
	stop := context.AfterFunc(ctx, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.changed.Broadcast()
	})
	defer stop()
	for g.in >= g.max {
		if ctx.Err() != nil {
			return false
		}
		g.changed.Wait()
	}
	g.in++
	return ctx.Err() == nil || g.undo()
}

func (g *gate) undo() bool {
	g.in--
	g.changed.Broadcast()
	return false
}

func (g *gate) exit() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.undo()
}

// A pace keeps the calls that one process makes to a Rate. It is a token bucket
// in the form that needs one number: the time at which the bucket will be full
// again. The zero value does not limit.
type pace struct {
	interval time.Duration // from one call to the next
	slack    time.Duration // how far a burst may run ahead
	full     time.Time
}

func newPace(r dispatch.Rate) pace {
	if r == (dispatch.Rate{}) {
		return pace{}
	}
	interval := r.Per / time.Duration(r.Events)
	return pace{interval: interval, slack: time.Duration(orDefault(r.Burst, r.Events)-1) * interval}
}

// reserve takes the next token and returns how long to wait before using it.
func (p *pace) reserve(now time.Time) time.Duration {
	if p.interval == 0 {
		return 0
	}
	wait := p.full.Add(-p.slack).Sub(now)
	if p.full.Before(now) {
		p.full = now
	}
	p.full = p.full.Add(p.interval)
	return max(wait, 0)
}

// pacing waits until the rate of the endpoint allows a call, and reports whether
// ctx allowed it to.
func (e *endpoint) pacing(ctx context.Context) bool {
	e.mu.Lock()
	wait := e.pace.reserve(time.Now())
	e.mu.Unlock()
	return wait == 0 || sleep(ctx, wait)
}
