package dispatchnats

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/alertwire/alertwire/callback/dispatch"
)

const (
	depthFor  = time.Second           // how long a count is trusted
	depthFull = 50 * time.Millisecond // … when it says that the queue is full
)

// A depth is how many messages an endpoint has, by what this process knows: the
// count of the engine, and what has come and gone here since. It is guarded by
// the lock of the endpoint.
type depth struct {
	n      int // at hand, those in flight included
	flying int // calls in flight in this process
	coming int // accepted and not yet published
	asked  time.Time
}

func (d *depth) stale() { d.asked = time.Time{} }

// admit lets a message into the queue, or says why not. One that then fails to
// get there is to be refused.
func (e *endpoint) admit(ctx context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed == nil && e.outdated() {
		e.mu.Unlock()
		n, err := e.d.count(ctx, e.token)
		if errors.Is(err, jetstream.ErrConsumerNotFound) {
			e.missing(ctx)
		}
		e.mu.Lock()
		if err == nil {
			e.depth.n, e.depth.asked = n+e.depth.coming, time.Now()
		}
		// Without an answer the message will hardly get there either.
	}
	switch {
	case e.closed != nil:
		e.n.Refused++
		return e.closed
	case e.full():
		e.n.Refused++
		return dispatch.ErrQueueFull
	}
	e.depth.n++
	e.depth.coming++
	return nil
}

// arrived takes back a reservation of admit, with the error of the attempt to
// get there.
func (e *endpoint) arrived(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.depth.coming--
	if err != nil {
		e.depth.n--
		e.n.Refused++
	}
}

func (e *endpoint) full() bool { return e.depth.n-e.depth.flying >= e.o.Queue }

func (e *endpoint) outdated() bool {
	age := time.Since(e.depth.asked)
	return age > depthFor || age > depthFull && e.full()
}

// count asks the engine how many messages an endpoint has.
func (d *Dispatcher) count(ctx context.Context, token string) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, tryFor)
	defer cancel()
	c, err := d.out.Consumer(ctx, token)
	if err != nil {
		return 0, err
	}
	waiting, err := d.waiting(ctx, token)
	if err != nil {
		return 0, err
	}
	info := c.CachedInfo()
	return int(info.NumPending) + info.NumAckPending + waiting[token], nil
}
