package dispatchnats

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/alertwire/alertwire/callback/dispatch"
)

const (
	headerDied   = "Alertwire-Died"
	headerReason = "Alertwire-Reason"
	maxReason    = 512
)

// Dead are the messages of one endpoint that were given up. It is safe for
// concurrent use, also while the endpoint is worked off.
type Dead struct {
	d    *Dispatcher
	name string // "" for all
}

// Dead returns the dead letters of an endpoint, which need not have been added
// and may have been removed. "" means those of all.
func (d *Dispatcher) Dead(name string) Dead { return Dead{d, name} }

// filter returns the subject of the letters.
func (b Dead) filter() (string, error) {
	if b.name == "" {
		return b.d.names.all("dead"), nil
	}
	token, err := endpointToken(b.name)
	return b.d.names.endpoint("dead", token), err
}

// All returns the letters, oldest first, one request to the engine for each. It
// stops after an error. Letters that come while it is under way may be among
// them.
func (b Dead) All(ctx context.Context) iter.Seq2[Letter, error] {
	return func(yield func(Letter, error) bool) {
		filter, err := b.filter()
		if err != nil {
			yield(Letter{}, err)
			return
		}
		for seq := uint64(1); ; {
			raw, err := b.d.next(ctx, b.d.dead, filter, seq)
			if err != nil {
				yield(Letter{}, err)
				return
			}
			if raw == nil || !yield(letter(b.d.names, raw), nil) {
				return
			}
			seq = raw.Sequence + 1
		}
	}
}

// Get returns one letter, or ErrNoLetter.
func (b Dead) Get(ctx context.Context, id uint64) (Letter, error) {
	raw, err := b.get(ctx, id)
	if err != nil {
		return Letter{}, err
	}
	return letter(b.d.names, raw), nil
}

func (b Dead) get(ctx context.Context, id uint64) (*jetstream.RawStreamMsg, error) {
	filter, err := b.filter()
	if err != nil {
		return nil, err
	}
	if id == 0 {
		return nil, fmt.Errorf("%w: 0", ErrNoLetter)
	}
	raw, err := b.d.next(ctx, b.d.dead, filter, id)
	if err == nil && (raw == nil || raw.Sequence != id) {
		err = fmt.Errorf("%w: %d", ErrNoLetter, id)
	}
	return raw, err
}

// Replay queues one letter again, as if it had been dispatched now, and removes
// it from the dead. If the endpoint is gone it returns [dispatch.ErrUnknown]
// and leaves the letter. A crash in between may leave both.
func (b Dead) Replay(ctx context.Context, id uint64) error {
	raw, err := b.get(ctx, id)
	if err != nil {
		return err
	}
	return b.replay(ctx, raw)
}

func (b Dead) replay(ctx context.Context, raw *jetstream.RawStreamMsg) error {
	d := b.d
	v, err := readLetter(d.names, raw)
	if err != nil {
		return err
	}
	token, err := d.knownElsewhere(ctx, v.endpoint)
	if err != nil {
		return err
	}
	v.accepted, v.attempts, v.history, v.due = time.Now(), 0, nil, time.Time{}
	if err := d.enqueue(ctx, &v, token); err != nil {
		return err
	}
	e := d.enqueued(v.endpoint)
	if err := d.recheck(ctx, e, token); err != nil {
		return err
	}
	return d.drop(ctx, raw.Sequence)
}

// ReplayAll queues every letter again that there is at the beginning, and
// returns how many. It passes over those that cannot be decoded, and over those
// whose endpoint is gone; of the latter it says so with [dispatch.ErrUnknown].
func (b Dead) ReplayAll(ctx context.Context) (int, error) {
	var unknown error
	n, err := b.each(ctx, func(raw *jetstream.RawStreamMsg) error {
		err := b.replay(ctx, raw)
		switch {
		case errors.Is(err, errUndecodable):
			return errSkip
		case errors.Is(err, dispatch.ErrUnknown):
			unknown = dispatch.ErrUnknown
			return errSkip
		}
		return err
	})
	if err == nil {
		err = unknown
	}
	return n, err
}

// Drop removes one letter for good.
func (b Dead) Drop(ctx context.Context, id uint64) error {
	if _, err := b.get(ctx, id); err != nil {
		return err
	}
	return b.d.drop(ctx, id)
}

// DropAll removes every letter for good that there is at the beginning, and
// returns how many.
func (b Dead) DropAll(ctx context.Context) (int, error) {
	return b.each(ctx, func(raw *jetstream.RawStreamMsg) error { return b.d.drop(ctx, raw.Sequence) })
}

// each does something with every letter that there is at the beginning.
func (b Dead) each(ctx context.Context, do func(*jetstream.RawStreamMsg) error) (n int, err error) {
	filter, err := b.filter()
	if err != nil {
		return 0, err
	}
	return b.d.each(ctx, b.d.dead, filter, do)
}

// drop removes a message from DEAD. That it is gone already is no error.
func (d *Dispatcher) drop(ctx context.Context, seq uint64) error { return d.remove(ctx, d.dead, seq) }

// enqueued counts a message that got into the queue by another way than
// Dispatch, and returns the endpoint if this process has added it.
func (d *Dispatcher) enqueued(name string) *endpoint {
	e, _ := d.named(name)
	if e != nil {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.depth.n++
		e.depth.comes(time.Now())
	}
	return e
}
