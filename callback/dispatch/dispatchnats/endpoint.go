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
	d      *Dispatcher
	name   string
	token  string
	there  context.Context // ends when the endpoint is removed
	leave  context.CancelFunc
	hand   hand
	ledger ledger

	setup     chan struct{} // has room for whoever changes the endpoint; see claim
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
	confirms  *time.Timer // see confirmLater
	worker    worker      // nil until there is one
	depth     depth
	n         dispatch.EndpointStats // the counters of this process
}

// Add makes an endpoint known to this process and creates its queue, or gives
// one that exists another Caller and other options: what is queued stays. It is
// safe from several processes at once; the Concurrency and Order that were set
// last hold for all of them.
//
// Another Order holds for what is tried from then on. What waits for its next
// attempt when None is replaced comes back behind what was dispatched meanwhile,
// newer messages of its key included. When None replaces an order, the head of a
// key that waits is tried at once, and its attempts are counted anew.
//
// The option Full must be RefuseNew: a durable queue drops nothing. Queue is
// kept by each process by what it knows, which among several processes may be
// a second old. Zero fields of Retry are more patient than elsewhere: without
// Attempts a message is tried for as long as Elapsed allows, without both for
// three days after it was accepted; and Cap is 10 minutes, or the longest of
// Waits.
//
// A Caller is wrapped with a breaker, and needs none. An attempt that an open
// breaker refuses is no attempt, and is not counted.
//
// Changes of one endpoint are made one after the other: Add waits for its turn,
// until ctx ends.
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

	for {
		e, err := d.entry(name, token)
		if err == nil {
			err = e.configure(ctx, c, o)
		}
		if !errors.Is(err, errStale) {
			return err
		}
	}
}

// errStale means that an endpoint is no longer the one of its name: somebody else
// was about to add it for the first time, and could not, or it was removed.
var errStale = errors.New("dispatchnats: the endpoint is another one by now")

// entry returns the endpoint of that name, a new one if need be.
func (d *Dispatcher) entry(name, token string) (*endpoint, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil, dispatch.ErrClosed
	}
	e := d.byName[name]
	if e == nil {
		e = &endpoint{d: d, name: name, token: token, gate: newGate(), setup: make(chan struct{}, 1)}
		e.there, e.leave = context.WithCancel(d.rest)
		d.byName[name] = e
	}
	return e, nil
}

// claim waits until nobody else changes the endpoint, who may be waiting for
// NATS, and returns an error if ctx ends before that. Else release must follow.
func (e *endpoint) claim(ctx context.Context) error {
	select {
	case e.setup <- struct{}{}: // nothing to wait for, even if ctx has ended
		return nil
	default:
	}
	select {
	case e.setup <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("it is being changed already: %w", context.Cause(ctx))
	}
}

func (e *endpoint) release() { <-e.setup }

// configure gives the endpoint a Caller and options, the first ones or others.
func (e *endpoint) configure(ctx context.Context, c callback.Caller, o dispatch.EndpointOptions) error {
	if err := e.claim(ctx); err != nil {
		return fmt.Errorf("dispatchnats: add %q: %w", e.name, err)
	}
	defer e.release()
	if e.there.Err() != nil {
		e.d.part(e)
		return errStale
	}
	consumer, err := e.d.openQueue(ctx, e.token, o)
	if err == nil && e.end == nil && e.d.o.OnlyProcess {
		err = e.d.takeOver(ctx, e.token)
	}
	if err == nil {
		err = e.d.unbury(ctx, e.token)
	}
	if err != nil {
		if e.end == nil { // it was not added before, and those who wait begin anew
			e.leave()
			e.d.part(e)
		}
		return fmt.Errorf("dispatchnats: add %q: %w", e.name, err)
	}
	e.stop()
	c = callback.Decorate(c, callback.Recover(), callback.Breaker(o.Breaker))
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.there.Err() != nil {
		return errStale // another process has removed it meanwhile
	}
	e.consumer, e.caller, e.o, e.pace = consumer, c, o, newPace(o.Rate)
	e.confirmLater()
	e.paused, e.probing = time.Time{}, false
	e.gate.limit(o.Concurrency)
	e.depth.stale()
	e.closed = nil // whether it has answered 410, or could not be removed
	e.start()
	return nil
}

// started reports whether the endpoint was added, and not only begun to be.
func (e *endpoint) started() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.worker != nil
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
