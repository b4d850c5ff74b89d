package payload

import (
	"container/list"
	"strings"
	"sync"
	"time"
)

// Latest drops what is older than the newest that was seen of the same thing.
// It is for senders whose every message carries the full state of a thing, and
// whose retries may overtake each other, such as Flashduty: what comes late
// would set the clock back.
//
//	if !latest.Pass(e.Key, e.Time) {
//		return nil, nil // something newer has been handled
//	}
//
// The zero Latest is ready. It is safe for concurrent use.
type Latest struct {
	// MaxKeys bounds how many keys are remembered. Beyond it the key that was
	// seen the longest ago is forgotten, and the next message about it passes.
	// Zero means 100,000, which takes about 25 MB. It must not change once
	// Latest is in use.
	MaxKeys int

	mu    sync.Mutex
	keys  map[string]*list.Element
	order list.List // of *latestEntry, the one seen last in front
	stats LatestStats
}

// LatestStats are the counters of a [Latest].
type LatestStats struct {
	Passed, Dropped uint64 // calls of Pass that returned true, false
	Forgotten       uint64 // keys that had to make room
	Keys            int    // remembered now
}

type latestEntry struct {
	key string
	at  time.Time
}

const defaultMaxKeys = 100_000

// Pass reports whether nothing newer than at was seen of key, and remembers at.
// Equal times pass: two things can happen within one tick of the sender's
// clock, and repeats are the business of HandlerOptions.Once. The zero time and
// the empty key pass, and leave no trace.
func (l *Latest) Pass(key string, at time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if at.IsZero() || key == "" {
		l.stats.Passed++
		return true
	}
	if len(key) > 64 {
		key = ID(key) // the sender does not decide how much is remembered
	}
	if e, ok := l.keys[key]; ok {
		entry := e.Value.(*latestEntry)
		l.order.MoveToFront(e)
		if at.Before(entry.at) {
			l.stats.Dropped++
			return false
		}
		entry.at = at
		l.stats.Passed++
		return true
	}
	l.remember(strings.Clone(key), at)
	l.stats.Passed++
	return true
}

func (l *Latest) remember(key string, at time.Time) {
	if l.keys == nil {
		l.keys = make(map[string]*list.Element)
	}
	limit := l.MaxKeys
	if limit <= 0 {
		limit = defaultMaxKeys
	}
	for len(l.keys) >= limit {
		oldest := l.order.Back()
		delete(l.keys, l.order.Remove(oldest).(*latestEntry).key)
		l.stats.Forgotten++
	}
	l.keys[key] = l.order.PushFront(&latestEntry{key, at})
}

// Stats returns the counters.
func (l *Latest) Stats() LatestStats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.stats
	s.Keys = len(l.keys)
	return s
}
