package callback

import (
	"runtime"
	"sync"
	"weak"
)

// A weakMap finds things that are shared by those who hold them, and holds none
// itself: an entry goes when the last of its holders does. The zero value is
// empty. It is safe for concurrent use.
type weakMap[K comparable, V any] struct {
	mu sync.Mutex
	m  map[K]weak.Pointer[V]
}

// get returns the value for key, or a new one if nobody holds one. Of two who
// ask at the same time one makes it.
func (w *weakMap[K, V]) get(key K, create func() (*V, error)) (*V, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if v := w.m[key].Value(); v != nil {
		return v, nil
	}
	v, err := create()
	if err != nil {
		return nil, err
	}
	if w.m == nil {
		w.m = make(map[K]weak.Pointer[V])
	}
	w.m[key] = weak.Make(v)
	runtime.AddCleanup(v, w.forget, key)
	return v, nil
}

// forget removes an entry whose value is gone, unless there is a new one.
func (w *weakMap[K, V]) forget(key K) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.m[key].Value() == nil {
		delete(w.m, key)
	}
}

// each calls f for each value that somebody holds.
func (w *weakMap[K, V]) each(f func(*V)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.m {
		if v := p.Value(); v != nil {
			f(v)
		}
	}
}
