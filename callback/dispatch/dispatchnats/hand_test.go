package dispatchnats

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestHandKnowsWhatIsOver lifts messages that come again after they were laid
// down.
func TestHandKnowsWhatIsOver(t *testing.T) {
	t.Parallel()
	var h hand
	assert.Empty(t, h.lift(1))
	h.lay(1, "a")
	assert.Equal(t, "a", h.lift(1), "it came after the answer to its acknowledgement")
	h.lay(1, "")
	assert.Empty(t, h.lift(2))
	h.lay(2, "")
	assert.Empty(t, h.lift(2), "it was given back")
	h.lay(2, "")
	for seq := range uint64(remembered) {
		h.lift(10 + seq)
		h.lay(10+seq, "b")
	}
	assert.Empty(t, h.lift(1), "it is forgotten in the end")
}
