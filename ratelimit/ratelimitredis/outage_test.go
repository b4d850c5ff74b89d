package ratelimitredis_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/ratelimit"
	"github.com/alertwire/alertwire/ratelimit/ratelimitredis"
)

// The ways in which a server goes away, and comes back.
var outages = map[string]struct{ away, back func(*testing.T, *server) }{
	"killed":  {func(_ *testing.T, s *server) { s.kill() }, func(t *testing.T, s *server) { s.start(t) }},
	"stopped": {func(t *testing.T, s *server) { s.hang(t) }, func(t *testing.T, s *server) { s.resume(t) }},
}

const callers = 4

// A load is requests to a handler from several goroutines, all the time.
type load struct {
	healthy  atomic.Int64 // admitted
	degraded atomic.Int64 // admitted while the server was away
	refused  atomic.Int64 // with 503
	late     atomic.Int64 // later than the bound
	other    atomic.Int64
	answers  [callers]atomic.Int64 // that each caller has got
	stop     context.CancelFunc
	group    sync.WaitGroup
}

// failedKey is where the context of a request has a *bool, which tells whether
// the store failed for it.
type failedKey struct{}

// startLoad asks h from all callers. Away says whether the local share
// decides.
func startLoad(h http.Handler, away *atomic.Bool, bound time.Duration) *load {
	ctx, stop := context.WithCancel(context.Background())
	l := &load{stop: stop}
	for i := range callers {
		l.group.Go(func() {
			for ctx.Err() == nil {
				failed := away.Load()
				w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", nil)
				r = r.WithContext(context.WithValue(r.Context(), failedKey{}, &failed))
				start := time.Now()
				h.ServeHTTP(w, r)
				l.answers[i].Add(1)
				if time.Since(start) > bound {
					l.late.Add(1)
				}
				switch {
				case w.Code == http.StatusServiceUnavailable && w.Header().Get("Retry-After") != "":
					l.refused.Add(1)
				case w.Code != http.StatusOK:
					l.other.Add(1)
				case failed:
					l.degraded.Add(1)
				default:
					l.healthy.Add(1)
				}
			}
		})
	}
	return l
}

// end stops the load and returns how many requests there were.
func (l *load) end() int64 {
	l.stop()
	l.group.Wait()
	return l.healthy.Load() + l.degraded.Load() + l.refused.Load() + l.other.Load()
}

// more waits for a hundred more.
func more(t *testing.T, n *atomic.Int64) {
	t.Helper()
	before := n.Load()
	eventually(t, func() bool { return n.Load() > before+100 }, "there are no more")
}

// everybody waits until each caller has got some answers: nobody hangs.
func (l *load) everybody(t *testing.T) {
	t.Helper()
	for i := range l.answers {
		before := l.answers[i].Load()
		eventually(t, func() bool { return l.answers[i].Load() > before+5 }, "a caller hangs")
	}
}

// Under load the server is killed, or stopped in the middle of its work, twice,
// and comes back. Each choice of conduct is kept: every request is answered
// within the bound, admitted, refused with 503 and a Retry-After, or decided by
// the local share, and once the server is back it decides again by itself.
// Every request reaches the handler or is refused, and no goroutine is left.
func TestOutagesUnderLoad(t *testing.T) {
	goroutines := runtime.NumGoroutine()
	t.Run("all", func(t *testing.T) {
		for outage := range outages {
			for _, conduct := range []string{"refuse", "allow", "local"} {
				t.Run(outage+"/"+conduct, func(t *testing.T) {
					t.Parallel()
					outageUnderLoad(t, outage, conduct)
				})
			}
		}
	})
	eventually(t, func() bool { return runtime.NumGoroutine() <= goroutines }, "goroutines are left")
}

func outageUnderLoad(t *testing.T, outage, conduct string) {
	const timeout = 50 * time.Millisecond
	srv := startServer(t)
	o := ratelimitredis.Defaults(srv.addr)
	o.DialTimeout, o.ReadTimeout, o.PoolTimeout = 2*patience, 2*patience, 2*patience // the bound is not the client's
	client := redis.NewUniversalClient(o)
	var away atomic.Bool
	var store ratelimit.Store = newStore(t, client, ratelimitredis.Options{Timeout: timeout})
	if conduct == "local" {
		store = &ratelimit.Fallback{Store: store, Instances: 2, OnChange: func(err error) { away.Store(err != nil) }}
	}
	rate := ratelimit.Rate{Events: 100_000_000, Per: time.Hour}
	limiter, err := ratelimit.New(rate, ratelimit.Options{Store: store})
	require.NoError(t, err)
	options := ratelimit.EnforceOptions{FailOpen: conduct == "allow", OnFail: func(r *http.Request, err error) {
		*r.Context().Value(failedKey{}).(*bool) = true
		if !errors.Is(err, ratelimitredis.ErrUnavailable) {
			t.Errorf("the store failed with %v", err)
		}
	}}
	var handled atomic.Int64
	h := ratelimit.Enforce(options, ratelimit.Limit{Name: "all", Limiter: limiter, Key: ratelimit.Everyone})(
		http.HandlerFunc(func(http.ResponseWriter, *http.Request) { handled.Add(1) }))

	l := startLoad(h, &away, timeout+slack)
	during := &l.degraded
	if conduct == "refuse" {
		during = &l.refused
	}
	for range 2 {
		more(t, &l.healthy)
		outages[outage].away(t, srv)
		more(t, during)
		l.everybody(t)
		outages[outage].back(t, srv)
	}
	more(t, &l.healthy)
	all := l.end()
	assert.Zero(t, l.late.Load(), "answers that came too late")
	assert.Zero(t, l.other.Load(), "answers that are none of the choice")
	assert.Equal(t, all, handled.Load()+l.refused.Load(), "each is admitted or refused")
	if conduct != "refuse" {
		assert.Zero(t, l.refused.Load())
	}
	require.NoError(t, client.Close())
}

// A client with settings of its own, which waits for much longer than the bound,
// is left waiting by few goroutines, and they end.
func TestOutagesWithACarelessClient(t *testing.T) {
	const timeout = 20 * time.Millisecond
	srv := startServer(t)
	goroutines := runtime.NumGoroutine()
	client := redis.NewClient(&redis.Options{Addr: srv.addr, ReadTimeout: 2 * time.Second, MaxRetries: -1})
	s := newStore(t, client, ratelimitredis.Options{Timeout: timeout})
	recovered(t, s, timeout)
	before := runtime.NumGoroutine()
	srv.hang(t)
	most := 0
	for start := time.Now(); time.Since(start) < time.Second; {
		_, err := timed(t, s, timeout)
		require.ErrorIs(t, err, ratelimitredis.ErrUnavailable)
		most = max(most, runtime.NumGoroutine())
	}
	assert.LessOrEqual(t, most-before, 5+10+5, "one for each failure that it takes, and one for each pause of the second")
	srv.resume(t)
	recovered(t, s, timeout)
	require.NoError(t, client.Close())
	eventually(t, func() bool { return runtime.NumGoroutine() <= goroutines }, "goroutines are left")
}

// Deduplication through an outage: while the server is away the local memory
// decides, and what was seen before or meanwhile is seen.
func TestDedupInAnOutage(t *testing.T) {
	for outage, o := range outages {
		t.Run(outage, func(t *testing.T) {
			srv := startServer(t)
			d, err := ratelimitredis.NewDedup(srv.client(t), ratelimitredis.DedupOptions{
				Timeout: 50 * time.Millisecond, Fallback: &ratelimit.Dedup{},
			})
			require.NoError(t, err)
			seen := func(id string) bool {
				start := time.Now()
				seen, err := d.Seen(t.Context(), id)
				require.NoError(t, err)
				assert.Less(t, time.Since(start), 50*time.Millisecond+slack)
				return seen
			}
			eventually(t, func() bool { return seen("before") }, "it was not noted")
			o.away(t, srv)
			for range 20 {
				assert.True(t, seen("before"))
			}
			assert.False(t, seen("meanwhile"))
			assert.True(t, seen("meanwhile"))
			o.back(t, srv)
			assert.False(t, seen("after"))
			assert.True(t, seen("after"))
		})
	}
}

// eventually waits until ok says so. Unlike that of testify it starts no
// goroutine, so that ok may count them.
func eventually(tb testing.TB, ok func() bool, what string) {
	tb.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	timeout := time.After(patience)
	for !ok() {
		select {
		case <-tick.C:
		case <-timeout:
			tb.Fatal(what)
		}
	}
}
