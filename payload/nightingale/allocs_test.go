//go:build !race

package nightingale_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/payload/nightingale"
)

// What the goals say in allocations, which do not depend on the machine. The
// race detector makes a sync.Pool forget at random, and so changes them.
func TestAllocations(t *testing.T) {
	allocs := func(f func()) float64 { return testing.AllocsPerRun(20, f) }
	body := busy()
	m := decode(t, body)
	buf := make([]byte, 0, 2*len(body))

	assert.Zero(t, allocs(func() { buf, _ = m.AppendJSON(buf[:0]) }), "encoding what came")
	made := madeEvent(&m.Alerts[0])
	assert.Zero(t, allocs(func() { buf, _ = made.AppendJSON(buf[:0]) }), "encoding what was made")
	m.Alerts[0].SetLabels(m.Alerts[0].Labels().With("team", "db"))
	assert.Zero(t, allocs(func() { buf, _ = m.AppendJSON(buf[:0]) }), "encoding what was changed")
	assert.LessOrEqual(t, allocs(func() { _, _ = nightingale.Decode(body) }), 44.0)

	// The work for an event does not depend on how many there are.
	array := func(n int) []byte {
		batch := &nightingale.Message{Array: true}
		for range n {
			batch.Alerts = append(batch.Alerts, *made)
		}
		b, err := batch.AppendJSON(nil)
		require.NoError(t, err)
		return b
	}
	ten, many := array(10), array(300)
	each10 := allocs(func() { _, _ = nightingale.Decode(ten) }) / 10
	assert.LessOrEqual(t, allocs(func() { _, _ = nightingale.Decode(many) })/300, 1.1*each10)
}
