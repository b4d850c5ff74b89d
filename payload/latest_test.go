package payload_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/alertwire/alertwire/payload"
)

func TestLatest(t *testing.T) {
	var l payload.Latest
	now := time.UnixMilli(1767225600123)
	assert.True(t, l.Pass("a", now))
	assert.True(t, l.Pass("a", now), "equal times pass")
	assert.False(t, l.Pass("a", now.Add(-time.Millisecond)))
	assert.True(t, l.Pass("a", now.Add(time.Millisecond)))
	assert.False(t, l.Pass("a", now), "the newest is what counts")
	assert.True(t, l.Pass("b", now.Add(-time.Hour)), "another key")
	assert.True(t, l.Pass("a", time.Time{}), "an unknown time")
	assert.False(t, l.Pass("a", now), "which leaves no trace")
	assert.True(t, l.Pass("", now))
	assert.True(t, l.Pass("", now.Add(-1)), "nothing is known about what has no key")
	long := strings.Repeat("k", 100)
	assert.True(t, l.Pass(long, now))
	assert.False(t, l.Pass(long, now.Add(-1)))
	assert.Equal(t, payload.LatestStats{Passed: 8, Dropped: 4, Keys: 3}, l.Stats())
}

func TestLatestIsBounded(t *testing.T) {
	l := payload.Latest{MaxKeys: 2}
	now := time.Unix(1767225600, 0)
	assert.True(t, l.Pass("a", now))
	assert.True(t, l.Pass("b", now))
	assert.False(t, l.Pass("a", now.Add(-1)), "a is now the one seen last")
	assert.True(t, l.Pass("c", now), "b has to go")
	assert.False(t, l.Pass("a", now.Add(-1)))
	assert.True(t, l.Pass("b", now.Add(-1)), "b was forgotten, and c goes")
	assert.Equal(t, payload.LatestStats{Passed: 4, Dropped: 2, Forgotten: 2, Keys: 2}, l.Stats())
}

func TestLatestConcurrently(t *testing.T) {
	l := payload.Latest{MaxKeys: 10}
	now := time.Unix(1767225600, 0)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 500 {
				l.Pass(fmt.Sprint(i%20), now.Add(time.Duration(g)))
			}
		})
	}
	wg.Wait()
	s := l.Stats()
	assert.Equal(t, uint64(2000), s.Passed+s.Dropped)
	assert.Equal(t, 10, s.Keys)
}
