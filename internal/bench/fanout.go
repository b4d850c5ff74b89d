package main

import (
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/dispatch"
)

const targets = 100

// fanoutGroups sends one message to 100 endpoints, of which ten may hang.
func fanoutGroups(ctx context.Context, _ bool) ([]group, error) {
	t, err := startTarget(ctx)
	if err != nil {
		return nil, err
	}
	g := group{
		title: "One event to 100 endpoints through the dispatcher",
		note: "Per event, until the last endpoint that works has it; 99 and 90 calls instead of 100 where one and ten hang. " +
			"The goals of those are of the time on the wall.",
		goals: []goal{
			{"encoded once", size, "json.Marshal for each", 0.45},
			{"one of them hangs", eachWall, "", float64(10 * time.Millisecond)},
			{"ten of them hang", cost, "encoded once", 1.10},
			{"ten of them hang", eachWall, "", float64(25 * time.Millisecond)},
		},
		close: t.stop,
	}
	for _, way := range []struct {
		name    string
		hanging int
		each    bool
	}{{"encoded once", 0, false}, {"json.Marshal for each", 0, true}, {"one of them hangs", 1, false}, {"ten of them hang", 10, false}} {
		b, err := fan(ctx, t.http, way.hanging, way.each)
		if err != nil {
			return nil, err
		}
		b.name, b.ours = way.name, !way.each
		g.cases = append(g.cases, b)
	}
	return []group{g}, nil
}

// fan makes a dispatcher with 100 endpoints.
func fan(ctx context.Context, to string, hanging int, each bool) (bench, error) {
	done := make(chan struct{}, 1<<20)
	d, err := dispatch.NewMemory(dispatch.MemoryOptions{Observe: func(o dispatch.Outcome) {
		if o.Result == dispatch.Delivered {
			done <- struct{}{}
		}
	}})
	if err != nil {
		return bench{}, err
	}
	var names []string
	for i := range targets {
		hook, err := callback.New(callback.Config{URL: to + fmt.Sprint(i)}, callback.Options{})
		if err != nil {
			return bench{}, err
		}
		var c callback.Caller = hook
		if i < hanging {
			c = stands
		}
		names = append(names, fmt.Sprint("e", i))
		if err := d.Add(ctx, names[i], c, dispatch.EndpointOptions{Queue: 1 << 20}); err != nil {
			return bench{}, err
		}
	}
	own, other := message(4), theirs(4)
	encode := func() (callback.Message, error) { return callback.NewMessage(own) }
	batches := [][]string{names}
	if each { // as a loop over webhooks has it
		encode = func() (callback.Message, error) {
			data, err := json.Marshal(other)
			return callback.Message{ID: callback.NewID(), Body: data}, err
		}
		batches = batches[:0]
		for i := range names {
			batches = append(batches, names[i:i+1])
		}
	}
	return bench{op: func(ctx context.Context, n int) error {
		for range n {
			for _, to := range batches {
				msg, err := encode()
				if err != nil {
					return err
				}
				if err := d.Dispatch(ctx, msg, to...); err != nil {
					return err
				}
			}
			for range targets - hanging { // until the last good one has it
				<-done
			}
		}
		return nil
	}}, nil
}

// overheadGroups measure what lies around a call, with a Caller that costs
// nothing itself.
func overheadGroups(ctx context.Context, _ bool) ([]group, error) {
	free := callback.CallerFunc(func(context.Context, callback.Message) (callback.Reply, error) { return callback.Reply{}, nil })
	m := callback.Message{ID: "msg_1", Key: "key", Body: body(4096)}
	caller := func(name string, ours bool, c callback.Caller) bench {
		return repeat(name, ours, func() error { _, err := c.Call(ctx, m); return err })
	}
	limit, err := plentyOf()
	if err != nil {
		return nil, err
	}
	g := group{
		title: "Around a call that costs nothing",
		note:  "What the decorators and the dispatcher add to a send.",
		cases: []bench{
			caller("the Caller alone", false, free),
			caller("retry and breaker", true, callback.Decorate(free, callback.Retry(callback.RetryPolicy{}), callback.Breaker(callback.BreakerPolicy{}))),
			caller("retry, breaker and limit", true, callback.Decorate(free, callback.Retry(callback.RetryPolicy{}), callback.Breaker(callback.BreakerPolicy{}), limit)),
		},
		goals: []goal{{"retry, breaker and limit", more, "the Caller alone", 2}},
	}
	for _, order := range []dispatch.Order{dispatch.None, dispatch.Strict} { // Latest would drop most of them
		b, err := dispatchBench(ctx, m, order)
		if err != nil {
			return nil, err
		}
		g.cases = append(g.cases, b)
		g.goals = append(g.goals, goal{b.name, each, "", float64(2 * time.Microsecond)}, goal{b.name, allocs, "", 2})
	}
	return []group{g, idleGroup()}, nil
}

// dispatchBench measures from Dispatch to the Caller.
func dispatchBench(ctx context.Context, m callback.Message, order dispatch.Order) (bench, error) {
	var left atomic.Int64
	over := make(chan struct{}, 1)
	d, err := dispatch.NewMemory(dispatch.MemoryOptions{})
	if err != nil {
		return bench{}, err
	}
	free := callback.CallerFunc(func(context.Context, callback.Message) (callback.Reply, error) {
		if left.Add(-1) == 0 {
			over <- struct{}{}
		}
		return callback.Reply{}, nil
	})
	if err := d.Add(ctx, "a", free, dispatch.EndpointOptions{Queue: 1 << 30, Order: order}); err != nil {
		return bench{}, err
	}
	return bench{name: "from Dispatch to the Caller, order " + order.String(), ours: true, op: func(ctx context.Context, n int) error {
		left.Store(int64(n))
		for range n {
			if err := d.Dispatch(ctx, m, "a"); err != nil {
				return err
			}
		}
		<-over
		return nil
	}}, nil
}

// idleGroup weighs endpoints at which nothing happens.
func idleGroup() group {
	const name = "heap and stacks"
	return group{
		title: "An idle endpoint of the dispatcher in memory",
		unit:  "KiB",
		cases: []bench{{name: name, ours: true, gauge: idleEndpoint}},
		goals: []goal{{name, kibibytes, "", 4}},
	}
}
