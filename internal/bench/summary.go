package main

import (
	"fmt"
	"strings"
)

// A headline is what README and the chart show of a group: one of ours beside
// others that do the same.
type headline struct {
	work     string
	ours     string
	theirs   []string
	textOnly bool // not in the chart
}

// line returns what ours takes of what each of the others takes.
func (h headline) line(r result) string {
	ours := r.find(h.ours)
	var others []string
	for _, name := range h.theirs {
		others = append(others, fmt.Sprintf("%s %.2f", name, ratio(ours.cost, r.find(name).cost).median))
	}
	return fmt.Sprintf("| %s | %s |\n", h.work, strings.Join(others, ", "))
}

// summary returns the table for README.
func summary(machine string, results []result) string {
	var b strings.Builder
	for _, r := range results {
		for _, h := range r.headlines {
			b.WriteString(h.line(r))
		}
	}
	if b.Len() == 0 {
		return ""
	}
	return "What alertwire takes, as a part of what others take for the same work: processor time; of Redis and of what is on disk,\n" +
		"time on the wall. Medians of one run of `go run ./internal/bench` (" + machine + "); less than 1 is less work.\n\n" +
		"| work | alertwire ÷ other |\n|---|---|\n" + b.String()
}
