package main

import (
	"bytes"
	"fmt"
	"html"
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
	clock := "CPU"
	if r.wall {
		clock = "time"
	}
	fmt.Fprintf(&b, "| | %s per operation | to the first | spread | allocs | bytes |\n|---|--:|--:|--:|--:|--:|\n", clock)
	for _, row := range r.rows {
		m, least, most := ratio(row, r.rows[0])
		name := row.name
		if row.ours {
			name = "**" + name + "**"
		}
		fmt.Fprintf(&b, "| %s | %s | %.2f | %.2f–%.2f | %.0f | %.0f |\n", name,
			time.Duration(median(row.cpu)).Round(time.Nanosecond), m, least, most, row.allocs, row.bytes)
	}
	return b.String()
}

// goalsTable says which goals were met in this run.
func goalsTable(results []result) string {
	var b strings.Builder
	for _, r := range results {
		for _, g := range r.goals {
			m, least, most := ratio(r.find(g.of), r.find(g.to))
			verdict := "met"
			if m > g.most {
				verdict = "**missed**"
			}
			fmt.Fprintf(&b, "| %s: %s ÷ %s | ≤ %.2f | %.2f | %.2f–%.2f | %s |\n", r.title, g.of, g.to, g.most, m, least, most, verdict)
		}
	}
	if b.Len() == 0 {
		return ""
	}
	return "\n### Goals\n\n| | goal | seen | spread | |\n|---|--:|--:|--:|---|\n" + b.String()
}

func (r result) find(name string) row {
	for _, row := range r.rows {
		if row.name == name {
			return row
		}
	}
	panic("no case " + name) // a mistake in this program
}

// chart returns the ratios as an SVG picture, one bar for each case.
func chart(results []result) []byte {
	const width, left, bar, gap = 760, 330, 16, 5
	var b bytes.Buffer
	y := 30
	for _, r := range results {
		longest := 1.0
		for _, row := range r.rows {
			m, _, _ := ratio(row, r.rows[0])
			longest = max(longest, m)
		}
		fmt.Fprintf(&b, `<text x="10" y="%d" font-weight="bold">%s</text>`+"\n", y, html.EscapeString(r.title))
		y += 10
		for _, row := range r.rows {
			m, _, _ := ratio(row, r.rows[0])
			colour := "#8a94a3"
			if row.ours {
				colour = "#1f7a4d"
			}
			w := max(1, int(m/longest*(width-left-70)))
			fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end">%s</text>`, left-8, y+12, html.EscapeString(row.name))
			fmt.Fprintf(&b, `<rect x="%d" y="%d" width="%d" height="%d" fill="%s"/>`, left, y, w, bar, colour)
			fmt.Fprintf(&b, `<text x="%d" y="%d">%.2f</text>`+"\n", left+w+6, y+12, m)
			y += bar + gap
		}
		y += 28
	}
	head := fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n"+
		`<rect width="100%%" height="100%%" fill="#fff"/>`+"\n", width, y)
	return append(append([]byte(head), b.Bytes()...), "</svg>\n"...)
}
