package ratelimitredis

// Waiting returns how many callers wait for others to arrive.
func (s *Store) Waiting() int {
	s.convoy.mu.Lock()
	defer s.convoy.mu.Unlock()
	return len(s.convoy.waiting)
}

// GaveUp returns how many of them no longer do.
func (s *Store) GaveUp() (n int) {
	s.convoy.mu.Lock()
	defer s.convoy.mu.Unlock()
	for _, p := range s.convoy.waiting {
		if p.gaveUp.Load() {
			n++
		}
	}
	return n
}
