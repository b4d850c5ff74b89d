package callback

import (
	"context"
	"fmt"
	"runtime"
)

// Recover returns a decorator that turns a panic of the Caller into an error of
// [ClassPanic], which is final for the message. Engines put it around Callers
// that they did not write. What the Caller panicked with is only in the error
// if it is a [runtime.Error]; of anything else, which may hold a secret, there
// is the type.
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
		var last error = fmt.Errorf("callback: panic with a %T", v)
		if e, ok := v.(runtime.Error); ok {
			last = e
		}
		reply, err = Reply{}, &Error{
			Endpoint: endpointOf(r.next), MessageID: m.ID,
			Class: ClassPanic, Attempts: 1, Reason: ErrRefused, Last: last,
		}
	}()
	return r.next.Call(ctx, m)
}

// Endpoint returns the name of the endpoint.
func (r *recoverer) Endpoint() string { return endpointOf(r.next) }
