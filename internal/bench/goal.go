package main

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// A goal bounds a figure of one case: by itself, or beside another case.
type goal struct {
	of    string
	is    figure
	than  string // the other case, where the figure is of two
	bound float64
}

// A figure is what a goal speaks of.
type figure struct {
	least bool    // the bound is the least, not the most
	slack float64 // what is printed as equal to the bound is within it
	by    func(of, than row, round int) float64
	text  func(v float64) string
}

var (
	// cost is what the case takes of what the other one takes.
	cost = figure{by: func(of, than row, i int) float64 { return of.cost[i] / than.cost[i] }, slack: 0.005, text: twoDigits}
	// wall is the same on the wall.
	wall = figure{by: func(of, than row, i int) float64 { return of.took[i] / than.took[i] }, slack: 0.005, text: twoDigits}
	// rateOf is how often the case does what the other one does once.
	rateOf = figure{least: true, by: func(of, than row, i int) float64 { return than.took[i] / of.took[i] }, slack: 0.005, text: twoDigits}
	// size is what the case allocates of what the other one does.
	size = figure{by: func(of, than row, i int) float64 { return of.bytes[i] / than.bytes[i] }, slack: 0.005, text: twoDigits}
	// more is how many allocations more than the other one it needs.
	more = figure{by: func(of, than row, i int) float64 { return of.allocs[i] - than.allocs[i] }, slack: 0.5, text: unit(" allocs more")}

	allocs    = figure{by: func(of, _ row, i int) float64 { return of.allocs[i] }, slack: 0.5, text: unit(" allocs")}
	bytesEach = figure{by: func(of, _ row, i int) float64 { return of.bytes[i] }, text: unit(" B")}
	each      = figure{by: func(of, _ row, i int) float64 { return of.cost[i] }, text: duration}
	eachWall  = figure{by: func(of, _ row, i int) float64 { return of.took[i] }, text: duration}
	perSecond = figure{least: true, by: func(of, _ row, i int) float64 { return 1e9 / of.took[i] }, text: unit("/s")}
	mebibytes = figure{by: func(of, _ row, i int) float64 { return of.cost[i] }, text: weight("MiB")}
	kibibytes = figure{by: func(of, _ row, i int) float64 { return of.cost[i] }, text: weight("KiB")}
)

func twoDigits(v float64) string { return fmt.Sprintf("%.2f", v) }

func duration(ns float64) string { return brief(time.Duration(ns)) }

// unit writes whole numbers of something.
func unit(name string) func(float64) string {
	return func(v float64) string { return fmt.Sprintf("%.0f%s", math.Round(v)+0, name) }
}

// weight writes what is not counted in whole numbers.
func weight(name string) func(float64) string {
	return func(v float64) string {
		if v < 10 {
			return fmt.Sprintf("%.2f %s", v, name)
		}
		return fmt.Sprintf("%.0f %s", v, name)
	}
}

// seen returns the figure as it was measured.
func (g goal) seen(r result) spread {
	of, than := r.find(g.of), r.find(g.of)
	if g.than != "" {
		than = r.find(g.than)
	}
	return spreadOf(len(of.cost), func(i int) float64 { return g.is.by(of, than, i) })
}

func (g goal) met(s spread) bool {
	if g.is.least {
		return s.median >= g.bound-g.is.slack
	}
	return s.median <= g.bound+g.is.slack
}

func (g goal) sign() string {
	if g.is.least {
		return "≥"
	}
	return "≤"
}

// text says in a table what the goal is and what came of it.
func (g goal) text(r result) string {
	s := g.seen(r)
	t := g.is.text(s.median) + " (" + g.sign() + " " + g.is.text(g.bound)
	if g.than != "" {
		t += " of " + g.than
	}
	t += ")"
	if g.met(s) {
		return "met: " + t
	}
	return "**missed**: " + t
}

// goalsTable says which goals were met in this run.
func goalsTable(results []result) string {
	var b strings.Builder
	met, all := 0, 0
	for _, r := range results {
		for _, g := range r.goals {
			s, verdict := g.seen(r), "**missed**"
			if all++; g.met(s) {
				met++
				verdict = "met"
			}
			of := g.of
			if g.than != "" {
				of += " ÷ " + g.than
			}
			fmt.Fprintf(&b, "| %s: %s | %s %s | %s | %s–%s | %s |\n", r.title, of, g.sign(), g.is.text(g.bound),
				g.is.text(s.median), g.is.text(s.least), g.is.text(s.most), verdict)
		}
	}
	if all == 0 {
		return ""
	}
	return fmt.Sprintf("\n### Goals: %d of %d met\n\n| | goal | seen | spread | |\n|---|--:|--:|--:|---|\n", met, all) + b.String()
}
