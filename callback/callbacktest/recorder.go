package callbacktest

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"sync"

	"github.com/alertwire/alertwire/callback"
)

// A Recorder is a Caller without a network that remembers what it was called
// with. The zero value accepts everything. It is safe for concurrent use.
//
// In a synctest bubble the waits between calls take no time:
//
//	synctest.Test(t, func(t *testing.T) {
//		busy := callbacktest.Failure(429)
//		busy.RetryAfter = time.Minute
//		r := callbacktest.Recorder{Answer: callbacktest.Fail(busy, nil)}
//		_, err := callback.Retry(callback.RetryPolicy{})(&r).Call(t.Context(), msg)
//		…
//	})
//
// Behind a dispatcher it has everything once Shutdown has returned, or, in a
// bubble, synctest.Wait.
type Recorder struct {
	// Answer decides about the n-th call, counted from 1. Nil accepts with status
	// 200. [Fail] makes one. It may be called by many goroutines at once, and must
	// not be changed while the Recorder is in use.
	Answer func(ctx context.Context, m callback.Message, n int) (callback.Reply, error)

	mu  sync.Mutex
	got []callback.Message
}

// Call remembers m, with a copy of its body as it is now.
func (r *Recorder) Call(ctx context.Context, m callback.Message) (callback.Reply, error) {
	kept := m
	kept.Body, kept.Header = bytes.Clone(m.Body), m.Header.Clone()
	r.mu.Lock()
	r.got = append(r.got, kept)
	n := len(r.got)
	r.mu.Unlock()
	if r.Answer != nil {
		return r.Answer(ctx, m, n)
	}
	return callback.Reply{Status: http.StatusOK, Attempts: 1}, nil
}

// Messages returns the messages of all calls, in their order, with one entry for
// each call: a message that was tried three times is there three times.
func (r *Recorder) Messages() []callback.Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got)
}

// IDs returns the IDs of the messages of all calls, in their order.
func (r *Recorder) IDs() []string {
	got := r.Messages()
	ids := make([]string, len(got))
	for i, m := range got {
		ids[i] = m.ID
	}
	return ids
}

// Fail returns a [Recorder.Answer] that plays the errors given, one for each
// call, and then the last one again and again. A nil error is a success.
func Fail(errs ...error) func(context.Context, callback.Message, int) (callback.Reply, error) {
	return func(_ context.Context, _ callback.Message, n int) (callback.Reply, error) {
		if len(errs) == 0 || errs[min(n, len(errs))-1] == nil {
			return callback.Reply{Status: http.StatusOK, Attempts: 1}, nil
		}
		return callback.Reply{Attempts: 1}, errs[min(n, len(errs))-1]
	}
}

// Failure returns a new error of a Caller whose receiver answered with status,
// as a Webhook returns it. Its fields may be set, such as RetryAfter.
func Failure(status int) *callback.Error {
	e := &callback.Error{Endpoint: "http://test", Status: status, Attempts: 1, Reason: callback.ErrRefused}
	switch {
	case status == http.StatusTooManyRequests:
		e.Class, e.Reason = callback.ClassThrottled, callback.ErrGaveUp
	case status == http.StatusGone:
		e.Class, e.Reason = callback.ClassGone, callback.ErrGone
	case status == http.StatusNotImplemented:
		e.Class = callback.ClassServer
	case status >= 500, status == http.StatusRequestTimeout, status == http.StatusTooEarly:
		e.Class, e.Reason = callback.ClassServer, callback.ErrGaveUp
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		e.Class = callback.ClassAuth
	case status >= 400:
		e.Class = callback.ClassClient
	default:
		e.Class = callback.ClassRedirect
	}
	return e
}
