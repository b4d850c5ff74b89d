package dispatch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/alertwire/alertwire/callback"
)

const (
	defaultEndpoints = 10_000
	grace            = time.Second // for calls to return after they were cancelled
)

// MemoryOptions are the options of [NewMemory].
type MemoryOptions struct {
	// Endpoints is the most that Add accepts. Zero means 10,000.
	Endpoints int
	// Observe is told the outcome of every accepted message. It is called by
	// many goroutines at a time, and holds up the next call of the endpoint
	// while it runs. It may dispatch; it must not wait for Remove or Shutdown,
	// which wait for it. A panic in it is not caught and ends the process. Nil
	// means that nobody is told.
	Observe func(Outcome)
}

// Memory is a [Dispatcher] that keeps its queues in memory. It is best effort:
// what is queued is lost when the process dies.
//
// An endpoint at which nothing happens costs no goroutine and about a kilobyte.
// Goroutines exist while calls are made, at most Concurrency for an endpoint;
// Shutdown ends them. A Caller that panics has failed, for good, with
// [callback.ClassPanic]. NewMemory makes one; the zero Memory is one that was
// shut down.
type Memory struct {
	o      MemoryOptions
	ctx    context.Context // of every call
	cancel context.CancelFunc

	mu     sync.RWMutex
	closed bool
	byName map[string]*endpoint
	sorted []*endpoint // by name; never modified, nil if it is to be made anew
	parted []*endpoint // removed, and maybe still calling
}

var _ Dispatcher = (*Memory)(nil)

// NewMemory returns a Memory without endpoints.
func NewMemory(o MemoryOptions) (*Memory, error) {
	if o.Endpoints < 0 {
		return nil, errors.New("dispatch: endpoints must not be negative")
	}
	if o.Endpoints == 0 {
		o.Endpoints = defaultEndpoints
	}
	d := &Memory{o: o, byName: make(map[string]*endpoint)}
	d.ctx, d.cancel = context.WithCancel(context.Background())
	return d, nil
}

// Dispatch queues m and returns at once. A message without an ID gets one, the
// same for all endpoints. After Shutdown it returns ErrClosed.
func (d *Memory) Dispatch(ctx context.Context, m callback.Message, to ...string) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if m.ID == "" {
		m.ID = callback.NewID()
	}
	now := time.Now()
	var refused map[string]error
	note := func(name string, err error) {
		if err == nil {
			return
		}
		if refused == nil {
			refused = make(map[string]error)
		}
		refused[name] = err
	}
	if len(to) == 0 {
		all, err := d.all()
		if err != nil {
			return err
		}
		for _, e := range all {
			note(e.name, e.accept(&m, now))
		}
	}
	for _, name := range distinct(to) {
		e, err := d.named(name)
		if err == nil {
			err = e.accept(&m, now)
		}
		note(name, err)
	}
	if refused != nil {
		return &Error{Refused: refused}
	}
	return nil
}

// Stats returns the numbers of every endpoint, by name.
func (d *Memory) Stats(context.Context) ([]EndpointStats, error) {
	list, _ := d.all() // a closed dispatcher still has its numbers
	all := make([]EndpointStats, len(list))
	for i, e := range list {
		all[i] = e.stats()
	}
	return all, nil
}

// Shutdown delivers what is queued until ctx ends, and hands back the rest with
// the cause of ctx. Stats go on to work. A second Shutdown waits as well, and
// has nothing to hand back.
func (d *Memory) Shutdown(ctx context.Context) ([]Undelivered, error) {
	all := d.close()
	err := await(ctx, all)
	if err != nil {
		for _, e := range all { // before any call ends, and the next one begins in vain
			e.cutOff()
		}
	}
	if d.cancel != nil {
		d.cancel()
	}
	if err != nil {
		late, stop := context.WithTimeout(context.WithoutCancel(ctx), grace)
		defer stop()
		_ = await(late, all) // whoever does not heed his context is left behind
	}
	var rest []Undelivered
	for _, e := range all {
		rest = append(rest, e.handBack()...)
	}
	if err != nil {
		return rest, fmt.Errorf("dispatch: shutdown: %w", err)
	}
	return rest, nil
}

// close accepts nothing more and returns every endpoint that may have work.
func (d *Memory) close() []*endpoint {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	for _, e := range d.sort() {
		e.stop(ErrClosed, false)
	}
	return slices.Concat(d.sort(), d.parted)
}

// await waits until nothing is left to do at all of them, or ctx ends.
func await(ctx context.Context, all []*endpoint) error {
	for _, e := range all {
		if !e.await(ctx) {
			return context.Cause(ctx)
		}
	}
	return nil
}
