package callback

import (
	"context"
	"errors"
	"fmt"
	"runtime"
)

// Recover returns a decorator that turns a panic of the Caller into an error of
// [ClassPanic], which is final for the message. Engines put it around Callers
// that they did not write. What the Caller panicked with is only in the error
// if it is a [runtime.Error]; of anything else, which may hold a secret, there
// is the type. A nil *Error that is returned as an error counts as a panic too.
func Recover() Decorator {
	return func(c Caller) Caller { return &recoverer{c} }
}

type recoverer struct{ next Caller }

func (r *recoverer) Call(ctx context.Context, m Message) (reply Reply, err error) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		last := fmt.Errorf("callback: panic with a %T", v)
		if e, ok := v.(runtime.Error); ok {
			last = e
		}
		reply, err = Reply{}, r.failure(m, last)
	}()
	reply, err = r.next.Call(ctx, m)
	if err != nil && isNilError(err) {
		return Reply{}, r.failure(m, errors.New("callback: the Caller returned an *Error that is nil"))
	}
	return reply, err
}

// isNilError reports whether err is a nil *Error, or wraps one. It may have been
// meant as no error, but whoever looks into it will panic.
func isNilError(err error) bool {
	var e *Error
	return errors.As(err, &e) && e == nil
}

func (r *recoverer) failure(m Message, last error) *Error {
	return &Error{
		Endpoint: endpointOf(r.next), MessageID: m.ID,
		Class: ClassPanic, Attempts: 1, Reason: ErrRefused, Last: last,
	}
}

// Endpoint returns the name of the endpoint.
func (r *recoverer) Endpoint() string { return endpointOf(r.next) }
