package callback_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
)

// thousand is an answer whose header is shorter than 400 bytes and whose body
// has a thousand.
func thousand() http.HandlerFunc { return callbacktest.Answer(200, strings.Repeat("r", 1000)) }

// brief is how long an attempt lasts that is to run out of time. Others have
// time enough for a machine that is busy.
const brief = 100 * time.Millisecond

// Whatever a network does, over a connection of its own or one that is open: the
// failure has the right class and may pass, the receiver got as many requests as
// it says here, and once the network is well the next call is too.
func TestNetworkFaults(t *testing.T) {
	type fault = callbacktest.Fault
	tests := []struct {
		name   string
		f      fault
		class  callback.Class // "" if the message is delivered
		status int
		came   int // requests, over a connection of its own
		warm   int // and over one that is open
	}{
		{"nobody listens", fault{Refuse: true, Reset: true}, callback.ClassRefused, 0, 0, 0},
		{"reset at once", fault{Reset: true}, callback.ClassReset, 0, 0, 0},
		{"closed at once", fault{Close: true}, callback.ClassReset, 0, 0, 0},
		{"reset in the request", fault{Reset: true, AfterRequest: 20}, callback.ClassReset, 0, 0, 0},
		{"reset in the status", fault{Reset: true, AfterReply: 5}, callback.ClassReset, 0, 1, 1},
		{"closed in the status", fault{Close: true, AfterReply: 5}, callback.ClassReset, 0, 1, 1},
		{"reset in the reply", fault{Reset: true, AfterReply: 600}, callback.ClassReset, 200, 1, 1},
		{"closed in the reply", fault{Close: true, AfterReply: 600}, callback.ClassReset, 200, 1, 1},
		{"gone", fault{Silent: true}, callback.ClassTimeout, 0, 0, 0},
		{"gone in the request", fault{Silent: true, AfterRequest: 20}, callback.ClassTimeout, 0, 0, 0},
		{"gone in the status", fault{Silent: true, AfterReply: 5}, callback.ClassTimeout, 0, 1, 1},
		{"gone in the reply", fault{Silent: true, AfterReply: 600}, callback.ClassTimeout, 200, 1, 1},
		{"cut off", fault{Stall: true}, callback.ClassTimeout, 0, 0, 0},
		{"far too late", fault{Latency: time.Hour}, callback.ClassTimeout, 0, 0, 0},
		{"far too slow", fault{Rate: 1}, callback.ClassTimeout, 0, 0, 0},
		{"late", fault{Latency: time.Millisecond, Jitter: 5 * time.Millisecond}, "", 200, 1, 1},
		{"slow", fault{Rate: 50_000}, "", 200, 1, 1},
	}
	goroutines, files := runtime.NumGoroutine(), descriptors()
	t.Run("all", func(t *testing.T) {
		for _, tt := range tests {
			for _, warm := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/warm=%v", tt.name, warm), func(t *testing.T) {
					t.Parallel()
					if tt.f.Reset && tt.status != 0 && runtime.GOOS == "windows" {
						t.Skip("Windows discards what came before a reset")
					}
					inTime(t, func(timeout time.Duration) (enough bool) {
						srv := callbacktest.NewServer(t, thousand())
						network := callbacktest.NewProxy(t, srv.URL)
						c := callback.Config{URL: network.URL, TLS: ownPool(t)}
						patient := hook(t, c, callback.Options{})
						if tt.class == callback.ClassTimeout {
							c.Timeout = timeout
						}
						w := hook(t, c, callback.Options{})
						came := tt.came
						if warm {
							_, err := patient.Call(t.Context(), message)
							require.NoError(t, err)
							came = 1 + tt.warm
						}

						network.Set(tt.f)
						reply, err := w.Call(t.Context(), message)
						if tt.class == callback.ClassTimeout && (len(srv.Requests()) < came || reply.Status < tt.status) {
							return false
						}
						assert.Equal(t, tt.status, reply.Status)
						if tt.class == "" {
							require.NoError(t, err)
						} else {
							require.ErrorIs(t, err, callback.ErrGaveUp)
							e := failed(t, err)
							assert.Equal(t, tt.class, e.Class, err)
							assert.Equal(t, 1, e.Attempts)
							assert.Equal(t, tt.status, e.Status)
						}
						assert.Len(t, srv.Await(came), came)

						network.Heal()
						_, err = patient.Call(t.Context(), message)
						require.NoError(t, err)
						w.CloseIdleConnections()
						network.Close()
						eventually(t, func() bool { _, open := srv.Connections(); return open == 0 })
						return true
					})
				})
			}
		}
	})
	eventually(t, func() bool { return runtime.NumGoroutine() <= goroutines && descriptors() <= files })
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

// ownPool returns settings that nobody else has.
func ownPool(t testing.TB) callback.TLSConfig {
	return callback.TLSConfig{CA: string(callbacktest.NewAuthority(t).PEM())}
}

// The same over TLS, where there is a handshake to break, and over HTTP/2, where
// calls share a connection.
func TestNetworkFaultsUnderTLS(t *testing.T) {
	type fault = callbacktest.Fault
	tests := []struct {
		name  string
		warm  bool
		f     fault
		class callback.Class
	}{
		{"reset in the handshake", false, fault{Reset: true, AfterRequest: 50}, callback.ClassReset},
		{"closed in the handshake", false, fault{Close: true, AfterReply: 50}, callback.ClassReset},
		{"gone in the handshake", false, fault{Silent: true, AfterReply: 50}, callback.ClassTimeout},
		{"nobody listens", false, fault{Refuse: true}, callback.ClassRefused},
		{"reset in the request", true, fault{Reset: true, AfterRequest: 20}, callback.ClassReset},
		{"reset in the reply", true, fault{Reset: true, AfterReply: 20}, callback.ClassReset},
		{"gone", true, fault{Silent: true}, callback.ClassTimeout},
		{"gone in the reply", true, fault{Silent: true, AfterReply: 20}, callback.ClassTimeout},
	}
	for _, http2 := range []bool{false, true} {
		for _, tt := range tests {
			t.Run(fmt.Sprintf("%s/http2=%v", tt.name, http2), func(t *testing.T) {
				t.Parallel()
				ca := callbacktest.NewAuthority(t) // and so a pool of its own
				srv := callbacktest.NewTLSServer(t, callbacktest.TLSOptions{Authority: ca, HTTP2: http2}, thousand())
				network := callbacktest.NewProxy(t, srv.URL)
				c := callback.Config{URL: network.URL, TLS: callback.TLSConfig{CA: string(ca.PEM())}}
				patient := hook(t, c, callback.Options{})
				if tt.class == callback.ClassTimeout {
					c.Timeout = brief
				}
				w := hook(t, c, callback.Options{})
				callback.PingAfter(w, 20*brief) // so late that it is the call that runs out of time
				if tt.warm {
					_, err := patient.Call(t.Context(), message)
					require.NoError(t, err)
				}
				network.Set(tt.f)
				_, err := w.Call(t.Context(), message)
				require.ErrorIs(t, err, callback.ErrGaveUp)
				assert.Equal(t, tt.class, failed(t, err).Class, err)
				network.Heal()
				eventually(t, func() bool { // with HTTP/2 when the dead connection is given up
					_, err := patient.Call(t.Context(), message)
					return err == nil
				})
				w.CloseIdleConnections()
				network.Close()
				eventually(t, func() bool { _, open := srv.Connections(); return open == 0 })
			})
		}
	}
}

// Where an attempt breaks does not matter: the next one carries the same
// message, until the network is well. All attempts are counted, and the receiver
// can tell the repeats by their ID.
func TestRetriesOutlastTheFault(t *testing.T) {
	faults := []callbacktest.Fault{
		{Refuse: true}, {Reset: true}, {Close: true, AfterRequest: 10}, {Reset: true, AfterReply: 5}, {Reset: true, AfterReply: 600},
		{Silent: true}, {Silent: true, AfterReply: 5}, {Stall: true},
	}
	for i, f := range faults {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			t.Logf("%+v", f)
			srv := callbacktest.NewServer(t, thousand())
			network := callbacktest.NewProxy(t, srv.URL)
			network.Set(f)
			var attempts []callback.Attempt
			w := hook(t, callback.Config{URL: network.URL, Timeout: brief}, callback.Options{
				Observe: func(_ context.Context, a callback.Attempt) {
					attempts = append(attempts, a)
					if a.Number == 3 {
						network.Heal()
					}
				},
			})
			c := callback.Retry(callback.RetryPolicy{Attempts: 100, Waits: []time.Duration{0}})(w)
			reply, err := c.Call(t.Context(), message)
			require.NoError(t, err)
			assert.GreaterOrEqual(t, reply.Attempts, 4)
			assert.Len(t, attempts, reply.Attempts)
			for i, a := range attempts {
				assert.Equal(t, i+1, a.Number)
				assert.Equal(t, i == len(attempts)-1, a.Err == nil)
			}
			got := srv.Requests()
			assert.NotEmpty(t, got)
			for _, r := range got {
				assert.Equal(t, message.Body, r.Body)
				assert.Equal(t, message.ID, r.Header.Get("Webhook-Id"))
			}
		})
	}
}

// No fault makes a call outlast its context: not one attempt that has an hour,
// and not the repeats of a policy that has no end. One that did would end with
// another class, or with the time of the tests.
func TestTheDeadlineHoldsInEveryFault(t *testing.T) {
	const deadline = 50 * time.Millisecond
	faults := []callbacktest.Fault{
		{Refuse: true, Reset: true}, {Reset: true}, {Reset: true, AfterReply: 5}, {Silent: true}, {Silent: true, AfterRequest: 20},
		{Silent: true, AfterReply: 600}, {Stall: true}, {Latency: time.Hour}, {Rate: 1},
	}
	for i, f := range faults {
		for _, warm := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d/warm=%v", i, warm), func(t *testing.T) {
				t.Parallel()
				t.Logf("%+v", f)
				srv := callbacktest.NewServer(t, thousand())
				network := callbacktest.NewProxy(t, srv.URL)
				w := hook(t, callback.Config{URL: network.URL, Timeout: time.Hour}, callback.Options{})
				if warm {
					_, err := w.Call(t.Context(), message)
					require.NoError(t, err)
				}
				network.Set(f)
				ctx, cancel := context.WithTimeout(t.Context(), deadline)
				defer cancel()
				_, err := callback.Retry(callback.RetryPolicy{Attempts: 1 << 30, Base: time.Millisecond})(w).Call(ctx, message)
				assert.Equal(t, callback.ClassDeadline, failed(t, err).Class, err)
			})
		}
	}
}

// Connections that die while they are idle are nobody's failure, and nothing is
// sent twice. With HTTP/2 net/http hands on the failure of a call that has found
// the connection before it was known to be dead: there it takes a Retry.
func TestIdleConnectionsMayDie(t *testing.T) {
	const senders, rounds = 8, 5
	tests := []struct {
		name  string
		serve func(*callbacktest.Authority) *callbacktest.Server
		retry callback.RetryPolicy
	}{
		{"plain", func(*callbacktest.Authority) *callbacktest.Server {
			return callbacktest.NewServer(t)
		}, callback.RetryPolicy{Attempts: 1}},
		{"TLS", func(ca *callbacktest.Authority) *callbacktest.Server {
			return callbacktest.NewTLSServer(t, callbacktest.TLSOptions{Authority: ca})
		}, callback.RetryPolicy{Attempts: 1}},
		{"HTTP/2", func(ca *callbacktest.Authority) *callbacktest.Server {
			return callbacktest.NewTLSServer(t, callbacktest.TLSOptions{Authority: ca, HTTP2: true})
		}, callback.RetryPolicy{Attempts: 10, Waits: []time.Duration{time.Millisecond}}},
	}
	for _, tt := range tests {
		for _, f := range []callbacktest.Fault{{Reset: true}, {Close: true}} {
			t.Run(fmt.Sprintf("%s/reset=%v", tt.name, f.Reset), func(t *testing.T) {
				t.Parallel()
				ca := callbacktest.NewAuthority(t)
				srv := tt.serve(ca)
				network := callbacktest.NewProxy(t, srv.URL)
				w := hook(t, callback.Config{URL: network.URL, TLS: callback.TLSConfig{CA: string(ca.PEM())}}, callback.Options{})
				c := callback.Retry(tt.retry)(w)
				for range rounds {
					together(t, senders, senders, func() error {
						_, err := c.Call(t.Context(), message)
						return err
					})
					network.Set(f)
					network.Heal()
				}
				assert.Equal(t, rounds*senders, len(srv.Requests()))
			})
		}
	}
}

// A network at its worst, at random: who was told that a message is delivered can
// rely on it, every other call says why, and nothing stays behind.
func TestRandomNetworkFaults(t *testing.T) {
	goroutines, files := runtime.NumGoroutine(), descriptors()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	srv := callbacktest.NewServer(t, thousand())
	network := callbacktest.NewProxy(t, srv.URL)
	w := hook(t, callback.Config{URL: network.URL, Timeout: brief}, callback.Options{})
	c := callback.Retry(callback.RetryPolicy{Attempts: 3, Waits: []time.Duration{0}})(w)
	delivered := map[string]bool{}
	attempts := 0
	for round, f := range randomFaults(random) {
		network.Set(f)
		replies := make([]callback.Reply, 16)
		errs := make([]error, len(replies))
		var wg sync.WaitGroup
		for i := range replies {
			wg.Go(func() {
				replies[i], errs[i] = c.Call(t.Context(), callback.Message{ID: fmt.Sprintf("msg_%d_%d", round, i), Body: message.Body})
			})
		}
		wg.Wait()
		for i, err := range errs {
			attempts += replies[i].Attempts
			if err == nil {
				delivered[fmt.Sprintf("msg_%d_%d", round, i)] = true
				continue
			}
			require.ErrorIs(t, err, callback.ErrGaveUp)
			assert.Contains(t, []callback.Class{callback.ClassRefused, callback.ClassReset, callback.ClassTimeout}, failed(t, err).Class)
			assert.Equal(t, 3, failed(t, err).Attempts)
		}
	}
	for _, r := range srv.Requests() {
		assert.Equal(t, message.Body, r.Body)
		delete(delivered, r.Header.Get("Webhook-Id"))
	}
	assert.Empty(t, delivered, "delivered, and never came")
	assert.NotEmpty(t, srv.Requests())
	assert.Positive(t, attempts)
	w.CloseIdleConnections()
	network.Close()
	srv.Close()
	eventually(t, func() bool { return runtime.NumGoroutine() <= goroutines && descriptors() <= files })
}

// randomFaults returns faults of every kind in a random order. Half of them hit
// half of the connections.
func randomFaults(random *rand.Rand) []callbacktest.Fault {
	faults := []callbacktest.Fault{
		{}, {Refuse: true}, {Refuse: true, Reset: true}, {Reset: true}, {Close: true}, {Silent: true}, {Stall: true},
		{Reset: true, AfterRequest: 1 + random.Int64N(300)}, {Reset: true, AfterReply: 1 + random.Int64N(1200)},
		{Close: true, AfterReply: 1 + random.Int64N(1200)}, {Silent: true, AfterReply: 1 + random.Int64N(1200)},
		{Latency: time.Millisecond, Jitter: 10 * time.Millisecond}, {Rate: 100_000},
	}
	for i := range faults {
		faults[i].Share, faults[i].Seed = float64(random.IntN(2))/2, random.Uint64()
	}
	random.Shuffle(len(faults), func(i, j int) { faults[i], faults[j] = faults[j], faults[i] })
	return faults
}
