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
	d.comes(now)

	d.learn(2, now)
	assert.Equal(t, 3, d.n, "one of the four may be on its way, the other was called by somebody else")
	d.learn(3, now)
	assert.Equal(t, 3, d.n, "the engine knows of it")
	d.learn(9, now)
	assert.Equal(t, 9, d.n, "others have dispatched")
	d.learn(2, now.Add(2*depthLag))
	assert.Equal(t, 2, d.n, "it has had its time")

	e := &endpoint{depth: depth{n: 4, flying: 1}, o: dispatch.EndpointOptions{Queue: 3}}
	e.depth.comes(now)
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

// TestAtHandOfWhatHasJustCome is for numbers: what has just come is at hand until
// it is known to be gone, however late the engine counts it.
func TestAtHandOfWhatHasJustCome(t *testing.T) {
	t.Parallel()
	now := time.Now()
	d := depth{n: 2}
	assert.Equal(t, 1, d.atHand(1, now), "the other was called by somebody else")
	d.comes(now)
	assert.Equal(t, 2, d.atHand(1, now), "the other is on its way")
	assert.Equal(t, 2, d.atHand(1, now.Add(2*depthLag)), "the engine may be slow")
	assert.Equal(t, 3, d.atHand(3, now), "the engine knows of more")
	assert.Equal(t, 0, d.atHand(0, now.Add(2*statsLag)), "not as slow as that")
	d.comes(now.Add(2 * statsLag))
	d.coming, d.n = 1, 3
	assert.Equal(t, 2, d.atHand(1, now.Add(2*statsLag)), "what is about to be published is not there yet")
	d.n = -1
	assert.Equal(t, 1, d.atHand(1, now.Add(2*statsLag)), "what was there at the start is known to the engine alone")
}

func TestLately(t *testing.T) {
	t.Parallel()
	now := time.Now()
	var l lately
	assert.Zero(t, l.count(now, depthLag))
	l.add(now, depthLag)
	l.add(now.Add(depthLag-1), depthLag)
	assert.Equal(t, 2, l.count(now.Add(depthLag-1), depthLag))
	assert.Equal(t, 2, l.count(now.Add(2*depthLag-1), depthLag), "the second is not old enough")
	assert.Zero(t, l.count(now.Add(3*depthLag), depthLag))
}
