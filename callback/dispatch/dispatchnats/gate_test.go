package dispatchnats

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/alertwire/alertwire/callback/dispatch"
)

func TestGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		g.limit(2)
		var in atomic.Int32
		var wg sync.WaitGroup
		release := make(chan struct{})
		for range 5 {
			wg.Go(func() {
				assert.True(t, g.enter(t.Context()))
				in.Add(1)
				<-release
				g.exit()
			})
		}
		synctest.Wait()
		assert.Equal(t, int32(2), in.Load())
		g.limit(4)
		synctest.Wait()
		assert.Equal(t, int32(4), in.Load())

		ctx, cancel := context.WithCancel(t.Context())
		wg.Go(func() { assert.False(t, g.enter(ctx)) })
		synctest.Wait()
		cancel()
		synctest.Wait()
		close(release)
		wg.Wait()
		assert.Equal(t, int32(5), in.Load())
		assert.False(t, g.enter(ctx), "there is room, but it is over")
		assert.Zero(t, g.in)
	})
}

func TestPace(t *testing.T) {
	now := time.Unix(100, 0)
	p := newPace(dispatch.Rate{Events: 2, Per: time.Second, Burst: 3})
	var waits []time.Duration
	for range 5 {
		waits = append(waits, p.reserve(now))
	}
	ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	assert.Equal(t, []time.Duration{0, 0, 0, ms(500), ms(1000)}, waits)
	assert.Equal(t, ms(500), p.reserve(now.Add(time.Second)))
	assert.Zero(t, p.reserve(now.Add(time.Hour)))

	var none pace
	assert.Zero(t, none.reserve(now))
}
