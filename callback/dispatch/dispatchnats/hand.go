package dispatchnats

import "sync"

// A hand is what one process works at, for one endpoint: goroutines, and the
// messages that they have. The zero value is empty.
type hand struct {
	mu       sync.Mutex
	busy     int // goroutines
	messages map[uint64]bool
	emptied  chan struct{} // closed once nobody is at work; nil if nobody waits for that
}

// begin notes that a goroutine is at work, and done that it is no longer.
func (h *hand) begin() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.busy++
}

func (h *hand) done() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.busy--
	if h.busy == 0 && h.emptied != nil {
		close(h.emptied)
		h.emptied = nil
	}
}

// resting reports whether nobody is at work.
func (h *hand) resting() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.busy == 0
}

// empty returns a channel that is closed once nobody is at work.
func (h *hand) empty() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.emptied == nil {
		h.emptied = make(chan struct{})
	}
	ch := h.emptied
	if h.busy == 0 {
		close(ch)
		h.emptied = nil
	}
	return ch
}

// lift and lay note which messages are being worked at.
func (h *hand) lift(seq uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.messages == nil {
		h.messages = make(map[uint64]bool)
	}
	h.messages[seq] = true
}

func (h *hand) lay(seq uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.messages, seq)
}

// has reports whether a message is being worked at.
func (h *hand) has(seq uint64) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.messages[seq]
}
