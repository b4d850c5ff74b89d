package dispatch_test

import (
	"context"
	"fmt"
	"io"
	stdlog "log"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/alertwire/alertwire/callback/dispatch"
)

// soakTime is how long the soak lasts: 2 s, or what ALERTWIRE_SOAK says, such as
// "60s".
func soakTime(t testing.TB) time.Duration {
	text := os.Getenv("ALERTWIRE_SOAK")
	if text == "" {
		return 2 * time.Second
	}
	d, err := time.ParseDuration(text)
	require.NoError(t, err)
	return d
}

// soakSeed is random, or what ALERTWIRE_SEED says: the seed that a failed soak
// has printed.
func soakSeed(t testing.TB) uint64 {
	text := os.Getenv("ALERTWIRE_SEED")
	if text == "" {
		return rand.Uint64()
	}
	seed, err := strconv.ParseUint(text, 10, 64)
	require.NoError(t, err)
	return seed
}

// A soak: real webhooks over networks that fail at random to a receiver that
// makes every trouble at random. It goes in rounds. After each of them, when the
// networks are well again and the queues empty, the books balance, and there are
// no more goroutines and descriptors than at the beginning; and from the first
// third of the rounds to the last the heap does not grow.
func TestSoak(t *testing.T) {
	goroutines, files := runtime.NumGoroutine(), descriptors()
	t.Run("soak", func(t *testing.T) { runSoak(t, soakTime(t), soakSeed(t)) })
	eventually(t, func() bool { return runtime.NumGoroutine() <= goroutines }, "goroutines are left")
	eventually(t, func() bool { return descriptors() <= files }, "descriptors are left")
}

func runSoak(t *testing.T, d time.Duration, seed uint64) {
	t.Logf("ALERTWIRE_SEED=%d", seed) // printed if it fails
	const minRounds = 6
	s := newSoak(t, seed)
	var heaps []uint64
	for end := time.Now().Add(d); len(heaps) < minRounds || time.Now().Before(end); {
		s.round(min(d/20, 2*time.Second))
		heaps = append(heaps, s.quiet())
		if t.Failed() {
			break
		}
	}
	s.shutdown()

	third := len(heaps) / 3
	first, last := slices.Max(heaps[:third]), slices.Min(heaps[len(heaps)-third:])
	t.Logf("%d rounds; heap of %d KiB in the first third, %d KiB in the last", len(heaps), first>>10, last>>10)
	assert.Less(t, last, first+1<<20, "the heap grows: %d", heaps)
}

// A soaking is what a soak is made of.
type soaking struct {
	t          *testing.T
	d          *dispatch.Memory
	ledger     *ledger
	networks   []*callbacktest.Proxy
	hooks      []*callback.Webhook
	goroutines int // at the beginning, before anything was sent
	files      int
	n          int // messages

	mu     sync.Mutex
	random *rand.Rand
}

func newSoak(t *testing.T, seed uint64) *soaking {
	const endpoints, networks = 8, 4
	s := &soaking{t: t, ledger: newLedger(t), random: rand.New(rand.NewPCG(seed, 0))}
	srv := httptest.NewUnstartedServer(s.receiver())
	srv.Config.ErrorLog = stdlog.New(io.Discard, "", 0)
	srv.Start()
	t.Cleanup(func() { srv.CloseClientConnections(); srv.Close() })
	for range networks {
		s.networks = append(s.networks, callbacktest.NewProxy(t, srv.URL))
	}
	s.d = newMemory(t, dispatch.MemoryOptions{Observe: s.ledger.settle})
	for i := range endpoints {
		url := fmt.Sprint(s.networks[i%networks].URL, "/", i)
		hook, err := callback.New(callback.Config{URL: url, Timeout: 100 * time.Millisecond}, callback.Options{})
		require.NoError(t, err)
		s.hooks = append(s.hooks, hook)
		add(t, s.d, fmt.Sprint(i), hook, dispatch.EndpointOptions{
			Concurrency: 1 + i%4, Queue: 50, Order: dispatch.Order(i % 3), Full: dispatch.Full(i % 2),
			Retry:   callback.RetryPolicy{Base: time.Millisecond, Cap: 20 * time.Millisecond},
			Breaker: callback.BreakerPolicy{Cooldown: 10 * time.Millisecond},
		})
	}
	s.goroutines, s.files = runtime.NumGoroutine(), descriptors()
	return s
}

// draw calls f with the source of all chance.
func draw[T any](s *soaking, f func(*rand.Rand) T) T {
	s.mu.Lock()
	defer s.mu.Unlock()
	return f(s.random)
}

func (s *soaking) intN(n int) int { return draw(s, func(r *rand.Rand) int { return r.IntN(n) }) }

// receiver answers half of the requests as it should, and does something else at
// each of the others.
func (s *soaking) receiver() http.HandlerFunc {
	good := []http.HandlerFunc{
		callbacktest.Status(204), callbacktest.JSON(`{}`), callbacktest.Huge(1 << 20), callbacktest.GzipBomb(4 << 20),
		callbacktest.Delay(5*time.Millisecond, callbacktest.Status(204)),
	}
	bad := []http.HandlerFunc{
		callbacktest.Status(503), callbacktest.Status(400), callbacktest.RetryAfter(429, 0), callbacktest.Redirect(307, "/"),
		callbacktest.Reset(), callbacktest.Close(), callbacktest.CloseMidHeader(), callbacktest.CloseMidBody(),
		callbacktest.Garbage(), callbacktest.Hang(), callbacktest.Drip(time.Millisecond), callbacktest.HeaderBomb(2 << 20),
	}
	return func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return // and with the body unread a step would not notice that the sender has gone
		}
		if s.intN(2) == 0 {
			bad[s.intN(len(bad))](w, r)
			return
		}
		s.ledger.took(strings.TrimPrefix(r.URL.Path, "/"), r.Header.Get("Webhook-Id"))
		step := good[0]
		if s.intN(4) == 0 {
			step = good[s.intN(len(good))]
		}
		step(w, r)
	}
}

// fault draws what happens to a network next. Half of the time it happens to
// half of the connections.
func (s *soaking) fault() callbacktest.Fault {
	return draw(s, func(r *rand.Rand) callbacktest.Fault {
		faults := []callbacktest.Fault{
			{}, {}, {Refuse: true}, {Refuse: true, Reset: true}, {Reset: true}, {Close: true}, {Silent: true}, {Stall: true},
			{Reset: true, AfterRequest: 1 + r.Int64N(300)}, {Reset: true, AfterReply: 1 + r.Int64N(300)},
			{Close: true, AfterReply: 1 + r.Int64N(300)}, {Silent: true, AfterReply: 1 + r.Int64N(300)},
			{Latency: time.Millisecond, Jitter: 10 * time.Millisecond}, {Rate: 100_000}, {Latency: time.Second},
		}
		f := faults[r.IntN(len(faults))]
		f.Share, f.Seed = float64(r.IntN(2))/2, r.Uint64()
		return f
	})
}

// round sends messages for that long, while the networks fail.
func (s *soaking) round(d time.Duration) {
	end := time.After(d)
	for {
		select {
		case <-end:
			return
		case <-time.After(time.Duration(s.intN(int(time.Millisecond)))):
		}
		if s.intN(20) == 0 {
			s.networks[s.intN(len(s.networks))].Set(s.fault())
		}
		s.send(fmt.Sprint(s.n % len(s.hooks)))
	}
}

func (s *soaking) send(endpoint string) {
	m := message(fmt.Sprint("msg_", s.n), fmt.Sprint("key ", s.n%10))
	s.n++
	s.ledger.sent(endpoint, m.ID)
	if s.d.Dispatch(s.t.Context(), m, endpoint) != nil {
		s.ledger.refused(endpoint, m.ID)
	}
}

// quiet ends the faults, waits until nothing is left to do, checks what must be
// as it was, and returns the size of the heap.
func (s *soaking) quiet() uint64 {
	for _, n := range s.networks {
		n.Heal()
	}
	eventually(s.t, func() bool {
		all, _ := s.d.Stats(s.t.Context())
		return !slices.ContainsFunc(all, func(e dispatch.EndpointStats) bool { return e.Queued+e.InFlight > 0 })
	}, "messages are left")
	s.ledger.balance(s.d)
	eventually(s.t, func() bool {
		for _, h := range s.hooks {
			h.CloseIdleConnections()
		}
		return runtime.NumGoroutine() <= s.goroutines && descriptors() <= s.files
	}, "goroutines or descriptors are left")
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what had a finalizer
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// shutdown ends it all in the middle of a round.
func (s *soaking) shutdown() {
	for _, n := range s.networks {
		n.Set(s.fault())
	}
	for i := range 100 {
		s.send(fmt.Sprint(i % len(s.hooks)))
	}
	ctx, cancel := context.WithTimeout(s.t.Context(), 20*time.Millisecond)
	defer cancel()
	rest, _ := s.d.Shutdown(ctx)
	sum := s.ledger.balance(s.d)
	assert.Equal(s.t, uint64(len(rest)), sum.Returned)
	assert.NotZero(s.t, sum.Delivered)
	assert.NotZero(s.t, sum.Retried)
	for _, h := range s.hooks {
		h.CloseIdleConnections()
	}
	s.t.Logf("%d messages: %v, %d calls were repeats", s.n, s.ledger.settled(), sum.Retried)
}

// descriptors returns how many files and sockets this process has open, or 0
// where that cannot be known. What the runtime opens for itself is not among them.
func descriptors() (n int) {
	entries, _ := os.ReadDir("/proc/self/fd")
	for _, e := range entries {
		if what, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil && !strings.HasPrefix(what, "anon_inode:") {
			n++
		}
	}
	return n
}
