package dispatch

import (
	"context"
	"errors"
	"time"

	"github.com/alertwire/alertwire/callback"
)

// A breaker that is open and does not say for how long is asked again after
// minPause; one that says more than maxPause is asked earlier.
const (
	minPause = 50 * time.Millisecond
	maxPause = 10 * time.Minute
)

// run is a worker: it calls while there is something to call, and ends.
func (e *endpoint) run() {
	var it *item // in flight
	ended := false
	defer func() {
		if !ended { // a Caller has ended the goroutine, as tests that fail do
			e.mu.Lock()
			e.settle(it, e.exited(it))
			e.leave()
		}
	}()
	e.mu.Lock()
	for {
		now := time.Now()
		it = e.take(now)
		if it == nil && len(e.outs) == 0 {
			ended = true
			e.leave()
			return
		}
		if it != nil {
			e.kick(now) // if there is more, another worker begins with it
			caller, m, n := e.caller, *it.msg, it.attempts+1
			e.unlock()

			ctx := e.ctx
			if n > 1 {
				ctx = callback.WithAttempt(ctx, n)
			}
			_, err := caller.Call(ctx, m)

			e.mu.Lock()
			e.settle(it, err)
			it = nil
		}
		if len(e.outs) > 0 { // who waits for the end waits for the reports too
			e.unlock()
			e.mu.Lock()
		}
	}
}

// leave ends a worker, and unlocks.
func (e *endpoint) leave() {
	e.workers--
	e.arm(time.Now())
	e.signal()
	e.unlock()
}

// take returns what is to be called next, or nil if the worker should end.
func (e *endpoint) take(now time.Time) *item {
	if e.cut || e.workers > e.limit() || e.paused.After(now) {
		return nil
	}
	e.q.promote(now)
	for it := e.q.ready.head; it != nil && e.late(it, now); it = e.q.ready.head {
		e.end(it, Failed, e.tooLate(it))
	}
	if e.q.ready.n == 0 || !e.pace.take(now) {
		return nil
	}
	return e.q.take()
}

// limit returns how many calls may be in flight.
func (e *endpoint) limit() int {
	if e.probing {
		return 1
	}
	return e.o.Concurrency
}

// late reports whether an attempt at that time is against the policy.
func (e *endpoint) late(it *item, at time.Time) bool {
	return e.o.Retry.Elapsed > 0 && at.Sub(it.accepted) > e.o.Retry.Elapsed
}

// opens returns the time before which no call may start.
func (e *endpoint) opens() time.Time {
	if at := e.pace.next(); at.After(e.paused) {
		return at
	}
	return e.paused
}

// kick starts a worker if there is something for it to do. One is enough: it
// kicks in its turn.
func (e *endpoint) kick(now time.Time) {
	switch {
	case e.q.ready.n == 0 || e.workers >= e.limit() || e.cut:
	case e.opens().After(now):
		e.arm(now)
	default:
		e.workers++
		go e.work()
	}
}

// arm sets the timer to when a further worker could do something. Those that
// are at work need no timer: they look again when their call ends.
func (e *endpoint) arm(now time.Time) {
	if e.workers >= e.limit() || e.cut {
		return
	}
	at := e.opens()
	if e.q.ready.n == 0 {
		if len(e.q.waiting) == 0 {
			return
		}
		if due := e.q.waiting[0].due; due.After(at) {
			at = due
		}
	}
	if e.timer == nil {
		e.timer = time.AfterFunc(at.Sub(now), e.wake)
	} else {
		e.timer.Reset(at.Sub(now))
	}
}

// ring is what the timer calls. Its goroutine becomes a worker.
func (e *endpoint) ring() {
	e.mu.Lock()
	if e.cut || e.workers >= e.limit() {
		e.mu.Unlock()
		return
	}
	e.workers++
	e.mu.Unlock()
	e.run()
}

// settle decides what comes of an item after a call.
func (e *endpoint) settle(it *item, err error) {
	if it == nil || it.place != flying {
		return // Shutdown has not waited for this call
	}
	now := time.Now()
	if errors.Is(err, callback.ErrOpen) {
		e.pause(it, err, now)
		return
	}
	it.attempts++
	it.last = err
	e.n.Calls++
	e.n.LastClass = classOf(err)
	if it.attempts > 1 {
		e.n.Retried++
	}
	if err == nil {
		e.probing = false
		e.end(it, Delivered, nil)
		return
	}
	wait, again := e.o.Retry.Next(it.attempts, err)
	switch {
	case errors.Is(err, callback.ErrGone):
		e.fail(it, err)
	case e.ctx.Err() != nil && (again || errors.Is(err, context.Canceled)):
		e.q.again(it) // Shutdown hands it back
	case !again:
		e.end(it, Failed, counted(it))
	case e.late(it, now.Add(wait)):
		e.end(it, Failed, e.tooLate(it))
	case !e.obsolete(it):
		e.q.wait(it, now.Add(wait))
	}
}

// pause puts an item back that an open breaker did not let through, which is no
// attempt, and leaves the endpoint alone until the breaker wants a probe.
func (e *endpoint) pause(it *item, err error, now time.Time) {
	var open *callback.Error
	wait := minPause
	if errors.As(err, &open) {
		wait = min(max(open.RetryAfter, minPause), maxPause)
	}
	e.paused, e.probing = now.Add(wait), true
	if !e.obsolete(it) {
		e.q.again(it)
	}
}

// obsolete ends an item that would have to wait although it has no future, and
// reports whether it did.
func (e *endpoint) obsolete(it *item) bool {
	switch {
	case e.closed == ErrUnknown:
		e.end(it, Dropped, e.dropped(it, ErrRemoved))
	case e.closed == callback.ErrGone:
		e.end(it, Failed, counted(it))
	case e.o.Order == Latest && it.ordered && it.behind != nil:
		e.superseded(it)
		e.q.forget(it)
	default:
		return false
	}
	return true
}

// fail ends an item and everything that is queued: the endpoint is gone.
func (e *endpoint) fail(it *item, err error) {
	if e.closed == nil {
		e.closed = callback.ErrGone
	}
	e.end(it, Failed, counted(it))
	for it := e.q.oldest(); it != nil; it = e.q.oldest() {
		it.last = err
		e.end(it, Failed, err)
	}
}
