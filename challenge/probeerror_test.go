package challenge_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/challenge"
)

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

// The body of a 101 is the bare connection, which no context ends: a receiver
// that switches protocols could hold a probe for ever, or its connection.
func TestProberIsNotHeldByASwitchOfProtocols(t *testing.T) {
	ended := make(chan error)
	s := serveHTTP(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if !assert.NoError(t, err) {
			return
		}
		fmt.Fprint(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n{}")
		_ = conn.SetReadDeadline(time.Now().Add(time.Minute)) // for a test that fails
		_, err = conn.Read(make([]byte, 1))
		conn.Close()
		ended <- err
	})
	require.ErrorIs(t, local(t).Probe(t.Context(), s.URL), challenge.ErrStatus)
	require.NotErrorIs(t, <-ended, os.ErrDeadlineExceeded, "the prober did not hang up")
	permission := newProber(t, challenge.ProberOptions{Origin: "a.example", AllowPrivate: true})
	require.ErrorIs(t, permission.Probe(t.Context(), s.URL), challenge.ErrNotGranted)
	require.NotErrorIs(t, <-ended, os.ErrDeadlineExceeded, "the prober did not hang up")
}

func TestProberDefaultTimeout(t *testing.T) {
	p, err := challenge.NewProber(challenge.ProberOptions{Secret: "x"})
	require.NoError(t, err)
	assert.Equal(t, 5*time.Second, p.Timeout())
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

// What would need a network or a broken authority to happen.
func TestProberExplains(t *testing.T) {
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"DNS", &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "canary"}}, "no connection to the receiver: its name cannot be resolved"},
		{"DNS, in time", &net.OpError{Op: "dial", Err: &net.DNSError{Err: "canary", IsTimeout: true}}, "no connection to the receiver: its name cannot be resolved"},
		{"a dial that ends with the time", &net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded}, "the receiver did not answer in time (1m0s)"},
		{"route", &net.OpError{Op: "dial", Err: errors.New("canary")}, "no connection to the receiver: there is no way to its address"},
		{"usage", x509.CertificateInvalidError{Reason: x509.IncompatibleUsage, Detail: "canary"}, "no TLS connection to the receiver: its certificate is not valid for a server"},
		{"certificate", &tls.CertificateVerificationError{Err: x509.UnhandledCriticalExtension{}}, "no TLS connection to the receiver: its certificate cannot be verified"},
		{"other", errors.New("canary"), "no connection to the receiver: it broke off, or does not speak HTTP at this port"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.EqualError(t, local(t).Explain(&url.Error{Op: "Get", URL: "https://canary", Err: tt.err}), tt.want)
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
