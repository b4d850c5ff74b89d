package dispatchnats

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	repairs   = 10
	confirmIn = time.Second
)

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

// A removed endpoint leaves a note, by which others can tell that its queue did
// not get lost.

// buryName leaves the note.
func (d *Dispatcher) buryName(ctx context.Context, token string) error {
	return persist(ctx, "remove the queue", func(ctx context.Context) error {
		_, err := d.js.Publish(ctx, d.names.gone(token), nil)
		return err
	})
}

// unbury takes it away.
func (d *Dispatcher) unbury(ctx context.Context, token string) error {
	buried, err := d.buried(ctx, token)
	if err != nil || !buried {
		return err
	}
	return persist(ctx, "set up the queue", func(ctx context.Context) error {
		return d.slot.Purge(ctx, jetstream.WithPurgeSubject(d.names.gone(token)))
	})
}

// buried reports whether it is there.
func (d *Dispatcher) buried(ctx context.Context, token string) (yes bool, err error) {
	err = persist(ctx, "look up the endpoint", func(ctx context.Context) error {
		_, err := d.slot.GetLastMsgForSubject(ctx, d.names.gone(token))
		yes = err == nil
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return nil
		}
		return err
	})
	return yes, err
}
