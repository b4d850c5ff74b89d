package auth_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/auth"
)

// nginxConfig terminates mutual TLS as the documentation of Netdata says, and
// passes the certificate on.
const nginxConfig = `
daemon off;
master_process off;
pid %[1]s/nginx.pid;
error_log %[1]s/error.log;
events {}
http {
	access_log off;
	client_body_temp_path %[1]s/body;
	proxy_temp_path %[1]s/proxy;
	fastcgi_temp_path %[1]s/fastcgi;
	uwsgi_temp_path %[1]s/uwsgi;
	scgi_temp_path %[1]s/scgi;
	server {
		listen 127.0.0.1:%[2]d ssl;
		ssl_certificate %[1]s/server.pem;
		ssl_certificate_key %[1]s/server.key;
		ssl_verify_client %[3]s;
		ssl_client_certificate %[1]s/ca.pem;
		location / {
			%[4]s
			proxy_set_header X-SSL-Client-Cert $ssl_client_escaped_cert;
			proxy_pass %[5]s;
		}
	}
}
`

// netdataRule is what the documentation of Netdata tells nginx to do. The test
// for a substring lets longer names pass.
const netdataRule = `if ($ssl_client_s_dn !~ "CN=app.netdata.cloud") { return 403; }`

// startNginx starts nginx in front of backend and returns its URL. It ends
// with the test.
func startNginx(t *testing.T, ca *authority, verify, rule, backend string) string {
	t.Helper()
	binary, err := exec.LookPath("nginx")
	if err != nil {
		binary = "/usr/sbin/nginx" // where Debian has it, not always in PATH
	}
	if _, err := os.Stat(binary); err != nil {
		t.Skip("nginx is not installed (Debian: apt-get install nginx-light): mutual TLS behind a proxy is not tested")
	}
	dir := t.TempDir()
	writePair(t, dir, "server", ca.server(t))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "ca.pem"), []byte(pemOf(ca.cert)), 0o600))

	// The port is free when it is chosen, and below those that systems give to
	// clients. Should another process take it before nginx does, the next one is
	// tried.
	for range 20 {
		port := 2_000 + rand.IntN(10_000)
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		require.NoError(t, l.Close())
		config := fmt.Sprintf(nginxConfig, dir, port, verify, rule, backend)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "nginx.conf"), []byte(config), 0o600))

		cmd := exec.CommandContext(t.Context(), binary, "-p", dir, "-c", filepath.Join(dir, "nginx.conf"))
		require.NoError(t, cmd.Start())
		ended := make(chan struct{})
		go func() { cmd.Wait(); close(ended) }()
		t.Cleanup(func() { cmd.Process.Kill(); <-ended })
		if listens(port, ended) {
			return fmt.Sprintf("https://127.0.0.1:%d/", port)
		}
	}
	log, _ := os.ReadFile(filepath.Join(dir, "error.log"))
	require.Fail(t, "nginx does not start", "%s", log)
	return ""
}

// listens waits until somebody listens on port, or the process has ended.
func listens(port int, ended <-chan struct{}) bool {
	ticks := time.NewTicker(5 * time.Millisecond)
	defer ticks.Stop()
	for range 12_000 { // a minute
		select {
		case <-ended:
			return false
		case <-ticks.C:
		}
		if c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			c.Close()
			return true
		}
	}
	return false
}

// clientOf sends with a certificate; without one if there is none in pair.
func clientOf(ca *authority, pair tls.Certificate) *http.Client {
	config := &tls.Config{RootCAs: ca.pool()}
	if pair.Certificate != nil {
		// Whether the server asks for certificates of this authority or not.
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}}
}

// accepted reports whether a POST to target was answered with success. A
// handshake that the server ends is a refusal.
func accepted(t *testing.T, client *http.Client, target string, header http.Header) bool {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, target, http.NoBody)
	require.NoError(t, err)
	for name, values := range header {
		r.Header[name] = values
	}
	resp, err := client.Do(r)
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusNoContent
}

func noContent(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }

// A server that terminates TLS itself and one behind nginx come to the same
// verdicts.
func TestClientCertBehindNginx(t *testing.T) {
	ca, other := newAuthority(t, "CA", nil), newAuthority(t, "CA", nil)
	loopback := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	roots, names := ca.pool(), []string{sender}

	behind := must(auth.NewClientCert(auth.ClientCertOptions{
		Roots: roots, Names: names, Header: "X-SSL-Client-Cert", TrustedProxies: loopback,
	}))
	backend := httptest.NewServer(auth.Require(behind, auth.RequireOptions{})(http.HandlerFunc(noContent)))
	defer backend.Close()
	documented := startNginx(t, ca, "on", netdataRule, backend.URL)
	lenient := startNginx(t, ca, "optional_no_ca", "", backend.URL)

	itself := must(auth.NewClientCert(auth.ClientCertOptions{Roots: roots, Names: names}))
	direct := httptest.NewUnstartedServer(auth.Require(itself, auth.RequireOptions{})(http.HandlerFunc(noContent)))
	direct.TLS = &tls.Config{ClientAuth: tls.RequestClientCert, Certificates: []tls.Certificate{ca.server(t)}}
	direct.StartTLS()
	defer direct.Close()

	middle := newAuthority(t, "Intermediate", ca)
	below := middle.client(t, sender)
	tests := []struct {
		name string
		pair tls.Certificate
		want bool
	}{
		{"the sender", ca.client(t, sender), true},
		{"no certificate", tls.Certificate{}, false},
		{"another name", ca.client(t, "api.netdata.cloud"), false},
		{"a name that begins alike", ca.client(t, sender+".example"), false},
		{"another authority", other.client(t, sender), false},
		{"self-signed", (*authority)(nil).client(t, sender), false},
		{"expired", ca.client(t, sender, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }), false},
		{"not for clients", ca.client(t, sender, func(c *x509.Certificate) {
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		}), false},
		{"intermediate not sent", below, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			client := clientOf(ca, tt.pair)
			assert.Equal(t, tt.want, accepted(t, client, direct.URL, nil), "our server itself")
			assert.Equal(t, tt.want, accepted(t, client, documented, nil), "nginx as documented")
			assert.Equal(t, tt.want, accepted(t, client, lenient, nil), "nginx that leaves the verdict to us")
		})
	}

	t.Run("a stranger passes on a certificate that he has seen", func(t *testing.T) {
		seen := http.Header{"X-Ssl-Client-Cert": {url.PathEscape(pemOf(ca.client(t, sender).Leaf))}}
		assert.Equal(t, true, accepted(t, backend.Client(), backend.URL, seen), "the header alone counts from the proxy's address")
		client := clientOf(ca, tls.Certificate{})
		assert.Equal(t, false, accepted(t, client, lenient, seen), "nginx replaces it")
		assert.Equal(t, false, accepted(t, client, direct.URL, seen), "a server itself does not read it")
	})
}
