package dispatch

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
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
	// Observe gets the outcome of every accepted message. It is called from
	// several goroutines at a time, one message of an endpoint after the other
	// only if its Concurrency is 1, and holds up the next call while it runs.
	Observe func(Outcome)
}

// Memory is a [Dispatcher] that keeps its queues in memory. It is best effort:
// what is queued is lost when the process dies.
//
// An endpoint at which nothing happens costs no goroutine and about a kilobyte.
// Goroutines exist while calls are made, at most Concurrency for an endpoint;
// Shutdown ends them.
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

// Add makes an endpoint known, or replaces its Caller and options.
func (d *Memory) Add(ctx context.Context, name string, c callback.Caller, o EndpointOptions) error {
	switch {
	case name == "":
		return errors.New("dispatch: add: the endpoint has no name")
	case c == nil:
		return fmt.Errorf("dispatch: add %q: there is no caller", name)
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	if err := o.Validate(); err != nil {
		return fmt.Errorf("dispatch: add %q: %w", name, err)
	}
	o.Retry.Waits = slices.Clone(o.Retry.Waits)
	o.Retry.Statuses = slices.Clone(o.Retry.Statuses)

	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return ErrClosed
	}
	e := d.byName[name]
	if e == nil {
		if len(d.byName) >= d.o.Endpoints {
			return fmt.Errorf("dispatch: add %q: there are %d endpoints already", name, len(d.byName))
		}
		e = newEndpoint(d.ctx, name, d.o.Observe)
		d.byName[name], d.sorted = e, nil
	}
	e.configure(c, o)
	return nil
}

// Remove forgets an endpoint and drops what is queued for it. It waits for the
// calls in flight until ctx ends; they are not cancelled.
func (d *Memory) Remove(ctx context.Context, name string) error {
	e, err := d.part(name)
	if err != nil {
		return err
	}
	e.stop(ErrUnknown, true)
	select {
	case <-e.left():
		return nil
	case <-ctx.Done():
		return fmt.Errorf("dispatch: remove %q: calls are in flight: %w", name, context.Cause(ctx))
	}
}

// part takes an endpoint out of the table.
func (d *Memory) part(name string) (*endpoint, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	e := d.byName[name]
	switch {
	case d.closed:
		return nil, ErrClosed
	case e == nil:
		return nil, ErrUnknown
	}
	delete(d.byName, name)
	d.sorted = nil
	d.parted = append(slices.DeleteFunc(d.parted, (*endpoint).idle), e)
	return e, nil
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
	for i, name := range to {
		if slices.Contains(to[:i], name) {
			continue // named twice
		}
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

// named returns the endpoint of that name.
func (d *Memory) named(name string) (*endpoint, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.closed {
		return nil, ErrClosed
	}
	e := d.byName[name]
	if e == nil {
		return nil, ErrUnknown
	}
	return e, nil
}

// all returns every endpoint, by name.
func (d *Memory) all() ([]*endpoint, error) {
	d.mu.RLock()
	list, closed := d.sorted, d.closed
	d.mu.RUnlock()
	if list == nil && !closed {
		d.mu.Lock()
		list = d.sort()
		d.mu.Unlock()
	}
	if closed {
		return list, ErrClosed
	}
	return list, nil
}

// sort returns every endpoint, by name, under the lock.
func (d *Memory) sort() []*endpoint {
	if d.sorted == nil {
		d.sorted = slices.SortedFunc(maps.Values(d.byName), func(a, b *endpoint) int {
			return strings.Compare(a.name, b.name)
		})
	}
	return d.sorted
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
	d.cancel()
	if err != nil {
		for _, e := range all {
			e.cutOff()
		}
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
		select {
		case <-e.left():
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}
