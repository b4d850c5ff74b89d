package dispatchnats

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/dispatch"
)

const (
	defaultConcurrency = 2
	defaultQueue       = 1000

	// A breaker that is open and does not say for how long is asked again after
	// minPause; one that says more than maxPause is asked earlier.
	minPause = 100 * time.Millisecond
	maxPause = 10 * time.Minute

	// window is how many messages of an endpoint with an order may be known to
	// processes, of which most may stand behind one that is tried again.
	window = 1000
)

// An endpoint is what one process knows of an endpoint, and how it works off
// its share.
type endpoint struct {
	d     *Dispatcher
	name  string
	token string
	there context.Context // ends when the endpoint is removed
	leave context.CancelFunc

	setup     sync.Mutex // held while the endpoint is changed
	mu        sync.Mutex
	consumer  jetstream.Consumer
	caller    callback.Caller
	o         dispatch.EndpointOptions // with defaults
	gate      *gate                    // of the calls in this process
	pace      pace
	paused    time.Time // no call before: the breaker is open
	probing   bool      // one call at a time, since the breaker was open
	closed    error     // why it accepts nothing; nil while it does
	end       context.CancelFunc
	ended     chan struct{} // closed once nothing is pulled any more
	interrupt context.CancelFunc
	confirms  *time.Timer     // see confirmLater
	idle      func() bool     // whether nothing can be done just now
	waits     func() int      // how many of those in hand wait for their next attempt; may be nil
	stir      func()          // looks at what waits in hand; may be nil
	busy      int             // goroutines at work
	hand      map[uint64]bool // messages that are being worked at
	quiet     chan struct{}
	depth     depth
	n         dispatch.EndpointStats // the counters of this process
}

// Add makes an endpoint known to this process and creates its queue, or gives
// one that exists another Caller and other options: what is queued stays. It is
// safe from several processes at once; the Concurrency and Order that were set
// last hold for all of them.
//
// The option Full must be RefuseNew: a durable queue drops nothing. Queue is
// kept by each process by what it knows, which among several processes may be
// a second old. Zero fields of Retry are more patient than elsewhere: without
// Attempts a message is tried for as long as Elapsed allows, without both for a
// day after it was accepted; and Cap is 10 minutes, or the longest of Waits.
//
// A Caller is wrapped with a breaker, and needs none. An attempt that an open
// breaker refuses is no attempt, and is not counted.
func (d *Dispatcher) Add(ctx context.Context, name string, c callback.Caller, o dispatch.EndpointOptions) error {
	token, err := endpointToken(name)
	switch {
	case err != nil:
		return err
	case c == nil:
		return fmt.Errorf("dispatchnats: add %q: there is no caller", name)
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	if err := o.Validate(); err != nil {
		return fmt.Errorf("dispatchnats: add %q: %w", name, err)
	}
	if o.Full != dispatch.RefuseNew {
		return fmt.Errorf("dispatchnats: add %q: full must be refuse_new", name)
	}
	o.Concurrency = orDefault(o.Concurrency, defaultConcurrency)
	o.Queue = orDefault(o.Queue, defaultQueue)
	o.Retry = patient(o.Retry)

	d.mu.Lock()
	if d.closed {
		d.mu.Unlock()
		return dispatch.ErrClosed
	}
	e := d.byName[name]
	fresh := e == nil
	if fresh {
		e = &endpoint{d: d, name: name, token: token, gate: newGate()}
		e.hand = make(map[uint64]bool)
		e.there, e.leave = context.WithCancel(d.rest)
		d.byName[name] = e
	}
	d.mu.Unlock()

	err = e.configure(ctx, c, o)
	if err != nil && fresh {
		d.mu.Lock()
		delete(d.byName, name)
		d.mu.Unlock()
	}
	return err
}

// configure gives the endpoint a Caller and options, the first ones or others.
func (e *endpoint) configure(ctx context.Context, c callback.Caller, o dispatch.EndpointOptions) error {
	e.setup.Lock()
	defer e.setup.Unlock()
	if e.there.Err() != nil {
		return dispatch.ErrRemoved // just now
	}
	consumer, err := e.d.openQueue(ctx, e.token, o)
	if err == nil && e.end == nil && e.d.o.OnlyProcess {
		err = e.d.takeOver(ctx, e.token)
	}
	if err == nil {
		err = e.d.unbury(ctx, e.token)
	}
	if err != nil {
		return fmt.Errorf("dispatchnats: add %q: %w", e.name, err)
	}
	e.stop()
	c = callback.Decorate(c, callback.Recover(), callback.Breaker(o.Breaker))
	e.mu.Lock()
	defer e.mu.Unlock()
	e.consumer, e.caller, e.o, e.pace = consumer, c, o, newPace(o.Rate)
	e.confirmLater()
	e.paused, e.probing = time.Time{}, false
	e.gate.limit(o.Concurrency)
	e.depth.stale()
	if e.closed == callback.ErrGone {
		e.closed = nil
	}
	e.start()
	return nil
}

// openQueue makes the consumer of an endpoint and, for one with an order, the
// permits to call.
func (d *Dispatcher) openQueue(ctx context.Context, token string, o dispatch.EndpointOptions) (c jetstream.Consumer, err error) {
	cfg := jetstream.ConsumerConfig{
		Durable:       token,
		Description:   "the queue of an endpoint",
		FilterSubject: d.names.endpoint("out", token),
		AckPolicy:     jetstream.AckExplicitPolicy,
		AckWait:       d.o.Lease,
		MaxDeliver:    -1,
		MaxAckPending: o.Concurrency, // of all processes together
		Metadata:      map[string]string{layoutKey: "1"},
	}
	if o.Order != dispatch.None {
		if err := d.openSlots(ctx, token, o.Concurrency); err != nil {
			return nil, err
		}
		cfg.MaxAckPending = o.Concurrency + window
		cfg.HeadersOnly = true // the body is fetched when its turn has come
	}
	return d.openConsumer(ctx, cfg)
}

// takeOver takes what is in the hands of a process that died.
func (d *Dispatcher) takeOver(ctx context.Context, token string) error {
	for _, s := range []jetstream.Stream{d.out, d.slot} {
		err := persist(ctx, "take over", func(ctx context.Context) error {
			c, err := s.Consumer(ctx, token)
			if err == nil && c.CachedInfo().NumAckPending > 0 {
				_, err = s.ResetConsumer(ctx, token)
			}
			if errors.Is(err, jetstream.ErrConsumerNotFound) {
				return nil // it keeps no order
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// start begins to work the queue off. The lock is held.
func (e *endpoint) start() {
	ctx, cancel := context.WithCancel(e.d.pulls)
	ended := make(chan struct{})
	e.end, e.ended = cancel, ended
	p := &puller{d: e.d, consumer: e.consumer, what: "queue", batch: min(max(2*e.o.Concurrency, 8), 256)}
	if e.o.Order == dispatch.None {
		e.idle, e.waits, e.stir = e.resting, nil, nil
		go func() { defer close(ended); e.work(ctx, p, &free{e, ctx}) }()
	} else {
		l := newLanes(ctx, e)
		e.idle, e.waits, e.stir = l.idle, l.waiting, l.stir
		go func() { defer close(ended); e.work(ctx, p, l) }()
	}
}

// stop ends what start has begun. Calls in flight go on.
func (e *endpoint) stop() {
	e.mu.Lock()
	end, ended := e.end, e.ended
	if e.confirms != nil {
		e.confirms.Stop()
	}
	e.mu.Unlock()
	if end != nil {
		end()
		<-ended
	}
}

// A worker does something with the messages of an endpoint.
type worker interface {
	// want waits until more messages are wanted and returns how many, or zero
	// for all that there are. It returns false when ctx has ended.
	want(ctx context.Context) (n int, ok bool)
	// take takes a message, at once.
	take(msg jetstream.Msg)
	// letGo gives back what is not being worked at.
	letGo()
}

// work pulls messages while the endpoint may be called, until ctx ends.
func (e *endpoint) work(ctx context.Context, p *puller, w worker) {
	defer w.letGo()
	for e.resume(ctx) {
		n, ok := w.want(ctx)
		if !ok {
			return
		}
		pulling, stop := e.interruptible(ctx)
		var err error
		if n > 0 {
			err = p.pull(pulling, w.take, n)
		} else {
			err = p.pull(pulling, w.take)
		}
		if pulling.Err() != nil {
			w.letGo()
		}
		stop()
		if errors.Is(err, jetstream.ErrConsumerNotFound) && !e.reopen(ctx, p) {
			return
		}
	}
}

// resume waits while the breaker is open, and reports whether ctx allowed it to.
func (e *endpoint) resume(ctx context.Context) bool {
	for {
		e.mu.Lock()
		left := time.Until(e.paused)
		e.mu.Unlock()
		if left <= 0 {
			return ctx.Err() == nil
		}
		if !sleep(ctx, left) {
			return false
		}
	}
}

// interruptible returns a context that ends when the endpoint pauses.
func (e *endpoint) interruptible(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, stop := context.WithCancel(ctx)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.interrupt = stop
	if time.Now().Before(e.paused) {
		stop()
	}
	return ctx, stop
}

// pause makes no call for as long as the breaker wants, and leaves the messages
// to processes whose breaker is closed.
func (e *endpoint) pause(err error) {
	wait := minPause
	var c *callback.Error
	if errors.As(err, &c) {
		wait = min(max(c.RetryAfter, minPause), maxPause)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.paused, e.probing = time.Now().Add(wait), true
	e.gate.limit(1)
	if e.interrupt != nil {
		e.interrupt()
	}
}

// held reports whether the endpoint must not be called just now.
func (e *endpoint) held() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return time.Now().Before(e.paused)
}

// call makes one attempt at a message and counts it.
func (e *endpoint) call(v *envelope) error {
	e.mu.Lock()
	caller := e.caller
	e.depth.flying++
	e.mu.Unlock()
	ctx := e.d.calls
	if v.attempts > 0 {
		ctx = callback.WithAttempt(ctx, v.attempts+1)
	}
	_, err := caller.Call(ctx, v.msg)

	e.mu.Lock()
	defer e.mu.Unlock()
	e.depth.flying--
	if errors.Is(err, callback.ErrOpen) {
		return err
	}
	e.n.Calls++
	if v.attempts > 0 {
		e.n.Retried++
	}
	e.n.LastClass = classOf(err)
	if err == nil && e.probing {
		e.probing = false
		e.gate.limit(e.o.Concurrency)
	}
	return err
}

// classOf returns the class of the error of a call.
func classOf(err error) callback.Class {
	var c *callback.Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &c):
		return c.Class
	}
	return callback.ClassOther
}

// options returns the options of this moment.
func (e *endpoint) options() dispatch.EndpointOptions {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.o
}

// late reports whether an attempt at that time is against the policy.
func late(o dispatch.EndpointOptions, v *envelope, at time.Time) bool {
	return o.Retry.Elapsed > 0 && at.Sub(v.accepted) > o.Retry.Elapsed
}

// tooLate returns the error of a message whose time has run out.
func (e *endpoint) tooLate(v *envelope, last error) error {
	t := &callback.Error{
		Endpoint: e.name, MessageID: v.msg.ID, Class: callback.ClassDeadline,
		Attempts: v.attempts, Reason: callback.ErrGaveUp, Last: last,
	}
	var c *callback.Error
	if errors.As(last, &c) {
		t.Status, t.RetryAfter, t.Snippet = c.Status, c.RetryAfter, c.Snippet
	}
	return t
}

// finish counts and reports the end of a message.
func (e *endpoint) finish(v *envelope, r dispatch.Result, err error) {
	e.mu.Lock()
	switch r {
	case dispatch.Delivered:
		e.n.Delivered++
	case dispatch.Failed:
		e.n.Failed++
	case dispatch.Dropped:
		e.n.Dropped++
		if errors.Is(err, dispatch.ErrSuperseded) {
			e.n.Superseded++
		}
	}
	e.depth.n--
	e.mu.Unlock()
	if observe := e.d.o.Observe; observe != nil {
		observe(dispatch.Outcome{
			Endpoint: e.name, Message: v.msg, Result: r, Attempts: v.attempts, Err: err,
		})
	}
}

// lift and lay note which messages are being worked at.
func (e *endpoint) lift(seq uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.hand[seq] = true
}

func (e *endpoint) lay(seq uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.hand, seq)
}

func (e *endpoint) has(seq uint64) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.hand[seq]
}

// begin notes that a goroutine is at work, and done that it is no longer.
func (e *endpoint) begin() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.busy++
}

func (e *endpoint) done() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.busy--
	if e.busy == 0 && e.quiet != nil {
		close(e.quiet)
		e.quiet = nil
	}
}

func (e *endpoint) resting() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.busy == 0
}

// await waits until nothing is pulled and nothing is being worked at.
func (e *endpoint) await(ctx context.Context) error {
	e.mu.Lock()
	ended := e.ended
	e.mu.Unlock()
	if ended == nil {
		return nil // it was never started
	}
	for _, left := range []func() <-chan struct{}{
		func() <-chan struct{} { return ended },
		e.left,
	} {
		select {
		case <-left():
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// left returns a channel that is closed once nothing is being worked at.
func (e *endpoint) left() <-chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.quiet == nil {
		e.quiet = make(chan struct{})
	}
	ch := e.quiet
	if e.busy == 0 {
		close(ch)
		e.quiet = nil
	}
	return ch
}
