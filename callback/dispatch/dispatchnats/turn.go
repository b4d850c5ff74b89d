package dispatchnats

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/alertwire/alertwire/callback/dispatch"
)

// A place is where a message stands, by what the stream says.
type place int

const (
	first         place = iota // it is its turn
	behindAnother              // an older one of its key is there, in the hands of another process
	outdated                   // a newer one of its key is there
	nowhere                    // somebody else is done with it
)

// look finds out where a message stands, and fetches its body if it is its
// turn. For the order Latest it looks for newer ones too.
func (e *endpoint) look(ctx context.Context, it *item, latest bool) (place, error) {
	d := e.d
	if !it.keyed() {
		raw, err := d.out.GetMsg(ctx, it.seq)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return nowhere, nil
		}
		if err == nil {
			it.v.msg.Body = raw.Data
		}
		return first, err
	}
	subject := d.names.subject("out", e.token, keyToken(it.v.msg.Key))
	// The leader is asked, which AllowDirect would not do: a replica that lags
	// behind could hide an older message.
	raw, err := d.out.GetMsg(ctx, 1, jetstream.WithGetMsgSubject(subject))
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return nowhere, nil
	case err != nil:
		return first, err
	case raw.Sequence > it.seq:
		return nowhere, nil
	}
	it.v.msg.Body = raw.Data // of an older one if it is not its turn; see below
	if latest {
		_, err := d.out.GetMsg(ctx, it.seq+1, jetstream.WithGetMsgSubject(subject))
		switch {
		case err == nil:
			return outdated, nil
		case !errors.Is(err, jetstream.ErrMsgNotFound):
			return first, err
		}
	}
	if raw.Sequence < it.seq {
		it.v.msg.Body = nil
		return behindAnother, nil
	}
	return first, nil
}

// handle brings a message one step further, one for which there is a newer one
// in hand if old, and reports whether this process is done with it, or else when
// to look at it again.
func (s *lanes) handle(it *item, old bool) (done bool, due time.Time) {
	e, d := s.e, s.e.d
	ctx, stop := context.WithTimeout(d.rest, tryFor)
	defer stop()
	var at place
	var err error
	switch {
	case it.bad != nil:
		return s.unreadable(ctx, it)
	case old:
		at = outdated
	default:
		if at, err = e.look(ctx, it, e.options().Order == dispatch.Latest); err == nil && at == first {
			err = s.remember(ctx, it)
		}
	}
	switch {
	case err != nil:
		return false, time.Now().Add(postponed)
	case at == nowhere:
		return true, due
	case at == outdated:
		s.ack(it)
		e.finish(&it.v, dispatch.Dropped, e.dropped(&it.v, dispatch.ErrSuperseded))
		return true, due
	case at == behindAnother:
		it.waits++
		return false, time.Now().Add(min(firstWait<<min(it.waits, 6), postponed))
	}
	if wait, ok := e.ready(s.ctx, &it.v); !ok {
		return false, time.Now().Add(wait)
	}
	w := e.attempt(&it.v)
	switch w.fate {
	case delivered:
		s.ack(it)
		e.finish(&it.v, dispatch.Delivered, nil)
		return true, due
	case final:
		if !d.buryEnvelope(d.rest, &it.v, e.token, it.seq, w.err) {
			return false, time.Now().Add(postponed)
		}
		s.ack(it)
		e.finish(&it.v, dispatch.Failed, w.err)
		return true, due
	case later:
		return s.wait(it, w.wait)
	}
	return false, time.Now().Add(w.wait)
}

// wait lets a message wait for its next attempt: one with a key in front of its
// lane, one without where it holds up nobody.
func (s *lanes) wait(it *item, wait time.Duration) (done bool, due time.Time) {
	d, put := s.e.d, s.e.d.hold
	if !it.keyed() {
		put = d.schedule
	}
	err := put(d.rest, &it.v, s.e.token, it.seq)
	if err != nil {
		// This process remembers it; after a crash the next one would not.
		s.e.cannotPutAside(err)
	}
	if err == nil && !it.keyed() {
		s.ack(it)
		return true, due
	}
	it.noted = it.noted || err == nil
	return false, it.v.due
}

// remember reads what an earlier holder of the message has noted about it.
func (s *lanes) remember(ctx context.Context, it *item) error {
	s.mu.Lock()
	known := it.known
	it.known = true
	s.mu.Unlock()
	if known || !it.keyed() {
		return nil
	}
	err := s.e.d.held(ctx, &it.v, s.e.token, it.seq)
	if err != nil {
		s.mu.Lock()
		it.known = false
		s.mu.Unlock()
	}
	it.noted = it.v.attempts > 0
	return err
}

// unreadable gives up a message that cannot be decoded.
func (s *lanes) unreadable(ctx context.Context, it *item) (done bool, due time.Time) {
	d := s.e.d
	raw, err := d.out.GetMsg(ctx, it.seq)
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return true, due
	case err != nil:
		return false, time.Now().Add(postponed)
	}
	stone := d.stone(raw.Subject, raw.Header, raw.Data)
	if !d.buryMsg(ctx, stone, "out-"+strconv.FormatUint(it.seq, 10), it.bad) {
		return false, time.Now().Add(postponed)
	}
	s.ack(it)
	s.e.finish(&it.v, dispatch.Failed, it.bad)
	return true, due
}

// ack is done with a message.
func (s *lanes) ack(it *item) {
	s.mu.Lock()
	reply := it.reply
	s.mu.Unlock()
	s.e.ackAt(reply, it.seq)
	if it.noted {
		s.e.d.unhold(s.e.d.rest, &it.v, s.e.token, it.seq)
	}
}
