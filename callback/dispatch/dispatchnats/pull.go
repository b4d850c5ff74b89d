package dispatchnats

import (
	"context"
	"errors"
	"log/slog"
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
