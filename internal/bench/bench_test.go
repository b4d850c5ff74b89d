package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestMain makes the test binary the process that it is told to be.
func TestMain(m *testing.M) {
	if child() {
		return
	}
	os.Exit(m.Run())
}

// TestEveryCaseDoesItsWork runs each of them for a moment. It says nothing about
// how long that takes.
func TestEveryCaseDoesItsWork(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: starts every peer")
	}
	for _, g := range groups {
		t.Run(g.name, func(t *testing.T) {
			made, err := g.make(t.Context(), true)
			require.NoError(t, err)
			for _, one := range made {
				if one.times > 0 {
					one.times = 100
				}
				r, err := plan{rounds: 1, slice: time.Millisecond}.measure(t.Context(), one)
				require.NoError(t, err, one.title)
				assert.Equal(t, 1, strings.Count(r.table(), "\n### "))
				goalsTable([]result{r}) // panics if a goal names a case that is not there
			}
		})
	}
}

func TestRatioIsTakenRoundByRound(t *testing.T) {
	s := ratio([]float64{10, 200, 30}, []float64{10, 100, 10})
	assert.Equal(t, spread{2, 1, 3}, s)
}

// twoCases is a result with a goal that was met and others that were not.
func twoCases() result {
	return result{
		group: group{
			title:     "work",
			goals:     []goal{{"a", cost, "b", 0.5}, {"b", cost, "a", 2}, {"a", perSecond, "", 20_000_000}, {"a", allocs, "", 3}},
			headlines: []headline{{work: "to work", ours: "a", theirs: []string{"b"}}},
		},
		rows: []row{
			{bench: bench{name: "a", ours: true}, cost: []float64{60}, took: []float64{100}, allocs: []float64{3}, bytes: []float64{0}},
			{bench: bench{name: "b"}, cost: []float64{100}, took: []float64{100}, allocs: []float64{3}, bytes: []float64{0}},
		},
	}
}

func TestGoalsSayWhatWasMissed(t *testing.T) {
	r := twoCases()
	table := goalsTable([]result{r})
	assert.Contains(t, table, "Goals: 2 of 4 met")
	assert.Contains(t, table, "a ÷ b | ≤ 0.50 | 0.60 | 0.60–0.60 | **missed** |")
	assert.Contains(t, table, "b ÷ a | ≤ 2.00 | 1.67 | 1.67–1.67 | met |")
	assert.Contains(t, table, "work: a | ≥ 20000000/s | 10000000/s | 10000000/s–10000000/s | **missed** |")
	assert.Contains(t, table, "work: a | ≤ 3 allocs | 3 allocs |")
	assert.Contains(t, r.table(), "| b | 100ns | 1.67 | 1.67–1.67 | 3 | 0 | met: 1.67 (≤ 2.00 of a) |")
}

func TestSummaryIsATableForREADME(t *testing.T) {
	assert.Contains(t, summary("a machine", []result{twoCases()}), "| work | alertwire ÷ other |\n|---|---|\n| to work | b 0.60 |\n")
	assert.Empty(t, summary("a machine", nil))
}
