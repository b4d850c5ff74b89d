package dispatch

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/alertwire/alertwire/callback"
)

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
	if d.isClosed() {
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
	if !e.await(ctx) {
		return fmt.Errorf("dispatch: remove %q: calls are in flight: %w", name, context.Cause(ctx))
	}
	return nil
}

// distinct returns names with each of them once.
func distinct(names []string) []string {
	const few = 32 // to look back is quicker than to sort, and makes no copy
	for i, name := range names {
		if len(names) > few || slices.Contains(names[:i], name) {
			return slices.Compact(slices.Sorted(slices.Values(names)))
		}
	}
	return names
}

// isClosed reports, under the lock, whether d was shut down or never made.
func (d *Memory) isClosed() bool { return d.closed || d.byName == nil }

// part takes an endpoint out of the table.
func (d *Memory) part(name string) (*endpoint, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	e := d.byName[name]
	switch {
	case d.isClosed():
		return nil, ErrClosed
	case e == nil:
		return nil, ErrUnknown
	}
	delete(d.byName, name)
	d.sorted = nil
	d.parted = append(slices.DeleteFunc(d.parted, (*endpoint).idle), e)
	return e, nil
}

// named returns the endpoint of that name.
func (d *Memory) named(name string) (*endpoint, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.isClosed() {
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
	list, closed := d.sorted, d.isClosed()
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
