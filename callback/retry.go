package callback

import (
	"context"
	"errors"
	"slices"
	"time"
)

// Retry returns a decorator that repeats a call as p says, until it succeeds or
// p, the context or the receiver allow no more. Every attempt carries the same
// message, with the same ID; the Caller within signs each of them afresh. The
// Attempts of the reply and of the error count them all.
//
// It waits in the goroutine of the caller, and never beyond the deadline of its
// context: if the next attempt would come too late, the call ends at once with
// [ErrGaveUp] and [ClassDeadline], and its RetryAfter says what the receiver
// advised. A dispatcher needs no Retry; it asks the policy itself.
//
// With a policy that Validate refuses, every call fails with that error.
func Retry(p RetryPolicy) Decorator {
	if err := p.Validate(); err != nil {
		return refuse(err)
	}
	p.Waits, p.Statuses = slices.Clone(p.Waits), slices.Clone(p.Statuses)
	return func(c Caller) Caller { return &retry{next: c, policy: p} }
}

type retry struct {
	next   Caller
	policy RetryPolicy
}

func (r *retry) Call(ctx context.Context, m Message) (Reply, error) {
	if m.ID == "" {
		m.ID = NewID() // the receiver must be able to drop repeats
	}
	start := time.Now()
	made := 0
	for n := 1; ; n++ {
		attempt := ctx
		if n > 1 {
			attempt = WithAttempt(ctx, n)
		}
		reply, err := r.next.Call(attempt, m)
		made += attempts(reply, err)
		reply.Attempts = made
		if n > 1 {
			reply.Took = time.Since(start)
		}
		if err == nil {
			return reply, nil
		}
		wait, ok := r.policy.Next(n, err)
		if !ok {
			return reply, r.final(m, made, err)
		}
		if !r.inTime(ctx, start, wait) {
			return reply, r.ended(m, made, err, ClassDeadline, ErrGaveUp)
		}
		if !sleep(ctx, wait) {
			return reply, r.ended(m, made, err, contextClass(ctx.Err()), ctx.Err())
		}
	}
}

// Endpoint returns the name of the endpoint.
func (r *retry) Endpoint() string { return endpointOf(r.next) }

// inTime reports whether an attempt after wait would begin within the bounds.
func (r *retry) inTime(ctx context.Context, start time.Time, wait time.Duration) bool {
	now := time.Now()
	if d, ok := ctx.Deadline(); ok && d.Sub(now) <= wait {
		return false
	}
	// The sum of both could overflow: a wait may be as long as Cap.
	return r.policy.Elapsed == 0 || wait <= r.policy.Elapsed-now.Sub(start)
}

// final returns the error of a call whose last attempt failed with err, for
// good or for the last time.
func (r *retry) final(m Message, made int, err error) *Error {
	e := r.copyOf(m, made, err)
	if e.Reason == nil || errors.Is(e.Reason, ErrRefused) && r.policy.again(err) {
		e.Reason = ErrGaveUp
	}
	return e
}

// ended returns the error of a call that was given up between two attempts.
func (r *retry) ended(m Message, made int, err error, class Class, reason error) *Error {
	e := r.copyOf(m, made, err)
	e.Class, e.Reason, e.Last = class, reason, err
	return e
}

// copyOf returns an Error of our own that says of the last attempt what err
// says. It has a Reason if err has one.
func (r *retry) copyOf(m Message, made int, err error) *Error {
	e := &Error{Endpoint: r.Endpoint(), MessageID: m.ID, Class: ClassOther, Last: err}
	var last *Error
	switch {
	case errors.As(err, &last):
		*e = *last
		if error(last) != err {
			e.Last = err // it was wrapped: keep what the wrapper says
		}
	case isContextError(err):
		e.Class, e.Reason = contextClass(err), err
	}
	e.Attempts = made
	return e
}

// attempts returns how many calls got out, for a Caller that may repeat calls
// itself, or make none.
func attempts(reply Reply, err error) int {
	if err == nil {
		return max(reply.Attempts, 1)
	}
	var e *Error // on the heap, so not before it is needed
	if errors.As(err, &e) {
		return e.Attempts
	}
	return max(reply.Attempts, 1)
}

// sleep waits for d and reports whether ctx allowed it to.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
