package auth

import (
	"sync"
	"sync/atomic"
	"time"
)

// recheck is how old the content of a file of secrets may be.
const recheck = time.Second

// live is a set of keys that can be replaced while it is in use. Whoever is
// in the middle of a verification keeps the set with which it began, so that
// there is no moment without keys. The zero value has none.
type live[T any] struct {
	set     atomic.Pointer[T]
	load    func() (*T, error) // nil: the set changes by replace only
	start   time.Time          // for a clock that does not jump
	due     atomic.Int64       // when load is asked again, as a duration since start
	loading sync.Mutex         // held by the one who does
}

// open builds the set with load. With reload it is built anew when it is
// used, at most once in recheck. It must be called before the set is shared.
func (l *live[T]) open(load func() (*T, error), reload bool) error {
	set, err := load()
	if err != nil {
		return err
	}
	l.set.Store(set)
	if reload {
		l.load = load
		l.start = time.Now()
		l.due.Store(int64(recheck))
	}
	return nil
}

// get returns the current set; nil where none was ever set. When the set is
// due, one of the callers loads it while the others go on with what they
// have, however long that takes: a file system that hangs holds up no more
// than one, and old content never comes after new.
func (l *live[T]) get() *T {
	if l.load != nil && int64(time.Since(l.start)) >= l.due.Load() && l.loading.TryLock() {
		l.reload()
	}
	return l.set.Load()
}

// reload loads the set. A load that fails changes nothing: a file that is just
// being written must not lock everybody out.
func (l *live[T]) reload() {
	defer l.loading.Unlock()
	if set, err := l.load(); err == nil {
		l.set.Store(set)
	}
	l.due.Store(int64(time.Since(l.start) + recheck))
}

func (l *live[T]) replace(set *T) { l.set.Store(set) }
