package ratelimit

import (
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The time is that of the monotonic clock, so that steps of the wall clock
// neither give nor take.
func TestClockIsMonotonic(t *testing.T) {
	assert.Contains(t, epoch.String(), " m=")
	assert.Greater(t, clock(), int64(maxSpan), "the word of a bucket that was never used is in the past")
	assert.Greater(t, clock()+2*maxSpan, clock(), "the latest time overflows")
}

// A decision looks at one bucket of eight slots, however full the table is, and
// changes one of them.
func TestDecisionChangesOneSlot(t *testing.T) {
	table := newTable(1000)
	now := clock()
	for h := range uint64(100_000) {
		table.take(h*0x9E3779B97F4A7C15, now, 1000, 10_000)
	}
	assert.EqualValues(t, 128, unsafe.Sizeof(bucket{}))
	const h = 0xABCDEF0123456789
	before := snapshot(table)
	table.take(h, now, 1000, 10_000)
	var changed []int
	for i, s := range snapshot(table) {
		if s != before[i] {
			changed = append(changed, i)
		}
	}
	require.Len(t, changed, 1)
	assert.Equal(t, int(uint64(h)>>table.shift), changed[0]/ways)
}

func snapshot(t *table) (slots [][2]uint64) {
	for i := range t.buckets {
		for j := range t.buckets[i] {
			s := &t.buckets[i][j]
			slots = append(slots, [2]uint64{s.hash.Load(), uint64(s.tat.Load())})
		}
	}
	return slots
}

// The word of a slot is later after each change of its owner. Who has read the
// word of the one cannot swap that of the other.
func TestWordsOnlyGrowFromOwnerToOwner(t *testing.T) {
	table := newTable(1)
	now := clock()
	words := make(map[*slot]int64)
	for h := uint64(1); h < 10_000; h++ {
		step := int64(h*h%977) + 1
		tat, ok := table.take(h, now+int64(h%7), step, 1000)
		require.True(t, ok)
		s := table.bucket(h).find(h)
		require.NotNil(t, s)
		require.Equal(t, tat, s.tat.Load())
		require.Greater(t, tat, words[s])
		words[s] = tat
	}
}

func TestTableSize(t *testing.T) {
	tests := []struct{ maxKeys, slots int }{
		{1, 8},
		{4, 8},
		{5, 16},
		{8, 16},
		{9, 32},
		{1000, 2048},
		{1024, 2048},
		{1025, 4096},
		{0, 131072},
		{-1, 131072},
	}
	for _, tt := range tests {
		assert.Len(t, newTable(tt.maxKeys).buckets, tt.slots/ways, "for %d keys", tt.maxKeys)
	}
}

// Hashes of one process are of no use in another.
func TestHashIsSeeded(t *testing.T) {
	assert.NotEqual(t, hashOf("a", 0), hashOf("b", 0))
	assert.NotEqual(t, hashOf("a", saltOf("b")), hashOf("b", saltOf("a")))
	assert.Equal(t, hashOf(strings.Repeat("a", 3), 0), hashOf("aaa", saltOf("")))
}

func TestUndo(t *testing.T) {
	table := newTable(1)
	now := clock()
	table.take(1, now, 1000, 10_000)
	table.take(1, now, 500, 10_000)
	table.undo(1, 500)
	assert.Equal(t, now+1000, table.peek(1))
	table.undo(2, 500) // has no slot
	assert.Zero(t, table.peek(2))
	table.undo(1, -1)
	assert.Zero(t, table.peek(1))
}

// When the second limit is used up between looking and taking, the first gets
// back what it was charged. Here the two are the same bucket, which looks full
// enough to each of them.
func TestTakeAllUndoes(t *testing.T) {
	table := newTable(1)
	now := clock()
	g := gcra{step: 1000, span: 3000, burst: 3}
	asks := []ask{
		{table: table, hash: 1, gcra: g, cost: 2000},
		{table: table, hash: 2, gcra: g, cost: 2000},
		{table: table, hash: 1, gcra: g, cost: 2000},
	}
	require.True(t, lookAll(asks, now))
	require.False(t, takeAll(asks, now))
	assert.LessOrEqual(t, table.peek(1), now)
	assert.LessOrEqual(t, table.peek(2), now)
	assert.Equal(t, 3, asks[0].decision(now).Remaining)
	assert.True(t, asks[1].decision(now).OK)
	assert.False(t, asks[2].decision(now).OK)
}

// A goroutine that found a slot, and is late, notices that the owner changed.
func TestWordOfAFormerOwner(t *testing.T) {
	table := newTable(1)
	now := clock()
	table.take(1, now, 1000, 10_000)
	s := table.bucket(1).find(1)
	_, ok := s.word(1)
	require.True(t, ok)
	for h := uint64(2); s.hash.Load() == 1; h++ {
		table.take(h, now, 2000, 10_000)
	}
	_, ok = s.word(1)
	assert.False(t, ok)
	s.tat.Store(busy)
	_, ok = s.word(s.hash.Load())
	assert.False(t, ok)
}
