//go:build !race

package netpulse_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/alertwire/alertwire/payload/netpulse"
)

// What the goals say in allocations, which do not depend on the machine. The
// race detector makes a sync.Pool forget at random, and so changes them.
func TestAllocations(t *testing.T) {
	allocs := func(f func()) float64 { return testing.AllocsPerRun(20, f) }
	for _, name := range []string{"gen1-failure", "gen3-success", "gen4-job-completed"} {
		b := body(name)
		m := decode(t, b)
		buf := make([]byte, 0, 4<<10)
		assert.Zero(t, allocs(func() { buf, _ = m.AppendJSON(buf[:0]) }), "encoding what came")
		made := madeMessage(m)
		assert.Zero(t, allocs(func() { buf, _ = made.AppendJSON(buf[:0]) }), "encoding what was made")
		m.Status = "changed"
		assert.Zero(t, allocs(func() { buf, _ = m.AppendJSON(buf[:0]) }), "encoding what was changed")
		assert.LessOrEqual(t, allocs(func() { _, _ = netpulse.Decode(b) }), 7.0)
	}
}
