package auth_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/auth"
)

func TestOAuth2Answers(t *testing.T) {
	tests := []struct {
		name   string
		status int
		body   string
		want   string // the token
		says   string // otherwise, what the error says
		later  bool   // and whether another attempt may succeed
	}{
		{"least", 200, `{"access_token":"t"}`, "t", "", false},
		{"type in another case", 200, `{"access_token":"t","token_type":"BEARER"}`, "t", "", false},
		{"lifetime as text", 200, `{"access_token":"t","expires_in":"3600"}`, "t", "", false},
		{"absurd lifetimes", 200, `{"access_token":"t","expires_in":1e300}`, "t", "", false},
		{"negative lifetime", 200, `{"access_token":"t","expires_in":-5}`, "t", "", false},
		{"lifetime that is none", 200, `{"access_token":"t","expires_in":{}}`, "t", "", false},
		{"another type", 200, `{"access_token":"t","token_type":"mac"}`, "", "another type", false},
		{"no token", 200, `{"token_type":"bearer"}`, "", "no usable token", false},
		{"token with a line break", 200, `{"access_token":"t\r\nX-Admin: 1"}`, "", "no usable token", false},
		{"not JSON", 200, `<html>` + canary, "", "not JSON", false},
		{"too large", 200, `{"access_token":"t","x":"` + strings.Repeat("x", 64<<10) + `"}`, "", "too large", false},
		{"refused", 401, `{"error":"invalid_client","error_description":"` + canary + `"}`, "", "answered 401: invalid_client", false},
		{"refused with another code", 400, `{"error":"` + canary + `"}`, "", "answered 400", false},
		{"created", 201, `{"access_token":"t"}`, "", "answered 201", false},
		{"redirect", 302, "", "", "answered 302", false},
		{"busy", 429, "", "", "answered 429", true},
		{"timeout", 408, "", "", "answered 408", true},
		{"broken", 500, canary, "", "answered 500", true},
		{"down", 503, "", "", "answered 503", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newTokenServer(t, tt.status, tt.body)
			s.header.Set("Location", s.URL+"/elsewhere")
			r, signer := get(), must(auth.NewOAuth2(s.options()))
			err := signer.Sign(r, nil)
			assert.Equal(t, 1, s.calls, "redirects are not followed")
			if tt.want != "" {
				require.NoError(t, err)
				assert.Equal(t, "Bearer "+tt.want, r.Header.Get("Authorization"))
				require.NoError(t, signer.Sign(get(), nil))
				assert.Equal(t, 1, s.calls, "whatever its lifetime, the token is kept for a while")
				return
			}
			require.ErrorContains(t, err, tt.says)
			assert.Equal(t, tt.later, errors.Is(err, auth.ErrUnavailable))
			assert.NotContains(t, err.Error(), canary)
			assert.NotContains(t, err.Error(), s.URL)
			assert.Empty(t, r.Header)
		})
	}
}

func TestOAuth2Unreachable(t *testing.T) {
	// Nobody listens at an address that belongs to one end of a connection, and
	// nobody can: the port of a server that was closed is anybody's.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	conn, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	o := auth.OAuth2Options{
		TokenURL: "http://" + conn.LocalAddr().String() + "/token?key=" + canary,
		ClientID: "id", ClientSecret: canary, AllowHTTP: true,
	}
	err = must(auth.NewOAuth2(o)).Sign(get(), nil)
	require.ErrorIs(t, err, auth.ErrUnavailable)
	assert.NotContains(t, err.Error(), canary)
	assert.NotContains(t, err.Error(), "127.0.0.1")

	// The addresses at which clouds give their own credentials to strangers.
	o.TokenURL = "http://169.254.169.254/latest/api/token"
	err = must(auth.NewOAuth2(o)).Sign(get(), nil)
	require.ErrorContains(t, err, "blocked")
	require.NotErrorIs(t, err, auth.ErrUnavailable)
}

// The body of a 101 is the bare connection, which no context and no timeout
// ends: an endpoint that switches protocols could hold all senders for ever.
func TestOAuth2IsNotHeldByASwitchOfProtocols(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if !assert.NoError(t, err) {
			return
		}
		io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n{}")
		_, _ = conn.Read(make([]byte, 1)) // until the other end hangs up
		conn.Close()
	}))
	defer s.Close()
	err := must(auth.NewOAuth2(auth.OAuth2Options{
		TokenURL: s.URL, ClientID: "id", ClientSecret: canary, AllowHTTP: true,
	})).Sign(get(), nil)
	require.EqualError(t, err, "auth: oauth2: token endpoint answered 101")
}

// The errors of net/http quote what they could not read, and those of the
// resolver name the machine that was asked.
func TestOAuth2ErrorsRepeatNothing(t *testing.T) {
	const broke, late = "it broke off, or does not speak HTTP", "it did not answer in time"
	raw := func(answer string) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			near, far := net.Pipe()
			go func() {
				defer far.Close()
				if _, err := http.ReadRequest(bufio.NewReader(far)); assert.NoError(t, err) {
					io.WriteString(far, answer)
				}
			}()
			dial := func(context.Context, string, string) (net.Conn, error) { return near, nil }
			return (&http.Transport{DialContext: dial, DisableKeepAlives: true}).RoundTrip(r)
		})
	}
	failed := func(err error) http.RoundTripper {
		return roundTripper(func(*http.Request) (*http.Response, error) { return nil, err })
	}
	tests := []struct {
		name     string
		endpoint http.RoundTripper
		want     string
	}{
		{"Location that is no URL", raw("HTTP/1.1 302 Found\r\nLocation: http://[::1" + canary + "\r\nContent-Length: 0\r\n\r\n"), broke},
		{"no HTTP", raw("HTTP/1.1 " + canary + "\r\n\r\n"), broke},
		{"no header", raw("HTTP/1.1 200 OK\r\n" + canary + "\r\n\r\n"), broke},
		{"no length", raw("HTTP/1.1 200 OK\r\nContent-Length: " + canary + "\r\n\r\n"), broke},
		{"no chunk", raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + canary + "\r\n"), broke},
		{"resolver", failed(&net.OpError{Op: "dial", Err: &net.DNSError{Name: canary, Server: canary}}), "its name cannot be resolved"},
		{"certificate", failed(&tls.CertificateVerificationError{Err: errors.New(canary)}), "its certificate cannot be verified"},
		{"timeout", failed(&net.OpError{Op: "read", Addr: &net.UnixAddr{Name: canary}, Err: os.ErrDeadlineExceeded}), late},
		{"alert", failed(&net.OpError{Op: "remote error", Addr: &net.UnixAddr{Name: canary}, Err: tls.AlertError(40)}), "it refused the TLS handshake"},
		{"refused", failed(&net.OpError{Op: "dial", Addr: &net.UnixAddr{Name: canary}, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}), syscall.ECONNREFUSED.Error()},
		{"proxy", failed(&net.OpError{Op: "proxyconnect", Err: &net.OpError{
			Op: "dial", Addr: &net.UnixAddr{Name: canary}, Err: syscall.ECONNREFUSED,
		}}), syscall.ECONNREFUSED.Error()},
		{"port", failed(&net.OpError{Op: "dial", Err: &net.AddrError{Err: "invalid port", Addr: canary}}), broke},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := must(auth.NewOAuth2(auth.OAuth2Options{
				TokenURL: "http://id.example.com/" + canary, ClientID: "id", ClientSecret: canary,
				AllowHTTP: true, Client: &http.Client{Transport: tt.endpoint},
			})).Sign(get(), nil)
			require.ErrorIs(t, err, auth.ErrUnavailable)
			assert.EqualError(t, err, "auth: oauth2: credentials unavailable: token endpoint: "+tt.want)
		})
	}
}

// http.Client has no timeout of its own, and nobody gives the fetch a deadline.
func TestOAuth2GivesEveryClientATimeout(t *testing.T) {
	tests := []struct {
		name    string
		timeout time.Duration // of the client
		delay   time.Duration
		wantErr error
	}{
		{"none, in time", 0, 9 * time.Second, nil},
		{"none, late", 0, 11 * time.Second, auth.ErrUnavailable},
		{"its own, in time", time.Minute, 59 * time.Second, nil},
		{"its own, late", time.Minute, 61 * time.Second, auth.ErrUnavailable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := &http.Client{Transport: &issuing{delay: tt.delay}, Timeout: tt.timeout}
				s := must(auth.NewOAuth2(auth.OAuth2Options{
					TokenURL: "https://id.example.com/token", ClientID: "id", ClientSecret: "s", Client: client,
				}))
				require.ErrorIs(t, s.Sign(get(), nil), tt.wantErr)
				assert.Equal(t, tt.timeout, client.Timeout, "the caller's client is left alone")
			})
		})
	}
}
