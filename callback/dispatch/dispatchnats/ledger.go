package dispatchnats

import (
	"sync"

	"github.com/alertwire/alertwire/callback"
)

// A ledger remembers how far messages have come that could not be put aside, for
// one endpoint without an order: in the queue they lie as they were before. The
// zero value is empty.
type ledger struct {
	mu    sync.Mutex
	bySeq map[uint64]envelope // without their messages
}

// note remembers a message. Those that wait in the queue take up a place of the
// endpoint, so that there are no more of them than places; when there are, some
// were taken up by other processes, most likely the one that was due first.
func (l *ledger) note(seq uint64, v *envelope, places int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.bySeq == nil {
		l.bySeq = make(map[uint64]envelope)
	}
	known := *v
	known.msg = callback.Message{ID: v.msg.ID}
	l.bySeq[seq] = known
	for len(l.bySeq) > places {
		first := seq
		for other, v := range l.bySeq {
			if v.due.Before(l.bySeq[first].due) {
				first = other
			}
		}
		delete(l.bySeq, first)
	}
}

// recall tells a message that is handed out again how far it has come.
func (l *ledger) recall(seq uint64, v *envelope) {
	l.mu.Lock()
	defer l.mu.Unlock()
	// The numbers of a stream that somebody has deleted begin anew.
	if known, ok := l.bySeq[seq]; ok && known.msg.ID == v.msg.ID {
		v.attempts, v.history, v.due = known.attempts, known.history, known.due
	}
}

// forget is called for a message that is done with, or was put aside.
func (l *ledger) forget(seq uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.bySeq, seq)
}
