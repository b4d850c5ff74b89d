package ratelimit_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/ratelimit"
)

var perMinute = ratelimit.Rate{Events: 100, Per: time.Minute}

func TestTakeOverTime(t *testing.T) {
	type step struct {
		after time.Duration
		n     int
		want  ratelimit.Decision
	}
	tests := []struct {
		name  string
		rate  ratelimit.Rate
		steps []step
	}{
		{"refills at the nanosecond", ratelimit.Rate{Events: 2, Per: time.Minute}, []step{
			{0, 1, ratelimit.Decision{OK: true, Limit: 2, Remaining: 1, Reset: 30 * time.Second}},
			{0, 1, ratelimit.Decision{OK: true, Limit: 2, Reset: time.Minute}},
			{0, 1, ratelimit.Decision{Limit: 2, Reset: time.Minute, RetryAfter: 30 * time.Second}},
			{30*time.Second - 1, 1, ratelimit.Decision{Limit: 2, Reset: 30*time.Second + 1, RetryAfter: 1}},
			{1, 1, ratelimit.Decision{OK: true, Limit: 2, Reset: time.Minute}},
			{time.Minute - 1, 0, ratelimit.Decision{OK: true, Limit: 2, Remaining: 1, Reset: 1}},
			{1, 0, ratelimit.Decision{OK: true, Limit: 2, Remaining: 2}},
		}},
		{"does not save more than the burst", ratelimit.Rate{Events: 2, Per: time.Minute}, []step{
			{0, 2, ratelimit.Decision{OK: true, Limit: 2, Reset: time.Minute}},
			{24 * time.Hour, 2, ratelimit.Decision{OK: true, Limit: 2, Reset: time.Minute}},
			{0, 1, ratelimit.Decision{Limit: 2, Reset: time.Minute, RetryAfter: 30 * time.Second}},
		}},
		{"100 a minute can be 200 in the first", perMinute, []step{
			{0, 100, ratelimit.Decision{OK: true, Limit: 100, Reset: time.Minute}},
			{time.Minute, 100, ratelimit.Decision{OK: true, Limit: 100, Reset: time.Minute}},
		}},
		{"100 a minute are exact", perMinute, []step{
			{0, 100, ratelimit.Decision{OK: true, Limit: 100, Reset: time.Minute}},
			{600*time.Millisecond - 1, 1, ratelimit.Decision{Limit: 100, Reset: 59400*time.Millisecond + 1, RetryAfter: 1}},
			{1, 1, ratelimit.Decision{OK: true, Limit: 100, Reset: time.Minute}},
		}},
		{"burst smaller than the rate", ratelimit.Rate{Events: 60, Per: time.Minute, Burst: 1}, []step{
			{0, 1, ratelimit.Decision{OK: true, Limit: 1, Reset: time.Second}},
			{time.Second - 1, 1, ratelimit.Decision{Limit: 1, Reset: 1, RetryAfter: 1}},
			{1, 1, ratelimit.Decision{OK: true, Limit: 1, Reset: time.Second}},
		}},
		{"burst larger than the rate", ratelimit.Rate{Events: 1, Per: time.Minute, Burst: 3}, []step{
			{0, 3, ratelimit.Decision{OK: true, Limit: 3, Reset: 3 * time.Minute}},
			{time.Minute, 2, ratelimit.Decision{Limit: 3, Remaining: 1, Reset: 2 * time.Minute, RetryAfter: time.Minute}},
			{time.Minute, 2, ratelimit.Decision{OK: true, Limit: 3, Reset: 3 * time.Minute}},
		}},
		{"a refusal costs nothing", ratelimit.Rate{Events: 3, Per: 3 * time.Second}, []step{
			{0, 3, ratelimit.Decision{OK: true, Limit: 3, Reset: 3 * time.Second}},
			{0, 3, ratelimit.Decision{Limit: 3, Reset: 3 * time.Second, RetryAfter: 3 * time.Second}},
			{time.Second, 2, ratelimit.Decision{Limit: 3, Remaining: 1, Reset: 2 * time.Second, RetryAfter: time.Second}},
			{time.Second, 2, ratelimit.Decision{OK: true, Limit: 3, Reset: 3 * time.Second}},
		}},
		{"peeking at an empty bucket", ratelimit.Rate{Events: 1, Per: time.Second}, []step{
			{0, 1, ratelimit.Decision{OK: true, Limit: 1, Reset: time.Second}},
			{0, 0, ratelimit.Decision{Limit: 1, Reset: time.Second, RetryAfter: time.Second}},
			{time.Second, 0, ratelimit.Decision{OK: true, Limit: 1, Remaining: 1}},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLimiter(t, tt.rate, ratelimit.Options{})
				for i, s := range tt.steps {
					time.Sleep(s.after)
					got, err := l.Take(t.Context(), "k", s.n)
					require.NoError(t, err)
					require.Equal(t, s.want, got, "step %d", i)
				}
			})
		})
	}
}

func TestTakeRefusesBadCosts(t *testing.T) {
	ctx := t.Context()
	stores := map[string]ratelimit.Store{"Memory": new(ratelimit.Memory), "other": remote{new(ratelimit.Memory)}}
	for name, store := range stores {
		t.Run(name, func(t *testing.T) {
			l := newLimiter(t, ratelimit.Rate{Events: 5, Per: time.Hour}, ratelimit.Options{Store: store})
			d, err := l.Take(ctx, "k", 6)
			require.ErrorIs(t, err, ratelimit.ErrOversize)
			assert.Equal(t, ratelimit.Decision{Limit: 5}, d, "no Retry-After, since no waiting helps")
			d, err = l.Take(ctx, "k", -1)
			require.ErrorIs(t, err, ratelimit.ErrInvalid)
			assert.False(t, d.OK)
			d, err = l.Take(ctx, "k", 5)
			require.NoError(t, err)
			assert.True(t, d.OK, "a bad cost was charged")

			never := newLimiter(t, ratelimit.Rate{}, ratelimit.Options{Store: store})
			assert.False(t, never.Allow("k"))
			_, err = never.Take(ctx, "k", 1)
			require.ErrorIs(t, err, ratelimit.ErrOversize)
			require.ErrorIs(t, never.Wait(ctx, "k"), ratelimit.ErrOversize)
		})
	}
}

// remote hides that a store is a Memory.
type remote struct{ *ratelimit.Memory }

// broken is a store that always fails.
type broken struct{ err error }

func (b broken) Take(context.Context, []ratelimit.Request, []ratelimit.Decision) error { return b.err }

func TestAllow(t *testing.T) {
	stores := map[string]ratelimit.Store{"Memory": nil, "other": remote{new(ratelimit.Memory)}}
	for name, store := range stores {
		t.Run(name, func(t *testing.T) {
			l := newLimiter(t, ratelimit.Rate{Events: 2, Per: time.Hour}, ratelimit.Options{Store: store})
			for _, key := range []string{"a", "b", ""} {
				assert.True(t, l.Allow(key))
				assert.True(t, l.Allow(key))
				assert.False(t, l.Allow(key))
			}
		})
	}
	t.Run("a store that fails", func(t *testing.T) {
		l := newLimiter(t, perMinute, ratelimit.Options{Store: broken{errors.New("down")}})
		assert.False(t, l.Allow("k"))
	})
}

func TestRateFor(t *testing.T) {
	rates := map[string]ratelimit.Rate{
		"three":   {Events: 3, Per: time.Hour},
		"blocked": {},
		"bad":     {Events: -1},
	}
	stores := map[string]ratelimit.Store{"Memory": nil, "other": remote{new(ratelimit.Memory)}}
	for name, store := range stores {
		t.Run(name, func(t *testing.T) {
			l := newLimiter(t, perMinute, ratelimit.Options{
				Store:   store,
				RateFor: func(key string) ratelimit.Rate { return rates[key] },
			})
			d, err := l.Take(t.Context(), "three", 3)
			require.NoError(t, err)
			assert.True(t, d.OK)
			assert.False(t, l.Allow("three"))
			assert.False(t, l.Allow("blocked"))
			_, err = l.Take(t.Context(), "blocked", 1)
			require.ErrorIs(t, err, ratelimit.ErrOversize)
			assert.False(t, l.Allow("bad"))
			_, err = l.Take(t.Context(), "bad", 1)
			require.ErrorIs(t, err, ratelimit.ErrInvalid)
		})
	}
}

func TestRateThatChangesKeepsTheDebt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rate := ratelimit.Rate{Events: 1, Per: time.Hour}
		l := newLimiter(t, rate, ratelimit.Options{RateFor: func(string) ratelimit.Rate { return rate }})
		assert.True(t, l.Allow("k"))
		rate = ratelimit.Rate{Events: 60, Per: time.Minute}
		d, err := l.Take(t.Context(), "k", 1)
		require.NoError(t, err)
		assert.Equal(t, ratelimit.Decision{Limit: 60, Reset: time.Hour, RetryAfter: 59*time.Minute + time.Second}, d)
		time.Sleep(d.RetryAfter)
		assert.True(t, l.Allow("k"), "the time it was told is not the time it takes")
	})
}

func TestExempt(t *testing.T) {
	l := newLimiter(t, ratelimit.Rate{Events: 1, Per: time.Hour}, ratelimit.Options{
		Store:  broken{errors.New("not to be asked")},
		Exempt: func(key string) bool { return key == "probe" },
	})
	for range 3 {
		assert.True(t, l.Allow("probe"))
	}
	require.NoError(t, l.Wait(t.Context(), "probe"))
	assert.False(t, l.Allow("other"))
}

func TestNewChecksTheName(t *testing.T) {
	tests := []struct {
		name    string
		wantErr error
	}{
		{"", nil},
		{"per-ip_2.b/c", nil},
		{strings.Repeat("x", 64), nil},
		{strings.Repeat("x", 65), ratelimit.ErrInvalid},
		{"a:b", ratelimit.ErrInvalid},
		{"a b", ratelimit.ErrInvalid},
		{`"`, ratelimit.ErrInvalid},
		{"{}", ratelimit.ErrInvalid},
		{"ü", ratelimit.ErrInvalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ratelimit.New(perMinute, ratelimit.Options{Name: tt.name})
			require.ErrorIs(t, err, tt.wantErr)
		})
	}
}

func TestNamesKeepLimitersApart(t *testing.T) {
	store := new(ratelimit.Memory)
	a := newLimiter(t, ratelimit.Rate{Events: 1, Per: time.Hour}, ratelimit.Options{Store: store, Name: "a"})
	b := newLimiter(t, ratelimit.Rate{Events: 1, Per: time.Hour}, ratelimit.Options{Store: store, Name: "b"})
	same := newLimiter(t, ratelimit.Rate{Events: 1, Per: time.Hour}, ratelimit.Options{Store: store, Name: "a"})
	assert.True(t, a.Allow("k"))
	assert.True(t, b.Allow("k"))
	assert.False(t, same.Allow("k"))
	assert.True(t, a.Allow("b"))
	assert.True(t, b.Allow("a"), "name and key can be swapped")
}

func TestReset(t *testing.T) {
	l := newLimiter(t, ratelimit.Rate{Events: 1, Per: time.Hour}, ratelimit.Options{Name: "a"})
	assert.True(t, l.Allow("k"))
	assert.True(t, l.Allow("other"))
	require.NoError(t, l.Reset(t.Context(), "k"))
	assert.True(t, l.Allow("k"))
	assert.False(t, l.Allow("k"))
	assert.False(t, l.Allow("other"))

	l = newLimiter(t, perMinute, ratelimit.Options{Store: broken{}})
	require.ErrorIs(t, l.Reset(t.Context(), "k"), errors.ErrUnsupported)
}

// A constructor whose error was ignored must not admit, nor panic when asked.
func TestZeroLimiterAdmitsNothing(t *testing.T) {
	l := new(ratelimit.Limiter)
	assert.False(t, l.Allow("k"))
	_, err := l.Take(t.Context(), "k", 0)
	require.ErrorIs(t, err, ratelimit.ErrInvalid)
	require.ErrorIs(t, l.Wait(t.Context(), "k"), ratelimit.ErrOversize)
	require.ErrorIs(t, l.Reset(t.Context(), "k"), errors.ErrUnsupported)
}

func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(t, ratelimit.Rate{Events: 1, Per: time.Second}, ratelimit.Options{})
		start := time.Now()
		for range 4 {
			require.NoError(t, l.Wait(t.Context(), "k"))
		}
		assert.Equal(t, 3*time.Second, time.Since(start))
	})
}

func TestWaitOfMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(t, ratelimit.Rate{Events: 10, Per: time.Second, Burst: 1}, ratelimit.Options{})
		start := time.Now()
		errs := make(chan error)
		for range 50 {
			go func() { errs <- l.Wait(t.Context(), "k") }()
		}
		for range 50 {
			require.NoError(t, <-errs)
		}
		assert.Equal(t, 4900*time.Millisecond, time.Since(start))
	})
}

func TestWaitEnds(t *testing.T) {
	cause := errors.New("shutting down")
	tests := []struct {
		name    string
		context func() (context.Context, context.CancelFunc)
		wantErr error
		took    time.Duration
	}{
		{"deadline too near", func() (context.Context, context.CancelFunc) {
			return context.WithTimeout(context.Background(), time.Minute-1)
		}, context.DeadlineExceeded, 0},
		{"deadline just far enough", func() (context.Context, context.CancelFunc) {
			return context.WithTimeout(context.Background(), time.Minute+1)
		}, nil, time.Minute},
		{"cancelled before", func() (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancelCause(context.Background())
			cancel(cause)
			return ctx, func() { cancel(nil) }
		}, cause, 0},
		{"cancelled meanwhile", func() (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancelCause(context.Background())
			time.AfterFunc(time.Second, func() { cancel(cause) })
			return ctx, func() { cancel(nil) }
		}, cause, time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLimiter(t, ratelimit.Rate{Events: 1, Per: time.Minute}, ratelimit.Options{})
				require.True(t, l.Allow("k"))
				ctx, cancel := tt.context()
				defer cancel()
				start := time.Now()
				require.ErrorIs(t, l.Wait(ctx, "k"), tt.wantErr)
				assert.Equal(t, tt.took, time.Since(start))
			})
		})
	}
}

// A store that refuses and says that there is nothing to wait for is not asked
// without a pause.
func TestWaitDoesNotSpin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		l := newLimiter(t, perMinute, ratelimit.Options{Store: takeFunc(func(_ []ratelimit.Request, out []ratelimit.Decision) error {
			calls++
			out[0] = ratelimit.Decision{}
			return nil
		})})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		require.ErrorIs(t, l.Wait(ctx, "k"), context.DeadlineExceeded)
		assert.LessOrEqual(t, calls, 11)
	})
}

type takeFunc func(reqs []ratelimit.Request, out []ratelimit.Decision) error

func (f takeFunc) Take(_ context.Context, reqs []ratelimit.Request, out []ratelimit.Decision) error {
	return f(reqs, out)
}
