package dispatchnats

import "sync"

// A hand is what one process works at, for one endpoint: goroutines, and the
// messages that they have. The zero value is empty.
type hand struct {
	mu       sync.Mutex
	busy     int // goroutines
	messages map[uint64]*holding
	laid     sync.Cond // some message is no longer being worked at
	over     [remembered]ended
	ended    int           // how many were noted in over
	emptied  chan struct{} // closed once nobody is at work; nil if nobody waits for that
}

// remembered is how many messages a hand knows that are done with. The server may
// hand one out anew in the moment in which it takes the acknowledgement, and then
// the answer to that can be here first.
const remembered = 128

// An ended message is done with for good.
type ended struct {
	seq uint64
	id  string
}

// A holding is a message that is being worked at.
type holding struct {
	over string // the ID of the message, once it is done with for good
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

// lift notes that a message is being worked at. If it is already, because the
// server has handed it out a second time, lift waits until it no longer is. It
// returns the ID of the message if that is done with, and else an empty one.
func (h *hand) lift(seq uint64) (over string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.messages == nil {
		h.messages = make(map[uint64]*holding)
		h.laid.L = &h.mu
	}
	for {
		before := h.messages[seq]
		if before == nil {
			h.messages[seq] = new(holding)
			for _, e := range h.over {
				if over == "" && e.seq == seq {
					over = e.id
				}
			}
			return over
		}
		for h.messages[seq] == before {
			h.laid.Wait()
		}
		over = before.over
	}
}

// lay notes that a message is no longer being worked at. If it is done with for
// good, over is its ID.
func (h *hand) lay(seq uint64, over string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.messages[seq].over = over
	if over != "" {
		h.over[h.ended%remembered] = ended{seq, over}
		h.ended++
	}
	delete(h.messages, seq)
	h.laid.Broadcast()
}

// has reports whether a message is being worked at.
func (h *hand) has(seq uint64) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.messages[seq] != nil
}
