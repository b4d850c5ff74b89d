package dispatch

import (
	"context"
	"sync"
	"time"

	"github.com/alertwire/alertwire/callback"
)

// An endpoint is one queue with those who work it off. While nothing can be
// called it has no goroutine, only a timer for when that changes.
type endpoint struct {
	name    string
	ctx     context.Context // of every call; ends when Shutdown has waited long enough
	observe func(Outcome)   // may be nil
	work    func()          // (*endpoint).run, made once: a go statement with a method value allocates
	wake    func()

	mu      sync.Mutex // unlocked by unlock
	caller  callback.Caller
	o       EndpointOptions
	q       queue
	pace    pace
	workers int       // goroutines
	paused  time.Time // no call before: the breaker is open
	probing bool      // one call at a time, since the breaker was open
	closed  error     // why nothing is accepted, or nil
	cut     bool      // calls are being cancelled
	timer   *time.Timer
	quiet   chan struct{} // closed once nothing is left to do; nil if nobody waits for that
	n       EndpointStats // the counters of it
	outs    []Outcome     // to be observed after unlocking
}

func newEndpoint(ctx context.Context, name string, observe func(Outcome)) *endpoint {
	e := &endpoint{name: name, ctx: ctx, observe: observe, q: newQueue()}
	e.work, e.wake = e.run, e.ring
	return e
}

// unlock unlocks e.mu and then reports the outcomes there are.
func (e *endpoint) unlock() {
	outs := e.outs
	e.outs = nil
	e.mu.Unlock()
	for _, out := range outs {
		e.observe(out)
	}
}

// A named Caller goes by the name of its endpoint, in the log of the breaker as
// an example.
type named struct {
	callback.Caller
	name string
}

// Endpoint returns the name of the endpoint.
func (n named) Endpoint() string { return n.name }

// configure gives the endpoint a Caller and options, the first ones or others.
func (e *endpoint) configure(c callback.Caller, o EndpointOptions) {
	c = callback.Decorate(named{c, e.name}, callback.Recover(), callback.Breaker(o.Breaker))
	e.mu.Lock()
	defer e.unlock()
	e.caller, e.o, e.pace = c, o.withDefaults(), newPace(o.Rate)
	e.paused, e.probing = time.Time{}, false
	if e.closed == callback.ErrGone {
		e.closed = nil
	}
	now := time.Now()
	e.kick(now)
	e.arm(now) // what waits may be due earlier than under the old options
}

// accept queues a message, or says why not.
func (e *endpoint) accept(m *callback.Message, now time.Time) error {
	e.mu.Lock()
	defer e.unlock()
	if err := e.admit(m, now); err != nil {
		e.n.Refused++
		return err
	}
	e.n.Accepted++
	e.kick(now)
	return nil
}

// admit puts a message into the queue, at the cost of another one if need be.
func (e *endpoint) admit(m *callback.Message, now time.Time) error {
	if e.closed != nil {
		return e.closed
	}
	if e.o.Order == Latest {
		if it := e.q.stale(m.Key); it != nil {
			e.superseded(it)
			e.q.renew(it, m, now)
			return nil
		}
	}
	for e.q.queued() >= e.o.Queue {
		if e.o.Full == RefuseNew {
			return ErrQueueFull
		}
		it := e.q.oldest()
		e.end(it, Dropped, e.dropped(it, ErrQueueFull))
	}
	e.q.add(&item{msg: m, accepted: now}, e.o.Order)
	return nil
}

// superseded counts the message of an item as dropped, and leaves the item.
func (e *endpoint) superseded(it *item) {
	e.n.Superseded++
	e.count(it, Dropped, e.dropped(it, ErrSuperseded))
}

// end counts an item and forgets it.
func (e *endpoint) end(it *item, r Result, err error) {
	e.count(it, r, err)
	e.q.forget(it)
}

func (e *endpoint) count(it *item, r Result, err error) {
	switch r {
	case Delivered:
		e.n.Delivered++
	case Failed:
		e.n.Failed++
	case Dropped:
		e.n.Dropped++
	case Returned:
		e.n.Returned++
	}
	if e.observe != nil {
		e.outs = append(e.outs, Outcome{e.name, *it.msg, r, it.attempts, err})
	}
}

// stop accepts nothing more, for the reason err. With drop set, what is queued
// is dropped; else it is still delivered.
func (e *endpoint) stop(err error, drop bool) {
	e.mu.Lock()
	defer e.unlock()
	e.closed = err
	for it := e.q.oldest(); drop && it != nil; it = e.q.oldest() {
		e.end(it, Dropped, e.dropped(it, ErrRemoved))
	}
}

// left returns a channel that is closed once nothing is left to do.
func (e *endpoint) left() <-chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.quiet == nil {
		e.quiet = make(chan struct{})
	}
	ch := e.quiet
	e.signal()
	return ch
}

// await waits until nothing is left to do, or ctx ends, and reports whether
// nothing is left, also if both are so.
func (e *endpoint) await(ctx context.Context) bool {
	left := e.left()
	select {
	case <-left:
	case <-ctx.Done():
		select {
		case <-left:
		default:
			return false
		}
	}
	return true
}

// idle reports whether nothing is left to do.
func (e *endpoint) idle() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.done()
}

func (e *endpoint) done() bool { return e.workers == 0 && (e.q.all.n == 0 || e.cut) }

// signal tells who waits that nothing is left to do.
func (e *endpoint) signal() {
	if e.quiet != nil && e.done() {
		close(e.quiet)
		e.quiet = nil
	}
}

// cutOff starts no call any more.
func (e *endpoint) cutOff() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.cut = true
	e.signal()
}

// handBack takes out what is left, by age. A call that has not returned although
// it was cancelled is not waited for: its item is handed back too.
func (e *endpoint) handBack() []Undelivered {
	e.mu.Lock()
	defer e.unlock()
	if e.timer != nil {
		e.timer.Stop()
	}
	var rest []Undelivered
	for it := e.q.all.head; it != nil; it = e.q.all.head {
		rest = append(rest, Undelivered{e.name, *it.msg, it.accepted, it.attempts, it.last})
		e.end(it, Returned, it.last)
	}
	return rest
}

// stats returns the numbers of this moment.
func (e *endpoint) stats() EndpointStats {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := e.n
	s.Name, s.State = e.name, StateReady
	s.Queued, s.InFlight, s.Waiting = e.q.queued(), e.q.flying, len(e.q.waiting)
	if e.q.all.head != nil {
		s.Oldest = e.q.all.head.accepted
	}
	switch {
	case e.closed == callback.ErrGone:
		s.State = StateGone
	case e.probing:
		s.State = StatePaused
	}
	return s
}
