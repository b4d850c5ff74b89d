package dispatchnats

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// settled is for how long nothing must happen before messages that nobody calls
// here are taken for those of other processes, and not for some that are on
// their way. What counts is the time between two looks, as it was meant: a
// process that was stopped for longer has seen nothing of what came meanwhile.
const settled = 100 * time.Millisecond

// drain waits until an endpoint has called everything that it can call now, or
// as much as was queued at the beginning.
func (e *endpoint) drain(ctx context.Context) error {
	e.mu.Lock()
	w, start, queued := e.worker, e.ends(), e.depth.n
	e.mu.Unlock()
	if w == nil {
		return nil // it was never started
	}
	quiet := time.Duration(0)
	for wait := 2 * time.Millisecond; ; wait = min(2*wait, settled/4) {
		if e.isPaused() || !e.d.nc.IsConnected() || e.d.pulls.Err() != nil {
			return nil // nothing more will be called
		}
		empty, pending, err := e.remaining(ctx)
		if err != nil {
			return context.Cause(ctx) // nil if it is NATS: everything stays there
		}
		if !w.idle() || pending > 0 {
			quiet = 0
		}
		e.mu.Lock()
		handled := int(e.ends() - start)
		e.mu.Unlock()
		if empty || handled >= queued && queued > 0 || quiet >= settled {
			return nil
		}
		if !sleep(ctx, wait) {
			return context.Cause(ctx)
		}
		quiet += wait
	}
}

// remaining reports whether the queue is empty, and how much of it nobody has in
// hand. The latter may be a moment old.
func (e *endpoint) remaining(ctx context.Context) (empty bool, pending uint64, err error) {
	ctx, stop := context.WithTimeout(ctx, tryFor)
	defer stop()
	_, err = e.d.out.GetMsg(ctx, 1, jetstream.WithGetMsgSubject(e.d.names.endpoint("out", e.token)))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return true, 0, nil
	}
	if err != nil {
		return false, 0, err
	}
	c, err := e.d.out.Consumer(ctx, e.token)
	if err != nil {
		return false, 0, err
	}
	return false, c.CachedInfo().NumPending, nil
}

// ends returns how many messages this process has brought to an end. The lock
// is held.
func (e *endpoint) ends() uint64 { return e.n.Delivered + e.n.Failed + e.n.Dropped }
