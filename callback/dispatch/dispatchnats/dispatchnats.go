// Package dispatchnats is a [dispatch.Dispatcher] that keeps what it accepted
// on disk: a queue per endpoint in NATS JetStream.
//
//	nc, err := nats.Connect(url, nats.MaxReconnects(-1))
//	d, err := dispatchnats.Open(ctx, nc, dispatchnats.Options{Prefix: "alerts", Replicas: 3})
//	err = d.Add(ctx, "pager", hook, dispatch.EndpointOptions{Concurrency: 8})
//	err = d.Dispatch(ctx, msg) // returns when the engine has it on disk
//
// It needs a server of NATS 2.12 or later. Package embedded starts one in the
// process, for one machine; any number of processes may share a cluster.
//
// # What is promised
//
// At least once. What Dispatch accepted was acknowledged by JetStream: it is
// with as many servers as there are Replicas, and on their disks as soon as
// their sync interval says so (embedded: at once). It is then called until the
// endpoint accepts it, or it is given up and lies in Dead, whatever processes
// or servers are restarted meanwhile. It may be called more than once: after a
// crash about as many messages are repeated as calls were in flight. Every call
// carries [callback.Message.ID], by which the receiver can drop repeats.
//
// The wait for the next attempt is kept by the engine and survives restarts, so
// that only RetryPolicy.Cap cuts a Retry-After short. With the order Strict an
// endpoint that keeps its calls shorter than Options.Lease sees the messages of
// a key in the order in which they were accepted, from however many processes
// they are called; with Latest it never sees an older one after it accepted a
// newer. Of an endpoint whose order is changed, Add says what comes of messages
// that wait.
//
// # For how long it tries
//
// A queue on disk can wait for an endpoint that is being repaired. An endpoint
// without a RetryPolicy of its own is tried after 1 s, 2 s, 4 s and so on, each
// with full jitter, and after up to 10 minutes in the end; it is left alone
// while its breaker is open, which costs a message no attempt. A message that is
// three days old is given up, tried or not: a weekend passes, and then an alert
// is history. It waits in Dead for somebody who replays it.
//
// # Several processes
//
// Each process that adds an endpoint shares its work. Concurrency bounds the
// calls of all of them together; Rate and Breaker are kept by each process for
// itself. Give an endpoint the same options everywhere: of Concurrency and
// Order, those that were added last hold. A process may dispatch to endpoints
// that only others have added, by name. A tool that looks at the queues and sees
// to the dead letters uses [Attach]. The clocks of all of them, and of the
// servers, should agree within a second: waits are off by as much as they differ.
//
// NATS allows 1,000 endpoints as it comes (default_max_consumers); beyond that
// Add returns ErrServer. Package embedded sets no such bound.
//
// # What is stored
//
// Body and headers of a message lie on the disks of the servers, as they are,
// until it is delivered, and those that were given up for Options.DeadAge.
// JetStream can encrypt its files.
package dispatchnats

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/alertwire/alertwire/callback/dispatch"
)

// grace is for calls to return after they were cancelled.
const grace = time.Second

// A Dispatcher queues messages in JetStream. It is safe for concurrent use. For
// an endpoint at which nothing happens it keeps three goroutines; Shutdown ends
// them all.
type Dispatcher struct {
	o     Options
	names names
	nc    *nats.Conn
	js    jetstream.JetStream
	bound int // bytes of a body
	streams

	pulls     context.Context // of everything that takes on new work
	endPulls  context.CancelFunc
	calls     context.Context // of every call
	endCalls  context.CancelFunc
	rest      context.Context // of what follows a call
	endRest   context.CancelFunc
	following sync.WaitGroup // goroutines that serve no endpoint

	retries   fullness
	elsewhere memo // endpoints that others have added

	mu     sync.RWMutex
	closed bool
	byName map[string]*endpoint
	parted []*endpoint // removed, and maybe still calling
}

var _ dispatch.Dispatcher = (*Dispatcher)(nil)

// Open returns a Dispatcher without endpoints, and makes the streams that it
// needs. Where there is no connection or no leader yet it tries for up to a
// minute, or until ctx ends.
//
// The connection stays the caller's, who closes it after Shutdown. It should
// have been made with nats.MaxReconnects(-1): delivery goes on by itself
// whenever NATS is back.
func Open(ctx context.Context, nc *nats.Conn, o Options) (*Dispatcher, error) {
	d, err := newDispatcher(ctx, nc, o)
	if err != nil {
		return nil, err
	}
	if d.streams, err = openStreams(ctx, d.js, d.names, d.o); err != nil {
		return nil, err
	}
	mover, err := d.openMover(ctx)
	if err != nil {
		return nil, err
	}
	d.following.Go(func() { d.move(mover) })
	d.following.Go(func() { d.sweepOrphans(d.pulls) })
	return d, nil
}

// newDispatcher returns a Dispatcher that has no streams yet, and no goroutine.
func newDispatcher(ctx context.Context, nc *nats.Conn, o Options) (*Dispatcher, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	if err := connected(ctx, nc); err != nil {
		return nil, err
	}
	most, err := o.bound(nc)
	if err != nil {
		return nil, err
	}
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, fmt.Errorf("dispatchnats: %w", err)
	}
	d := &Dispatcher{
		o: o, names: names{o.Prefix}, nc: nc, js: js, bound: most,
		byName: make(map[string]*endpoint),
	}
	d.rest, d.endRest = context.WithCancel(context.Background())
	d.calls, d.endCalls = context.WithCancel(d.rest)
	d.pulls, d.endPulls = context.WithCancel(d.calls)
	return d, nil
}

// connected waits for a connection that has not been made yet, and does not know
// its server: nats.RetryOnFailedConnect gives one.
func connected(ctx context.Context, nc *nats.Conn) error {
	if nc == nil {
		return errors.New("dispatchnats: there is no connection")
	}
	return persist(ctx, "connect", func(context.Context) error {
		switch {
		case nc.IsClosed():
			return nats.ErrConnectionClosed
		case nc.MaxPayload() == 0:
			return nats.ErrDisconnected
		}
		return nil
	})
}

// named returns the endpoint that this process has added, or nil.
func (d *Dispatcher) named(name string) (*endpoint, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.closed {
		return nil, dispatch.ErrClosed
	}
	return d.byName[name], nil
}

// added returns every endpoint that this process has added, by name.
func (d *Dispatcher) added() []*endpoint {
	d.mu.RLock()
	defer d.mu.RUnlock()
	list := make([]*endpoint, 0, len(d.byName))
	for _, e := range d.byName {
		if e.started() && !e.leaving() {
			list = append(list, e)
		}
	}
	slices.SortFunc(list, func(a, b *endpoint) int { return strings.Compare(a.name, b.name) })
	return list
}

// Shutdown accepts nothing more, delivers what can be delivered now until ctx
// ends, and then cancels the calls in flight and returns the cause of ctx. It
// hands back nothing: what was not delivered, what waits for its next attempt,
// and what is behind an open breaker stays in the engine, for another process
// or the next start. What other processes dispatch meanwhile is not waited for.
// The connection is left open. A second Shutdown waits as well; of several at
// once the least patient one decides.
func (d *Dispatcher) Shutdown(ctx context.Context) ([]dispatch.Undelivered, error) {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	d.mu.RLock()
	all := slices.AppendSeq(slices.Clone(d.parted), maps.Values(d.byName))
	d.mu.RUnlock()

	var err error
	for _, e := range all {
		if err = errors.Join(err, e.drain(ctx)); ctx.Err() != nil {
			break
		}
	}
	d.endPulls()
	for _, e := range all {
		if e.await(ctx) != nil {
			err = context.Cause(ctx)
		}
	}
	d.endCalls()
	late, stop := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer stop()
	for _, e := range all {
		_ = e.await(late) // a Caller that does not heed its context is left behind
	}
	d.endRest()
	d.following.Wait()
	if err != nil {
		return nil, fmt.Errorf("dispatchnats: shutdown: %w", err)
	}
	return nil, nil
}

// log reports what no caller can see.
func (d *Dispatcher) log(level slog.Level, text string, attrs ...slog.Attr) {
	d.o.Logger.LogAttrs(d.rest, level, text, attrs...)
}
