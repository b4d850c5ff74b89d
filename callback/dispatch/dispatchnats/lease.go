package dispatchnats

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// A lease keeps a message from being given to another process for as long as
// this one works at it.
type lease struct {
	mu    sync.Mutex
	timer *time.Timer // nil once it has ended
}

// lease begins to renew the lease of a message.
func (d *Dispatcher) lease(msg jetstream.Msg) *lease {
	l := new(lease)
	every := d.o.Lease / 3
	l.mu.Lock()
	defer l.mu.Unlock()
	l.timer = time.AfterFunc(every, func() {
		d.renew(msg.Reply())
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.timer != nil {
			l.timer.Reset(every)
		}
	})
	return l
}

func (l *lease) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.timer.Stop()
	l.timer = nil
}

func (d *Dispatcher) renew(reply string) { _ = d.nc.Publish(reply, []byte("+WPI")) }

// nak gives a message back, to be had again after a while. The server forgets
// the while when it restarts.
func (d *Dispatcher) nak(msg jetstream.Msg, after time.Duration) { d.nakReply(msg.Reply(), after) }

func (d *Dispatcher) nakReply(reply string, after time.Duration) {
	body := []byte("-NAK")
	if after > 0 {
		delay, _ := json.Marshal(struct { // two fields of plain types: it cannot fail
			Delay int64 `json:"delay"`
		}{int64(after)})
		body = append(append(body, ' '), delay...)
	}
	_ = d.nc.Publish(reply, body)
}

// ack tells the server that a message is done with, and waits for it to know:
// acks that nobody waits for pile up in a server that syncs its disk, and a
// crash repeats them all. While the server is away it tries again.
func (d *Dispatcher) ack(ctx context.Context, msg jetstream.Msg) {
	d.acked(persist(ctx, "ack", func(ctx context.Context) error { return d.ackOnce(ctx, msg.Reply()) }))
}

func (d *Dispatcher) ackOnce(ctx context.Context, reply string) error {
	_, err := d.nc.RequestWithContext(ctx, reply, []byte("+ACK"))
	return err
}

// acked logs what came of an ack. A message that somebody else has taken away is
// as good as acknowledged.
func (d *Dispatcher) acked(err error) {
	if err != nil && !errors.Is(err, jetstream.ErrMsgDeleteUnsuccessful) {
		d.log(slog.LevelWarn, "dispatchnats cannot acknowledge a message: it will be repeated",
			slog.String("error", err.Error()))
	}
}

// ack is done with a message, also if its queue has been removed meanwhile.
func (e *endpoint) ack(msg jetstream.Msg) { e.ackAt(msg.Reply(), sequence(msg)) }

func (e *endpoint) ackAt(reply string, seq uint64) {
	d := e.d
	err := persist(d.rest, "ack", func(ctx context.Context) error {
		err := d.ackOnce(ctx, reply)
		if !passing(err) {
			return err
		}
		_, gone := d.out.Consumer(ctx, e.token)
		if errors.Is(gone, jetstream.ErrConsumerNotFound) {
			return d.out.DeleteMsg(ctx, seq)
		}
		return err
	})
	d.acked(err)
}
