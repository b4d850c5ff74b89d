package callback

import (
	"context"
	"errors"
)

// endpointOf returns the name that c goes by in errors and logs, or "".
func endpointOf(c Caller) string {
	if n, ok := c.(interface{ Endpoint() string }); ok {
		return n.Endpoint()
	}
	return ""
}

// stopped returns the error of a call that ctx ended before it was made.
func stopped(ctx context.Context, endpoint string, m Message) *Error {
	e := &Error{
		Endpoint: endpoint, MessageID: m.ID,
		Class: contextClass(ctx.Err()), Reason: ctx.Err(),
	}
	if cause := context.Cause(ctx); cause != ctx.Err() {
		e.Last = cause
	}
	return e
}

// contextClass returns the class of the error of a context.
func contextClass(err error) Class {
	if errors.Is(err, context.DeadlineExceeded) {
		return ClassDeadline
	}
	return ClassCancelled
}

// refuse returns a decorator whose calls all fail with err. It stands for one
// that cannot be made, where there is no error to return: a mistake in a
// configuration must not look like a call that went out.
func refuse(err error) Decorator {
	return func(c Caller) Caller {
		return CallerFunc(func(_ context.Context, m Message) (Reply, error) {
			return Reply{}, &Error{
				Endpoint: endpointOf(c), MessageID: m.ID,
				Class: ClassRequest, Reason: ErrRefused, Last: err,
			}
		})
	}
}
