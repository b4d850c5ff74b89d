package ratelimit_test

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/ratelimit"
	"github.com/alertwire/alertwire/ratelimit/ratelimittest"
)

func TestMemory(t *testing.T) {
	ratelimittest.TestStore(t, func(*testing.T) ratelimit.Store { return new(ratelimit.Memory) })
}

func TestSmallMemory(t *testing.T) {
	ratelimittest.TestStore(t, func(*testing.T) ratelimit.Store { return &ratelimit.Memory{MaxKeys: 50} })
}

// hammer calls f from n goroutines that begin together.
func hammer(n int, f func(i int)) {
	var ready, group sync.WaitGroup
	ready.Add(n)
	for i := range n {
		group.Go(func() {
			ready.Done()
			ready.Wait()
			f(i)
		})
	}
	group.Wait()
}

func TestTwoGoroutinesAdmitExactlyTheBurst(t *testing.T) {
	const burst = 50_000
	l := newLimiter(t, ratelimit.Rate{Events: burst, Per: 1000 * time.Hour}, ratelimit.Options{})
	var admitted atomic.Int64
	hammer(2, func(int) {
		for range burst {
			if l.Allow("k") {
				admitted.Add(1)
			}
		}
	})
	assert.EqualValues(t, burst, admitted.Load())
}

func TestFirstUseFromManyGoroutinesMakesOneBucket(t *testing.T) {
	for range 200 {
		l := newLimiter(t, ratelimit.Rate{Events: 1, Per: time.Hour}, ratelimit.Options{Store: &ratelimit.Memory{MaxKeys: 1}})
		var admitted atomic.Int64
		hammer(4, func(int) {
			if l.Allow("k") {
				admitted.Add(1)
			}
		})
		require.EqualValues(t, 1, admitted.Load())
	}
}

// While slots change their owners all the time, the key that is in use keeps its
// own, and is charged for everything it is admitted.
func TestExactAmongFreshKeys(t *testing.T) {
	store := &ratelimit.Memory{MaxKeys: 1}
	busy := newLimiter(t, ratelimit.Rate{Events: 1000, Per: 1000 * time.Hour}, ratelimit.Options{Store: store})
	fresh := newLimiter(t, perMinute, ratelimit.Options{Store: store})
	var admitted atomic.Int64
	hammer(4, func(g int) {
		for i := range 5000 {
			if g%2 == 0 {
				fresh.Allow(strconv.Itoa(g*5000 + i))
			} else if busy.Allow("k") {
				admitted.Add(1)
			}
		}
	})
	assert.EqualValues(t, 1000, admitted.Load())
	assert.NotZero(t, store.Evictions())
}

// A flood of new keys lets no more than one in a thousand of those in again that
// had spent everything.
func TestFloodKeepsExhaustedClientsOut(t *testing.T) {
	const clients = 1000
	flood := 1_000_000
	if testing.Short() || racing {
		flood = 100_000
	}
	l := newLimiter(t, ratelimit.Rate{Events: 100, Per: 100 * time.Hour}, ratelimit.Options{})
	for i := range clients {
		d, err := l.Take(t.Context(), "client "+strconv.Itoa(i), 100)
		require.NoError(t, err)
		require.True(t, d.OK)
	}
	refused := 0
	for i := range flood {
		if !l.Allow("fresh " + strconv.Itoa(i)) {
			refused++
		}
	}
	assert.Zero(t, refused, "fresh keys that were refused")
	early := 0
	for i := range clients {
		if l.Allow("client " + strconv.Itoa(i)) {
			early++
		}
	}
	assert.LessOrEqual(t, early, clients/1000)
}

func TestFloodTakesNoMemory(t *testing.T) {
	store := &ratelimit.Memory{MaxKeys: 1000}
	l := newLimiter(t, ratelimit.Rate{Events: 100, Per: time.Hour}, ratelimit.Options{Store: store})
	l.Allow("the first makes the table")
	keys := make([]string, 20_000)
	for i := range keys {
		keys[i] = strconv.Itoa(i)
	}
	allocs := testing.AllocsPerRun(1, func() {
		for _, k := range keys {
			l.Allow(k)
		}
	})
	assert.Less(t, allocs, 20.0, "the runtime makes some of its own, and none for each key")
	assert.Greater(t, store.Evictions(), uint64(10_000))
}

func TestEvictions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &ratelimit.Memory{MaxKeys: 1} // which is one bucket of eight
		l := newLimiter(t, ratelimit.Rate{Events: 10, Per: 10 * time.Second}, ratelimit.Options{Store: store})
		for i := range 8 {
			_, err := l.Take(t.Context(), strconv.Itoa(i), i+1)
			require.NoError(t, err)
		}
		assert.Zero(t, store.Evictions(), "there is room for eight")

		assert.True(t, l.Allow("ninth"))
		assert.EqualValues(t, 1, store.Evictions())
		for i := 1; i < 8; i++ {
			d, err := l.Take(t.Context(), strconv.Itoa(i), 0)
			require.NoError(t, err)
			assert.Equal(t, 9-i, d.Remaining, "not the one that would be full first was evicted")
		}

		time.Sleep(2 * time.Second) // the ninth and 1 are full again
		assert.True(t, l.Allow("tenth"))
		assert.True(t, l.Allow("eleventh"))
		assert.EqualValues(t, 1, store.Evictions(), "a full bucket is no loss")
		assert.True(t, l.Allow("twelfth"))
		assert.EqualValues(t, 2, store.Evictions())
	})
}

// Who takes the place of a key owes at least as much, so that keys which are
// forgotten in turns win nothing.
func TestNewKeyInheritsTheDebt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(t, ratelimit.Rate{Events: 10, Per: 10 * time.Second}, ratelimit.Options{Store: &ratelimit.Memory{MaxKeys: 1}})
		for i := range 8 {
			_, err := l.Take(t.Context(), strconv.Itoa(i), 9)
			require.NoError(t, err)
		}
		d, err := l.Take(t.Context(), "ninth", 1)
		require.NoError(t, err)
		assert.Equal(t, ratelimit.Decision{OK: true, Limit: 10, Remaining: 0, Reset: 9*time.Second + 1}, d)
	})
}

func TestMaxKeysIsRoomEnough(t *testing.T) {
	for _, keys := range []int{1, 8, 9, 1000, 0} {
		t.Run(strconv.Itoa(keys), func(t *testing.T) {
			store := &ratelimit.Memory{MaxKeys: keys}
			l := newLimiter(t, ratelimit.Rate{Events: 1, Per: time.Hour}, ratelimit.Options{Store: store})
			if keys == 0 {
				keys = 65_536
			}
			for i := range keys {
				require.True(t, l.Allow(strconv.Itoa(i)))
			}
			// It depends on the seed of the hashes, which is that of the process: of
			// 1000 keys 9 are evicted, give or take 4.
			assert.LessOrEqual(t, store.Evictions(), uint64(keys/25), "of %d keys", keys)
		})
	}
}

func TestManyLimitsInOneTake(t *testing.T) {
	var store ratelimit.Memory
	reqs := make([]ratelimit.Request, 20)
	for i := range reqs {
		reqs[i] = ratelimit.Request{Key: strconv.Itoa(i), Rate: perMinute, N: 1}
	}
	out := make([]ratelimit.Decision, len(reqs))
	require.NoError(t, store.Take(context.Background(), reqs, out))
	for _, d := range out {
		assert.Equal(t, 99, d.Remaining)
	}
}

func TestNoAllocations(t *testing.T) {
	ctx := t.Context()
	l := newLimiter(t, plenty, ratelimit.Options{})
	var store ratelimit.Memory
	reqs := []ratelimit.Request{{Name: "ip", Key: "192.0.2.7", Rate: plenty, N: 1}, {Name: "all", Rate: plenty, N: 1}}
	out := make([]ratelimit.Decision, 2)
	tests := map[string]func(){
		"Allow":       func() { l.Allow("k") },
		"Take":        func() { _, _ = l.Take(ctx, "k", 1) },
		"Wait":        func() { _ = l.Wait(ctx, "k") },
		"Memory.Take": func() { _ = store.Take(ctx, reqs, out) },
	}
	for name, f := range tests {
		t.Run(name, func(t *testing.T) { assert.Zero(t, testing.AllocsPerRun(100, f)) })
	}
}
