package dispatchnats

import (
	"context"
	"errors"
	"log/slog"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/dispatch"
)

// gone makes no call any more: the endpoint has answered 410. What is queued
// for it fails as it is pulled, what waits for its next attempt now. It is
// called while a message is being worked at.
func (e *endpoint) gone() {
	e.mu.Lock()
	first, w := e.closed == nil, e.worker
	if first {
		e.closed = callback.ErrGone
	}
	e.mu.Unlock()
	if !first {
		return
	}
	w.stir()
	e.hand.begin()
	go func() {
		defer e.hand.done()
		last, err := e.d.lastOf(e.d.rest, e.d.retry)
		if err == nil {
			err = e.d.sweepRetries(e.d.rest, e, e.token, last, callback.ErrGone)
		}
		if err != nil {
			e.d.log(slog.LevelWarn, "dispatchnats cannot give up what waits for an endpoint that is gone",
				slog.String("endpoint", e.name), slog.String("error", err.Error()))
		}
	}()
}

// isGone reports whether the endpoint has answered 410.
func (e *endpoint) isGone() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.closed == callback.ErrGone
}

// vanished is called when the queue of an endpoint is no longer there: another
// process has removed it. What this one has queued meanwhile is swept up.
func (e *endpoint) vanished() {
	d := e.d
	e.mu.Lock()
	e.closed = dispatch.ErrUnknown
	e.leave() // under the lock: who gives it other options just now must see it
	end := e.end
	e.mu.Unlock()
	if end != nil {
		end()
	}
	d.part(e)
	d.log(slog.LevelWarn, "dispatchnats endpoint was removed by another process", slog.String("endpoint", e.name))
	if err := d.sweep(d.pulls, e, e.token, dispatch.ErrRemoved); err != nil && d.pulls.Err() == nil {
		d.log(slog.LevelWarn, "dispatchnats cannot give up what was queued for it",
			slog.String("endpoint", e.name), slog.String("error", err.Error()))
	}
}

// buryName leaves a note of an endpoint that was removed, by which others can
// tell that its queue did not get lost.
func (d *Dispatcher) buryName(ctx context.Context, token string) error {
	return persist(ctx, "remove the queue", func(ctx context.Context) error {
		_, err := d.js.Publish(ctx, d.names.gone(token), nil)
		return err
	})
}

// unbury takes the note away.
func (d *Dispatcher) unbury(ctx context.Context, token string) error {
	buried, err := d.buried(ctx, token)
	if err != nil || !buried {
		return err
	}
	return persist(ctx, "set up the queue", func(ctx context.Context) error {
		return d.slot.Purge(ctx, jetstream.WithPurgeSubject(d.names.gone(token)))
	})
}

// buried reports whether the note is there.
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
