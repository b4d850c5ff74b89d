package callback

import (
	"context"
	"errors"
)

// Limit returns a decorator that asks wait before each call, and makes it once
// wait returns nil. It is made for the method Wait of a rate limiter; key names
// the bucket, so that destinations share one limiter or have one each:
//
//	callback.Limit("ops", limiter.Wait)
//
// If wait fails, so does the call: with the error of the context if that has
// ended, else with [ErrGaveUp] and [ClassLimited], which is nobody's outage.
// If wait is nil, every call fails.
func Limit(key string, wait func(ctx context.Context, key string) error) Decorator {
	if wait == nil {
		return refuse(errors.New("callback: limit: there is nothing to wait for"))
	}
	return func(c Caller) Caller { return &limit{next: c, key: key, wait: wait} }
}

type limit struct {
	next Caller
	key  string
	wait func(ctx context.Context, key string) error
}

func (l *limit) Call(ctx context.Context, m Message) (Reply, error) {
	err := l.wait(ctx, l.key)
	switch {
	case err == nil:
		return l.next.Call(ctx, m)
	case ctx.Err() != nil:
		return Reply{}, stopped(ctx, l.Endpoint(), m)
	}
	return Reply{}, &Error{
		Endpoint: l.Endpoint(), MessageID: m.ID,
		Class: ClassLimited, Reason: ErrGaveUp, Last: err,
	}
}

// Endpoint returns the name of the endpoint.
func (l *limit) Endpoint() string { return endpointOf(l.next) }
