package dispatchnats

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/dispatch"
)

// A worker does something with the messages of an endpoint.
type worker interface {
	// want waits until more messages are wanted and returns how many, or zero
	// for all that there are. It returns false when ctx has ended.
	want(ctx context.Context) (n int, ok bool)
	// take takes a message, at once.
	take(msg jetstream.Msg)
	// letGo gives back what is not being worked at.
	letGo()
	// idle reports whether nothing can be done just now with what is in hand.
	idle() bool
	// waiting returns how many of those in hand wait for their next attempt.
	waiting() int
	// stir looks at what waits in hand again.
	stir()
}

// start begins to work the queue off. The lock is held.
func (e *endpoint) start() {
	ctx, cancel := context.WithCancel(e.d.pulls)
	ended := make(chan struct{})
	e.end, e.ended = cancel, ended
	p := &puller{d: e.d, consumer: e.consumer, what: "queue", batch: min(max(2*e.o.Concurrency, 8), 256)}
	var w worker = &free{e, ctx}
	if e.o.Order != dispatch.None {
		w = newLanes(ctx, e)
	}
	e.worker = w
	go func() {
		defer close(ended)
		e.work(ctx, p, w)
	}()
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

// isPaused reports whether the endpoint must not be called just now.
func (e *endpoint) isPaused() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return time.Now().Before(e.paused)
}

// await waits until nothing is pulled and nothing is being worked at.
func (e *endpoint) await(ctx context.Context) error {
	e.mu.Lock()
	ended := e.ended
	e.mu.Unlock()
	if ended == nil {
		return nil // it was never started
	}
	for _, over := range []func() <-chan struct{}{
		func() <-chan struct{} { return ended },
		e.hand.empty,
	} {
		if !happened(ctx, over()) {
			return context.Cause(ctx)
		}
	}
	return nil
}

// happened waits until ch is closed, and reports whether ctx allowed it to. What
// has happened already needs no time.
func happened(ctx context.Context, ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
	}
	select {
	case <-ch:
		return true
	case <-ctx.Done():
		return false
	}
}
