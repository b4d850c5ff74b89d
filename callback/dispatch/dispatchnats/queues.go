package dispatchnats

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// A Queue is what the engine has for one endpoint, all processes together. A
// message that moves while it is counted may be counted twice, or not at all, and
// one that has just been dispatched a moment later.
type Queue struct {
	Endpoint string `json:"endpoint"`
	Waiting  int    `json:"waiting"` // to be handed to a process
	// InHand is what processes have in hand: it is being called, waits there for
	// a short time, or, with an order, stands behind one that does. What a
	// process had when it died counts until its lease is over.
	InHand   int       `json:"in_hand"`
	Retrying int       `json:"retrying"`         // waits in the engine for the next attempt
	Dead     int       `json:"dead"`             // was given up
	Oldest   time.Time `json:"oldest,omitzero"`  // when the oldest that was not given up was accepted
	Removed  bool      `json:"removed,omitzero"` // there is no queue any more, and only what is left
}

// Queues returns the queue of every endpoint of which the engine has something,
// by name, whoever has added it, and tries for up to a minute to get them.
func (d *Dispatcher) Queues(ctx context.Context) ([]Queue, error) {
	byToken := make(map[string]*Queue)
	at := func(token string) *Queue {
		q := byToken[token]
		if q == nil {
			q = &Queue{Endpoint: nameOf(token), Removed: true}
			byToken[token] = q
		}
		return q
	}
	known := 0
	err := persist(ctx, "count", func(ctx context.Context) error {
		known = 0
		list := d.out.ListConsumers(ctx)
		for info := range list.Info() {
			q := at(info.Name)
			q.Removed = false
			q.Waiting, q.InHand = int(info.NumPending), info.NumAckPending
			known += q.Waiting + q.InHand
		}
		return list.Err()
	})
	if err != nil {
		return nil, err
	}
	strays, err := d.strays(ctx, known)
	if err != nil {
		return nil, err
	}
	for token, n := range strays {
		if q := at(token); q.Removed { // of the others their consumers have told
			q.Waiting = n
		}
	}
	for _, c := range []struct {
		s    jetstream.Stream
		kind string
		add  func(q *Queue, n int)
	}{
		{d.retry, "wait", func(q *Queue, n int) { q.Retrying += n }},
		{d.retry, "due", func(q *Queue, n int) { q.Retrying += n }},
		{d.dead, "dead", func(q *Queue, n int) { q.Dead += n }},
	} {
		tokens, err := d.tally(ctx, c.s, d.names.all(c.kind))
		if err != nil {
			return nil, err
		}
		for token, n := range tokens {
			c.add(at(token), n)
		}
	}
	for token, q := range byToken {
		if q.Waiting+q.InHand+q.Retrying == 0 {
			continue
		}
		if q.Oldest, err = d.oldest(ctx, token); err != nil {
			return nil, err
		}
	}
	all := make([]Queue, 0, len(byToken))
	for q := range maps.Values(byToken) {
		all = append(all, *q)
	}
	slices.SortFunc(all, func(a, b Queue) int { return strings.Compare(a.Endpoint, b.Endpoint) })
	return all, nil
}

// strays counts the messages of OUT, if there are more than known.
func (d *Dispatcher) strays(ctx context.Context, known int) (map[string]int, error) {
	var all uint64
	err := persist(ctx, "count", func(ctx context.Context) error {
		info, err := d.out.Info(ctx)
		if err == nil {
			all = info.State.Msgs
		}
		return err
	})
	if err != nil || all <= uint64(known) {
		return nil, err
	}
	return d.tally(ctx, d.out, d.names.all("out"))
}

// tally counts the messages of a stream that match, by the token of their
// endpoint.
func (d *Dispatcher) tally(ctx context.Context, s jetstream.Stream, filter string) (map[string]int, error) {
	n := make(map[string]int)
	err := persist(ctx, "count", func(ctx context.Context) error {
		clear(n)
		info, err := s.Info(ctx, jetstream.WithSubjectFilter(filter))
		if err != nil {
			return err
		}
		for subject, count := range info.State.Subjects {
			if token, ok := d.names.endpointOf(subject); ok {
				n[token] += int(count)
			}
		}
		return nil
	})
	return n, err
}
