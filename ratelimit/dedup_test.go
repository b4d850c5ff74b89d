package ratelimit_test

import (
	"errors"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/ratelimit"
)

var errFailed = errors.New("delivery failed")

func TestSeen(t *testing.T) {
	type step struct {
		after time.Duration
		want  bool
	}
	tests := []struct {
		name  string
		dedup *ratelimit.Dedup
		steps []step
	}{
		{"60 seconds from the first by default", &ratelimit.Dedup{}, []step{
			{0, false}, {0, true}, {30 * time.Second, true}, {30*time.Second - 1, true}, {1, false}, {0, true}}},
		{"other window", &ratelimit.Dedup{Window: time.Hour}, []step{
			{0, false}, {time.Hour - 1, true}, {1, false}}},
		{"negative window", &ratelimit.Dedup{Window: -1}, []step{
			{0, false}, {time.Minute - 1, true}, {1, false}}},
		{"endless window", &ratelimit.Dedup{Window: 1<<63 - 1}, []step{
			{0, false}, {36 * year, true}}},
		{"quiet for 60 seconds", &ratelimit.Dedup{Quiet: true}, []step{
			{0, false}, {time.Minute - 1, true}, {time.Minute - 1, true}, {time.Minute - 1, true}, {time.Minute, false}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				repeats := uint64(0)
				for i, s := range tt.steps {
					time.Sleep(s.after)
					require.Equal(t, s.want, tt.dedup.Seen("id"), "step %d", i)
					if s.want {
						repeats++
					}
				}
				assert.Equal(t, repeats, tt.dedup.Duplicates())
				assert.Zero(t, tt.dedup.Evictions())
			})
		})
	}
}

func TestSeenTellsIDsApart(t *testing.T) {
	var d ratelimit.Dedup
	assert.False(t, d.Seen("a"))
	assert.False(t, d.Seen("b"))
	assert.True(t, d.Seen("a"))
	assert.False(t, d.Seen("A"))
	for range 2 {
		assert.False(t, d.Seen(""), "messages without an id are not all the same")
	}
	assert.EqualValues(t, 1, d.Duplicates())
}

func reserve(t *testing.T, d *ratelimit.Dedup, id string) func(error) {
	t.Helper()
	done, fresh, err := d.Reserve(t.Context(), id)
	require.NoError(t, err)
	require.True(t, fresh)
	require.NotNil(t, done)
	return done
}

func assertKept(t *testing.T, d *ratelimit.Dedup, id string) {
	t.Helper()
	done, fresh, err := d.Reserve(t.Context(), id)
	require.NoError(t, err)
	assert.False(t, fresh)
	assert.Nil(t, done)
}

func assertInFlight(t *testing.T, d *ratelimit.Dedup, id string) {
	t.Helper()
	done, fresh, err := d.Reserve(t.Context(), id)
	require.ErrorIs(t, err, ratelimit.ErrInFlight)
	assert.False(t, fresh)
	assert.Nil(t, done)
}

func TestReserve(t *testing.T) {
	var d ratelimit.Dedup
	done := reserve(t, &d, "id")
	assertInFlight(t, &d, "id")
	assert.True(t, d.Seen("id"))
	assert.Zero(t, d.Duplicates(), "it is not known yet whether it is one")
	done(nil)
	assertKept(t, &d, "id")
	assert.EqualValues(t, 1, d.Duplicates())
	done(errFailed) // too late
	assertKept(t, &d, "id")
}

func TestReserveForgetsFailures(t *testing.T) {
	var d ratelimit.Dedup
	first := reserve(t, &d, "id")
	first(errFailed)
	second := reserve(t, &d, "id")
	first(nil) // of the one before
	assertInFlight(t, &d, "id")
	first(errFailed)
	assertInFlight(t, &d, "id")
	second(nil)
	assertKept(t, &d, "id")
}

// Some clocks are coarse: what was reserved, ended and reserved again between two
// ticks is told apart all the same.
func TestReserveWithinATick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, d := range []*ratelimit.Dedup{{}, {Quiet: true}} {
			var ended []func(error)
			for range 5 {
				done := reserve(t, d, "id")
				for _, earlier := range ended {
					earlier(nil)
					earlier(errFailed)
				}
				assertInFlight(t, d, "id")
				done(errFailed)
				ended = append(ended, done)
			}
			assert.False(t, d.Seen("id"), "all of them failed")
			for _, earlier := range ended {
				earlier(errFailed)
			}
			assertKept(t, d, "id")
			time.Sleep(time.Minute)
			reserve(t, d, "id")
		}
	})
}

func TestReserveOfNothing(t *testing.T) {
	var d ratelimit.Dedup
	done := reserve(t, &d, "")
	reserve(t, &d, "")(nil)
	done(errFailed)
}

func TestReserveOverTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d ratelimit.Dedup
		done := reserve(t, &d, "slow")
		time.Sleep(time.Minute - time.Nanosecond)
		assertInFlight(t, &d, "slow")
		done(nil)
		assertKept(t, &d, "slow")
		time.Sleep(time.Nanosecond) // the window counts from when it was first seen
		done = reserve(t, &d, "slow")

		time.Sleep(time.Minute)
		other := reserve(t, &d, "slow") // the one before lapsed
		done(nil)
		assertInFlight(t, &d, "slow")
		done(errFailed)
		assertInFlight(t, &d, "slow")
		other(nil)
		assertKept(t, &d, "slow")
	})
}

func TestReserveAmongMany(t *testing.T) {
	var d ratelimit.Dedup
	for round := range 100 {
		id := strconv.Itoa(round)
		var delivered, duplicates, inFlight atomic.Int64
		hammer(4, func(i int) {
			done, fresh, err := d.Reserve(t.Context(), id)
			switch {
			case errors.Is(err, ratelimit.ErrInFlight):
				inFlight.Add(1)
			case fresh:
				delivered.Add(1)
				done(nil)
			default:
				duplicates.Add(1)
			}
		})
		require.EqualValues(t, 1, delivered.Load())
		require.EqualValues(t, 3, duplicates.Load()+inFlight.Load())
	}
}

func TestDedupIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := ratelimit.Dedup{MaxKeys: 1} // which is one bucket of eight
		for i := range 8 {
			require.False(t, d.Seen(strconv.Itoa(i)))
			time.Sleep(time.Second)
		}
		assert.Zero(t, d.Evictions())
		assert.False(t, d.Seen("ninth"))
		assert.EqualValues(t, 1, d.Evictions())
		for i := 1; i < 8; i++ {
			assert.True(t, d.Seen(strconv.Itoa(i)), "not the oldest was forgotten")
		}
		assert.False(t, d.Seen("0"), "a duplicate gets through rather than a message is lost")
	})
}

// A reservation whose slot was taken is not there to be ended.
func TestReserveEvicted(t *testing.T) {
	d := ratelimit.Dedup{MaxKeys: 1}
	done := reserve(t, &d, "evicted")
	for i := range 100 {
		d.Seen(strconv.Itoa(i))
	}
	done(nil)
	done(errFailed)
	assert.False(t, d.Seen("evicted"))
}

func TestDedupAllocations(t *testing.T) {
	var d ratelimit.Dedup
	assert.Zero(t, testing.AllocsPerRun(100, func() { d.Seen("id") }))
}

func BenchmarkDedup(b *testing.B) {
	b.Run("repeat", func(b *testing.B) {
		var d ratelimit.Dedup
		b.ReportAllocs()
		for b.Loop() {
			d.Seen("id")
		}
	})
	b.Run("fresh", func(b *testing.B) {
		ids := make([]string, 1<<20)
		for i := range ids {
			ids[i] = strconv.Itoa(i)
		}
		var d ratelimit.Dedup
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			d.Seen(ids[i%len(ids)])
			i++
		}
	})
}
