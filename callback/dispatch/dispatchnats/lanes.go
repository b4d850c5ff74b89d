package dispatchnats

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/alertwire/alertwire/callback/dispatch"
)

// lanes works off an endpoint that keeps an order. It takes messages into its
// hand without their bodies, sorts them by key, and calls the head of each key.
//
// What other processes have in hand it learns from the stream: the stream keeps
// a message until it is acknowledged, so the message whose turn it is is the
// first one of its subject. The head stays in the stream while it waits for its
// next attempt, and with it everything behind it.
type lanes struct {
	e   *endpoint
	ctx context.Context // ends when nothing more is to be begun

	mu      sync.Mutex
	changed sync.Cond
	byKey   map[string]*lane
	ready   []*lane
	inHand  int
	workers int
	over    bool // nothing more is begun
	beat    *time.Timer
}

func newLanes(ctx context.Context, e *endpoint) *lanes {
	s := &lanes{e: e, ctx: ctx, byKey: make(map[string]*lane)}
	s.changed.L = &s.mu
	return s
}

// want waits until there is less to do than this process can do at once: what
// it does not need is left to the others.
func (s *lanes) want(ctx context.Context) (int, bool) {
	stop := context.AfterFunc(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.changed.Broadcast()
	})
	defer stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = false
	for {
		if ctx.Err() != nil {
			return 0, false
		}
		n := 2*s.e.options().Concurrency + 1 - len(s.ready)
		if n > 0 && s.inHand < window {
			return n, true
		}
		s.changed.Wait()
	}
}

// take puts a message into its lane.
func (s *lanes) take(msg jetstream.Msg) {
	it := s.e.newItem(msg)
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.byKey[it.lane()]
	if l == nil {
		l = &lane{key: it.lane()}
		s.byKey[l.key] = l
	}
	if l.insert(it) {
		s.inHand++
	}
	if s.beat == nil {
		s.beat = time.AfterFunc(s.e.d.o.Lease/3, s.renew)
	}
	s.kick(l)
}

// renew renews the leases of everything in hand.
func (s *lanes) renew() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.byKey {
		for _, it := range l.items {
			s.e.d.renew(it.reply)
		}
	}
	if s.inHand > 0 {
		s.beat.Reset(s.e.d.o.Lease / 3)
	} else {
		s.beat = nil
	}
}

// kick lets somebody work at a lane if its head can be called, or sees to it
// that this happens in time. The lock is held.
func (s *lanes) kick(l *lane) {
	if l.busy || l.queued {
		return
	}
	if len(l.items) == 0 {
		delete(s.byKey, l.key)
		s.changed.Broadcast()
		return
	}
	if wait := time.Until(l.items[0].due); wait > 0 && !s.outdated(l) && !s.e.isGone() {
		if l.timer == nil {
			l.timer = time.AfterFunc(wait, func() {
				s.mu.Lock()
				defer s.mu.Unlock()
				if s.byKey[l.key] == l {
					s.kick(l)
				}
			})
		} else {
			l.timer.Reset(wait)
		}
		return
	}
	l.queued = true
	s.ready = append(s.ready, l)
	if !s.over && s.workers < s.e.options().Concurrency {
		s.workers++
		s.e.hand.begin()
		go s.work()
	}
}

// outdated reports whether there is a newer message than the head, and that is
// all that counts. The lock is held.
func (s *lanes) outdated(l *lane) bool {
	return len(l.items) > 1 && s.e.options().Order == dispatch.Latest
}

// work calls heads while there are any, with a permit.
func (s *lanes) work() {
	defer s.e.hand.done()
	for {
		p := s.e.permit(s.ctx)
		for p != nil && !p.spent() {
			l := s.next()
			if l == nil {
				break
			}
			s.turn(l)
		}
		if p != nil {
			p.giveBack()
		}
		if p == nil || s.off() {
			return
		}
	}
}

// stir looks at everything in hand again.
func (s *lanes) stir() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return
	}
	for _, l := range s.byKey {
		s.kick(l)
	}
}

// off ends a worker if there is nothing for it to do.
func (s *lanes) off() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() == nil && len(s.ready) > 0 && s.workers <= s.e.options().Concurrency {
		return false
	}
	s.workers--
	s.changed.Broadcast()
	return true
}

// next takes a lane from the ready ones, or returns nil.
func (s *lanes) next() *lane {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over || len(s.ready) == 0 {
		return nil
	}
	l := s.ready[0]
	s.ready = slices.Delete(s.ready, 0, 1)
	l.queued, l.busy = false, true
	s.changed.Broadcast()
	return l
}

// turn brings the head of a lane one step further.
func (s *lanes) turn(l *lane) {
	s.mu.Lock()
	it, old := l.items[0], s.outdated(l)
	s.mu.Unlock()
	s.e.hand.lift(it.seq) // what is over already, handle does not find
	done, due := s.handle(it, old)
	s.e.hand.lay(it.seq, "")
	s.mu.Lock()
	defer s.mu.Unlock()
	l.busy, it.tried = false, it.v.attempts > 0
	it.due, it.v.msg.Body = due, nil
	// What is done with need not be the first any more: an older one may have
	// been handed out again meanwhile.
	if i := slices.Index(l.items, it); done && i >= 0 {
		l.items = slices.Delete(l.items, i, i+1)
		s.inHand--
	}
	if s.over {
		s.giveBack(l)
		return
	}
	s.kick(l)
}

// letGo gives everything back that is not being worked at. What is being worked
// at follows when that is done.
func (s *lanes) letGo() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	s.ready = nil
	for _, l := range s.byKey {
		l.queued = false
		if !l.busy {
			s.giveBack(l)
		}
	}
}

// giveBack gives a lane back. The lock is held.
func (s *lanes) giveBack(l *lane) {
	for _, it := range l.items {
		s.e.d.nakReply(it.reply, 0)
	}
	s.inHand -= len(l.items)
	l.items = nil
	if l.timer != nil {
		l.timer.Stop()
	}
	delete(s.byKey, l.key)
	s.changed.Broadcast()
}

// idle reports whether nothing can be done just now with what is in hand: it
// waits.
func (s *lanes) idle() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.ready) == 0 && s.workers == 0
}

// waiting returns how many heads wait for their next attempt.
func (s *lanes) waiting() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.byKey {
		if !l.busy && !l.queued && l.items[0].tried {
			n++
		}
	}
	return n
}
