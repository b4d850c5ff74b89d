//go:build !race

package flashduty_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/payload/flashduty"
	"github.com/alertwire/alertwire/payload/internal/wiretest"
)

// What was decoded and what was made in Go are written without allocating. The
// race detector makes a sync.Pool forget at random.
func TestAppendJSONDoesNotAllocate(t *testing.T) {
	buf := make([]byte, 0, 8<<10)
	for _, name := range benched {
		p := decode(t, name)
		for _, p := range []*flashduty.Push{p, wiretest.Bare(p)} {
			assert.Zero(t, testing.AllocsPerRun(100, func() { buf, _ = p.AppendJSON(buf[:0]) }), name)
		}
	}
}

// However many required fields are empty, the text of the object is gone through
// once: each pass copies the escaped names in it, and the values.
func TestValidateReadsTheTextOnce(t *testing.T) {
	const names = 1000
	p, err := flashduty.Decode([]byte(`{"event_id":"e","event_time":1,"event_type":"a_new","alert":{"alert_id":"1"` +
		strings.Repeat(`,"\u0061":1`, names) + `}}`))
	require.NoError(t, err)
	assert.Equal(t, wrong("alert.alert_key", "missing"), p.Validate())
	assert.Less(t, testing.AllocsPerRun(10, func() { _ = p.Validate() }), float64(3*names))
}
