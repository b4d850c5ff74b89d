package callback

import (
	"context"
	"errors"
)

// Bulkhead returns a decorator that has at most n calls in flight. A further
// call waits for its turn, as long as its context allows. n must be positive:
// with any other, every call fails.
func Bulkhead(n int) Decorator {
	if n < 1 {
		return refuse(errors.New("callback: bulkhead: the number of calls must be positive"))
	}
	return func(c Caller) Caller { return &bulkhead{next: c, slots: make(chan struct{}, n)} }
}

type bulkhead struct {
	next  Caller
	slots chan struct{}
}

func (b *bulkhead) Call(ctx context.Context, m Message) (Reply, error) {
	select {
	case b.slots <- struct{}{}:
	case <-ctx.Done():
		return Reply{}, stopped(ctx, b.Endpoint(), m)
	}
	defer func() { <-b.slots }()
	return b.next.Call(ctx, m)
}

// Endpoint returns the name of the endpoint.
func (b *bulkhead) Endpoint() string { return endpointOf(b.next) }
