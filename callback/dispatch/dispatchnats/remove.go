package dispatchnats

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/dispatch"
)

// Remove forgets an endpoint, in all processes, and moves what is queued for it
// to Dead, with the reason [dispatch.ErrRemoved]. It may be one that only
// others have added. What this process has in flight is waited for until ctx
// ends; the calls are not cancelled. What is to be done in the engine may take up
// to 5 s longer than ctx. After [ErrUnavailable] it is not all done: Remove the
// endpoint again, or Add it.
//
// If somebody else changes the endpoint just now and ctx ends before that is
// over, nothing is done. If another process adds it again meanwhile, what is still
// queued is for the new one.
//
// A process that merely stops to serve an endpoint does not remove it: it does
// not add it when it starts again.
func (d *Dispatcher) Remove(ctx context.Context, name string) error {
	token, err := endpointToken(name)
	if err != nil {
		return dispatch.ErrUnknown
	}
	e, err := d.named(name)
	if err != nil {
		return err
	}
	if e == nil {
		if _, err := d.knownElsewhere(ctx, name); err != nil {
			return err
		}
		return d.tearDown(ctx, nil, token)
	}
	if err := e.claim(ctx); err != nil {
		return fmt.Errorf("dispatchnats: remove %q: %w", name, err)
	}
	defer e.release()
	if e.there.Err() != nil {
		return dispatch.ErrUnknown // somebody else was faster
	}
	e.close(dispatch.ErrUnknown)
	e.stop()
	err = e.await(ctx)
	if err != nil {
		err = fmt.Errorf("dispatchnats: remove %q: calls are in flight: %w", name, err)
	}
	if ctx.Err() != nil { // it should not be left half removed
		late, stop := context.WithTimeoutCause(d.rest, tryFor, context.Cause(ctx))
		defer stop()
		ctx = late
	}
	err = errors.Join(err, d.tearDown(ctx, e, token))
	d.part(e)
	return err
}

// part takes an endpoint that is no longer there out of the table.
func (d *Dispatcher) part(e *endpoint) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.byName[e.name] == e && e.there.Err() != nil {
		delete(d.byName, e.name)
		d.parted = append(slices.DeleteFunc(d.parted, func(e *endpoint) bool { return e.hand.resting() }), e)
	}
}

// leaving reports whether the endpoint is being removed.
func (e *endpoint) leaving() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.closed == dispatch.ErrUnknown
}

// tearDown removes the queue of an endpoint from the engine.
func (d *Dispatcher) tearDown(ctx context.Context, e *endpoint, token string) error {
	if err := d.buryName(ctx, token); err != nil {
		return err
	}
	for _, s := range []jetstream.Stream{d.out, d.slot} {
		err := persist(ctx, "remove the queue", func(ctx context.Context) error {
			err := s.DeleteConsumer(ctx, token)
			if errors.Is(err, jetstream.ErrConsumerNotFound) {
				return nil
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	if e != nil {
		e.leave()
	}
	return d.sweep(ctx, e, token, dispatch.ErrRemoved)
}

// sweep moves what is stored for an endpoint that has no queue to DEAD. If it has
// one, somebody has added it again, and what is stored is for the new one.
func (d *Dispatcher) sweep(ctx context.Context, e *endpoint, token string, reason error) error {
	// In this order: what is stored up to here was there before the queue was
	// found to be missing, and is not for one that is made from here on.
	last, err := d.lastOf(ctx, d.out)
	if err != nil {
		return err
	}
	lastRetry, err := d.lastOf(ctx, d.retry)
	if err != nil {
		return err
	}
	if there, err := d.hasQueue(ctx, token); there || err != nil {
		return err
	}
	if err := d.sweepOne(ctx, e, d.out, "out", token, last, reason); err != nil {
		return err
	}
	return d.sweepRetries(ctx, e, token, lastRetry, reason)
}

// sweepRetries moves what waits for its next attempt to DEAD, up to last.
func (d *Dispatcher) sweepRetries(ctx context.Context, e *endpoint, token string, last uint64, reason error) error {
	for _, kind := range []string{"wait", "due"} {
		if err := d.sweepOne(ctx, e, d.retry, kind, token, last, reason); err != nil {
			return err
		}
	}
	return nil
}

func (d *Dispatcher) sweepOne(
	ctx context.Context, e *endpoint, s jetstream.Stream, kind, token string, last uint64, reason error,
) error {
	_, err := d.upTo(ctx, s, d.names.endpoint(kind, token), last, func(raw *jetstream.RawStreamMsg) error {
		if e != nil && s == d.out && e.hand.has(raw.Sequence) {
			return errSkip // its call goes on, and then somebody sees to it
		}
		stone := d.stone(raw.Subject, raw.Header, raw.Data)
		id := kind + "-" + strconv.FormatUint(raw.Sequence, 10)
		if !d.buryMsg(ctx, stone, id, reason) {
			return fmt.Errorf("%w: %d", errStays, raw.Sequence)
		}
		if err := d.remove(ctx, s, raw.Sequence); err != nil {
			return err
		}
		if v, err := decode(raw.Header, raw.Data); err == nil && e != nil {
			e.sweptUp(&v, reason)
		}
		return nil
	})
	return err
}

var errStays = errors.New("dispatchnats: a message could not be moved")

// sweptUp counts a message that went to DEAD without a call.
func (e *endpoint) sweptUp(v *envelope, reason error) {
	if errors.Is(reason, callback.ErrGone) {
		e.finish(v, dispatch.Failed, e.errGone(v))
		return
	}
	e.finish(v, dispatch.Dropped, e.dropped(v, reason))
}

// close accepts nothing more, for the reason err.
func (e *endpoint) close(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = err
}

// sweepOrphans moves messages of endpoints that were removed to DEAD: a process
// died while it did so. Messages without a queue whose endpoint was not removed
// stay where they are, for when it is added.
func (d *Dispatcher) sweepOrphans(ctx context.Context) {
	tokens := make(map[string]bool)
	for _, at := range []struct {
		s     jetstream.Stream
		kinds []string
	}{{d.out, []string{"out"}}, {d.retry, []string{"wait", "due"}}} {
		for _, kind := range at.kinds {
			info, err := at.s.Info(ctx, jetstream.WithSubjectFilter(d.names.all(kind)))
			if err != nil {
				return // the next start tries again
			}
			for subject := range info.State.Subjects {
				if token, ok := d.names.endpointOf(subject); ok {
					tokens[token] = true
				}
			}
		}
	}
	// Asked after the messages: an endpoint that was added since is not among
	// those without a queue.
	for token := range tokens {
		if there, err := d.hasQueue(ctx, token); there || err != nil {
			continue
		}
		if ok, err := d.buried(ctx, token); !ok || err != nil {
			d.log(slog.LevelWarn, "dispatchnats has found messages of an endpoint without a queue",
				slog.String("endpoint", nameOf(token)))
			continue
		}
		if err := d.sweep(ctx, nil, token, dispatch.ErrUnknown); err != nil {
			d.log(slog.LevelWarn, "dispatchnats cannot give up what is queued for an endpoint that is gone",
				slog.String("endpoint", nameOf(token)), slog.String("error", err.Error()))
		}
	}
}
