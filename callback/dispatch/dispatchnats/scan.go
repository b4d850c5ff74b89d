package dispatchnats

import (
	"context"
	"errors"

	"github.com/nats-io/nats.go/jetstream"
)

var errSkip = errors.New("dispatchnats: passed over")

// each does something with every message of a stream that matches and that
// there is at the beginning, and returns with how many. It ends at the first
// error; errSkip is none.
func (d *Dispatcher) each(
	ctx context.Context, s jetstream.Stream, filter string, do func(*jetstream.RawStreamMsg) error,
) (n int, err error) {
	last, err := d.lastOf(ctx, s)
	if err != nil {
		return 0, err
	}
	return d.upTo(ctx, s, filter, last, do)
}

// lastOf returns the sequence of the newest message that a stream has had.
func (d *Dispatcher) lastOf(ctx context.Context, s jetstream.Stream) (last uint64, err error) {
	err = persist(ctx, "look at "+s.CachedInfo().Config.Name, func(ctx context.Context) error {
		info, err := s.Info(ctx)
		if err == nil {
			last = info.State.LastSeq
		}
		return err
	})
	return last, err
}

// upTo is each, up to the message last.
func (d *Dispatcher) upTo(
	ctx context.Context, s jetstream.Stream, filter string, last uint64, do func(*jetstream.RawStreamMsg) error,
) (n int, err error) {
	for seq := uint64(1); err == nil && seq <= last; {
		var raw *jetstream.RawStreamMsg
		raw, err = d.next(ctx, s, filter, seq)
		if err != nil || raw == nil || raw.Sequence > last {
			return n, err
		}
		seq = raw.Sequence + 1
		switch err = do(raw); {
		case errors.Is(err, errSkip):
			err = nil
		case err == nil:
			n++
		}
	}
	return n, err
}

// next returns the first message of a stream that matches, from seq on, or nil.
func (d *Dispatcher) next(ctx context.Context, s jetstream.Stream, filter string, seq uint64) (raw *jetstream.RawStreamMsg, err error) {
	err = persist(ctx, "read "+s.CachedInfo().Config.Name, func(ctx context.Context) (err error) {
		raw, err = s.GetMsg(ctx, seq, jetstream.WithGetMsgSubject(filter))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			raw, err = nil, nil
		}
		return err
	})
	return raw, err
}

func (d *Dispatcher) remove(ctx context.Context, s jetstream.Stream, seq uint64) error {
	return persist(ctx, "delete from "+s.CachedInfo().Config.Name, func(ctx context.Context) error {
		err := s.DeleteMsg(ctx, seq)
		if errors.Is(err, jetstream.ErrMsgDeleteUnsuccessful) || errors.Is(err, jetstream.ErrMsgNotFound) {
			return nil
		}
		return err
	})
}
