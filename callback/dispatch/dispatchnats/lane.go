package dispatchnats

import (
	"cmp"
	"context"
	"errors"
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

// A place is where a message stands, by what the stream says.
type place int

const (
	first         place = iota // it is its turn
	behindAnother              // an older one of its key is there, in the hands of another process
	outdated                   // a newer one of its key is there
	nowhere                    // somebody else is done with it
)

// look finds out where a message stands, and fetches its body if it is its
// turn. For the order Latest it looks for newer ones too.
func (e *endpoint) look(ctx context.Context, it *item, latest bool) (place, error) {
	d := e.d
	if !it.keyed() {
		raw, err := d.out.GetMsg(ctx, it.seq)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return nowhere, nil
		}
		if err == nil {
			it.v.msg.Body = raw.Data
		}
		return first, err
	}
	subject := d.names.subject("out", e.token, keyToken(it.v.msg.Key))
	// The leader is asked, which AllowDirect would not do: a replica that lags
	// behind could hide an older message.
	raw, err := d.out.GetMsg(ctx, 1, jetstream.WithGetMsgSubject(subject))
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return nowhere, nil
	case err != nil:
		return first, err
	case raw.Sequence > it.seq:
		return nowhere, nil
	}
	it.v.msg.Body = raw.Data // of an older one if it is not its turn; see below
	if latest {
		_, err := d.out.GetMsg(ctx, it.seq+1, jetstream.WithGetMsgSubject(subject))
		switch {
		case err == nil:
			return outdated, nil
		case !errors.Is(err, jetstream.ErrMsgNotFound):
			return first, err
		}
	}
	if raw.Sequence < it.seq {
		it.v.msg.Body = nil
		return behindAnother, nil
	}
	return first, nil
}
