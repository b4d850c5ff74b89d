package ratelimit

import (
	"context"
	"sync/atomic"
	"time"
)

// A Dedup remembers ids for a while and tells what it has seen before. It is
// bounded, in this process only, and safe for concurrent use; it starts no
// goroutine and need not be closed. Its zero value remembers for 60 seconds.
//
// When it is full, the id that would be forgotten first is forgotten early, so
// that a duplicate may get through; see [Dedup.Evictions]. Ids are told apart by
// 64 bits of a seeded hash: among a million of them, one that is new is taken for
// a duplicate with a probability of 5 in 10^14.
type Dedup struct {
	// Window is how long an id is remembered, counted from when it was first
	// seen. Zero or less means 60 seconds; more than 36 years means that.
	Window time.Duration
	// Quiet counts the Window from the latest repeat instead, so that an id is
	// forgotten only after it was quiet for that long.
	Quiet bool
	// MaxKeys is how many ids are remembered at a time. Each takes 32 to 64
	// bytes, in one block that is made at the first use. Zero or less means
	// 65,536, which makes 2 MiB; more than 2^28 means 2^28.
	MaxKeys int

	table      atomic.Pointer[table]
	duplicates atomic.Uint64
}

// Seen remembers id and reports whether it was seen within the Window. An empty
// id is never remembered, since it would make one message of all that have none.
func (d *Dedup) Seen(id string) bool {
	_, state := d.enter(id, 0)
	return state != fresh
}

// Reserve remembers id for a delivery that is going to be worked on.
//
// If id is new, fresh is true, and done must be called with what came of the
// delivery: nil keeps the id, an error forgets it, so that a repeat is fresh
// again. Only the first call of done counts. A reservation that was not done with
// lapses after the Window.
//
// If id was kept by an earlier delivery, fresh is false, and done and err are
// nil. If one is in progress err is [ErrInFlight]: what comes of it is not known
// yet, and the sender should try again. An empty id is always fresh.
func (d *Dedup) Reserve(_ context.Context, id string) (done func(error), fresh bool, err error) {
	word, state := d.enter(id, inFlight)
	switch state {
	case kept:
		return nil, false, nil
	case reserved:
		return nil, false, ErrInFlight
	}
	if id == "" {
		return func(error) {}, true, nil
	}
	// The word alone does not tell this reservation from the next one of the id:
	// some clocks stand for longer than it takes to fail and come back.
	var ended atomic.Bool
	h := hashOf(id, 0)
	return func(err error) {
		if !ended.Swap(true) {
			d.ready().settle(h, word, err == nil)
		}
	}, true, nil
}

// Duplicates returns how many repeats of kept ids there were.
func (d *Dedup) Duplicates() uint64 { return d.duplicates.Load() }

// Evictions returns how many ids were forgotten before their time. If it grows,
// MaxKeys is too small for the traffic.
func (d *Dedup) Evictions() uint64 { return d.ready().evictions.Load() }

func (d *Dedup) enter(id string, flag int64) (int64, state) {
	if id == "" {
		return 0, fresh
	}
	window := d.Window
	if window <= 0 {
		window = time.Minute
	}
	word, state := d.ready().remember(hashOf(id, 0), clock(), int64(min(window, maxSpan)), flag, d.Quiet)
	if state == kept {
		d.duplicates.Add(1)
	}
	return word, state
}

// ready returns the table and makes it at the first use.
func (d *Dedup) ready() *table {
	if t := d.table.Load(); t != nil {
		return t
	}
	d.table.CompareAndSwap(nil, newTable(d.MaxKeys))
	return d.table.Load()
}

// state is what is known of an id.
type state int

const (
	fresh state = iota
	reserved
	kept
)

// inFlight is the bit of a word that tells a reservation from an id that is
// kept. The bits above it are when the id is forgotten: a word counts in halves
// of a nanosecond, for which there is room until 36 years after the start.
const inFlight = 1

// remember notes h until a window from now, with the given flag, unless it is
// known already. A Dedup changes its words under the lock only.
func (t *table) remember(h uint64, now, window, flag int64, extend bool) (word int64, _ state) {
	mu := t.lock(h)
	mu.Lock()
	defer mu.Unlock()
	until := (now + window) << 1
	s, found := t.bucket(h).place(h, now<<1|inFlight)
	old := s.tat.Load()
	live := old>>1 > now
	if found && live {
		if old&inFlight != 0 {
			return old, reserved
		}
		if extend {
			s.tat.Store(max(old, until))
		}
		return old, kept
	}
	if live {
		t.evictions.Add(1)
	}
	s.hash.Store(h)
	s.tat.Store(until | flag)
	return until | flag, fresh
}

// settle ends the reservation of h that was made with the given word.
func (t *table) settle(h uint64, word int64, keep bool) {
	mu := t.lock(h)
	mu.Lock()
	defer mu.Unlock()
	s := t.bucket(h).find(h)
	if s == nil || s.tat.Load() != word {
		return // lapsed or settled
	}
	if keep {
		s.tat.Store(word &^ inFlight)
	} else {
		s.tat.Store(0)
	}
}
