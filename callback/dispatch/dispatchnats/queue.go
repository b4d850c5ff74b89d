package dispatchnats

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/alertwire/alertwire/callback/dispatch"
)

const (
	repairs   = 10
	confirmIn = time.Second
)

// openQueue makes the consumer of an endpoint and, for one with an order, the
// permits to call.
func (d *Dispatcher) openQueue(ctx context.Context, token string, o dispatch.EndpointOptions) (c jetstream.Consumer, err error) {
	cfg := jetstream.ConsumerConfig{
		Durable:       token,
		Description:   "the queue of an endpoint",
		FilterSubject: d.names.endpoint("out", token),
		AckPolicy:     jetstream.AckExplicitPolicy,
		AckWait:       d.o.Lease,
		MaxDeliver:    -1,
		MaxAckPending: o.Concurrency, // of all processes together
		Metadata:      map[string]string{layoutKey: strconv.Itoa(layout)},
	}
	if o.Order != dispatch.None {
		if err := d.openSlots(ctx, token, o.Concurrency); err != nil {
			return nil, err
		}
		cfg.MaxAckPending = o.Concurrency + window
		cfg.HeadersOnly = true // the body is fetched when its turn has come
	}
	return d.openConsumer(ctx, cfg)
}

// openConsumer makes the consumer of an endpoint, or changes it.
//
// A server that has just been told to delete a consumer may remove the files of
// the one that takes its place. It then refuses to change it, and would have
// forgotten it after a restart. Such a consumer is made anew.
func (d *Dispatcher) openConsumer(ctx context.Context, cfg jetstream.ConsumerConfig) (c jetstream.Consumer, err error) {
	for range repairs {
		err = persist(ctx, "set up the queue", func(ctx context.Context) (err error) {
			c, err = d.out.CreateOrUpdateConsumer(ctx, cfg)
			return err
		})
		switch {
		case hasCode(err, codeConsumerCreate):
			d.deleteConsumer(ctx, cfg.Durable)
		case errors.Is(err, jetstream.ErrConsumerDoesNotExist): // it is just being deleted
		default:
			return c, err
		}
		if !sleep(ctx, jittered(firstWait)) {
			break
		}
	}
	return c, err
}

// takeOver takes what is in the hands of a process that died.
func (d *Dispatcher) takeOver(ctx context.Context, token string) error {
	for _, s := range []jetstream.Stream{d.out, d.slot} {
		err := persist(ctx, "take over", func(ctx context.Context) error {
			c, err := s.Consumer(ctx, token)
			if err == nil && c.CachedInfo().NumAckPending > 0 {
				_, err = s.ResetConsumer(ctx, token)
			}
			if errors.Is(err, jetstream.ErrConsumerNotFound) {
				return nil // it keeps no order
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (d *Dispatcher) deleteConsumer(ctx context.Context, token string) {
	ctx, stop := context.WithTimeout(ctx, tryFor)
	defer stop()
	_ = d.out.DeleteConsumer(ctx, token) // if it stays, the next try says so
}

// jittered returns a duration of d to 4d, so that several processes that repair
// the same thing do not do it in step.
func jittered(d time.Duration) time.Duration { return d + rand.N(3*d) }

// confirmLater looks after a consumer that is new, once the files of an earlier
// one of its name must have been removed. The lock is held.
func (e *endpoint) confirmLater() {
	if e.confirms != nil {
		e.confirms.Stop()
	}
	info := e.consumer.CachedInfo()
	if info.TimeStamp.Sub(info.Created) > confirmIn {
		return
	}
	e.confirms = time.AfterFunc(confirmIn, func() {
		ctx, stop := context.WithTimeout(e.there, tryFor)
		defer stop()
		_, err := e.d.out.UpdateConsumer(ctx, info.Config)
		if hasCode(err, codeConsumerCreate) {
			e.d.deleteConsumer(ctx, e.token) // and who pulls from it makes it anew
		}
	})
}

// reopen is called when the consumer of an endpoint is gone, and reports whether
// there is one again. If the endpoint was removed by another process there is
// none.
func (e *endpoint) reopen(ctx context.Context, p *puller) bool {
	for wait := firstWait; sleep(ctx, jittered(wait)); wait = min(2*wait, lastWait) {
		buried, err := e.d.buried(ctx, e.token)
		if err != nil {
			continue
		}
		if buried {
			e.vanished()
			return false
		}
		c, err := e.d.openQueue(ctx, e.token, e.options())
		if err != nil {
			continue
		}
		// Who has removed the endpoint since the first look has left its note
		// before the queue was deleted that is now here again.
		if buried, err := e.d.buried(ctx, e.token); err != nil {
			continue
		} else if buried {
			e.d.deleteConsumer(ctx, e.token)
			continue
		}
		e.d.log(slog.LevelWarn, "dispatchnats has made the queue of an endpoint anew", slog.String("endpoint", e.name))
		p.consumer = c
		e.mu.Lock()
		e.consumer = c
		e.confirmLater()
		e.mu.Unlock()
		return true
	}
	return false
}

// missing is called where the consumer of an endpoint is found to be gone by
// somebody who does not pull from it.
func (e *endpoint) missing(ctx context.Context) {
	if buried, err := e.d.buried(ctx, e.token); err == nil && buried {
		e.vanished()
	}
}
