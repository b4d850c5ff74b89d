package challenge_test

import (
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/challenge"
)

// newProber returns a Prober that is patient, unless the test is about time: on
// a busy machine even an answer over loopback may take seconds.
func newProber(t testing.TB, o challenge.ProberOptions) *challenge.Prober {
	t.Helper()
	if o.Timeout == 0 {
		o.Timeout = time.Minute
	}
	p, err := challenge.NewProber(o)
	require.NoError(t, err)
	return p
}

// local returns a Prober by CRC that may call the servers of these tests.
func local(t testing.TB) *challenge.Prober {
	return newProber(t, challenge.ProberOptions{Secret: "s3cret-canary", AllowPrivate: true})
}

func serveHTTP(t testing.TB, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

// answer returns a handler with a fixed reply.
func answer(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Add(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// silent drops what a server logs about handshakes that are meant to fail.
func silent() *log.Logger { return log.New(io.Discard, "", 0) }

func TestProberFollowsNoRedirect(t *testing.T) {
	var decoys atomic.Int32
	decoy := serveHTTP(t, func(w http.ResponseWriter, r *http.Request) { decoys.Add(1) })
	permission := newProber(t, challenge.ProberOptions{Origin: "a.example", AllowPrivate: true})
	for _, status := range []int{301, 302, 303, 307, 308} {
		s := serveHTTP(t, answer(status, "", "Location", decoy.URL, "WebHook-Allowed-Origin", "*"))
		require.ErrorIs(t, local(t).Probe(t.Context(), s.URL), challenge.ErrRedirect)
		require.ErrorIs(t, permission.Probe(t.Context(), s.URL), challenge.ErrRedirect)
	}
	assert.Zero(t, decoys.Load())
}

// A redirect is one wherever it leads, and if it leads nowhere.
func TestProberNamesARedirectWithABrokenLocation(t *testing.T) {
	for _, location := range []string{"", "http://[::1canary", "//%zz"} {
		s := serveHTTP(t, answer(302, "", "Location", location))
		err := local(t).Probe(t.Context(), s.URL)
		require.ErrorIs(t, err, challenge.ErrRedirect, location)
		assert.NotContains(t, err.Error(), "canary")
	}
}

// The credentials in a URL are those that deliveries will carry.
func TestProberSendsTheUserInfoOfTheURL(t *testing.T) {
	var user, password string
	responder := challenge.Respond(newCRC(t, "s3cret-canary"), challenge.RespondOptions{})(http.NotFoundHandler())
	s := serveHTTP(t, func(w http.ResponseWriter, r *http.Request) {
		user, password, _ = r.BasicAuth()
		responder.ServeHTTP(w, r)
	})
	_, host, _ := strings.Cut(s.URL, "://")
	require.NoError(t, local(t).Probe(t.Context(), "http://us%40er:pa:ss@"+host))
	assert.Equal(t, []string{"us@er", "pa:ss"}, []string{user, password})
}

func TestProberDialsOnlyWhatItMay(t *testing.T) {
	var calls atomic.Int32
	responder := challenge.Respond(newCRC(t, "s3cret-canary"), challenge.RespondOptions{})(http.NotFoundHandler())
	s := serveHTTP(t, func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		responder.ServeHTTP(w, r)
	})
	loopback := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	_, port, err := net.SplitHostPort(s.Listener.Addr().String())
	require.NoError(t, err)
	tests := []struct {
		name    string
		options challenge.ProberOptions
		target  string
		wantErr error
	}{
		{"private by default refused", challenge.ProberOptions{}, s.URL, challenge.ErrBlocked},
		{"name of a private address", challenge.ProberOptions{}, "http://localhost:" + port, challenge.ErrBlocked},
		{"mapped", challenge.ProberOptions{}, "http://[::ffff:127.0.0.1]:" + port, challenge.ErrBlocked},
		{"private allowed", challenge.ProberOptions{AllowPrivate: true}, s.URL, nil},
		{"prefix allowed", challenge.ProberOptions{Allow: loopback}, s.URL, nil},
		{"metadata service", challenge.ProberOptions{AllowPrivate: true}, "http://169.254.169.254/", challenge.ErrBlocked},
		{"unspecified", challenge.ProberOptions{AllowPrivate: true}, "http://0.0.0.0:" + port, challenge.ErrBlocked},
		{"zone", challenge.ProberOptions{AllowPrivate: true}, "http://[fe80::1%25lo]:" + port, challenge.ErrBlocked},
		{"number", challenge.ProberOptions{}, "http://2130706433:" + port, challenge.ErrBlocked},
	}
	wantCalls := 0
	for _, tt := range tests {
		tt.options.Secret = "s3cret-canary"
		err := newProber(t, tt.options).Probe(t.Context(), tt.target)
		require.ErrorIs(t, err, tt.wantErr, tt.name)
		if err == nil {
			wantCalls++
		}
	}
	assert.EqualValues(t, wantCalls, calls.Load())
}

func TestProberHidesTheResolvedAddress(t *testing.T) {
	err := newProber(t, challenge.ProberOptions{Secret: "x"}).Probe(t.Context(), "http://localhost:1/")
	require.ErrorIs(t, err, challenge.ErrBlocked)
	assert.EqualError(t, err, `challenge: probe "http://localhost:1": the URL leads to an address that this program may not call`)
}

// net/http reads the environment once in a process, too early for a test to set
// a proxy there: this one looks at the transport.
func TestProberTakesNoProxyFromTheEnvironment(t *testing.T) {
	assert.Nil(t, local(t).Transport().Proxy)
}

func TestProberURLs(t *testing.T) {
	tests := []struct{ name, target, want string }{
		{"empty", "", "it must begin with https:// or http:// and a host"},
		{"no scheme", "example.com/hook", "it must begin with https:// or http:// and a host"},
		{"no host", "https:///hook", "it must begin with https:// or http:// and a host"},
		{"port without host", "https://:443", "it must begin with https:// or http:// and a host"},
		{"opaque", "https:example.com", "it must begin with https:// or http:// and a host"},
		{"file", "file:///etc/passwd", "it must begin with https:// or http:// and a host"},
		{"line feed", "https://example.com/\r\nX: y", "it must begin with https:// or http:// and a host"},
		{"broken escape", "https://example.com/%zz?canary", "it must begin with https:// or http:// and a host"},
		{"space", "https://example.com/?a=b c", "it has a space in its query"},
		{"no TLS", "http://example.com/", "it must begin with https://"},
	}
	p := newProber(t, challenge.ProberOptions{Secret: "x", HTTPSOnly: true})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := p.Probe(t.Context(), tt.target)
			require.ErrorIs(t, err, challenge.ErrURL)
			require.EqualError(t, err, "challenge: probe: the URL cannot be probed: "+tt.want)
		})
	}
	err := local(t).Probe(t.Context(), "http://user:pass@127.0.0.1/?crc%5ftoken=canary")
	require.EqualError(t, err, `challenge: probe "http://127.0.0.1": the URL cannot be probed: it has a crc_token already`)
}

func TestNewProberRefuses(t *testing.T) {
	tests := []struct {
		name    string
		options challenge.ProberOptions
		want    string
	}{
		{"nothing to ask", challenge.ProberOptions{}, "challenge: Prober: neither Secret nor Origin: empty secret"},
		{"both", challenge.ProberOptions{Secret: "a", Origin: "b"}, "challenge: Prober: both Secret and Origin"},
		{"star", challenge.ProberOptions{Origin: "*"}, `challenge: Prober: "*" is no origin`},
		{"line feed", challenge.ProberOptions{Origin: "a\nb"}, `challenge: Prober: "a\nb" is no origin`},
		{"rate", challenge.ProberOptions{Origin: "a", Rate: -1}, "challenge: Prober: negative Rate"},
		{"timeout", challenge.ProberOptions{Secret: "a", Timeout: -1}, "challenge: Prober: negative Timeout"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := challenge.NewProber(tt.options)
			require.EqualError(t, err, tt.want)
		})
	}
}

func TestZeroProberRefuses(t *testing.T) {
	require.EqualError(t, new(challenge.Prober).Probe(t.Context(), "https://example.com/"), "challenge: probe: the Prober was not made by NewProber")
}

// A probe leaves nothing behind: neither an open connection, nor a hold on what
// it was configured with.
func TestProberKeepsNoConnection(t *testing.T) {
	ended := make(chan http.ConnState, 10)
	s := httptest.NewUnstartedServer(challenge.Respond(newCRC(t, "s3cret-canary"), challenge.RespondOptions{})(http.NotFoundHandler()))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateIdle || state == http.StateClosed {
			ended <- state
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	require.NoError(t, local(t).Probe(t.Context(), s.URL))
	assert.Equal(t, http.StateClosed, <-ended)
}

func TestProberCopiesItsOptions(t *testing.T) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	allow := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	p := newProber(t, challenge.ProberOptions{Secret: "s3cret-canary", TLS: config, Allow: allow})
	config.MinVersion, allow[0] = tls.VersionTLS13, netip.MustParsePrefix("10.0.0.0/8")
	assert.EqualValues(t, tls.VersionTLS12, p.Transport().TLSClientConfig.MinVersion)
	s := serveHTTP(t, challenge.Respond(newCRC(t, "s3cret-canary"), challenge.RespondOptions{})(http.NotFoundHandler()).ServeHTTP)
	require.NoError(t, p.Probe(t.Context(), s.URL))
}

func TestProberIsSafeForConcurrentUse(t *testing.T) {
	s := serveHTTP(t, challenge.Respond(newCRC(t, "s3cret-canary"), challenge.RespondOptions{})(http.NotFoundHandler()).ServeHTTP)
	p := local(t)
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() { assert.NoError(t, p.Probe(t.Context(), s.URL)) })
	}
	group.Wait()
}
