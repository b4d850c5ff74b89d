package ratelimit_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/ratelimit"
	"github.com/alertwire/alertwire/ratelimit/ratelimittest"
)

// flaky is a store that fails while err is set.
type flaky struct {
	ratelimit.Memory
	err error
}

func (f *flaky) Take(ctx context.Context, reqs []ratelimit.Request, out []ratelimit.Decision) error {
	if f.err != nil {
		return f.err
	}
	return f.Memory.Take(ctx, reqs, out)
}

var errDown = errors.New("connection refused")

func TestFallback(t *testing.T) {
	t.Run("healthy", func(t *testing.T) {
		ratelimittest.TestStore(t, func(*testing.T) ratelimit.Store {
			return &ratelimit.Fallback{Store: new(ratelimit.Memory), Instances: 3}
		})
	})
}

func TestFallbackDecidesWhileTheStoreFails(t *testing.T) {
	store := &flaky{err: errDown}
	var changes []error
	f := &ratelimit.Fallback{Store: store, Instances: 3, OnChange: func(err error) { changes = append(changes, err) }}
	l := newLimiter(t, ratelimit.Rate{Events: 10, Per: time.Hour}, ratelimit.Options{Store: f})
	for i := range 4 {
		d, err := l.Take(t.Context(), "k", 1)
		require.NoError(t, err)
		assert.True(t, d.OK)
		assert.True(t, d.Degraded)
		assert.Equal(t, 4, d.Limit, "a third of ten, rounded up")
		assert.Equal(t, 3-i, d.Remaining)
	}
	d, err := l.Take(t.Context(), "k", 1)
	require.NoError(t, err)
	assert.False(t, d.OK)
	assert.Equal(t, []error{errDown}, changes)

	store.err = nil
	d, err = l.Take(t.Context(), "k", 1)
	require.NoError(t, err)
	assert.Equal(t, 9, d.Remaining)
	assert.False(t, d.Degraded)
	assert.Equal(t, []error{errDown, nil}, changes)
}

func TestFallbackRefillsItsShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &ratelimit.Fallback{Store: &flaky{err: errDown}, Instances: 2}
		l := newLimiter(t, ratelimit.Rate{Events: 60, Per: time.Minute}, ratelimit.Options{Store: f})
		d, err := l.Take(t.Context(), "k", 30)
		require.NoError(t, err)
		assert.True(t, d.OK)
		d, err = l.Take(t.Context(), "k", 1)
		require.NoError(t, err)
		assert.Equal(t, ratelimit.Decision{Limit: 30, Reset: time.Minute, RetryAfter: 2 * time.Second, Degraded: true}, d)
	})
}

// Who was exhausted when the store failed is so afterwards, also if it was other
// instances that admitted it.
func TestFallbackIsWarm(t *testing.T) {
	store := &flaky{}
	f := &ratelimit.Fallback{Store: store, Instances: 2}
	here := newLimiter(t, ratelimit.Rate{Events: 10, Per: time.Hour}, ratelimit.Options{Store: f})
	elsewhere := newLimiter(t, ratelimit.Rate{Events: 10, Per: time.Hour}, ratelimit.Options{Store: &store.Memory})
	_, err := here.Take(t.Context(), "a", 3)
	require.NoError(t, err)
	_, err = elsewhere.Take(t.Context(), "b", 10)
	require.NoError(t, err)
	assert.False(t, here.Allow("b"))

	store.err = errDown
	d, err := here.Take(t.Context(), "a", 0)
	require.NoError(t, err)
	assert.Equal(t, 2, d.Remaining, "of the share of five")
	assert.False(t, here.Allow("b"))
	assert.True(t, here.Allow("c"))
}

func TestFallbackTakesWhatFits(t *testing.T) {
	f := &ratelimit.Fallback{Store: &flaky{err: errDown}, Instances: 4}
	l := newLimiter(t, ratelimit.Rate{Events: 8, Per: time.Hour}, ratelimit.Options{Store: f})
	d, err := l.Take(t.Context(), "k", 5)
	require.NoError(t, err, "5 of 8 are not oversize, though the share is 2")
	assert.True(t, d.OK)
	d, err = l.Take(t.Context(), "k", 1)
	require.NoError(t, err)
	assert.False(t, d.OK)
}

func TestFallbackRefusesNonsense(t *testing.T) {
	out := make([]ratelimit.Decision, 1)
	bad := []ratelimit.Request{{Rate: ratelimit.Rate{Events: 1, Per: time.Hour}, N: -1}}
	big := []ratelimit.Request{{Rate: ratelimit.Rate{Events: 1, Per: time.Hour}, N: 2}}
	for name, store := range map[string]ratelimit.Store{"healthy": new(ratelimit.Memory), "down": &flaky{err: errDown}} {
		t.Run(name, func(t *testing.T) {
			f := &ratelimit.Fallback{Store: store, OnChange: func(error) {}}
			require.ErrorIs(t, f.Take(t.Context(), bad, out), ratelimit.ErrInvalid)
			require.ErrorIs(t, f.Take(t.Context(), big, out), ratelimit.ErrOversize)
		})
	}
	require.ErrorIs(t, new(ratelimit.Fallback).Take(t.Context(), bad, out), ratelimit.ErrInvalid)
}

// A rate that cannot be divided is not: better too much than an error.
func TestFallbackOfTheSlowestRate(t *testing.T) {
	for _, rate := range []ratelimit.Rate{{Events: 1, Per: 36 * year}, {Events: 1 << 30, Per: 1 << 59}} {
		f := &ratelimit.Fallback{Store: &flaky{err: errDown}, Instances: 100}
		l := newLimiter(t, rate, ratelimit.Options{Store: f})
		assert.True(t, l.Allow("k"))
	}
}

// The store did not fail if it was the caller who gave up.
func TestFallbackOfCancelledCallers(t *testing.T) {
	f := &ratelimit.Fallback{
		Store:    takeFunc(func([]ratelimit.Request, []ratelimit.Decision) error { return context.Canceled }),
		OnChange: func(err error) { t.Errorf("change: %v", err) },
	}
	l := newLimiter(t, perMinute, ratelimit.Options{Store: f})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	d, err := l.Take(ctx, "k", 1)
	require.NoError(t, err)
	assert.True(t, d.Degraded)
}

func TestFallbackReset(t *testing.T) {
	store := &flaky{}
	l := newLimiter(t, ratelimit.Rate{Events: 1, Per: time.Hour}, ratelimit.Options{Store: &ratelimit.Fallback{Store: store}})
	assert.True(t, l.Allow("k"))
	require.NoError(t, l.Reset(t.Context(), "k"))
	store.err = errDown
	assert.True(t, l.Allow("k"), "the local bucket was not reset")
	assert.False(t, l.Allow("k"))

	l = newLimiter(t, perMinute, ratelimit.Options{Store: &ratelimit.Fallback{Store: broken{}}})
	require.ErrorIs(t, l.Reset(t.Context(), "k"), errors.ErrUnsupported)
}
