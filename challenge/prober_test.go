package challenge_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/challenge"
)

func newProber(t testing.TB, o challenge.ProberOptions) *challenge.Prober {
	t.Helper()
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

func TestProberMeetsCRC(t *testing.T) {
	responder := challenge.Respond(newCRC(t, "s3cret-canary"), challenge.RespondOptions{})(http.NotFoundHandler())
	var mu sync.Mutex
	var queries []string
	s := serveHTTP(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		queries = append(queries, r.URL.RawQuery)
		mu.Unlock()
		responder.ServeHTTP(w, r)
	})
	p := local(t)
	require.NoError(t, p.Probe(t.Context(), s.URL))
	require.NoError(t, p.Probe(t.Context(), s.URL+"/hook?b=%2f&a&b=1#fragment"))

	require.Len(t, queries, 2)
	first, ok := strings.CutPrefix(queries[0], "crc_token=")
	require.True(t, ok)
	second, ok := strings.CutPrefix(queries[1], "b=%2f&a&b=1&crc_token=")
	require.True(t, ok)
	assert.NotEqual(t, first, second, "the token is random")
	assert.GreaterOrEqual(t, len(first), 26, "base32 of 128 bits")
}

func TestProberReasonsOfCRC(t *testing.T) {
	right := func(w http.ResponseWriter, r *http.Request) string {
		w.Header().Set("Content-Type", "text/html") // some do
		return hexMAC("s3cret-canary", r.URL.Query().Get("crc_token"))
	}
	pad := strings.Repeat(" ", 64<<10)
	crc := challenge.Respond(newCRC(t, "s3cret-canary"), challenge.RespondOptions{})(http.NotFoundHandler())
	good := func(w http.ResponseWriter, r *http.Request) string {
		rec := httptest.NewRecorder()
		crc.ServeHTTP(rec, r)
		return rec.Body.String()
	}
	tests := []struct {
		name     string
		handler  http.HandlerFunc
		wantErr  error
		wantText string
	}{
		{"good", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, good(w, r)) }, nil, ""},
		{"64 KiB", func(w http.ResponseWriter, r *http.Request) {
			body := good(w, r)
			fmt.Fprint(w, body, pad[:64<<10-len(body)])
		}, nil, ""},
		{"64 KiB and 1", func(w http.ResponseWriter, r *http.Request) {
			body := good(w, r)
			fmt.Fprint(w, body, pad[:64<<10-len(body)+1])
		}, challenge.ErrReply, "the reply is no answer to a crc_token: it is longer than 64 KiB"},
		{"endless", func(w http.ResponseWriter, r *http.Request) {
			for {
				if _, err := io.WriteString(w, pad); err != nil {
					return
				}
			}
		}, challenge.ErrReply, "the reply is no answer to a crc_token: it is longer than 64 KiB"},
		{"status 201", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusCreated)
			fmt.Fprint(w, good(w, r))
		}, challenge.ErrStatus, "the receiver did not answer with status 200 (status 201)"},
		{"status 404", http.NotFound, challenge.ErrStatus, "the receiver did not answer with status 200 (status 404)"},
		{"not modified", answer(304, ""), challenge.ErrRedirect, "the receiver redirects, which is not followed: set the URL it leads to (status 304)"},
		{"no JSON", answer(200, "<h1>ok</h1>"), challenge.ErrReply, "the reply is no answer to a crc_token: it is no JSON object"},
		{"array", answer(200, "[]"), challenge.ErrReply, "the reply is no answer to a crc_token: it is no JSON object"},
		{"empty", answer(200, ""), challenge.ErrReply, "the reply is no answer to a crc_token: it is no JSON object"},
		{"null", answer(200, "null"), challenge.ErrReply, "the reply is no answer to a crc_token: it has no response_token"},
		{"other name", answer(200, `{"Response_Token":"sha256=x"}`), challenge.ErrReply, "the reply is no answer to a crc_token: it has no response_token"},
		{"number", answer(200, `{"response_token":1}`), challenge.ErrReply, "the reply is no answer to a crc_token: it has no response_token"},
		{"typing error in the prefix", answer(200, `{"response_token":"sha265=x"}`), challenge.ErrPrefix, `the response_token does not begin with "sha256="`},
		{"hex", func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, `{"response_token":"sha256=%s"}`, right(w, r))
		}, challenge.ErrMismatch, challenge.ErrMismatch.Error()},
		{"prefix alone", answer(200, `{"response_token":"sha256="}`), challenge.ErrMismatch, challenge.ErrMismatch.Error()},
		{"other secret", challenge.Respond(newCRC(t, "other"), challenge.RespondOptions{})(http.NotFoundHandler()).ServeHTTP, challenge.ErrMismatch, challenge.ErrMismatch.Error()},
		{"connection closed", func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) }, challenge.ErrUnreachable,
			"no connection to the receiver: it broke off, or does not speak HTTP at this port"},
		{"body cut off", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, "{")
		}, challenge.ErrUnreachable, "no connection to the receiver: it broke off, or does not speak HTTP at this port"},
		{"huge header", answer(200, "{}", "X-Big", strings.Repeat("x", 70<<10)), challenge.ErrUnreachable,
			"no connection to the receiver: it broke off, or does not speak HTTP at this port"},
		{"gzip is not asked for", func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Accept-Encoding") == "" {
				fmt.Fprint(w, good(w, r))
			}
		}, nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := serveHTTP(t, tt.handler)
			err := local(t).Probe(t.Context(), s.URL+"/path-canary?query=canary")
			require.ErrorIs(t, err, tt.wantErr)
			if tt.wantErr != nil {
				assert.EqualError(t, err, fmt.Sprintf("challenge: probe %q: %s", s.URL, tt.wantText))
			}
		})
	}
}

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

func TestProberIgnoresTheProxyOfTheEnvironment(t *testing.T) {
	var proxied atomic.Int32
	proxy := serveHTTP(t, func(http.ResponseWriter, *http.Request) { proxied.Add(1) })
	t.Setenv("HTTP_PROXY", proxy.URL)
	require.ErrorIs(t, local(t).Probe(t.Context(), "http://192.0.2.1/"), challenge.ErrBlocked)
	assert.Zero(t, proxied.Load())
}

func TestProberTimeout(t *testing.T) {
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	drip := func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `{"response_token":`)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}
	for name, handler := range map[string]http.HandlerFunc{"no reply": hang, "body": drip} {
		t.Run(name, func(t *testing.T) {
			p := newProber(t, challenge.ProberOptions{Secret: "x", AllowPrivate: true, Timeout: 50 * time.Millisecond})
			s := serveHTTP(t, handler)
			err := p.Probe(t.Context(), s.URL)
			require.ErrorIs(t, err, challenge.ErrTimeout)
			assert.ErrorContains(t, err, "(50ms)")
		})
	}
}

func TestProberDefaultTimeout(t *testing.T) {
	assert.Equal(t, 5*time.Second, local(t).Timeout())
}

func TestProberReturnsTheCauseOfItsContext(t *testing.T) {
	stop := errors.New("shutting down")
	ctx, cancel := context.WithCancelCause(t.Context())
	s := serveHTTP(t, func(_ http.ResponseWriter, r *http.Request) {
		cancel(stop)
		<-r.Context().Done()
	})
	err := local(t).Probe(ctx, s.URL)
	require.ErrorIs(t, err, stop)
	assert.NotErrorIs(t, err, challenge.ErrTimeout)
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

func TestProberTLS(t *testing.T) {
	responder := challenge.Respond(newCRC(t, "s"), challenge.RespondOptions{})(http.NotFoundHandler())
	s := httptest.NewUnstartedServer(responder)
	s.EnableHTTP2 = true
	s.Config.ErrorLog = silent()
	s.StartTLS()
	t.Cleanup(s.Close)
	plain := serveHTTP(t, responder.ServeHTTP)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	past := func() time.Time { return time.Date(1960, 1, 1, 0, 0, 0, 0, time.UTC) }
	tests := []struct {
		name     string
		config   *tls.Config
		target   string
		wantErr  error
		wantText string
	}{
		{"trusted", &tls.Config{RootCAs: roots}, s.URL, nil, ""},
		{"unknown authority", nil, s.URL, challenge.ErrTLS, "no TLS connection to the receiver: its certificate is from an authority that is not trusted here"},
		{"other name", &tls.Config{RootCAs: roots, ServerName: "canary.test"}, s.URL, challenge.ErrTLS, "no TLS connection to the receiver: its certificate is for another name"},
		{"not valid yet", &tls.Config{RootCAs: roots, Time: past}, s.URL, challenge.ErrTLS, "no TLS connection to the receiver: its certificate has expired, or is not valid yet"},
		{"no common version", &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, s.URL, challenge.ErrTLS, "no TLS connection to the receiver: it refused the handshake"},
		{"no TLS there", nil, "https" + strings.TrimPrefix(plain.URL, "http"), challenge.ErrTLS, "no TLS connection to the receiver: it does not speak TLS at this port"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := newProber(t, challenge.ProberOptions{Secret: "s", AllowPrivate: true, TLS: tt.config}).Probe(t.Context(), tt.target)
			require.ErrorIs(t, err, tt.wantErr)
			if tt.wantErr != nil {
				assert.EqualError(t, err, fmt.Sprintf("challenge: probe %q: %s", tt.target, tt.wantText))
			}
		})
	}
}

func TestProberUnreachable(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close()
	err := local(t).Probe(t.Context(), s.URL)
	require.ErrorIs(t, err, challenge.ErrUnreachable)
	assert.ErrorContains(t, err, "the connection was refused")
}

func TestProberMeetsCloudEvents(t *testing.T) {
	responder := challenge.Respond(newCloudEvents(t, challenge.CloudEventsOptions{Origins: []string{"alerts.example"}, Rate: 100}),
		challenge.RespondOptions{})(http.NotFoundHandler())
	var asked []string
	s := serveHTTP(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.URL.RawQuery, r.Header.Get("WebHook-Request-Origin"), r.Header.Get("WebHook-Request-Rate"))
		responder.ServeHTTP(w, r)
	})
	var granted []any
	p := newProber(t, challenge.ProberOptions{Origin: "Alerts.example", Rate: 120, AllowPrivate: true,
		OnGrant: func(target string, rate int) { granted = append(granted, target, rate) }})
	require.NoError(t, p.Probe(t.Context(), s.URL+"/?a=b"))
	assert.Equal(t, []string{"OPTIONS a=b", "Alerts.example", "120"}, asked)
	assert.Equal(t, []any{s.URL + "/?a=b", 100}, granted)

	other := newProber(t, challenge.ProberOptions{Origin: "alerts.example.evil.test", AllowPrivate: true})
	require.ErrorIs(t, other.Probe(t.Context(), s.URL), challenge.ErrNotGranted)
}

func TestProberReasonsOfCloudEvents(t *testing.T) {
	const origin, rate = "WebHook-Allowed-Origin", "WebHook-Allowed-Rate"
	const denied = "the receiver does not permit deliveries from this origin: "
	tests := []struct {
		name     string
		rate     int
		handler  http.HandlerFunc
		wantRate int
		wantText string
	}{
		{"any origin, any rate", 1, answer(200, "", origin, "*", rate, "*"), 0, ""},
		{"status proves nothing", 1, answer(405, "", origin, "a.example", rate, "1"), 1, ""},
		{"case of letters", 1, answer(200, "", origin, "A.Example", rate, "2"), 2, ""},
		{"no rate asked, none given", 0, answer(200, "", origin, "a.example"), 0, ""},
		{"no rate asked, one given", 0, answer(200, "", origin, "a.example", rate, "7"), 7, ""},
		{"200 without headers", 0, answer(200, ""), 0, denied + "its reply has no WebHook-Allowed-Origin"},
		{"two origins", 0, answer(200, "", origin, "a.example", origin, "*"), 0, denied + "its reply has no WebHook-Allowed-Origin"},
		{"longer origin", 0, answer(200, "", origin, "a.example.test"), 0, denied + "it permits another"},
		{"shorter origin", 0, answer(200, "", origin, "a.exampl"), 0, denied + "it permits another"},
		{"rate asked, none given", 1, answer(200, "", origin, "*"), 0, denied + "its reply has no WebHook-Allowed-Rate"},
		{"two rates", 0, answer(200, "", origin, "*", rate, "1", rate, "2"), 0, denied + "its reply has no WebHook-Allowed-Rate"},
		{"rate of zero", 0, answer(200, "", origin, "*", rate, "0"), 0, denied + "its WebHook-Allowed-Rate is neither a positive number nor *"},
		{"negative rate", 0, answer(200, "", origin, "*", rate, "-1"), 0, denied + "its WebHook-Allowed-Rate is neither a positive number nor *"},
		{"rate too large", 0, answer(200, "", origin, "*", rate, "99999999999999999999"), 0, denied + "its WebHook-Allowed-Rate is neither a positive number nor *"},
		{"rate of words", 0, answer(200, "", origin, "*", rate, "many"), 0, denied + "its WebHook-Allowed-Rate is neither a positive number nor *"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := serveHTTP(t, tt.handler)
			granted := -1
			p := newProber(t, challenge.ProberOptions{Origin: "a.example", Rate: tt.rate, AllowPrivate: true,
				OnGrant: func(_ string, rate int) { granted = rate }})
			err := p.Probe(t.Context(), s.URL)
			if tt.wantText == "" {
				require.NoError(t, err)
				assert.Equal(t, tt.wantRate, granted)
				return
			}
			require.ErrorIs(t, err, challenge.ErrNotGranted)
			assert.ErrorContains(t, err, tt.wantText)
			assert.Equal(t, -1, granted)
		})
	}
}

func TestProberErrorsHoldNoSecret(t *testing.T) {
	handlers := []http.HandlerFunc{
		http.NotFound,
		answer(200, "body-canary"),
		answer(200, `{"response_token":"sha256=body-canary"}`),
		answer(302, "body-canary", "Location", "http://127.0.0.1:1/location-canary"),
		func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	}
	for _, h := range handlers {
		s := serveHTTP(t, h)
		u, err := url.Parse(s.URL + "/path-canary?query=canary")
		require.NoError(t, err)
		u.User = url.UserPassword("user-canary", "pass-canary")
		err = local(t).Probe(t.Context(), u.String())
		require.Error(t, err)
		for _, text := range []string{fmt.Sprint(err), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", errors.Unwrap(err))} {
			assert.NotContains(t, text, "canary")
		}
	}
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

func TestProberIsSafeForConcurrentUse(t *testing.T) {
	s := serveHTTP(t, challenge.Respond(newCRC(t, "s3cret-canary"), challenge.RespondOptions{})(http.NotFoundHandler()).ServeHTTP)
	p := local(t)
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() { assert.NoError(t, p.Probe(t.Context(), s.URL)) })
	}
	group.Wait()
}
