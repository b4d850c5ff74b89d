package dispatchnats

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// A lane holds the messages of one key that this process has in hand, by age.
// Only its head is ever called.
type lane struct {
	key    string
	items  []*item
	busy   bool // the head is being worked at
	queued bool // among the ready
	timer  *time.Timer
}

// An item is a message of a lane: everything but its body, which is fetched when
// its turn has come. What is not v belongs to the lock of the lanes; v belongs
// to whoever works at the item.
type item struct {
	seq   uint64
	reply string
	known bool      // what is noted about it has been read
	due   time.Time // no call before
	tried bool      // a call was made
	noted bool      // there is a note about it; as v
	waits int       // how often it found an older one before it
	v     envelope
	bad   error // it cannot be decoded
}

// newItem reads what is in hand.
func (e *endpoint) newItem(msg jetstream.Msg) *item {
	it := &item{seq: sequence(msg), reply: msg.Reply()}
	it.v, it.bad = e.decode(msg, nil)
	it.due = it.v.due
	return it
}

// keyed reports whether an order applies to the item.
func (it *item) keyed() bool { return it.bad == nil && it.v.msg.Key != "" }

// lane returns the key of its lane. An item without a Key is alone.
func (it *item) lane() string {
	if it.keyed() {
		return it.v.msg.Key
	}
	return "\x00" + strconv.FormatUint(it.seq, 10)
}

// insert puts an item where it belongs, and reports whether it is new. One that
// comes a second time, because its lease was lost, renews the first.
func (l *lane) insert(it *item) bool {
	i, found := slices.BinarySearchFunc(l.items, it.seq, func(a *item, seq uint64) int {
		return cmp.Compare(a.seq, seq)
	})
	if found {
		l.items[i].reply, l.items[i].known = it.reply, false
		return false
	}
	l.items = slices.Insert(l.items, i, it)
	return true
}
