package dispatchnats

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/alertwire/alertwire/callback/dispatch"
)

// headerMsgSize is what the server sets on a message whose body it left out.
const headerMsgSize = "Nats-Msg-Size"

// free works an endpoint off that keeps no order. The server hands out no more
// messages than may be called at once, to all processes together, so each is
// called as soon as it is here.
type free struct {
	e   *endpoint
	ctx context.Context // ends when nothing more is to be begun
}

func (f *free) want(context.Context) (int, bool) { return 0, true }

func (f *free) letGo() {} // everything is being worked at

func (f *free) idle() bool { return f.e.hand.resting() }

func (f *free) waiting() int { return 0 } // what waits is put aside

func (f *free) stir() {}

func (f *free) take(msg jetstream.Msg) {
	f.e.hand.begin()
	go func() {
		defer f.e.hand.done()
		f.handle(msg)
	}()
}

// handle brings one message one step further.
func (f *free) handle(msg jetstream.Msg) {
	e, d := f.e, f.e.d
	l, seq := d.lease(msg), sequence(msg)
	before, over := e.hand.lift(seq), ""
	defer func() { e.hand.lay(seq, over) }()
	defer l.end()
	v, err := e.open(msg)
	switch {
	case errors.Is(err, errUndecodable):
		if d.bury(d.rest, msg, "out", err) {
			e.finish(&v, dispatch.Failed, err)
		}
		return
	case err != nil:
		d.nak(msg, postponed)
		return
	}
	if v.msg.ID == before {
		over = before
		e.ack(msg)
		return
	}
	e.ledger.recall(seq, &v)
	if !e.gate.enter(f.ctx) {
		d.nak(msg, 0)
		return
	}
	defer e.gate.exit()
	if wait, ok := e.ready(f.ctx, &v); !ok {
		d.nak(msg, wait)
		return
	}
	if e.settle(msg, &v, e.attempt(&v)) {
		over = v.msg.ID
	}
}

// open decodes a message, and fetches its body if the server left it out.
func (e *endpoint) open(msg jetstream.Msg) (envelope, error) {
	body := msg.Data()
	if n := msg.Headers().Get(headerMsgSize); n != "" && n != "0" && len(body) == 0 {
		ctx, cancel := context.WithTimeout(e.d.rest, tryFor)
		defer cancel()
		raw, err := e.d.out.GetMsg(ctx, sequence(msg))
		if err != nil {
			return envelope{}, err
		}
		body = raw.Data
	}
	return e.decode(msg, body)
}

// decode decodes a message that is queued for the endpoint. One that lies where
// it does not belong is not of this package.
func (e *endpoint) decode(msg jetstream.Msg, body []byte) (envelope, error) {
	v, err := decode(msg.Headers(), body)
	if err == nil && msg.Subject() != e.d.names.subject("out", e.token, keyToken(v.msg.Key)) {
		err = errUndecodable
	}
	if err == nil && v.endpoint != e.name {
		err = errUndecodable
	}
	return v, err
}

// ready reports whether a message may be called now. If not it returns for how
// long it is to be put aside.
func (e *endpoint) ready(ctx context.Context, v *envelope) (wait time.Duration, ok bool) {
	if e.isGone() {
		return 0, true // to its end
	}
	if e.isPaused() {
		return minPause, false
	}
	// The clock of the server may be ahead of ours.
	if wait := time.Until(v.due); wait > 0 {
		return wait, false
	}
	return 0, e.pacing(ctx)
}

// settle does what a verdict says with a message that nothing stands behind, and
// reports whether it has left the queue.
func (e *endpoint) settle(msg jetstream.Msg, v *envelope, w verdict) bool {
	if w.fate != notNow {
		e.ledger.forget(sequence(msg))
	}
	switch w.fate {
	case notNow:
		e.d.nak(msg, w.wait)
		return false
	case final:
		return e.fail(msg, v, w.err)
	case later:
		return e.putAside(msg, v, w.wait)
	}
	e.ack(msg)
	e.finish(v, dispatch.Delivered, nil)
	return true
}

// putAside lets a message wait for its next attempt outside of the queue, and
// reports whether it does.
func (e *endpoint) putAside(msg jetstream.Msg, v *envelope, wait time.Duration) bool {
	err := e.d.schedule(e.d.rest, v, e.token, sequence(msg))
	if err == nil {
		e.ack(msg)
		return true
	}
	// It stays in the queue, where it takes up a place, and where a restart
	// would forget the wait and the attempt.
	e.cannotPutAside(err)
	e.keep(msg, v, max(wait, minPause))
	return false
}

// keep leaves a message in the queue and remembers how far it has come.
func (e *endpoint) keep(msg jetstream.Msg, v *envelope, wait time.Duration) {
	e.ledger.note(sequence(msg), v, e.options().Concurrency)
	e.d.nak(msg, wait)
}

func (e *endpoint) cannotPutAside(err error) {
	e.d.log(slog.LevelWarn, "dispatchnats cannot put a message aside",
		slog.String("endpoint", e.name), slog.String("error", err.Error()))
}

// fail gives a message up, for the reason err, and reports whether it did.
func (e *endpoint) fail(msg jetstream.Msg, v *envelope, err error) bool {
	if !e.d.buryEnvelope(e.d.rest, v, e.token, sequence(msg), err) {
		e.keep(msg, v, postponed) // rather than let it vanish
		return false
	}
	e.ack(msg)
	e.finish(v, dispatch.Failed, err)
	return true
}
