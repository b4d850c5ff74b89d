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

const (
	pullExpiry    = 30 * time.Second
	pullHeartbeat = 5 * time.Second
	leftover      = 2 * time.Second // for what is on its way when a pull ends
)

// A puller takes messages from a consumer.
type puller struct {
	d        *Dispatcher
	consumer jetstream.Consumer
	what     string // for the log
	batch    int    // messages asked for at a time
	wait     time.Duration
}

// pull hands each message to take, without delay, until ctx ends, n messages
// were taken (zero is no bound) or something goes wrong: then it waits a little
// and returns, to be called again. It returns ErrConsumerNotFound once the
// consumer is gone. What arrives after ctx has ended goes back.
//
// A message is taken at once even if nothing can be done with it yet: one that
// lies in a buffer has a lease that nobody renews.
func (p *puller) pull(ctx context.Context, take func(jetstream.Msg), n ...int) error {
	opts := []jetstream.PullMessagesOpt{
		jetstream.PullExpiry(pullExpiry), jetstream.PullHeartbeat(pullHeartbeat),
	}
	if len(n) > 0 {
		opts = append(opts, jetstream.PullMaxMessages(n[0]), jetstream.StopAfter(n[0]))
	} else {
		opts = append(opts, jetstream.PullMaxMessages(p.batch))
	}
	it, err := p.consumer.Messages(opts...)
	for err == nil {
		var msg jetstream.Msg
		if msg, err = it.Next(jetstream.NextContext(ctx)); err == nil {
			p.wait = 0
			take(msg)
		}
	}
	switch {
	case it == nil:
	case ctx.Err() != nil:
		p.giveBack(it)
		return nil
	case errors.Is(err, jetstream.ErrMsgIteratorClosed) && !errors.Is(err, jetstream.ErrConnectionClosed) && len(n) > 0:
		return nil
	default:
		it.Stop()
	}
	p.d.log(slog.LevelDebug, "dispatchnats pulls anew",
		slog.String("what", p.what), slog.String("error", err.Error()))
	p.wait = min(max(2*p.wait, firstWait), lastWait)
	if !sleep(ctx, p.wait) {
		return nil
	}
	try, stop := context.WithTimeout(ctx, tryFor)
	defer stop()
	if _, err := p.consumer.Info(try); errors.Is(err, jetstream.ErrConsumerNotFound) ||
		errors.Is(err, jetstream.ErrStreamNotFound) {
		return jetstream.ErrConsumerNotFound
	}
	return nil
}

// giveBack ends a pull and returns what was on its way. It does so only when
// the server knows that the pull has ended: else it would send them here again.
func (p *puller) giveBack(it jetstream.MessagesContext) {
	it.Drain()
	var left []jetstream.Msg
	for {
		msg, err := it.Next(jetstream.NextMaxWait(leftover))
		if err != nil {
			it.Stop()
			break
		}
		left = append(left, msg)
	}
	for _, msg := range left {
		p.d.nak(msg, 0)
	}
}

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
