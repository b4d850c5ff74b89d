//go:build !race

package jsonscan_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/alertwire/alertwire/internal/jsonscan"
)

// The race detector makes a sync.Pool forget at random.
func TestAppendDoesNotAllocate(t *testing.T) {
	i := decode(t, `{"text":"\u0061","list":[{"name":"a","x":1}],"sub":{},"ref":{"name":"r"},"pairs":{"a":"\u0062"}}`)
	fresh := &item{Text: "a", List: []sub{{Name: "b"}}, Ref: &sub{}, Pairs: []label{{"a", "b"}}}
	buf := make([]byte, 0, 1024)
	for _, v := range []*item{i, fresh} {
		assert.Zero(t, testing.AllocsPerRun(100, func() { buf, _ = jsonscan.Append(buf[:0], v, (*item).fields) }))
	}
}
