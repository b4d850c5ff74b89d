package dispatch

import (
	"container/heap"
	"time"

	"github.com/alertwire/alertwire/callback"
)

// The items of one key form a lane, by age and linked by item.behind. Its head,
// which is in queue.lanes, is ready, waiting or in flight; the others are
// blocked behind it. item.tail of the head is the last of them.

// join puts an item at the end of the lane of its key.
func (q *queue) join(it *item) {
	it.ordered = true
	head := q.lanes[it.msg.Key]
	if head == nil {
		if q.lanes == nil {
			q.lanes = make(map[string]*item)
		}
		q.lanes[it.msg.Key] = it
		q.makeReady(it)
		return
	}
	it.place = blocked
	if head.tail == nil {
		head.behind = it
	} else {
		head.tail.behind = it
	}
	head.tail = it
}

// leave takes an item out of its lane, and makes the next one ready if it was
// the head. It is the head or, being the oldest that is not in flight, the one
// right behind a head that is.
func (q *queue) leave(it *item) {
	key := it.msg.Key
	head, next := q.lanes[key], it.behind
	it.behind = nil
	switch {
	case head != it:
		head.behind = next
		if head.tail == it {
			head.tail = nil
		}
	case next == nil:
		delete(q.lanes, key)
	default:
		if it.tail != next {
			next.tail = it.tail
		}
		q.lanes[key] = next
		q.makeReady(next)
	}
}

// stale returns the item in whose place a newer message of key steps under the
// order Latest: the newest, if it is not in flight. Else it returns nil.
func (q *queue) stale(key string) *item {
	head := q.lanes[key]
	switch {
	case head == nil || key == "":
		return nil
	case head.tail != nil:
		return head.tail
	case head.place == flying:
		return nil
	}
	return head
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
