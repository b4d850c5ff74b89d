package dispatchnats

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/dispatch"
)

// Stats returns the numbers of every endpoint that the engine has a queue for,
// by name, and tries for up to a minute to get them. Queued, Waiting, InFlight
// and Oldest are those of the engine, all processes together; but of an endpoint
// with an order the engine does not know which of its messages are in flight or
// wait, and InFlight and Waiting are those of this process. The other numbers
// are of this process since Open, and Accepted is their sum, so that it includes
// what was found at the start. Numbers that move while they are taken may be
// counted on both sides, and a message that another process has just dispatched
// on none: the engine counts it a moment after it has acknowledged it. What this
// process has dispatched is counted from then on.
func (d *Dispatcher) Stats(ctx context.Context) ([]dispatch.EndpointStats, error) {
	byToken := make(map[string]*dispatch.EndpointStats)
	at := func(token string) *dispatch.EndpointStats {
		s := byToken[token]
		if s == nil {
			s = &dispatch.EndpointStats{Name: nameOf(token), State: dispatch.StateReady}
			byToken[token] = s
		}
		return s
	}
	for _, e := range d.added() {
		e.counters(at(e.token))
	}
	// What waits is counted before and after the queues: a message may be put
	// aside meanwhile, or put back.
	waiting, err := d.waiting(ctx, "")
	if err != nil {
		return nil, err
	}
	err = persist(ctx, "count", func(ctx context.Context) error {
		return d.queues(ctx, func(info *jetstream.ConsumerInfo) {
			s := at(info.Name)
			if !info.Config.HeadersOnly {
				s.InFlight = info.NumAckPending
			}
			s.Queued = max(int(info.NumPending)+info.NumAckPending-s.InFlight, 0)
		})
	})
	if err != nil {
		return nil, err
	}
	after, err := d.waiting(ctx, "")
	if err != nil {
		return nil, err
	}
	for token, n := range after {
		waiting[token] = max(waiting[token], n)
	}
	for token, s := range byToken {
		s.Queued += waiting[token]
	}
	for _, e := range d.added() {
		s := at(e.token)
		s.Queued = e.atHand(s.Queued+s.InFlight) - s.InFlight
	}
	all := make([]dispatch.EndpointStats, 0, len(byToken))
	for token, s := range byToken {
		s.Waiting = min(s.Waiting+waiting[token], s.Queued)
		s.Accepted = s.Delivered + s.Failed + s.Dropped + uint64(s.Queued) + uint64(s.InFlight)
		if s.Queued+s.InFlight > 0 {
			if s.Oldest, err = d.oldest(ctx, token); err != nil {
				return nil, err
			}
		}
		all = append(all, *s)
	}
	slices.SortFunc(all, func(a, b dispatch.EndpointStats) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// queues calls count for the queue of every endpoint. The list of a cluster
// passes over those that have no leader just now: of an endpoint that was added
// here the queue is asked for until there is one, or it turns out to be gone.
func (d *Dispatcher) queues(ctx context.Context, count func(*jetstream.ConsumerInfo)) error {
	listed := make(map[string]bool)
	list := d.out.ListConsumers(ctx)
	for info := range list.Info() {
		listed[info.Name] = true
		count(info)
	}
	if list.Err() != nil {
		return list.Err()
	}
	for _, e := range d.added() {
		if listed[e.token] {
			continue
		}
		c, err := d.out.Consumer(ctx, e.token)
		switch {
		case err == nil:
			count(c.CachedInfo())
		case !errors.Is(err, jetstream.ErrConsumerNotFound):
			return err
		}
	}
	return nil
}

// counters fills in what this process knows.
func (e *endpoint) counters(s *dispatch.EndpointStats) {
	e.mu.Lock()
	w := e.worker
	e.mu.Unlock()
	waiting := 0
	if w != nil {
		waiting = w.waiting() // not under the lock
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	*s = e.n
	s.Name, s.State = e.name, dispatch.StateReady
	switch {
	case e.closed == callback.ErrGone:
		s.State = dispatch.StateGone
	case e.probing:
		s.State = dispatch.StatePaused
	}
	s.InFlight, s.Waiting = e.depth.flying, waiting
}

// atHand returns how many messages there are if the engine has counted that many.
func (e *endpoint) atHand(count int) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.depth.atHand(count, time.Now())
}

// moved notes that a message was put back into the queue: that is counted late,
// as one that was dispatched is.
func (e *endpoint) moved() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.depth.comes(time.Now())
}

// waiting returns how many messages wait for their next attempt, by token. With
// a token it counts only those of one endpoint.
func (d *Dispatcher) waiting(ctx context.Context, token string) (map[string]int, error) {
	n := make(map[string]int)
	for _, kind := range []string{"wait", "due"} {
		filter := d.names.all(kind)
		if token != "" {
			filter = d.names.endpoint(kind, token)
		}
		some, err := d.tally(ctx, d.retry, filter)
		if err != nil {
			return nil, err
		}
		for token, count := range some {
			n[token] += count
		}
	}
	return n, nil
}

// oldest returns when the oldest message of an endpoint was accepted.
func (d *Dispatcher) oldest(ctx context.Context, token string) (oldest time.Time, err error) {
	for _, at := range []struct {
		s    jetstream.Stream
		kind string
	}{{d.out, "out"}, {d.retry, "wait"}, {d.retry, "due"}} {
		raw, err := d.next(ctx, at.s, d.names.endpoint(at.kind, token), 1)
		if err != nil {
			return oldest, err
		}
		if raw == nil {
			continue
		}
		if t, err := getTime(raw.Header, headerAccepted); err == nil && (oldest.IsZero() || t.Before(oldest)) {
			oldest = t
		}
	}
	return oldest, nil
}
