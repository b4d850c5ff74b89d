package payload

import (
	"context"
	"errors"
	"sync"
)

var (
	errQueueFull   = errors.New("queue full")
	errQueueClosed = errors.New("queue closed")
)

// A Queue takes messages at once and has them worked on later, so that the
// sender has its answer in time whatever the work takes:
//
//	q := payload.NewQueue(1000, func(ctx context.Context, p *flashduty.Push) { … })
//	go q.Run(ctx) // as often as there shall be workers
//	http.Handle("/flashduty", payload.Handler(flashduty.Decode, q.Accept, payload.HandlerOptions{}))
//
// It lives in memory: what was accepted is gone if the process dies. To shut
// down, stop the server, Close the queue, and wait for each Run.
//
// A Queue is safe for concurrent use. It starts no goroutine. NewQueue makes
// one; the zero Queue is full.
type Queue[T any] struct {
	work func(context.Context, T)

	mu     sync.RWMutex // held for reading while sending
	closed bool
	ch     chan T
}

// NewQueue returns a queue of at most size messages in wait, at least one.
func NewQueue[T any](size int, work func(context.Context, T)) *Queue[T] {
	return &Queue[T]{work: work, ch: make(chan T, max(size, 1))}
}

// Accept queues v, and returns a [*RetryError] if the queue is full or closed.
// It never waits. It is an accept function for [Handler], which answers a full
// queue with HandlerOptions.RetryStatus: the status that makes the sender come
// again.
func (q *Queue[T]) Accept(_ context.Context, v T) (reply any, err error) {
	q.mu.RLock()
	defer q.mu.RUnlock()
	if q.closed {
		return nil, &RetryError{Err: errQueueClosed}
	}
	select {
	case q.ch <- v:
		return nil, nil
	default:
		return nil, &RetryError{Err: errQueueFull}
	}
}

// Run works on messages, one at a time and in their order, until the queue is
// closed and empty; then it returns nil. If ctx ends first, which the work sees
// too, it returns the cause and leaves what is in wait.
func (q *Queue[T]) Run(ctx context.Context) error {
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		select {
		case <-ctx.Done():
		case v, ok := <-q.ch:
			if !ok {
				return nil
			}
			q.work(ctx, v)
		}
	}
}

// Close makes Accept refuse. What is in wait is still worked on by Run.
func (q *Queue[T]) Close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.closed {
		q.closed = true
		if q.ch != nil {
			close(q.ch)
		}
	}
}

// Len returns how many messages are in wait.
func (q *Queue[T]) Len() int { return len(q.ch) }
