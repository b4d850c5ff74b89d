// Package callback calls the webhooks of others when something happens to an
// alert.
//
//	hook, err := callback.New(callback.Config{URL: target}, callback.Options{})
//	caller := callback.Decorate(hook, callback.Retry(callback.RetryPolicy{}))
//	msg, err := callback.NewMessage(event)
//	reply, err := caller.Call(ctx, msg)
//
// A Call tries until the receiver accepts the message, refuses it for good, or
// the context or the attempts run out. It starts no goroutine that outlives
// it and keeps no queue; package dispatch does. Any 2xx is an acceptance, a
// redirect is never followed, the address is judged on every dial, and the
// reply is read to a bound.
//
// A failed Call returns an [*Error] that says in one [Class] what went wrong
// and wraps [ErrRefused], [ErrGone], [ErrBlocked], [ErrGaveUp], [ErrOpen] or
// the context's error. No error, log record, or [Attempt] holds a secret, a
// query string, a header value or a body, but for the cut Snippet of a reply.
//
// Everything that wraps a [Caller] is a Caller again, so retries, breakers and
// limits are combined with [Decorate], and a plugin is one function.
package callback

import (
	"context"
	"net/http"
	"time"
)

// A Caller delivers one message to one destination.
//
// Call returns once the message was accepted or has failed, and never later
// than its context allows. It is safe for concurrent use, and it neither
// modifies nor keeps the body of the message. A failed Call returns an
// [*Error]; other errors of a Caller that is not from this package are taken
// for failures that may pass.
type Caller interface {
	Call(ctx context.Context, m Message) (Reply, error)
}

// A CallerFunc is a function that serves as a [Caller].
type CallerFunc func(ctx context.Context, m Message) (Reply, error)

// Call calls f.
func (f CallerFunc) Call(ctx context.Context, m Message) (Reply, error) { return f(ctx, m) }

// A Reply is what a receiver answered to a message that it accepted. With an
// error it is what the last attempt got, as far as it got.
type Reply struct {
	Status    int           // HTTP status; 0 if there was no answer
	Header    http.Header   // of the last answer; shared, not to be modified
	Body      []byte        // decoded and cut at the cap of the Caller
	Truncated bool          // Body was cut
	Attempts  int           // how many calls were made, 1 without a Retry
	Took      time.Duration // until the answer was read; with a Retry, all attempts and waits
}

// A Decorator adds a behaviour to a [Caller] and owns the state it needs: apply
// it once to each destination.
type Decorator func(Caller) Caller

// Decorate returns c wrapped in ds, the first outermost: with
// Decorate(c, Retry(p), Breaker(q)) each attempt of the retry asks the breaker.
// Nil decorators are passed over.
func Decorate(c Caller, ds ...Decorator) Caller {
	for i := len(ds) - 1; i >= 0; i-- {
		if ds[i] != nil {
			c = ds[i](c)
		}
	}
	return c
}
