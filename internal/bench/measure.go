package main

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"
)

// A group is the same work done in several ways.
type group struct {
	title string
	note  string
	cases []bench // the first one is what the others are compared with
	goals []goal
	wall  bool // what counts is the time on the wall: somebody else does the work
	close func()
}

// A bench is one way to do the work: op does it n times.
type bench struct {
	name string
	ours bool
	op   func(ctx context.Context, n int) error
}

// A goal says that one case takes at most so much of another.
type goal struct {
	of, to string
	most   float64
}

// A plan says how long to measure.
type plan struct {
	rounds int
	slice  time.Duration // of one case in one round
}

// A result is what was measured of a group.
type result struct {
	group
	rows []row
}

// A row is what was measured of a case.
type row struct {
	bench
	cpu           []float64 // ns per operation, by round; on the wall if the group says so
	allocs, bytes float64   // per operation
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
		n, err := p.calibrate(ctx, c)
		if err != nil {
			return r, fmt.Errorf("%s: %w", c.name, err)
		}
		times[i], r.rows[i].bench = n, c
	}
	for round := range p.rounds {
		for j := range g.cases {
			i := (j + round) % len(g.cases) // nobody is always first
			if err := r.rows[i].sample(ctx, times[i], g.wall); err != nil {
				return r, fmt.Errorf("%s: %w", g.cases[i].name, err)
			}
		}
	}
	return r, nil
}

// calibrate finds how often a case runs in a slice. It also warms it up.
func (p plan) calibrate(ctx context.Context, c bench) (int, error) {
	for n := 1; ; {
		began := time.Now()
		if err := c.op(ctx, n); err != nil {
			return 0, err
		}
		took := time.Since(began)
		if took >= p.slice/2 || n >= 1<<28 {
			return max(1, int(float64(n)*float64(p.slice)/float64(max(took, 1)))), nil
		}
		n = min(n*10, max(2*n, int(float64(n)*float64(p.slice)/float64(max(took, 1)))))
	}
}

func (r *row) sample(ctx context.Context, n int, wall bool) error {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	began, onWall := cpuTime(), time.Now()
	err := r.op(ctx, n)
	used := cpuTime() - began
	if wall {
		used = time.Since(onWall)
	}
	runtime.ReadMemStats(&after)
	r.cpu = append(r.cpu, float64(used)/float64(n))
	r.allocs = float64(after.Mallocs-before.Mallocs) / float64(n)
	r.bytes = float64(after.TotalAlloc-before.TotalAlloc) / float64(n)
	return err
}

// ratio compares two cases round by round.
func ratio(of, to row) (median, least, most float64) {
	rs := make([]float64, len(of.cpu))
	for i := range rs {
		rs[i] = of.cpu[i] / to.cpu[i]
	}
	slices.Sort(rs)
	return rs[len(rs)/2], rs[0], rs[len(rs)-1]
}

func median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	return s[len(s)/2]
}
