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
	depthLag  = 50 * time.Millisecond // how long it mostly takes to count what has come
	statsLag  = time.Second           // … and at most, on a machine that is busy
)

// A depth is how many messages an endpoint has, by what this process knows: the
// count of the engine, and what has come and gone here since. It is guarded by
// the lock of the endpoint.
type depth struct {
	n      int    // at hand, those in flight included
	least  int    // n, by the last count of the engine alone
	flying int    // calls in flight in this process
	coming int    // accepted and not yet published
	came   lately // within depthLag
	recent lately // within statsLag
	asked  time.Time
}

// learn takes over what the engine has counted. It acknowledges a message when
// that is in the stream, and only then, by and by, lets the consumer know. So
// what has just come is perhaps not counted yet, and the engine is believed
// only as far as it says no less than was there without that.
func (d *depth) learn(count int, now time.Time) {
	d.least, d.asked = count+d.coming, now
	d.n = max(d.least, min(d.n, d.least+d.came.count(now, depthLag)))
}

// atHand returns how many messages there are if the engine has counted that many.
// Unlike learn it rather waits for a count that is late: to Dispatch a queue that
// seems full refuses, while one that seems empty looks as if all were delivered.
func (d *depth) atHand(count int, now time.Time) int {
	return max(count, min(d.n-d.coming, count+d.recent.count(now, statsLag)))
}

// comes notes that a message has got into the queue.
func (d *depth) comes(now time.Time) {
	d.came.add(now, depthLag)
	d.recent.add(now, statsLag)
}

func (d *depth) stale() { d.asked = time.Time{} }

// admit lets a message into the queue, or says why not. One that then fails to
// get there is to be refused.
func (e *endpoint) admit(ctx context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	for e.closed == nil && e.mustCount() {
		e.mu.Unlock()
		n, err := e.d.count(ctx, e.token)
		if errors.Is(err, jetstream.ErrConsumerNotFound) {
			e.missing(ctx)
		}
		e.mu.Lock()
		if err != nil {
			break // the message will hardly get there either
		}
		e.depth.learn(n, time.Now())
		if !e.doubtful() {
			break
		}
		// Soon the engine will know, since nothing comes meanwhile.
		e.mu.Unlock()
		ok := sleep(ctx, depthFull+time.Millisecond)
		e.mu.Lock()
		if !ok {
			break
		}
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
		return
	}
	e.depth.comes(time.Now())
}

func (e *endpoint) full() bool { return e.depth.n-e.depth.flying >= e.o.Queue }

// mustCount reports whether what is known is too old to go by. The lock is held.
func (e *endpoint) mustCount() bool {
	age := time.Since(e.depth.asked)
	return age > depthFor || age > depthFull && e.full() || e.doubtful()
}

// doubtful reports whether the queue is full only if the engine does not count
// yet what has just come. The lock is held.
func (e *endpoint) doubtful() bool { return e.full() && e.depth.least-e.depth.flying < e.o.Queue }

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

// lately counts what has happened within a time, and some of what was shortly
// before that. The time is the same in all calls. The zero value has counted
// nothing.
type lately struct {
	since     time.Time
	n, before int
}

func (l *lately) add(now time.Time, within time.Duration) {
	l.count(now, within)
	l.n++
}

func (l *lately) count(now time.Time, within time.Duration) int {
	switch age := now.Sub(l.since); {
	case age >= 2*within:
		*l = lately{since: now}
	case age >= within:
		*l = lately{since: now, before: l.n}
	}
	return l.n + l.before
}
