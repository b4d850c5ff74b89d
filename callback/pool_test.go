package callback_test

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
)

// together makes n calls from senders goroutines at once.
func together(t testing.TB, senders, n int, call func() error) {
	t.Helper()
	var wg sync.WaitGroup
	var left atomic.Int64
	left.Store(int64(n))
	for range senders {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				if err := call(); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// A client for each destination, a small idle pool and dials on suspicion all
// cost a connection for nearly every delivery under load.
func TestConnectionsAreNoMoreThanCallsInFlight(t *testing.T) {
	calls := 10_000
	if testing.Short() || raceDetector {
		calls = 1_000 // it is the number of senders that matters
	}
	ca := callbacktest.NewAuthority(t)
	cert, key := ca.Issue("sender", time.Time{})
	client := callback.TLSConfig{CA: string(ca.PEM()), Cert: string(cert), Key: asSecret(key)}
	tests := []struct {
		name  string
		serve func() *callbacktest.Server
		tls   callback.TLSConfig
	}{
		{"plain", func() *callbacktest.Server { return callbacktest.NewServer(t) }, callback.TLSConfig{}},
		{"with client certificate", func() *callbacktest.Server {
			return callbacktest.NewTLSServer(t, callbacktest.TLSOptions{Authority: ca, Client: true})
		}, client},
		{"HTTP/2", func() *callbacktest.Server {
			return callbacktest.NewTLSServer(t, callbacktest.TLSOptions{Authority: ca, HTTP2: true})
		}, client},
	}
	const most = 64
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inOneRun(t, func() bool { return connectionsFor(t, tt.serve(), tt.tls, most, calls) <= most })
		})
	}
}

// connectionsFor returns how many connections it takes to make calls from so many
// senders at once.
func connectionsFor(t *testing.T, srv *callbacktest.Server, c callback.TLSConfig, senders, calls int) int {
	t.Helper()
	// Webhooks made one by one, as a configuration makes them.
	var hooks [8]*callback.Webhook
	for i := range hooks {
		hooks[i] = hook(t, callback.Config{URL: fmt.Sprintf("%s/%d", srv.URL, i), TLS: c}, callback.Options{})
	}
	var next atomic.Int64
	together(t, senders, calls, func() error {
		_, err := hooks[next.Add(1)%8].Call(t.Context(), message)
		return err
	})
	assert.Equal(t, calls, len(srv.Requests()))
	eventually(t, func() bool { _, open := srv.Connections(); return open <= senders }) // in any run
	made, _ := srv.Connections()
	return made
}

// The first use of a webhook is by all at once.
func TestFirstUseByAllAtOnce(t *testing.T) {
	srv := callbacktest.NewServer(t)
	w := hook(t, callback.Config{URL: srv.URL}, callback.Options{})
	together(t, 64, 64, func() error {
		_, err := w.Call(t.Context(), message)
		return err
	})
	together(t, 64, 64, func() error {
		_, err := callback.New(callback.Config{URL: srv.URL}, callback.Options{})
		return err
	})
}

// Failing calls to one host cost the connections to another nothing.
func TestAFailingHostLeavesThePoolsOfOthersAlone(t *testing.T) {
	inOneRun(t, func() bool {
		good := callbacktest.NewServer(t)
		bad := callbacktest.NewServer(t, callbacktest.Reset(), callbacktest.Garbage(), callbacktest.Status(500))
		toGood, toBad := hook(t, callback.Config{URL: good.URL}, callback.Options{}), hook(t, callback.Config{URL: bad.URL}, callback.Options{})
		for range 20 {
			_, err := toBad.Call(t.Context(), message)
			require.Error(t, err)
			_, err = toGood.Call(t.Context(), message)
			require.NoError(t, err)
		}
		made, _ := good.Connections()
		return made == 1
	})
}

// Nothing stays behind: no connection, no descriptor, no goroutine.
func TestNothingStaysBehind(t *testing.T) {
	srv := callbacktest.NewServer(t, callbacktest.Status(200), callbacktest.Status(503), callbacktest.Huge(1<<20), callbacktest.Reset(),
		callbacktest.CloseMidBody(), callbacktest.JSON(`{}`))
	before := runtime.NumGoroutine()
	w := hook(t, callback.Config{URL: srv.URL}, callback.Options{})
	together(t, 16, 200, func() error {
		_, _ = w.Call(t.Context(), message)
		return nil
	})
	w.CloseIdleConnections()
	eventually(t, func() bool {
		_, open := srv.Connections()
		return open == 0 && runtime.NumGoroutine() <= before
	})
}

// A pool goes when the last webhook that uses it does, and takes its connections
// with it.
func TestPoolsGoWithTheirWebhooks(t *testing.T) {
	srv := callbacktest.NewServer(t)
	func() {
		// An identity of its own, so that no other test holds the pool.
		w := hook(t, callback.Config{URL: srv.URL, Network: callback.NetworkPublic, Allow: prefixes("127.0.0.1/32")}, callback.Options{})
		_, err := w.Call(t.Context(), message)
		require.NoError(t, err)
	}()
	eventually(t, func() bool {
		runtime.GC()
		_, open := srv.Connections()
		return open == 0
	})
}

// A dial that hangs holds up nobody for long: here the call behind it was given
// up, and the next one must not wait for what that one dialled.
func TestAHangingDialHoldsUpNobody(t *testing.T) {
	const hanging = 3
	srv := callbacktest.NewServer(t)
	dialled, hang := make(chan struct{}, hanging), make(chan struct{})
	var dials atomic.Int64
	w := hook(t, callback.Config{URL: srv.URL}, callback.Options{})
	restore := callback.DialWith(w, func() {
		if dials.Add(1) <= hanging {
			dialled <- struct{}{}
			<-hang
		}
	})
	t.Cleanup(func() {
		close(hang)
		restore() // no dial of this test may run into the next one
	})
	for range hanging {
		ctx, cancel := context.WithCancel(t.Context())
		go func() { <-dialled; cancel() }()
		_, err := w.Call(ctx, message)
		require.Equal(t, callback.ClassCancelled, failed(t, err).Class)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience/3) // who waits for a dial waits for half of it
	defer cancel()
	_, err := w.Call(ctx, message)
	require.NoError(t, err)
	assert.Equal(t, int64(hanging+1), dials.Load())
}

// A connection that the server closes at the moment it is taken from the pool
// is replaced by net/http itself, because it may send the message again: there
// is an Idempotency-Key, and the body can be had once more.
func TestStaleConnectionsAreReplaced(t *testing.T) {
	srv := callbacktest.NewServer(t, func(w http.ResponseWriter, r *http.Request) {
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_, _ = rw.WriteString("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
			_ = rw.Flush()
			conn.Close() // without a word
		}
	})
	w := hook(t, callback.Config{URL: srv.URL}, callback.Options{})
	for range 200 {
		_, err := w.Call(t.Context(), message)
		require.NoError(t, err)
	}
}

// A connection that goes dead without a word costs a few calls, and not all of
// those until the system gives it up. With HTTP/1 it is closed with its call; with
// HTTP/2 the calls share it.
func TestDeadConnectionsAreGivenUp(t *testing.T) {
	t.Parallel()
	ca := callbacktest.NewAuthority(t)
	for _, http2 := range []bool{false, true} {
		srv := callbacktest.NewTLSServer(t, callbacktest.TLSOptions{Authority: ca, HTTP2: http2})
		network := callbacktest.NewProxy(t, srv.URL)
		c := callback.Config{URL: network.URL, TLS: callback.TLSConfig{CA: string(ca.PEM())}}
		patient := hook(t, c, callback.Options{})
		c.Timeout = brief
		w := hook(t, c, callback.Options{})
		callback.PingAfter(w, 20*brief) // so late that the call finds the connection as if it were good
		_, err := patient.Call(t.Context(), message)
		require.NoError(t, err)
		network.Set(callbacktest.Fault{Silent: true})
		network.Heal() // of use to new connections alone
		_, err = w.Call(t.Context(), message)
		require.ErrorIs(t, err, callback.ErrGaveUp)
		eventually(t, func() bool {
			_, err := patient.Call(t.Context(), message)
			return err == nil
		})
		w.CloseIdleConnections()
	}
}
