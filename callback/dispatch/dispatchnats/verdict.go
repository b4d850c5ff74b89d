package dispatchnats

import (
	"errors"
	"time"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/dispatch"
)

// A verdict is what comes of a message after an attempt.
type verdict struct {
	fate fate
	wait time.Duration // before the next attempt
	err  error         // of this one
}

type fate int

const (
	delivered fate = iota
	later          // another attempt is to be made
	notNow         // no attempt was made, or it was cut off
	final
)

// attempt makes one attempt at a message, unless none is to be made any more,
// and says what comes of the message.
func (e *endpoint) attempt(v *envelope) verdict {
	o := e.options()
	switch {
	case e.isGone():
		return verdict{fate: final, err: e.errGone(v)}
	case e.leaving():
		return verdict{fate: notNow, wait: minPause} // whoever removes it sees to the message
	case late(o, v, time.Now()):
		return verdict{fate: final, err: e.tooLate(v, nil)}
	}
	return e.judge(v, o, e.call(v))
}

// judge says what comes of a message after a call that ended with err, and
// takes note of the call.
func (e *endpoint) judge(v *envelope, o dispatch.EndpointOptions, err error) verdict {
	switch {
	case err == nil:
		v.attempts++
		return verdict{fate: delivered}
	case errors.Is(err, callback.ErrOpen):
		e.pause(err)
		return verdict{fate: notNow, wait: minPause, err: err}
	case e.d.calls.Err() != nil:
		return verdict{fate: notNow, err: err} // Shutdown has cut it off
	}
	now := time.Now()
	v.note(err, now)
	if errors.Is(err, callback.ErrGone) {
		e.gone()
		return verdict{fate: final, err: err}
	}
	wait, ok := o.Retry.Next(v.attempts, err)
	switch {
	case !ok:
		return verdict{fate: final, err: err}
	case late(o, v, now.Add(wait)):
		return verdict{fate: final, err: e.tooLate(v, err)}
	}
	v.due = now.Add(wait)
	return verdict{fate: later, wait: wait, err: err}
}

// late reports whether an attempt at that time is against the policy.
func late(o dispatch.EndpointOptions, v *envelope, at time.Time) bool {
	return o.Retry.Elapsed > 0 && at.Sub(v.accepted) > o.Retry.Elapsed
}

// tooLate returns the error of a message whose time has run out.
func (e *endpoint) tooLate(v *envelope, last error) error {
	t := &callback.Error{
		Endpoint: e.name, MessageID: v.msg.ID, Class: callback.ClassDeadline,
		Attempts: v.attempts, Reason: callback.ErrGaveUp, Last: last,
	}
	var c *callback.Error
	if errors.As(last, &c) {
		t.Status, t.RetryAfter, t.Snippet = c.Status, c.RetryAfter, c.Snippet
	}
	return t
}

// errGone is what becomes of the messages of an endpoint that answered 410.
func (e *endpoint) errGone(v *envelope) error {
	return &callback.Error{
		Endpoint: e.name, MessageID: v.msg.ID, Class: callback.ClassGone,
		Attempts: v.attempts, Reason: callback.ErrGone,
	}
}

// dropped returns the error of a message that came to its end without a call.
func (e *endpoint) dropped(v *envelope, reason error) error {
	return &callback.Error{
		Endpoint: e.name, MessageID: v.msg.ID, Class: callback.ClassDropped,
		Attempts: v.attempts, Reason: callback.ErrDropped, Last: reason,
	}
}
