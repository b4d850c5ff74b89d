package dispatchnats

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/alertwire/alertwire/callback/dispatch"
)

// TestDepthOfWhatHasJustCome is for an engine that has acknowledged messages
// and does not count them yet: they must not make room for others.
func TestDepthOfWhatHasJustCome(t *testing.T) {
	t.Parallel()
	now := time.Now()
	d := depth{n: 4}
	d.came.add(now)

	d.learn(2, now)
	assert.Equal(t, 3, d.n, "one of the four may be on its way, the other was called by somebody else")
	d.learn(3, now)
	assert.Equal(t, 3, d.n, "the engine knows of it")
	d.learn(9, now)
	assert.Equal(t, 9, d.n, "others have dispatched")
	d.learn(2, now.Add(2*depthLag))
	assert.Equal(t, 2, d.n, "it has had its time")

	e := &endpoint{depth: depth{n: 4, flying: 1}, o: dispatch.EndpointOptions{Queue: 3}}
	e.depth.came.add(now)
	e.depth.learn(3, now)
	assert.True(t, e.full())
	assert.True(t, e.doubtful(), "the fourth may have been called by somebody else")
	e.depth.learn(4, now)
	assert.True(t, e.full())
	assert.False(t, e.doubtful())
	e.depth.learn(3, now.Add(2*depthLag))
	assert.False(t, e.full())

	d.coming = 1
	d.learn(2, now.Add(2*depthLag))
	assert.Equal(t, 3, d.n, "what is about to be published is not there yet")
}

func TestLately(t *testing.T) {
	t.Parallel()
	now := time.Now()
	var l lately
	assert.Zero(t, l.count(now))
	l.add(now)
	l.add(now.Add(depthLag - 1))
	assert.Equal(t, 2, l.count(now.Add(depthLag-1)))
	assert.Equal(t, 2, l.count(now.Add(2*depthLag-1)), "the second is not old enough")
	assert.Zero(t, l.count(now.Add(3*depthLag)))
}
