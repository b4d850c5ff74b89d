//go:build !race

package flashduty_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

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
