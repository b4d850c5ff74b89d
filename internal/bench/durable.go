package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/dispatch"
	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats"
	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats/embedded"
)

const (
	producers = 16
	inFlight  = 32
)

// unsteady is what the endpoint of these groups deserves: every fifth call fails.
var unsteady = callback.RetryPolicy{Attempts: 100, Base: 100 * time.Millisecond, Cap: 2 * time.Second}

// durableGroups compare the engine on disk with a bbolt file, which is the least
// that a home-made outbox does. The files lie in the directory for temporary
// ones: TMPDIR should be on a disk.
func durableGroups(ctx context.Context, quick bool) ([]group, error) {
	t, err := startTarget(ctx)
	if err != nil {
		return nil, err
	}
	enqueue, deliver, rounds := 3000, 3000, 7
	if quick {
		enqueue, deliver, rounds = 1000, 1000, 3
	}
	synced := enqueueGroup(true)
	synced.title = "Enqueue 4 KiB on disk, an fsync for each message"
	synced.goals = []goal{{"alertwire embedded", rateOf, "bbolt", 0.7}}
	synced.headlines = []headline{{work: "enqueue 4 KiB with an fsync", ours: "alertwire embedded", theirs: []string{"bbolt"}}}
	unsynced := enqueueGroup(false)
	unsynced.title = "Enqueue 4 KiB on disk, without an fsync"
	unsynced.goals = []goal{{"alertwire embedded", perSecond, "", 12_000}}
	for _, g := range []*group{&synced, &unsynced} {
		g.note = "Time on the wall, from 16 goroutines: what is compared is how long the disk, and what is around it, makes a caller wait."
		g.times, g.rounds, g.wall = enqueue, rounds, true
	}
	d, err := deliverGroup(t.flaky)
	if err != nil {
		return nil, err
	}
	d.times, d.rounds, d.close = deliver, rounds, t.stop
	return []group{synced, unsynced, d, memoryGroup()}, nil
}

// A shop is a durable dispatcher in a directory of its own.
type shop struct {
	dir string
	*embedded.Dispatcher
}

func (s *shop) open(ctx context.Context, o embedded.Options) (err error) {
	if s.dir == "" {
		if s.dir, err = os.MkdirTemp("", "alertwire-bench-"); err != nil {
			return err
		}
	}
	s.Dispatcher, err = embedded.Open(ctx, s.dir, o)
	return err
}

// shut stops the dispatcher at once: what is queued stays.
func (s *shop) shut() {
	if s.Dispatcher == nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, _ = s.Shutdown(ctx) // context.Canceled
	s.Dispatcher = nil
}

func (s *shop) remove() {
	s.shut()
	_ = os.RemoveAll(s.dir)
	s.dir = ""
}

// stands takes calls and gives no answer, so that nothing is delivered.
var stands = callback.CallerFunc(func(ctx context.Context, _ callback.Message) (callback.Reply, error) {
	<-ctx.Done()
	return callback.Reply{}, ctx.Err()
})

func enqueueGroup(synced bool) group {
	data := body(4096)
	var bolt outbox
	var ours shop
	return group{cases: []bench{
		{
			name:   "bbolt",
			before: func(context.Context, int) error { return bolt.open(synced) },
			op: func(ctx context.Context, n int) error {
				return produce(n, func(i int) error { return bolt.put(i, data) })
			},
			after: func() { bolt.remove() },
		},
		{
			name: "alertwire embedded", ours: true,
			before: func(ctx context.Context, n int) error {
				if err := ours.open(ctx, embedded.Options{NoSync: !synced}); err != nil {
					return err
				}
				return ours.Add(ctx, "ops", stands, dispatch.EndpointOptions{Concurrency: 1, Queue: n + 1})
			},
			op: func(ctx context.Context, n int) error {
				return produce(n, func(i int) error {
					return ours.Dispatch(ctx, callback.Message{Key: strconv.Itoa(i), Body: data}, "ops")
				})
			},
			after: func() { ours.remove() },
		},
	}}
}

// produce calls f n times, from several goroutines.
func produce(n int, f func(i int) error) error {
	var next atomic.Int64
	var first atomic.Pointer[error]
	var wg sync.WaitGroup
	for range producers {
		wg.Go(func() {
			for i := next.Add(1); i <= int64(n); i = next.Add(1) {
				if err := f(int(i)); err != nil {
					first.CompareAndSwap(nil, &err)
					return
				}
			}
		})
	}
	wg.Wait()
	if err := first.Load(); err != nil {
		return *err
	}
	return nil
}

// stored is how many messages lie there when n of them are to be delivered: what
// is left waits for its next attempt.
func stored(n int) int { return (n*100 + 94) / 95 }

func deliverGroup(to string) (group, error) {
	hook, err := callback.New(callback.Config{URL: to}, callback.Options{})
	if err != nil {
		return group{}, err
	}
	g := group{
		title: "Deliver from disk to an endpoint that fails every fifth call",
		note: "Time on the wall for each message until 95 of 100 are delivered, 32 calls in flight, waits up to 100 ms at first and " +
			"an fsync for each change of the store. Messages of 4 KiB, each with a key of its own.",
		wall:  true,
		cases: []bench{deliverFromBolt(hook)},
	}
	for _, order := range []dispatch.Order{dispatch.None, dispatch.Latest, dispatch.Strict} {
		b := deliverFromOurs(hook, order)
		g.cases = append(g.cases, b)
		// None puts a message that waits aside by a schedule; with an order it
		// waits where it is.
		least := 0.35
		if order == dispatch.None {
			least = 0.2
		}
		g.goals = append(g.goals, goal{b.name, rateOf, "bbolt", least})
	}
	g.headlines = []headline{{work: "deliver from disk, every fifth fails", ours: g.cases[1].name, theirs: []string{"bbolt"}}}
	return g, nil
}

func deliverFromBolt(hook callback.Caller) bench {
	var bolt outbox
	return bench{
		name: "bbolt",
		before: func(_ context.Context, n int) error {
			if err := bolt.open(true); err != nil {
				return err
			}
			return bolt.fill(stored(n), body(4096))
		},
		op:    func(ctx context.Context, n int) error { return bolt.deliver(ctx, hook, stored(n), n) },
		after: func() { bolt.remove() },
	}
}

func deliverFromOurs(hook callback.Caller, order dispatch.Order) bench {
	var (
		s      shop
		left   atomic.Int64
		enough chan struct{}
	)
	observe := func(o dispatch.Outcome) {
		if o.Result == dispatch.Delivered && left.Add(-1) == 0 {
			close(enough)
		}
	}
	options := func(n int) dispatch.EndpointOptions {
		return dispatch.EndpointOptions{
			Order: order, Concurrency: inFlight, Queue: stored(n) + 1,
			Retry: unsteady, Breaker: callback.BreakerPolicy{Off: true},
		}
	}
	return bench{
		name: fmt.Sprintf("alertwire embedded, order %s", order), ours: true,
		before: func(ctx context.Context, n int) error {
			if err := s.open(ctx, embedded.Options{NoSync: true}); err != nil {
				return err
			}
			o := options(n)
			o.Concurrency = 1
			if err := s.Add(ctx, "ops", stands, o); err != nil {
				return err
			}
			data := body(4096)
			err := produce(stored(n), func(i int) error {
				return s.Dispatch(ctx, callback.Message{Key: strconv.Itoa(i), Body: data}, "ops")
			})
			if err != nil {
				return err
			}
			s.shut()
			left.Store(int64(n))
			enough = make(chan struct{})
			return s.open(ctx, embedded.Options{Engine: dispatchnats.Options{Observe: observe}})
		},
		op: func(ctx context.Context, n int) error {
			if err := s.Add(ctx, "ops", hook, options(n)); err != nil {
				return err
			}
			select {
			case <-enough:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		},
		after: func() { s.remove() },
	}
}
