// Package callbacktest helps to test code that calls webhooks, as httptest does
// for handlers.
//
//	srv := callbacktest.NewServer(t, callbacktest.Status(503), callbacktest.Status(200))
//	hook, err := callback.New(callback.Config{URL: srv.URL}, callback.Options{})
//	…
//	got := srv.Await(2)
//
// A [Server] is a real endpoint on the loopback interface that plays a script,
// one step for each request, and records what came. Among the steps is every
// trouble that a receiver can make: hanging, dripping, resetting, answering too
// much or nonsense. A [Proxy] before it is a network that fails: late, slow, cut
// and healed, or resetting in the middle of an answer. A [Recorder] is a Caller
// without a network, and the one for tests in a synctest bubble.
//
// [TestCaller], [TestDispatcher] and [TestDurable] are conformance tests for
// Callers, decorators and dispatchers that were written elsewhere.
package callbacktest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	maxBody  = 64 << 20
	patience = 20 * time.Second // of Await; only a test that fails waits for it
)

// A Request is what the server got.
type Request struct {
	Method string
	URI    string // path and query as they came
	Host   string
	Proto  string // such as HTTP/1.1
	Header http.Header
	Body   []byte
	Time   time.Time
	Remote string // address and port of the sender: one for each connection
	Peer   string // common name of the client's certificate, if it sent one
	Err    error  // what the check of Server.Verify said
}

// A Server is an endpoint that plays a script. It is safe for concurrent use.
type Server struct {
	// URL is where it listens, such as "http://127.0.0.1:41234".
	URL string

	srv    *httptest.Server
	t      testing.TB
	cancel context.CancelFunc

	mu     sync.Mutex
	script []http.HandlerFunc
	verify func(r *http.Request, body []byte) error
	got    []Request
	more   chan struct{} // closed and replaced at each request
	dials  int
	conns  map[net.Conn]bool
}

// NewServer starts a server that plays script: the first request gets the first
// step, and those beyond the last one get the last one again. Without a script
// every request gets a 200. A step is a handler like any other; it finds the
// body of the request unread, of which 64 MiB are kept. The test fails if a step
// panics. The server is closed when the test ends, and then no step hangs any
// more.
//
// It is not for synctest bubbles, and fails a test that is in one: there no time
// passes while a goroutine waits for the network. See [Recorder] for waits.
func NewServer(t testing.TB, script ...http.HandlerFunc) *Server {
	t.Helper()
	s := newServer(t, script)
	s.srv.Start()
	s.URL = s.srv.URL
	return s
}

func newServer(t testing.TB, script []http.HandlerFunc) *Server {
	t.Helper()
	outOfBubble(t, "a Server")
	s := &Server{t: t, script: slices.Clone(script), more: make(chan struct{}), conns: map[net.Conn]bool{}}
	s.srv = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	s.srv.Config.BaseContext = func(net.Listener) context.Context { return ctx }
	s.srv.Config.ConnState = s.connState
	s.srv.Config.ErrorLog = discard()
	t.Cleanup(s.Close)
	return s
}

// Close stops the server. The test does it by itself when it ends.
func (s *Server) Close() {
	s.cancel() // lets go of the steps that hang
	s.srv.CloseClientConnections()
	s.srv.Close()
}

// Play replaces the script.
func (s *Server) Play(script ...http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = slices.Clone(script)
}

// Verify has each request checked, with a signature's Verify for example. One
// that fails is recorded with the error, and answered with 401 in place of its
// step.
func (s *Server) Verify(check func(r *http.Request, body []byte) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.verify = check
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	defer s.report(r)
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		return // the sender went away
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	step, err := s.record(r, body)
	if err != nil {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	step(w, r)
}

// report fails the test for a panic of a step or of a check, which net/http would
// swallow: the sender would see that the connection closes, and nobody why.
func (s *Server) report(r *http.Request) {
	switch v := recover(); v {
	case nil:
	case http.ErrAbortHandler:
		panic(v)
	default:
		s.t.Errorf("callbacktest: the step for %s %s panicked: %v\n%s", r.Method, r.RequestURI, v, debug.Stack())
		panic(http.ErrAbortHandler)
	}
}

// record notes the request and returns its step.
func (s *Server) record(r *http.Request, body []byte) (http.HandlerFunc, error) {
	got := Request{
		Method: r.Method, URI: r.RequestURI, Host: r.Host, Proto: r.Proto,
		Header: r.Header.Clone(), Body: body, Time: time.Now(), Remote: r.RemoteAddr,
	}
	if r.TLS != nil && len(r.TLS.PeerCertificates) > 0 {
		got.Peer = r.TLS.PeerCertificates[0].Subject.CommonName
	}
	s.mu.Lock()
	check := s.verify
	s.mu.Unlock()
	if check != nil {
		got.Err = check(r, body)
		r.Body = io.NopCloser(bytes.NewReader(body))
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	step := Status(http.StatusOK)
	if len(s.script) > 0 {
		step = s.script[0]
	}
	if len(s.script) > 1 {
		s.script = s.script[1:]
	}
	s.got = append(s.got, got)
	close(s.more)
	s.more = make(chan struct{})
	return step, got.Err
}

// Requests returns what came so far, in the order in which it came.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got)
}

// Await returns the requests once there are n of them. The test fails if they do
// not come within 20 seconds. Await must be called by the goroutine of the test,
// since it may call FailNow.
func (s *Server) Await(n int) []Request {
	s.t.Helper()
	got := s.wait(n)
	if len(got) < n {
		var came strings.Builder
		for _, r := range got {
			fmt.Fprintf(&came, "\n\t%s %s", r.Method, r.URI)
		}
		s.t.Fatalf("callbacktest: %d of %d requests came within %v:%s", len(got), n, patienceOf(s.t), &came)
	}
	return got
}

// wait returns the requests once there are n of them, or time is up.
func (s *Server) wait(n int) []Request {
	timeout := time.NewTimer(patienceOf(s.t))
	defer timeout.Stop()
	for {
		s.mu.Lock()
		got, more := slices.Clone(s.got), s.more
		s.mu.Unlock()
		if len(got) >= n {
			return got
		}
		select {
		case <-more:
		case <-timeout.C:
			return got
		}
	}
}

// Connections returns how many connections were made, and how many are open.
func (s *Server) Connections() (made, open int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dials, len(s.conns)
}

func (s *Server) connState(c net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch state {
	case http.StateNew:
		s.dials++
		s.conns[c] = true
	case http.StateClosed, http.StateHijacked: // a hijacking step closes it itself
		delete(s.conns, c)
	}
}
