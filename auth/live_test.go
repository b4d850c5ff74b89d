package auth

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A load that hangs holds up the one who loads and nobody else, and what it
// brings in the end does not come after something newer.
func TestLiveLoadsOneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loads := 0
		hang := make(chan struct{})
		var l live[int]
		require.NoError(t, l.open(func() (*int, error) {
			loads++
			n := loads
			if n == 2 {
				<-hang
			}
			return &n, nil
		}, true))
		assert.Equal(t, 1, *l.get())

		time.Sleep(recheck)
		loaded := make(chan int)
		go func() { loaded <- *l.get() }()
		synctest.Wait()
		for range 10 {
			assert.Equal(t, 1, *l.get())
			time.Sleep(recheck)
		}
		close(hang)
		assert.Equal(t, 2, <-loaded)
		assert.Equal(t, 2, *l.get())

		time.Sleep(recheck - time.Nanosecond)
		assert.Equal(t, 2, *l.get())
		time.Sleep(time.Nanosecond)
		assert.Equal(t, 3, *l.get())
	})
}
