package dispatch

import (
	"container/heap"
	"time"

	"github.com/alertwire/alertwire/callback"
)

// An item is one message at one endpoint, from being accepted to its end.
type item struct {
	msg      *callback.Message // shared between endpoints
	accepted time.Time
	attempts int       // calls that ended
	last     error     // of the last call
	place    place     // where it is
	due      time.Time // of the next attempt, while waiting
	index    int       // in the heap, while waiting
	ordered  bool      // it is in the lane of its key
	behind   *item     // the next one in the lane
	tail     *item     // of the head of a lane with others behind it
	node     [2]node   // in the list of the ready, and of all
}

// A place is where an item is. It is in one place at a time, and always in the
// list of all.
type place int

const (
	ready   place = iota // may be called now
	waiting              // for its due time
	blocked              // behind another of its lane
	flying               // being called
	nowhere              // it has come to its end
)

type node struct{ prev, next *item }

// A list is a doubly linked list of items that costs no allocation. An item can
// be in the list of the ready and in the list of all, which use a node each.
type list struct {
	head, tail *item
	n          int
	by         int // which node of the item
}

const (
	byTurn = iota
	byAge
)

func (l *list) pushBack(it *item) {
	it.node[l.by] = node{prev: l.tail}
	if l.tail == nil {
		l.head = it
	} else {
		l.tail.node[l.by].next = it
	}
	l.tail = it
	l.n++
}

func (l *list) pushFront(it *item) {
	it.node[l.by] = node{next: l.head}
	if l.head == nil {
		l.tail = it
	} else {
		l.head.node[l.by].prev = it
	}
	l.head = it
	l.n++
}

func (l *list) remove(it *item) {
	at := it.node[l.by]
	if at.prev == nil {
		l.head = at.next
	} else {
		at.prev.node[l.by].next = at.next
	}
	if at.next == nil {
		l.tail = at.prev
	} else {
		at.next.node[l.by].prev = at.prev
	}
	it.node[l.by] = node{}
	l.n--
}

// A queue holds the items of one endpoint: those that are ready in their turn,
// those that wait by their due time, and all of them by age.
type queue struct {
	ready   list
	waiting dueHeap
	all     list
	flying  int
	lanes   map[string]*item // by key; only of keys at hand, and only with an order
}

func newQueue() queue { return queue{ready: list{by: byTurn}, all: list{by: byAge}} }

// queued returns how many items are not in flight.
func (q *queue) queued() int { return q.all.n - q.flying }

// add takes in a new item.
func (q *queue) add(it *item, o Order) {
	q.all.pushBack(it)
	if o == None || it.msg.Key == "" {
		q.makeReady(it)
		return
	}
	q.join(it)
}

func (q *queue) makeReady(it *item) {
	it.place = ready
	q.ready.pushBack(it)
}

// promote makes ready what is due.
func (q *queue) promote(now time.Time) {
	for len(q.waiting) > 0 && !q.waiting[0].due.After(now) {
		q.makeReady(heap.Pop(&q.waiting).(*item))
	}
}

// take returns the first ready item and counts it as in flight, or nil.
func (q *queue) take() *item {
	it := q.ready.head
	if it != nil {
		q.ready.remove(it)
		it.place = flying
		q.flying++
	}
	return it
}

// again puts an item that was in flight back to the front.
func (q *queue) again(it *item) {
	it.place = ready
	q.ready.pushFront(it)
	q.flying--
}

// wait puts an item that was in flight aside until its due time.
func (q *queue) wait(it *item, due time.Time) {
	it.place, it.due = waiting, due
	heap.Push(&q.waiting, it)
	q.flying--
}

// forget takes an item out, wherever it is, and lets the next one of its lane
// move up.
func (q *queue) forget(it *item) {
	switch it.place {
	case ready:
		q.ready.remove(it)
	case waiting:
		heap.Remove(&q.waiting, it.index)
	case flying:
		q.flying--
	}
	it.place = nowhere
	q.all.remove(it)
	if it.ordered {
		q.leave(it)
	}
}

// oldest returns the item that was accepted first of those not in flight.
func (q *queue) oldest() *item {
	it := q.all.head
	for it != nil && it.place == flying {
		it = it.node[byAge].next
	}
	return it
}

// A dueHeap is a heap of waiting items, the one that is due first on top.
type dueHeap []*item

func (h dueHeap) Len() int           { return len(h) }
func (h dueHeap) Less(i, j int) bool { return h[i].due.Before(h[j].due) }
func (h dueHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

// Push is for package heap.
func (h *dueHeap) Push(x any) {
	it := x.(*item)
	it.index = len(*h)
	*h = append(*h, it)
}

// Pop is for package heap.
func (h *dueHeap) Pop() any {
	last := len(*h) - 1
	it := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return it
}
