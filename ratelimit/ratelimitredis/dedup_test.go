package ratelimitredis_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/ratelimit"
	"github.com/alertwire/alertwire/ratelimit/ratelimitredis"
)

var errFailed = errors.New("delivery failed")

func newDedup(tb testing.TB, c redis.UniversalClient, o ratelimitredis.DedupOptions) *ratelimitredis.Dedup {
	tb.Helper()
	if o.Timeout == 0 {
		o.Timeout = patient.Timeout
	}
	d, err := ratelimitredis.NewDedup(c, o)
	require.NoError(tb, err)
	return d
}

func seen(tb testing.TB, d *ratelimitredis.Dedup, id string) bool {
	tb.Helper()
	was, err := d.Seen(context.Background(), id)
	require.NoError(tb, err)
	return was
}

func reserve(tb testing.TB, d *ratelimitredis.Dedup, id string) func(error) {
	tb.Helper()
	done, fresh, err := d.Reserve(context.Background(), id)
	require.NoError(tb, err)
	require.True(tb, fresh)
	require.NotNil(tb, done)
	return done
}

func assertKept(tb testing.TB, d *ratelimitredis.Dedup, id string) {
	tb.Helper()
	done, fresh, err := d.Reserve(context.Background(), id)
	require.NoError(tb, err)
	assert.False(tb, fresh)
	assert.Nil(tb, done)
}

func assertInFlight(tb testing.TB, d *ratelimitredis.Dedup, id string) {
	tb.Helper()
	_, fresh, err := d.Reserve(context.Background(), id)
	require.ErrorIs(tb, err, ratelimit.ErrInFlight)
	assert.False(tb, fresh)
}

func TestNewDedupRefuses(t *testing.T) {
	c := client(t, "127.0.0.1:1")
	for name, o := range map[string]ratelimitredis.DedupOptions{
		"brace":   {Prefix: "{"},
		"window":  {Window: -1},
		"lease":   {Lease: -1},
		"timeout": {Timeout: -1},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ratelimitredis.NewDedup(c, o)
			require.ErrorIs(t, err, ratelimit.ErrInvalid)
		})
	}
	_, err := ratelimitredis.NewDedup(nil, ratelimitredis.DedupOptions{})
	require.ErrorIs(t, err, ratelimit.ErrInvalid)
}

func TestDedup(t *testing.T) {
	t.Parallel() // a cluster takes two seconds to begin
	servers := map[string]func(testing.TB) redis.UniversalClient{
		"miniredis": func(tb testing.TB) redis.UniversalClient { return client(tb, miniredis.RunT(tb).Addr()) },
		"server":    func(tb testing.TB) redis.UniversalClient { return startServer(tb).client(tb) },
		"cluster":   startCluster,
	}
	for name, connect := range servers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := connect(t)
			here, there := newDedup(t, c, ratelimitredis.DedupOptions{}), newDedup(t, c, ratelimitredis.DedupOptions{})
			assert.False(t, seen(t, here, "a"))
			assert.True(t, seen(t, there, "a"))
			assert.False(t, seen(t, there, "b"))
			assert.False(t, seen(t, here, ""))
			assert.False(t, seen(t, here, ""))

			done := reserve(t, here, "c")
			assertInFlight(t, there, "c")
			assert.True(t, seen(t, there, "c"))
			done(nil)
			assertKept(t, there, "c")
			done(errFailed) // too late
			assertKept(t, there, "c")

			failed := reserve(t, here, "d")
			failed(errFailed)
			again := reserve(t, there, "d")
			failed(nil)
			assertInFlight(t, here, "d")
			again(nil)
			assertKept(t, here, "d")

			reserve(t, here, "")(errFailed)
			reserve(t, here, "")
		})
	}
}

func TestDedupOverTime(t *testing.T) {
	m := miniredis.RunT(t)
	d := newDedup(t, client(t, m.Addr()), ratelimitredis.DedupOptions{Window: time.Hour, Lease: 10 * time.Second})
	assert.False(t, seen(t, d, "seen"))
	kept := reserve(t, d, "kept")
	lapsed := reserve(t, d, "lapsed")
	taken := reserve(t, d, "taken over")
	m.FastForward(9 * time.Second)
	assertInFlight(t, d, "kept")
	kept(nil)
	m.FastForward(time.Second) // the leases end
	lapsed(nil)                // but nobody took it over
	assertKept(t, d, "lapsed")
	other := reserve(t, d, "taken over")
	taken(nil)
	assertInFlight(t, d, "taken over")
	other(errFailed)
	assert.False(t, seen(t, d, "taken over"))

	m.FastForward(59 * time.Minute)
	assertKept(t, d, "kept")
	assert.True(t, seen(t, d, "seen"))
	m.FastForward(time.Minute)
	assert.False(t, seen(t, d, "seen"))
	reserve(t, d, "kept")
}

func TestDedupAmongMany(t *testing.T) {
	d := newDedup(t, anyServer(t), ratelimitredis.DedupOptions{})
	var delivered atomic.Int64
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			done, fresh, err := d.Reserve(context.Background(), "id")
			if err == nil && fresh {
				delivered.Add(1)
				done(nil)
			}
		})
	}
	group.Wait()
	assert.EqualValues(t, 1, delivered.Load())
}

func TestDedupWhileTheServerFails(t *testing.T) {
	srv := startServer(t)
	var lost []string
	alone := newDedup(t, srv.client(t), ratelimitredis.DedupOptions{
		OnError: func(id string, err error) {
			assert.ErrorIs(t, err, ratelimitredis.ErrUnavailable)
			lost = append(lost, id)
		},
	})
	warm := newDedup(t, srv.client(t), ratelimitredis.DedupOptions{Prefix: "warm", Fallback: new(ratelimit.Dedup)})
	done := reserve(t, alone, "a")
	assert.False(t, seen(t, warm, "a"))
	reserve(t, warm, "b")(nil)
	reserve(t, warm, "c")(errFailed)
	srv.kill()

	done(nil)
	assert.Equal(t, []string{"a"}, lost)
	_, err := alone.Seen(t.Context(), "b")
	require.ErrorIs(t, err, ratelimitredis.ErrUnavailable)
	_, fresh, err := alone.Reserve(t.Context(), "b")
	require.ErrorIs(t, err, ratelimitredis.ErrUnavailable)
	assert.False(t, fresh)

	assert.True(t, seen(t, warm, "a"), "the fallback was not warm")
	assertKept(t, warm, "b")
	reserve(t, warm, "c")(nil)
	assertKept(t, warm, "c")
	assert.False(t, seen(t, warm, "d"))
	assert.True(t, seen(t, warm, "d"))
}

// lossy loses the answers of the server to pipelines, while it is told to.
type lossy struct {
	counter
	losing atomic.Bool
}

func (l *lossy) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		err := next(ctx, cmds)
		if l.losing.Load() {
			return context.DeadlineExceeded
		}
		return err
	}
}

// The server has reserved the id, and only its answer is lost. The sender, which
// was told to come again, is not put off until the lease ends.
func TestReserveWhoseAnswerIsLost(t *testing.T) {
	c := anyServer(t)
	var network lossy
	c.AddHook(&network)
	d := newDedup(t, c, ratelimitredis.DedupOptions{})
	network.losing.Store(true)
	done, fresh, err := d.Reserve(t.Context(), "id")
	require.ErrorIs(t, err, ratelimitredis.ErrUnavailable)
	assert.False(t, fresh)
	assert.Nil(t, done)

	network.losing.Store(false)
	eventually(t, func() bool { done, fresh, err = d.Reserve(t.Context(), "id"); return fresh }, "the id stays reserved")
	require.NoError(t, err)
	done(nil)
	assertKept(t, d, "id")
	network.losing.Store(true) // what was delivered is not taken back
	_, _, err = d.Reserve(t.Context(), "id")
	require.ErrorIs(t, err, ratelimitredis.ErrUnavailable)
	network.losing.Store(false)
	for range 10 {
		assertKept(t, d, "id")
	}
}
