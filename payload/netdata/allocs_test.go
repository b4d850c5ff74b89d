//go:build !race

package netdata_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/alertwire/alertwire/payload/internal/wiretest"
	"github.com/alertwire/alertwire/payload/netdata"
)

// What was decoded and what was made in Go are written without allocating. The
// race detector makes a sync.Pool forget at random.
func TestAppendJSONDoesNotAllocate(t *testing.T) {
	buf := make([]byte, 0, 8<<10)
	for name := range bodies(t) {
		n := decode(t, name)
		for _, n := range []*netdata.Notification{n, wiretest.Bare(n)} {
			assert.Zero(t, testing.AllocsPerRun(100, func() { buf, _ = n.AppendJSON(buf[:0]) }), name)
		}
	}
}
