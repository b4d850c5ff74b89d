package callback_test

import (
	"crypto/tls"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
)

func TestHTTPProxy(t *testing.T) {
	ca := callbacktest.NewAuthority(t)
	var p *proxy
	var proxyURL string
	inOneRun(t, func() bool {
		target := callbacktest.NewTLSServer(t, callbacktest.TLSOptions{Authority: ca, Name: "hook.example"})
		own, s := newProxy(t, target.URL)
		s.Start()
		p, proxyURL = own, s.URL

		// Through a tunnel. The name is the proxy's to resolve, which is the point.
		c := callback.Config{URL: "https://hook.example/", Proxy: s.URL, TLS: callback.TLSConfig{CA: string(ca.PEM())}}
		for range 3 {
			_, err := hook(t, c, callback.Options{}).Call(t.Context(), message)
			require.NoError(t, err)
		}
		assert.Equal(t, "hook.example:443", p.asked.Load())
		assert.Len(t, target.Requests(), 3)
		return p.connects.Load() == 1 // tunnels are kept
	})

	// In the clear.
	c := callback.Config{URL: "http://hook.example:8080/a", Proxy: proxyURL}
	reply, err := hook(t, c, callback.Options{}).Call(t.Context(), message)
	require.NoError(t, err)
	assert.Equal(t, http.StatusAccepted, reply.Status)
	assert.Equal(t, int64(1), p.forwards.Load())
}

func TestProxyOverTLS(t *testing.T) {
	ca, proxyCA := callbacktest.NewAuthority(t), callbacktest.NewAuthority(t)
	target := callbacktest.NewTLSServer(t, callbacktest.TLSOptions{Authority: ca, Name: "hook.example", Client: true})
	p, s := newProxy(t, target.URL)
	cert, key := proxyCA.Issue("proxy", time.Time{})
	pair, err := tls.X509KeyPair(cert, key)
	require.NoError(t, err)
	var peers atomic.Int64
	s.TLS = &tls.Config{
		Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequestClientCert,
		VerifyConnection: func(s tls.ConnectionState) error {
			peers.Add(int64(len(s.PeerCertificates)))
			return nil
		},
	}
	s.StartTLS()
	own, ownKey := ca.Issue("sender", time.Time{})
	c := callback.Config{URL: "https://127.0.0.1:1/", Proxy: s.URL, TLS: callback.TLSConfig{
		CA: string(ca.PEM()) + string(proxyCA.PEM()), Cert: string(own), Key: asSecret(ownKey), ServerName: "hook.example",
	}}
	_, err = hook(t, c, callback.Options{}).Call(t.Context(), message)
	require.NoError(t, err)
	assert.Equal(t, "sender", target.Await(1)[0].Peer)
	assert.Zero(t, peers.Load(), "the client certificate is for the receiver, not for the proxy")
	assert.Equal(t, int64(1), p.connects.Load())

	// The certificate of the proxy is verified, unless nothing is.
	c.TLS.CA = string(ca.PEM())
	_, err = hook(t, c, callback.Options{}).Call(t.Context(), message)
	require.ErrorIs(t, err, callback.ErrGaveUp)
	assert.Equal(t, callback.ClassProxy, failed(t, err).Class)
	c.TLS.InsecureSkipVerify = true
	_, err = hook(t, c, callback.Options{}).Call(t.Context(), message)
	require.NoError(t, err)
}

func TestFaultsOfAProxyAreItsOwn(t *testing.T) {
	dead := nobody(t)
	deaf, err := net.Listen("tcp", "127.0.0.1:0") // and nobody accepts
	require.NoError(t, err)
	defer deaf.Close()
	p, s := newProxy(t, dead)
	p.user = "Basic dTpw"
	s.Start()
	withUser := strings.Replace(s.URL, "http://", "http://u:p@", 1)
	tests := []struct {
		name, url, proxy string
		status           int
		text             string
	}{
		{"cannot be reached", "http://h/", "http://" + dead, 0, "connection refused"},
		{"cannot be reached for a tunnel", "https://h/", "http://" + dead, 0, "connection refused"},
		{"wants a password", "http://h/", s.URL, 407, ""},
		{"wants a password for a tunnel", "https://h/", s.URL, 0, "the proxy answered 407"},
		{"cannot connect", "https://h/", withUser, 0, "the proxy answered 502"},
		{"does not answer", "https://h/", "http://" + deaf.Addr().String(), 0, "no complete answer within"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := callback.Config{URL: tt.url, Proxy: tt.proxy}
			if tt.name == "does not answer" {
				c.Timeout = 100 * time.Millisecond
			}
			_, err := hook(t, c, callback.Options{}).Call(t.Context(), message)
			require.ErrorIs(t, err, callback.ErrGaveUp)
			e := failed(t, err)
			assert.Equal(t, callback.ClassProxy, e.Class, err)
			assert.False(t, e.Class.Counts())
			assert.Equal(t, tt.status, e.Status)
			assert.ErrorContains(t, err, tt.text)
		})
	}
}

// A target behind a proxy answers for itself.
func TestFaultsOfATargetBehindAProxy(t *testing.T) {
	ca := callbacktest.NewAuthority(t)
	target := callbacktest.NewTLSServer(t, callbacktest.TLSOptions{Authority: ca, Name: "hook.example"}, callbacktest.Status(407), callbacktest.Close())
	_, s := newProxy(t, target.URL)
	s.Start()
	c := callback.Config{URL: "https://hook.example/", Proxy: s.URL, TLS: callback.TLSConfig{CA: string(ca.PEM())}}
	_, err := hook(t, c, callback.Options{}).Call(t.Context(), message)
	assert.Equal(t, callback.ClassClient, failed(t, err).Class, "what comes through a tunnel is not the proxy's")
	_, err = hook(t, c, callback.Options{}).Call(t.Context(), message)
	assert.Equal(t, callback.ClassReset, failed(t, err).Class)
	c.TLS.CA = ""
	_, err = hook(t, c, callback.Options{}).Call(t.Context(), message)
	assert.Equal(t, callback.ClassTLS, failed(t, err).Class)
}

func TestSOCKSProxy(t *testing.T) {
	target := callbacktest.NewServer(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	asked := make(chan string, 8)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go socks(c, strings.TrimPrefix(target.URL, "http://"), asked)
		}
	}()
	for _, scheme := range []string{"socks5", "socks5h"} {
		c := callback.Config{URL: "http://hook.example/", Proxy: scheme + "://u:p@" + l.Addr().String()}
		_, err := hook(t, c, callback.Options{}).Call(t.Context(), message)
		require.NoError(t, err)
		assert.Equal(t, "hook.example", <-asked)
	}
	assert.Len(t, target.Requests(), 2)
}

// Whoever takes URLs from users must say that the proxy keeps them from
// private addresses: from here it cannot be seen.
func TestAProxyDoesNotGetAroundTheGuard(t *testing.T) {
	p, s := newProxy(t, "127.0.0.1:1")
	s.Start()
	c := callback.Config{URL: "http://hook.example/", Network: callback.NetworkPublic, Proxy: s.URL}
	_, err := callback.New(c, callback.Options{})
	require.ErrorContains(t, err, "proxy_trusted")
	c.ProxyTrusted = true
	_, err = hook(t, c, callback.Options{}).Call(t.Context(), message)
	require.NoError(t, err, "the address of a proxy that is trusted may be private")
	assert.Equal(t, int64(1), p.forwards.Load())
	c.Proxy = "http://169.254.169.254:80"
	_, err = hook(t, c, callback.Options{}).Call(t.Context(), message)
	require.ErrorIs(t, err, callback.ErrBlocked, "and never a special one")
}

// The environment is read once in a process, so this needs one of its own.
func TestProxyFromTheEnvironment(t *testing.T) {
	const child = "ALERTWIRE_TEST_PROXY_CHILD"
	if os.Getenv(child) == "" {
		p, s := newProxy(t, "")
		s.Start()
		cmd := exec.Command(os.Args[0], "-test.run=^TestProxyFromTheEnvironment$", "-test.v")
		cmd.Env = append(os.Environ(), child+"=1", "HTTP_PROXY="+s.URL, "NO_PROXY=direct.example", "http_proxy=", "no_proxy=")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		assert.Equal(t, int64(1), p.forwards.Load())
		assert.Equal(t, "proxied.example", p.asked.Load())
		return
	}
	direct := callbacktest.NewServer(t)
	resolveWith(t, map[string][][]string{"direct.example": {{"127.0.0.1"}}})
	for url, proxy := range map[string]string{
		"http://proxied.example":                          "env",
		"http://direct.example:" + port(direct.URL):       "env",
		"http://direct.example:" + port(direct.URL) + "/": "",
	} {
		_, err := hook(t, callback.Config{URL: url, Proxy: proxy}, callback.Options{}).Call(t.Context(), message)
		require.NoError(t, err, url)
	}
	_, err := hook(t, callback.Config{URL: "http://proxied.example"}, callback.Options{}).Call(t.Context(), message)
	require.Equal(t, callback.ClassDNS, failed(t, err).Class, "unasked, the environment is not looked at")
	require.Len(t, direct.Requests(), 2)
}
