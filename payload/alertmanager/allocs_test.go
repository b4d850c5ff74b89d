//go:build !race

package alertmanager_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/alertmanager"
)

// What the goals say in allocations, which do not depend on the machine. The
// race detector makes a sync.Pool forget at random, and so changes them.
func TestAllocations(t *testing.T) {
	allocs := func(f func()) float64 { return testing.AllocsPerRun(20, f) }
	each := map[int]float64{}
	for _, n := range []int{10, 1000} {
		body := storm(n)
		m, err := alertmanager.Decode(body)
		require.NoError(t, err)
		buf := make([]byte, 0, 2*len(body))

		each[n] = allocs(func() { m, _ = alertmanager.Decode(body) }) / float64(n)
		assert.Zero(t, allocs(func() { buf, _ = m.AppendJSON(buf[:0]) }), "encoding what came")
		made := remade(m)
		assert.Zero(t, allocs(func() { buf, _ = made.AppendJSON(buf[:0]) }), "encoding what was made")
		assert.LessOrEqual(t, allocs(func() {
			s, _ := payload.ShapeOf(body)
			_, _, _ = s.Text("receiver"), s.Text("status"), s.Text("groupKey")
		}), 3.0, "routing")
	}
	assert.LessOrEqual(t, each[1000], 1.1*each[10], "the work for an alert does not depend on how many there are")
	assert.LessOrEqual(t, each[10], 5.0)
}
