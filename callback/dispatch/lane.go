package dispatch

import (
	"container/heap"
	"time"

	"github.com/alertwire/alertwire/callback"
)

// A lane holds the items of one key by age. Its head is ready, waiting or in
// flight; the others are blocked behind it.
type lane struct {
	head       *item
	next, last *item // behind the head, linked by item.behind
}

func (l *lane) push(it *item) {
	if l.last == nil {
		l.next = it
	} else {
		l.last.behind = it
	}
	l.last = it
}

func (l *lane) pop() *item {
	it := l.next
	if it != nil {
		l.next, it.behind = it.behind, nil
		if l.next == nil {
			l.last = nil
		}
	}
	return it
}

// leave takes it out of its lane, and makes the next one ready if it was the
// head. It is the head or, being the oldest that is not in flight, the first
// one behind a head that is.
func (q *queue) leave(it *item) {
	l := it.lane
	if l.head != it {
		l.pop()
		return
	}
	l.head = l.pop()
	if l.head == nil {
		delete(q.lanes, it.msg.Key)
		return
	}
	q.makeReady(l.head)
}

// stale returns the item in whose place a newer message of key steps under the
// order Latest: the newest, if it is not in flight. Else it returns nil.
func (q *queue) stale(key string) *item {
	l := q.lanes[key]
	switch {
	case l == nil || key == "":
		return nil
	case l.last != nil:
		return l.last
	case l.head.place == flying:
		return nil
	}
	return l.head
}

// renew puts a newer message in the place of an older one: it keeps the turn,
// and need not wait for the next attempt at what it replaces.
func (q *queue) renew(it *item, m *callback.Message, now time.Time) {
	if it.place == waiting {
		heap.Remove(&q.waiting, it.index)
		q.makeReady(it)
	}
	q.all.remove(it)
	q.all.pushBack(it)
	it.msg, it.accepted, it.attempts, it.last = m, now, 0, nil
}
