package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/pprof"
	"slices"
	"time"
)

// A group is the same work done in several ways.
type group struct {
	title     string
	note      string
	cases     []bench // the first one is what the others are compared with
	goals     []goal
	headlines []headline
	wall      bool   // what counts is the time on the wall: somebody else does the work
	unit      string // of what a gauge returns, where there is no time to take
	times     int    // operations in a sample; 0 is as many as fit into a slice
	rounds    int    // the most rounds; 0 is those of the plan
	close     func()
}

// A bench is one way to do the work: op does it n times.
type bench struct {
	name   string
	ours   bool
	op     func(ctx context.Context, n int) error
	before func(ctx context.Context, n int) error // prepares n operations, unmeasured
	after  func()                                 // clears up, unmeasured
	gauge  func(ctx context.Context) (float64, error)
}

// A plan says how long to measure.
type plan struct {
	rounds int
	slice  time.Duration // of one case in one round
	most   time.Duration // of a group, but for two rounds, which are made anyhow; 0 is no bound
}

// A result is what was measured of a group.
type result struct {
	group
	rows []row
}

// A row is what was measured of a case: per operation, by round.
type row struct {
	bench
	cost          []float64 // what counts: ns of CPU, ns on the wall, or what the gauge says
	took          []float64 // ns on the wall
	allocs, bytes []float64
}

// measure runs all cases of a group in turn, round after round, so that what
// disturbs the machine disturbs all of them.
func (p plan) measure(ctx context.Context, g group) (result, error) {
	if g.close != nil {
		defer g.close()
	}
	r := result{group: g, rows: make([]row, len(g.cases))}
	times := make([]int, len(g.cases))
	for i, c := range g.cases {
		r.rows[i].bench, times[i] = c, g.times
		if g.times > 0 || c.gauge != nil {
			continue
		}
		n, err := p.calibrate(ctx, c)
		if err != nil {
			return r, fmt.Errorf("%s: %w", c.name, err)
		}
		times[i] = n
	}
	rounds := p.rounds
	if g.rounds > 0 {
		rounds = min(rounds, g.rounds)
	}
	began := time.Now()
	for round := range rounds {
		if p.most > 0 && round >= 2 && time.Since(began) > p.most {
			break
		}
		for j := range g.cases {
			i := (j + round) % len(g.cases) // nobody is always first
			var err error
			pprof.Do(ctx, pprof.Labels("case", g.cases[i].name), func(ctx context.Context) {
				err = r.rows[i].sample(ctx, times[i], g.wall)
			})
			if err != nil {
				return r, fmt.Errorf("%s: %w", g.cases[i].name, err)
			}
		}
	}
	return r, nil
}

// calibrate finds how often a case runs in a slice. It also warms it up.
func (p plan) calibrate(ctx context.Context, c bench) (int, error) {
	for n, again, most := 1, 0, 0; ; {
		took, err := c.timed(ctx, n)
		if err != nil {
			return 0, err
		}
		fits := max(1, int(float64(n)*float64(p.slice)/float64(max(took, 1))))
		switch {
		case took < p.slice/2 && n < 1<<28:
			n, again, most = min(n*10, max(2*n, fits)), 0, 0
		case again == 2:
			return max(most, fits), nil
		default:
			// It may have been interrupted, or have made something at the first
			// use. With too few operations in a slice all caches would be cold.
			again, most = again+1, max(most, fits)
		}
	}
}

func (c bench) timed(ctx context.Context, n int) (time.Duration, error) {
	if c.after != nil {
		defer c.after()
	}
	if c.before != nil {
		if err := c.before(ctx, n); err != nil {
			return 0, err
		}
	}
	began := time.Now()
	err := c.op(ctx, n)
	return time.Since(began), err
}

func (r *row) sample(ctx context.Context, n int, wall bool) error {
	if r.gauge != nil {
		v, err := r.gauge(ctx)
		r.cost = append(r.cost, v)
		return err
	}
	if r.after != nil {
		defer r.after()
	}
	if r.before != nil {
		if err := r.before(ctx, n); err != nil {
			return err
		}
	}
	var before, after runtime.MemStats
	runtime.GC()
	if r.before == nil {
		if err := r.op(ctx, 1); err != nil { // what the collection took from pools comes back
			return err
		}
	}
	runtime.ReadMemStats(&before)
	began, onWall := cpuTime(), time.Now()
	err := r.op(ctx, n)
	used, took := cpuTime()-began, time.Since(onWall)
	if wall {
		used = took
	}
	runtime.ReadMemStats(&after)
	r.cost = append(r.cost, float64(used)/float64(n))
	r.took = append(r.took, float64(took)/float64(n))
	r.allocs = append(r.allocs, float64(after.Mallocs-before.Mallocs)/float64(n))
	r.bytes = append(r.bytes, float64(after.TotalAlloc-before.TotalAlloc)/float64(n))
	return err
}

// A spread is what several rounds have shown.
type spread struct{ median, least, most float64 }

// spreadOf returns the spread of what f makes of each round.
func spreadOf(rounds int, f func(round int) float64) spread {
	v := make([]float64, rounds)
	for i := range v {
		v[i] = f(i)
	}
	slices.Sort(v)
	return spread{v[len(v)/2], v[0], v[len(v)-1]}
}

// ratio compares two cases round by round.
func ratio(of, to []float64) spread {
	return spreadOf(len(of), func(i int) float64 { return of[i] / to[i] })
}

func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	return spreadOf(len(v), func(i int) float64 { return v[i] }).median
}
