package dispatchnats

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	slotWait  = time.Second
	slotShare = 250 * time.Millisecond // how long a permit is kept while others may want it
)

// openSlots makes permits for an endpoint with an order. The server bounds how
// many messages are handed out and not acknowledged, but here most of those
// stand behind another one. So the calls are bounded by a consumer of their
// own: it hands out n permits, to all processes together, and a permit that is
// given back, or whose process died, is handed out anew. The permits are the
// same few messages for all endpoints, and none is ever acknowledged.
func (d *Dispatcher) openSlots(ctx context.Context, token string, n int) error {
	for i := range n {
		err := persist(ctx, "set up permits", func(ctx context.Context) error {
			_, err := d.js.PublishMsg(ctx, nats.NewMsg(d.names.slot(i)),
				jetstream.WithExpectLastSequencePerSubject(0))
			if hasCode(err, jetstream.JSErrCodeStreamWrongLastSequence) ||
				hasCode(err, jetstream.JSErrCodeStreamWrongLastSequenceConstant) { // in a cluster, at the same time
				return nil // it is there
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return persist(ctx, "set up permits", func(ctx context.Context) error {
		_, err := d.slot.CreateOrUpdateConsumer(ctx, jetstream.ConsumerConfig{
			Durable:       token,
			Description:   "permits to call an endpoint",
			FilterSubject: d.names.each("slot"),
			AckPolicy:     jetstream.AckExplicitPolicy,
			AckWait:       d.o.Lease,
			MaxDeliver:    -1,
			MaxAckPending: n,
		})
		return err
	})
}

// permit waits for a permit to call an endpoint. It returns nil when ctx has
// ended, or the endpoint was removed.
func (e *endpoint) permit(ctx context.Context) *permit {
	d := e.d
	var consumer jetstream.Consumer
	for ctx.Err() == nil {
		var err error
		if consumer == nil {
			try, stop := context.WithTimeout(ctx, tryFor)
			consumer, err = d.slot.Consumer(try, e.token)
			stop()
		}
		if err == nil {
			// Not bounded by ctx: a permit that arrives when nobody is waiting
			// any more is lost until its lease is over.
			var msg jetstream.Msg
			if msg, err = consumer.Next(jetstream.FetchMaxWait(slotWait)); err == nil {
				return &permit{d: d, msg: msg, lease: d.lease(msg), since: time.Now()}
			}
		}
		if errors.Is(err, nats.ErrTimeout) {
			continue
		}
		consumer = nil // perhaps there is another one
		sleep(ctx, firstWait)
		if errors.Is(err, jetstream.ErrConsumerNotFound) {
			e.reopenSlots(ctx)
		}
	}
	return nil
}

// reopenSlots is called when the permits of an endpoint are gone.
func (e *endpoint) reopenSlots(ctx context.Context) {
	buried, err := e.d.buried(ctx, e.token)
	switch {
	case err != nil: // again in a moment
	case buried:
		e.vanished()
	default:
		_ = e.d.openSlots(ctx, e.token, e.options().Concurrency) // likewise
	}
}

// A permit allows one call at a time.
type permit struct {
	d     *Dispatcher
	msg   jetstream.Msg
	lease *lease
	since time.Time
}

// spent reports whether the permit should go round.
func (p *permit) spent() bool { return time.Since(p.since) > slotShare }

// giveBack returns the permit.
func (p *permit) giveBack() {
	p.lease.end()
	p.d.nak(p.msg, 0)
}
