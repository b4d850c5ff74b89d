package ratelimitredis_test

import (
	"context"
	"math"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/ratelimit"
	"github.com/alertwire/alertwire/ratelimit/ratelimitredis"
	"github.com/alertwire/alertwire/ratelimit/ratelimittest"
)

// patient are options for tests in which nothing fails.
var patient = ratelimitredis.Options{Timeout: patience}

func newStore(tb testing.TB, c redis.UniversalClient, o ratelimitredis.Options) *ratelimitredis.Store {
	tb.Helper()
	s, err := ratelimitredis.New(c, o)
	require.NoError(tb, err)
	return s
}

func TestStore(t *testing.T) {
	t.Parallel() // a cluster takes two seconds to begin
	kinds := map[string]func(testing.TB) redis.UniversalClient{
		"miniredis": func(tb testing.TB) redis.UniversalClient { return client(tb, miniredis.RunT(tb).Addr()) },
		"server":    func(tb testing.TB) redis.UniversalClient { return startServer(tb).client(tb) },
		"cluster":   startCluster,
		"sentinel":  startSentinel,
	}
	for name, connect := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStore(t, connect(t), patient)
			ratelimittest.TestStore(t, func(*testing.T) ratelimit.Store { return s })
		})
	}
	t.Run("without the deny cache", func(t *testing.T) {
		o := patient
		o.NoDenyCache = true
		s := newStore(t, anyServer(t), o)
		ratelimittest.TestStore(t, func(*testing.T) ratelimit.Store { return s })
	})
	t.Run("with a fallback", func(t *testing.T) {
		s := newStore(t, anyServer(t), patient)
		ratelimittest.TestStore(t, func(*testing.T) ratelimit.Store { return &ratelimit.Fallback{Store: s, Instances: 2} })
	})
}

func TestNewRefuses(t *testing.T) {
	c := client(t, "127.0.0.1:1")
	tests := []struct {
		name    string
		client  redis.UniversalClient
		options ratelimitredis.Options
		wantErr error
	}{
		{"nothing", c, ratelimitredis.Options{}, nil},
		{"a prefix", c, ratelimitredis.Options{Prefix: "my app:limits"}, nil},
		{"a brace", c, ratelimitredis.Options{Prefix: "a{b"}, ratelimit.ErrInvalid},
		{"braces", c, ratelimitredis.Options{Prefix: "{a}b"}, ratelimit.ErrInvalid},
		{"no client", nil, ratelimitredis.Options{}, ratelimit.ErrInvalid},
		{"negative timeout", c, ratelimitredis.Options{Timeout: -1}, ratelimit.ErrInvalid},
		{"negative deny cache", c, ratelimitredis.Options{DenyKeys: -1}, ratelimit.ErrInvalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ratelimitredis.New(tt.client, tt.options)
			require.ErrorIs(t, err, tt.wantErr)
		})
	}
}

func ask(key string, events int, per time.Duration, n int) ratelimit.Request {
	return ratelimit.Request{Name: "t", Key: key, Rate: ratelimit.Rate{Events: events, Per: per}, N: n}
}

func take(tb testing.TB, s ratelimit.Store, reqs ...ratelimit.Request) []ratelimit.Decision {
	tb.Helper()
	out := make([]ratelimit.Decision, len(reqs))
	require.NoError(tb, s.Take(context.Background(), reqs, out))
	return out
}

func TestKeys(t *testing.T) {
	ctx := t.Context()
	c := anyServer(t)
	o := patient
	o.Prefix = "app"
	s := newStore(t, c, o)
	long := strings.Repeat("x", 129)
	take(t, s, ask("a", 10, time.Hour, 0))
	require.Zero(t, c.DBSize(ctx).Val(), "asking without spending wrote something")

	take(t, s, ask("a", 10, time.Hour, 3), ask(long[1:], 10, time.Hour, 1), ask(long, 10, time.Hour, 1))
	keys := c.Keys(ctx, "*").Val()
	assert.ElementsMatch(t, []string{
		"{app}t:a",
		"{app}t:" + long[1:],
		"{app}t#0ec9eb33e74510bcdd1f2ea55206e82f21649c5c2becbf2b433eb475b34c01bd",
	}, keys)
	for _, k := range keys {
		ttl := c.PTTL(ctx, k).Val()
		assert.Greater(t, ttl, 5*time.Minute)
		assert.LessOrEqual(t, ttl, 18*time.Minute+time.Millisecond, "the bucket is full before")
	}
}

func TestKeysExpire(t *testing.T) {
	m := miniredis.RunT(t)
	s := newStore(t, client(t, m.Addr()), patient)
	take(t, s, ask("a", 10, 10*time.Second, 10))
	m.FastForward(10 * time.Second)
	assert.Len(t, m.Keys(), 1, "it is not full before")
	m.FastForward(time.Millisecond)
	assert.Empty(t, m.Keys())
}

// The clock of miniredis can be set.
func TestServerTime(t *testing.T) {
	m := miniredis.RunT(t)
	o := patient
	o.NoDenyCache = true
	s := newStore(t, client(t, m.Addr()), o)
	start := time.Unix(1_800_000_000, 0)
	m.SetTime(start)
	minute := func(n int) ratelimit.Request { return ask("k", 2, time.Minute, n) }

	assert.Equal(t, ratelimit.Decision{OK: true, Limit: 2, Reset: time.Minute}, take(t, s, minute(2))[0])
	m.SetTime(start.Add(30*time.Second - time.Microsecond))
	assert.Equal(t, ratelimit.Decision{Limit: 2, Reset: 30*time.Second + time.Microsecond, RetryAfter: time.Microsecond}, take(t, s, minute(1))[0])
	m.SetTime(start.Add(30 * time.Second))
	assert.Equal(t, ratelimit.Decision{OK: true, Limit: 2, Reset: time.Minute}, take(t, s, minute(1))[0])

	m.SetTime(start.Add(-time.Hour)) // the clock is set back, or another server has taken over
	assert.Equal(t, ratelimit.Decision{Limit: 2, Reset: time.Minute, RetryAfter: 30 * time.Second}, take(t, s, minute(1))[0])
	m.SetTime(start.Add(-time.Hour + 30*time.Second))
	assert.Equal(t, ratelimit.Decision{OK: true, Limit: 2, Reset: time.Minute}, take(t, s, minute(1))[0], "costs more than a bucket")

	m.SetTime(start.Add(time.Hour))
	assert.Equal(t, ratelimit.Decision{OK: true, Limit: 2, Remaining: 1, Reset: 30 * time.Second}, take(t, s, minute(1))[0])
}

func TestRatesInMicroseconds(t *testing.T) {
	s := newStore(t, anyServer(t), patient)
	out := make([]ratelimit.Decision, 1)
	fast := []ratelimit.Request{ask("fast", 1000, time.Millisecond, 1)}
	require.NoError(t, s.Take(t.Context(), fast, out))
	fast[0].Rate.Events++
	require.ErrorIs(t, s.Take(t.Context(), fast, out), ratelimit.ErrInvalid)

	odd := take(t, s, ask("odd", 7, time.Second, 1))[0]
	assert.Equal(t, 6, odd.Remaining)
	assert.Equal(t, 142_858*time.Microsecond, odd.Reset, "a step is rounded up")

	slow := ratelimit.Request{Key: "slow", Rate: ratelimit.Rate{Events: 1, Per: 36 * 365 * 24 * time.Hour}, N: 1}
	assert.Equal(t, 36*365*24*time.Hour, take(t, s, slow)[0].Reset)
	assert.False(t, take(t, s, slow)[0].OK)
}

// What somebody else left under the key of a bucket is not a reason to refuse for
// ever.
func TestForeignValues(t *testing.T) {
	ctx := t.Context()
	c := anyServer(t)
	for i, value := range []string{"", "x", "-1", "1e400", "-1e400", "nan", "99999999999999999999", strconv.FormatInt(math.MaxInt64, 10)} {
		t.Run(value, func(t *testing.T) {
			s := newStore(t, c, ratelimitredis.Options{Timeout: patient.Timeout, NoDenyCache: true})
			key := strconv.Itoa(i)
			require.NoError(t, c.Set(ctx, "{ratelimit}t:"+key, value, 0).Err())
			take(t, s, ask(key, 100, 100*time.Millisecond, 1))
			l, err := ratelimit.New(ratelimit.Rate{Events: 100, Per: 100 * time.Millisecond}, ratelimit.Options{Store: s, Name: "t"})
			require.NoError(t, err)
			require.NoError(t, l.Wait(ctx, key))
			// It may be gone by now, if the machine is slow; -1 would be for ever.
			assert.NotEqual(t, time.Duration(-1), c.PTTL(ctx, "{ratelimit}t:"+key).Val())
		})
	}
	t.Run("of another type", func(t *testing.T) {
		s := newStore(t, c, patient)
		require.NoError(t, c.LPush(ctx, "{ratelimit}t:list", "x").Err())
		out := make([]ratelimit.Decision, 1)
		require.ErrorIs(t, s.Take(ctx, []ratelimit.Request{ask("list", 1, time.Hour, 1)}, out), ratelimitredis.ErrUnavailable)
	})
}

func TestScriptIsLoadedAgain(t *testing.T) {
	c := anyServer(t)
	s := newStore(t, c, patient)
	for _, key := range []string{"a", "b"} {
		assert.True(t, take(t, s, ask(key, 1, time.Hour, 1))[0].OK)
		assert.True(t, take(t, s, ask(key+"1", 1, time.Hour, 1), ask(key+"2", 1, time.Hour, 1))[1].OK)
		require.NoError(t, c.ScriptFlush(t.Context()).Err())
	}
}

// counter counts the scripts that a client sends.
type counter struct{ calls atomic.Int64 }

func (c *counter) DialHook(next redis.DialHook) redis.DialHook { return next }
func (c *counter) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if isScript(cmd) {
			c.calls.Add(1)
		}
		return next(ctx, cmd)
	}
}

func isScript(cmd redis.Cmder) bool { return strings.HasPrefix(cmd.Name(), "eval") }

func (c *counter) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func TestOneRoundTrip(t *testing.T) {
	c := anyServer(t)
	var count counter
	c.AddHook(&count)
	s := newStore(t, c, patient)
	take(t, s, ask("loads", 1, time.Hour, 1), ask("the script", 1, time.Hour, 1))
	before := count.calls.Load()
	for range 10 {
		take(t, s, ask("a", 100, time.Hour, 1), ask("b", 1000, time.Hour, 1), ask("c", 1000, time.Hour, 0))
	}
	assert.EqualValues(t, 10, count.calls.Load()-before)
}

func TestDenyCache(t *testing.T) {
	c := anyServer(t)
	var count counter
	c.AddHook(&count)
	s := newStore(t, c, patient)
	a, b := ask("a", 4, time.Hour, 1), ask("b", 10, time.Hour, 1)
	for range 4 {
		require.True(t, take(t, s, a)[0].OK)
	}
	require.False(t, take(t, s, a)[0].OK)
	before := count.calls.Load()

	for _, n := range []int{0, 1, 3} {
		d := take(t, s, ask("a", 4, time.Hour, n))[0]
		assert.False(t, d.OK)
		assert.Equal(t, 4, d.Limit)
		assert.Zero(t, d.Remaining)
		wait := time.Duration(max(n, 1)) * 15 * time.Minute
		assert.Greater(t, d.RetryAfter, wait-time.Minute)
		assert.LessOrEqual(t, d.RetryAfter, wait)
		assert.Greater(t, d.Reset, 59*time.Minute)
		assert.LessOrEqual(t, d.Reset, time.Hour)
	}
	ds := take(t, s, b, a)
	assert.Equal(t, ratelimit.Decision{OK: true, Limit: 10, Remaining: 10}, ds[0])
	assert.False(t, ds[1].OK)
	assert.Equal(t, before, count.calls.Load(), "the server was asked for what is known")

	assert.Equal(t, 9, take(t, s, b)[0].Remaining, "b was charged for what a refused")
	require.NoError(t, s.Reset(t.Context(), "t", "a"))
	assert.True(t, take(t, s, a)[0].OK)
}

// A bucket that has something left is asked again, since a smaller cost may fit.
func TestDenyCacheOfLargeCosts(t *testing.T) {
	s := newStore(t, anyServer(t), patient)
	take(t, s, ask("a", 10, time.Hour, 8))
	assert.False(t, take(t, s, ask("a", 10, time.Hour, 5))[0].OK)
	assert.True(t, take(t, s, ask("a", 10, time.Hour, 2))[0].OK)
	assert.False(t, take(t, s, ask("a", 10, time.Hour, 5))[0].OK)
	assert.False(t, take(t, s, ask("a", 10, time.Hour, 1))[0].OK)
}

// It forgets in time.
func TestDenyCacheForgets(t *testing.T) {
	s := newStore(t, anyServer(t), patient)
	l, err := ratelimit.New(ratelimit.Rate{Events: 1, Per: 20 * time.Millisecond}, ratelimit.Options{Store: s})
	require.NoError(t, err)
	for range 5 {
		require.NoError(t, l.Wait(t.Context(), "a"))
		l.Allow("a")
	}
}
