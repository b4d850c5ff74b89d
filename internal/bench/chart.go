package main

import (
	"bytes"
	"fmt"
	"html"
	"math"
	"time"
)

// The measures of the chart, in pixels of its own.
const (
	chartWidth = 780
	plotLeft   = 240 // what stands left of it are names
	plotRight  = 706 // what stands right of it are figures
	rowHeight  = 19
	panelGap   = 9
	firstRow   = 92
)

// chartStyle has the colours for both schemes: the picture brings its own
// background, since the page around it may have another scheme than the reader's
// system. What is ours is told by its shape and weight too.
const chartStyle = `<style>
text { font: 12.5px -apple-system, BlinkMacSystemFont, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif; fill: #1f2328 }
.title { font-size: 16px; font-weight: 600 }
.muted { fill: #59636e } .small { font-size: 11.5px } .ours { font-weight: 600 }
.back { fill: #ffffff; stroke: #d1d9e0 } .grid { stroke: #e3e8ed } .one { stroke: #0969da; stroke-width: 1.5 }
.stem { stroke: #59636e; stroke-width: 1.5 } .range { stroke: #59636e; stroke-opacity: .3; stroke-width: 7 } .dot { fill: #ffffff; stroke: #59636e; stroke-width: 2 }
.gem { fill: #0969da }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc } .muted { fill: #9198a1 }
.back { fill: #0d1117; stroke: #3d444d } .grid { stroke: #262c36 } .one { stroke: #4493f8 }
.stem, .range { stroke: #9198a1 } .dot { fill: #0d1117; stroke: #9198a1 }
.gem { fill: #4493f8 }
}
</style>
`

// A panel is a headline with its figures: what others take of what ours takes.
type panel struct {
	headline
	each   string // what an operation takes with ours
	others []spread
}

// panels returns what is in the chart.
func panels(results []result) []panel {
	var list []panel
	for _, r := range results {
		for _, h := range r.headlines {
			if h.textOnly {
				continue
			}
			ours := r.find(h.ours)
			p := panel{headline: h, each: brief(time.Duration(median(ours.cost)))}
			for _, name := range h.theirs {
				p.others = append(p.others, ratio(r.find(name).cost, ours.cost))
			}
			list = append(list, p)
		}
	}
	return list
}

// A scale puts ratios on a logarithmic axis.
type scale struct{ least, most float64 }

// scaleOf returns a scale on which all medians have their place.
func scaleOf(list []panel) scale {
	s := scale{0.5, 2}
	for _, p := range list {
		for _, o := range p.others {
			s.least, s.most = min(s.least, o.median/1.15), max(s.most, o.median*1.15)
		}
	}
	return s
}

func (s scale) x(ratio float64) float64 {
	ratio = min(max(ratio, s.least), s.most)
	return plotLeft + (plotRight-plotLeft)*math.Log(ratio/s.least)/math.Log(s.most/s.least)
}

// marks returns the round ratios on the scale.
func (s scale) marks() []float64 {
	var marks []float64
	for power := 0.01; power < s.most; power *= 10 {
		for _, digit := range []float64{1, 2, 5} {
			if m := power * digit; m >= s.least && m <= s.most {
				marks = append(marks, m)
			}
		}
	}
	return marks
}

// chart returns the headlines as an SVG picture.
func chart(machine string, results []result) []byte {
	list := panels(results)
	s := scaleOf(list)
	var rows bytes.Buffer
	y := firstRow
	for _, p := range list {
		p.draw(&rows, s, y)
		y += (1+len(p.others))*rowHeight + panelGap
	}
	bottom := y - rowHeight/2

	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-labelledby="t d">`+"\n",
		chartWidth, bottom+50, chartWidth, bottom+50)
	fmt.Fprintf(&b, "<title id=\"t\">What others take for the same work</title>\n<desc id=\"d\">Ratios of processor time to alertwire. The table beside the picture has them as text.</desc>\n%s", chartStyle)
	fmt.Fprintf(&b, `<rect class="back" x=".5" y=".5" width="%d" height="%d" rx="6"/>`+"\n", chartWidth-1, bottom+49)
	b.WriteString(`<text class="title" x="20" y="30">What others take for the same work, as a multiple of alertwire</text>` + "\n")
	b.WriteString(`<text class="muted small" x="20" y="49">Processor time per operation; with Redis and disk, time on the wall. Median and range of the rounds of one run.</text>` + "\n")
	legend(&b)
	for _, m := range s.marks() {
		class := "grid"
		if m == 1 {
			class = "one"
		}
		fmt.Fprintf(&b, `<line class="%s" x1="%.1f" y1="%d" x2="%.1f" y2="%d"/>`, class, s.x(m), firstRow-12, s.x(m), bottom)
		fmt.Fprintf(&b, `<text class="muted small" x="%.1f" y="%d" text-anchor="middle">%g×</text>`+"\n", s.x(m), bottom+16, m)
	}
	fmt.Fprintf(&b, `<text class="muted small" x="%.1f" y="%d" text-anchor="end">← less</text>`, s.x(1)-10, bottom+34)
	fmt.Fprintf(&b, `<text class="muted small" x="%.1f" y="%d">more than alertwire (logarithmic) →</text>`+"\n", s.x(1)+10, bottom+34)
	fmt.Fprintf(&b, `<text class="muted small" x="20" y="%d">%s</text>`+"\n", bottom+34, html.EscapeString(machine))
	b.Write(rows.Bytes())
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// legend says what the shapes mean.
func legend(b *bytes.Buffer) {
	gem(b, 26, 66)
	b.WriteString(`<text class="ours small" x="38" y="70">alertwire, and what it takes</text>`)
	fmt.Fprint(b, `<circle class="dot" cx="262" cy="66" r="4"/><text class="muted small" x="272" y="70">others</text>`+"\n")
}

func gem(b *bytes.Buffer, x, y float64) {
	fmt.Fprintf(b, `<path class="gem" d="M%.1f %.1fl6 6l-6 6l-6 -6z"/>`, x, y-6)
}

// draw draws the headline, which is the row of ours, and below it the others.
func (p panel) draw(b *bytes.Buffer, s scale, y int) {
	fmt.Fprintf(b, `<text class="ours" x="20" y="%d">%s</text>`, y+4, html.EscapeString(p.work))
	gem(b, s.x(1), float64(y))
	fmt.Fprintf(b, `<text class="ours" x="%.1f" y="%d">%s</text>`+"\n", s.x(1)+12, y+4, p.each)
	for i, o := range p.others {
		y += rowHeight
		one, x, least, most := s.x(1), s.x(o.median), s.x(o.least), s.x(o.most)
		fmt.Fprintf(b, `<text class="muted" x="%d" y="%d" text-anchor="end">%s</text>`, plotLeft-12, y+4, html.EscapeString(p.theirs[i]))
		fmt.Fprintf(b, `<line class="stem" x1="%.1f" y1="%d" x2="%.1f" y2="%d"/>`, one, y, x, y)
		fmt.Fprintf(b, `<line class="range" x1="%.1f" y1="%d" x2="%.1f" y2="%d"/>`, least, y, most, y)
		fmt.Fprintf(b, `<circle class="dot" cx="%.1f" cy="%d" r="4"/>`, x, y)
		fmt.Fprintf(b, `<text x="%.1f" y="%d">%s×</text>`+"\n", max(x, most, one)+9, y+4, multiple(o.median))
	}
}

// multiple writes a ratio with two digits.
func multiple(v float64) string {
	switch {
	case v >= 10:
		return fmt.Sprintf("%.0f", v)
	case v >= 1:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}
