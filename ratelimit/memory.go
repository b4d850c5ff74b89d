package ratelimit

import (
	"context"
	"fmt"
	"sync/atomic"
)

// Memory is a [Store] in this process. Its zero value is ready for use. It is
// safe for concurrent use, admits exactly what a Rate allows however many
// goroutines ask, starts no goroutine and need not be closed.
//
// Its memory is fixed. A bucket that is full again is forgotten at no loss; one
// that is hit now and then takes its place only for the moment. When more than
// MaxKeys buckets are not full, a new key takes the place of one of eight: of
// that which would be full first. The key that is forgotten gets back what it
// had spent, and the new one owes at least as much. [Memory.Evictions] counts
// that. Clients that have spent all are the last to be forgotten, so that a
// flood of new keys does not let them in again.
//
// Keys are told apart by 64 bits of a seeded hash.
type Memory struct {
	// MaxKeys is how many buckets can be in use, that is not full, at the same
	// time. Each of them takes 32 to 64 bytes, in one block that is made at the
	// first use. Zero or less means 65,536, which makes 2 MiB; more than 2^28
	// means 2^28.
	MaxKeys int

	table atomic.Pointer[table]
}

var _ Store = (*Memory)(nil)

// Take implements [Store]. It does not look at the context.
func (m *Memory) Take(_ context.Context, reqs []Request, out []Decision) error {
	t := m.ready()
	var room [4]ask
	asks := room[:]
	if len(reqs) > len(room) {
		asks = make([]ask, len(reqs))
	}
	asks = asks[:len(reqs)]
	for i := range reqs {
		if err := asks[i].set(t, &reqs[i]); err != nil {
			return err
		}
	}
	if twice(asks) {
		return fmt.Errorf("%w request: a bucket is asked twice", ErrInvalid)
	}
	now := clock()
	takeAll(asks, now)
	for i := range asks {
		out[i] = asks[i].decision(now)
	}
	return nil
}

// Reset makes the bucket of a key full.
func (m *Memory) Reset(_ context.Context, name, key string) error {
	m.ready().undo(hashOf(key, saltOf(name)), -1)
	return nil
}

// Evictions returns how many buckets were forgotten before they were full again.
// If it grows, MaxKeys is too small for the traffic.
func (m *Memory) Evictions() uint64 { return m.ready().evictions.Load() }

// ready returns the table and makes it at the first use.
func (m *Memory) ready() *table {
	if t := m.table.Load(); t != nil {
		return t
	}
	m.table.CompareAndSwap(nil, newTable(m.MaxKeys))
	return m.table.Load()
}

// An ask is a Request to a table, and what came of it.
type ask struct {
	table *table
	hash  uint64
	gcra  gcra
	cost  int64

	tat int64
	ok  bool
}

func (a *ask) set(t *table, r *Request) (err error) {
	if a.gcra, err = r.Rate.gcra(); err != nil {
		return err
	}
	a.cost, err = a.gcra.cost(r.N)
	a.table, a.hash = t, hashOf(r.Key, saltOf(r.Name))
	return err
}

// takeAll takes the cost of all asks or of none.
func takeAll(asks []ask, now int64) bool {
	if len(asks) == 1 && asks[0].cost > 0 {
		return asks[0].take(now)
	}
	// Looking first keeps refusals free of writes, which are what could need to
	// be undone.
	if !lookAll(asks, now) {
		return false
	}
	for i := range asks {
		if asks[i].cost > 0 && !asks[i].take(now) {
			for j := range asks[:i] {
				asks[j].undo()
			}
			return false
		}
	}
	return true
}

// lookAll reports whether takeAll would take.
func lookAll(asks []ask, now int64) bool {
	all := true
	for i := range asks {
		all = asks[i].look(now) && all
	}
	return all
}

func (a *ask) take(now int64) bool {
	a.tat, a.ok = a.table.take(a.hash, now, a.cost, a.gcra.span)
	return a.ok
}

func (a *ask) look(now int64) bool {
	a.tat = a.table.peek(a.hash)
	a.ok = a.gcra.burst > 0 && max(a.tat, now)+a.wanted()-now <= a.gcra.span
	return a.ok
}

func (a *ask) undo() {
	a.table.undo(a.hash, a.cost)
	a.tat -= a.cost
}

// wanted is the cost that has to fit: one event for who only asks.
func (a *ask) wanted() int64 {
	if a.cost == 0 {
		return a.gcra.step
	}
	return a.cost
}

func (a *ask) decision(now int64) Decision {
	return a.gcra.decide(a.tat, now, a.wanted(), a.ok)
}

// twice reports whether two asks are for the same bucket.
func twice(asks []ask) bool {
	for i := range asks {
		for _, b := range asks[:i] {
			if b.hash == asks[i].hash && b.table == asks[i].table {
				return true
			}
		}
	}
	return false
}
