package ratelimit

import (
	"hash/maphash"
	"math"
	"math/bits"
	"sync"
	"sync/atomic"
)

const (
	ways  = 8  // slots per bucket, two cache lines
	locks = 64 // for changing the owner of a slot
	busy  = -1 // the tat of a slot whose owner is being changed

	defaultMaxKeys = 1 << 16
	mostMaxKeys    = 1 << 28
)

// seed makes the hashes of this process unpredictable, so that nobody can choose
// keys that meet in one bucket.
var seed = maphash.MakeSeed()

// A table keeps a word for each key: a time, which is of no more use once it is
// past. It is a set-associative cache. A key may live in the slots of one bucket
// only, and a new key takes the place of the one that is past or will be first.
// So its size is fixed, every operation looks at no more than one bucket, and
// nothing has to be swept.
//
// A key that has a slot is served without a lock, by compare-and-swap of its
// word. That is safe although the owner of a slot changes, because an owner's
// word is strictly later than that of the owner before. Who has read a word and
// after that the hash of its key, and then finds the word unchanged, has dealt
// with one owner all the time. Words go back only when a charge is undone or a
// bucket reset; to be misled by that, a goroutine would have to sleep while the
// owner changes and the new one's word matches to the nanosecond.
type table struct {
	buckets []bucket
	shift   int
	locks   [locks]struct {
		sync.Mutex
		_ [56]byte // a cache line each
	}
	evictions atomic.Uint64
}

type bucket [ways]slot

type slot struct {
	hash atomic.Uint64
	tat  atomic.Int64
}

// newTable returns a table that holds maxKeys, with room for as many again.
func newTable(maxKeys int) *table {
	if maxKeys <= 0 {
		maxKeys = defaultMaxKeys
	}
	slots := 2 * min(maxKeys, mostMaxKeys)
	width := bits.Len(uint((slots - 1) / ways)) // of the index of a bucket
	return &table{buckets: make([]bucket, 1<<width), shift: 64 - width}
}

// hashOf returns the hash of a key under the salt of its limit's name.
func hashOf(key string, salt uint64) uint64 { return maphash.String(seed, key) ^ salt }

// saltOf returns what tells the keys of one limit from those of another.
func saltOf(name string) uint64 {
	if name == "" {
		return 0
	}
	return bits.RotateLeft64(maphash.String(seed, name), 32)
}

func (t *table) bucket(h uint64) *bucket { return &t.buckets[h>>t.shift] }

func (t *table) lock(h uint64) *sync.Mutex { return &t.locks[h>>t.shift%locks].Mutex }

// find returns the slot of h, or nil. It begins at the slot that a key prefers.
func (b *bucket) find(h uint64) *slot {
	for i := range uint64(ways) {
		if s := &b[(h+i)%ways]; s.hash.Load() == h {
			return s
		}
	}
	return nil
}

// word returns the tat of h, if s is still the slot of h and not busy.
func (s *slot) word(h uint64) (tat int64, ok bool) {
	tat = s.tat.Load() // before the hash, see table
	return tat, s.hash.Load() == h && tat != busy
}

// take adds cost to the tat of h, if that does not put it more than span ahead
// of now. It returns the tat that is valid then.
func (t *table) take(h uint64, now, cost, span int64) (int64, bool) {
	b := t.bucket(h)
	for {
		if s := b.find(h); s != nil {
			for tat, ok := s.word(h); ok; tat, ok = s.word(h) {
				next := max(tat, now) + cost
				if next-now > span {
					return tat, false
				}
				if s.tat.CompareAndSwap(tat, next) {
					return next, true
				}
			}
		}
		if tat, ok := t.insert(h, now, now+cost); ok {
			return tat, true
		}
	}
}

// insert gives h a slot with the given tat, or one later if the owner before it
// demands that. It reports false if h has a slot already.
func (t *table) insert(h uint64, now, tat int64) (int64, bool) {
	b, mu := t.bucket(h), t.lock(h)
	mu.Lock()
	defer mu.Unlock()
	for {
		s, found := b.place(h, now)
		if found {
			return 0, false
		}
		old := s.tat.Load()
		if !s.tat.CompareAndSwap(old, busy) {
			continue
		}
		if old > now {
			t.evictions.Add(1)
		}
		tat = max(tat, old+1)
		s.hash.Store(h)
		s.tat.Store(tat)
		return tat, true
	}
}

// place returns the slot of h, or else the one that h should take: one that is
// past, or the one that will be first. Under the lock of h no slot is busy.
func (b *bucket) place(h uint64, now int64) (s *slot, found bool) {
	earliest := int64(math.MaxInt64)
	for i := range uint64(ways) {
		c := &b[(h+i)%ways]
		if c.hash.Load() == h {
			return c, true
		}
		if tat := c.tat.Load(); tat < earliest && earliest > now {
			s, earliest = c, tat
		}
	}
	return s, false
}

// peek returns the tat of h, 0 if it has none.
func (t *table) peek(h uint64) int64 {
	b := t.bucket(h)
	s := b.find(h)
	if s == nil {
		return 0
	}
	if tat, ok := s.word(h); ok {
		return tat
	}
	mu := t.lock(h) // where owners do not change
	mu.Lock()
	defer mu.Unlock()
	if s = b.find(h); s == nil {
		return 0
	}
	return s.tat.Load()
}

// undo takes cost back from the tat of h, all of it if cost is negative. If h
// has lost its slot there is nothing to take back.
func (t *table) undo(h uint64, cost int64) {
	s := t.bucket(h).find(h)
	if s == nil {
		return
	}
	for tat, ok := s.word(h); ok; tat, ok = s.word(h) {
		next := tat - cost
		if cost < 0 {
			next = 0
		}
		if s.tat.CompareAndSwap(tat, next) {
			return
		}
	}
}
