package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestMain makes the test binary the receiver where it is told to be.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == serveCommand {
		serve()
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
				r, err := plan{rounds: 1, slice: time.Millisecond}.measure(t.Context(), one)
				require.NoError(t, err, one.title)
				assert.Equal(t, 1, strings.Count(r.table(), "\n### "))
				goalsTable([]result{r}) // panics if a goal names a case that is not there
			}
		})
	}
}

func TestRatioIsTakenRoundByRound(t *testing.T) {
	m, least, most := ratio(row{cpu: []float64{10, 200, 30}}, row{cpu: []float64{10, 100, 10}})
	assert.InDelta(t, 2, m, 0)
	assert.InDelta(t, 1, least, 0)
	assert.InDelta(t, 3, most, 0)
}

func TestGoalsSayWhatWasMissed(t *testing.T) {
	r := result{
		group: group{title: "work", goals: []goal{{"a", "b", 0.5}, {"b", "a", 2}}},
		rows: []row{
			{bench: bench{name: "a"}, cpu: []float64{60}},
			{bench: bench{name: "b"}, cpu: []float64{100}},
		},
	}
	table := goalsTable([]result{r})
	assert.Contains(t, table, "a ÷ b | ≤ 0.50 | 0.60 | 0.60–0.60 | **missed** |")
	assert.Contains(t, table, "b ÷ a | ≤ 2.00 | 1.67 | 1.67–1.67 | met |")
	assert.Contains(t, string(chart([]result{r})), ">1.67<")
}
