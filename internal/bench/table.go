package main

import (
	"fmt"
	"strings"
	"time"
)

// table returns a result as a Markdown table.
func (r result) table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n### %s\n\n", r.title)
	if r.note != "" {
		fmt.Fprintf(&b, "%s\n\n", r.note)
	}
	if r.unit != "" {
		fmt.Fprintf(&b, "| | %s | spread | goal |\n|---|--:|--:|---|\n", r.unit)
		for _, row := range r.rows {
			s := spreadOf(len(row.cost), func(i int) float64 { return row.cost[i] })
			fmt.Fprintf(&b, "| %s | %.2f | %.2f–%.2f | %s |\n", row.title(), s.median, s.least, s.most, r.verdicts(row.name))
		}
		return b.String()
	}
	clock, second := "CPU per operation", ""
	if r.wall {
		clock, second = "time per operation", " per second |"
	}
	fmt.Fprintf(&b, "| | %s |%s to the first | spread | allocs | bytes | goal |\n|---|--:|", clock, second)
	if r.wall {
		b.WriteString("--:|")
	}
	b.WriteString("--:|--:|--:|--:|---|\n")
	for _, row := range r.rows {
		s, m := ratio(row.cost, r.rows[0].cost), median(row.cost)
		fmt.Fprintf(&b, "| %s | %s |", row.title(), brief(time.Duration(m)))
		if r.wall {
			fmt.Fprintf(&b, " %.0f |", 1e9/m)
		}
		fmt.Fprintf(&b, " %.2f | %.2f–%.2f | %.0f | %.0f | %s |\n", s.median, s.least, s.most,
			median(row.allocs), median(row.bytes), r.verdicts(row.name))
	}
	return b.String()
}

// verdicts says what came of the goals of a case.
func (r result) verdicts(name string) string {
	var all []string
	for _, g := range r.goals {
		if g.of == name {
			all = append(all, g.text(r))
		}
	}
	return strings.Join(all, "; ")
}

func (r row) title() string {
	if r.ours {
		return "**" + r.name + "**"
	}
	return r.name
}

func (r result) find(name string) row {
	for _, row := range r.rows {
		if row.name == name {
			return row
		}
	}
	panic("no case " + name) // a mistake in this program
}

// brief writes a time with three digits or so.
func brief(d time.Duration) string {
	for _, unit := range []time.Duration{time.Second, time.Millisecond, time.Microsecond} {
		if d >= unit {
			return d.Round(unit / 100).String()
		}
	}
	return d.Round(time.Nanosecond).String()
}
