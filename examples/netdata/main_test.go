package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/alertwire/alertwire/payload/payloadtest"
)

func write(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// start returns a server with the given flags, and what it prints.
func start(t *testing.T, f flags) (*httptest.Server, *bytes.Buffer) {
	t.Helper()
	o, err := f.options()
	require.NoError(t, err)
	var out bytes.Buffer
	h, err := (&receiver{&out, slog.New(slog.DiscardHandler)}).handler(o)
	require.NoError(t, err)
	srv := httptest.NewUnstartedServer(h)
	if o.tls != nil {
		srv.TLS = o.tls
		srv.StartTLS()
	} else {
		srv.Start()
	}
	t.Cleanup(srv.Close)
	return srv, &out
}

func post(t *testing.T, c *http.Client, url string, body []byte, header ...string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/netdata", bytes.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := c.Do(r)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	return resp.StatusCode
}

func TestNotificationsArePrinted(t *testing.T) {
	srv, out := start(t, flags{tokenFile: write(t, "s3cr3t\n"), challengeFile: write(t, "crc-secret")})
	for _, name := range []string{"test-notification", "flat-alert", "nested-alert", "flat-reachability-down"} {
		assert.Equal(t, 200, post(t, http.DefaultClient, srv.URL, payloadtest.Body("netdata", name), "Authorization", "Bearer s3cr3t"), name)
	}
	assert.Equal(t, 401, post(t, http.DefaultClient, srv.URL, payloadtest.Body("netdata", "flat-alert"), "Authorization", "Bearer guess"))
	assert.Contains(t, out.String(), "copy this token into the console of Netdata: ")
	assert.Contains(t, out.String(), "firing ")
	assert.Contains(t, out.String(), "unreachable ")

	resp, err := http.Get(srv.URL + "/netdata?crc_token=token")
	require.NoError(t, err)
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	// openssl dgst -sha256 -hmac crc-secret
	assert.JSONEq(t, `{"response_token":"sha256=mJ2j0GO/hpO7PPdw28lFak930RoezwwRT4i57zsoqbw="}`, string(answer))
}

// What a sender writes does not steer the terminal.
func TestPrintsNothingThatATerminalObeys(t *testing.T) {
	srv, out := start(t, flags{tokenFile: write(t, "s3cr3t")})
	body := []byte(`{"title":"Test","message":"A test","token":"a\u001b[2J"}`)
	require.Equal(t, 200, post(t, http.DefaultClient, srv.URL, body, "Authorization", "Bearer s3cr3t"))
	assert.Contains(t, out.String(), `Netdata: "a\x1b[2J"`)
	body = []byte(`{"title":"Test","message":"A test","token":"abc"}`)
	require.Equal(t, 200, post(t, http.DefaultClient, srv.URL, body, "Authorization", "Bearer s3cr3t"))
	assert.Contains(t, out.String(), "Netdata: abc\n")
}

func TestBasic(t *testing.T) {
	srv, _ := start(t, flags{basicFile: write(t, "netdata:p:w")})
	body := payloadtest.Body("netdata", "flat-alert")
	assert.Equal(t, 200, post(t, http.DefaultClient, srv.URL, body, "Authorization", "Basic bmV0ZGF0YTpwOnc="))
	assert.Equal(t, 401, post(t, http.DefaultClient, srv.URL, body))
}

// TestClientCertificate demands Netdata's certificate in our own TLS, and as a
// proxy passes it on.
func TestClientCertificate(t *testing.T) {
	ca, stranger := callbacktest.NewAuthority(t), callbacktest.NewAuthority(t)
	good := pair(t, ca, "app.netdata.cloud")
	certs := map[string]struct {
		cert tls.Certificate
		want int
	}{
		"Netdata's":              {good, 200},
		"a name that begins so":  {pair(t, ca, "app.netdata.cloud.example"), 401},
		"of another authority":   {pair(t, stranger, "app.netdata.cloud"), 401},
		"none":                   {tls.Certificate{}, 401},
		"another name of the CA": {pair(t, ca, "other.example"), 401},
	}
	serverCert, serverKey := ca.Issue("localhost", time.Time{})
	base := flags{clientCA: write(t, string(ca.PEM())), clientName: "app.netdata.cloud", proxyHeader: "X-Client-Cert"}
	own, proxied := base, base
	own.certFile, own.keyFile = write(t, string(serverCert)), write(t, string(serverKey))
	proxied.proxies = "127.0.0.0/8"
	ownServer, _ := start(t, own)
	proxiedServer, _ := start(t, proxied)
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(ca.PEM()))
	body := payloadtest.Body("netdata", "flat-alert")

	for name, tt := range certs {
		t.Run(name, func(t *testing.T) {
			config := &tls.Config{RootCAs: roots, ServerName: "localhost", GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
				return &tt.cert, nil // whatever the server asks for
			}}
			client := &http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}}
			assert.Equal(t, tt.want, post(t, client, ownServer.URL, body), "own TLS")

			header := ""
			if len(tt.cert.Certificate) > 0 {
				header = url.PathEscape(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: tt.cert.Certificate[0]})))
			}
			assert.Equal(t, tt.want, post(t, http.DefaultClient, proxiedServer.URL, body, "X-Client-Cert", header), "behind a proxy")
		})
	}
}

func pair(t *testing.T, ca *callbacktest.Authority, name string) tls.Certificate {
	t.Helper()
	cert, key := ca.Issue(name, time.Time{})
	p, err := tls.X509KeyPair(cert, key)
	require.NoError(t, err)
	return p
}

func TestMistakesStartNothing(t *testing.T) {
	file := write(t, "s3cr3t")
	for _, tt := range []struct {
		args, want string
	}{
		{"", "anybody may send"},
		{"-token-file F -basic-file F", "exclude each other"},
		{"-token-file F -tls-cert F", "go together"},
		{"-client-ca F", "-client-ca needs"},
		{"-client-ca F -proxies 127.0.0.0/8", "has no certificate"},
		{"-token-file F.none", "F.none"},
		{"-token-file F -challenge-secret-file F.none", "-challenge-secret-file"},
		{"-token-file F -proxies 10.0.0.0/8", "-proxies is for"},
		{"-token-file F more", "unexpected argument \"more\""},
		{"-nope", "-nope"},
	} {
		var stderr bytes.Buffer
		args := strings.Fields(strings.ReplaceAll(tt.args, "F", file))
		assert.Equal(t, 2, run(t.Context(), args, io.Discard, &stderr), tt.args)
		assert.Contains(t, stderr.String(), strings.ReplaceAll(tt.want, "F", file), tt.args)
	}
}
