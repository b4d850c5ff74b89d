package callback_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/auth"
	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
)

// write writes a file that did not have this content before, and makes sure
// that this can be seen.
func write(t *testing.T, path string, content []byte) {
	t.Helper()
	before, _ := os.Stat(path)
	require.NoError(t, os.WriteFile(path, content, 0o600))
	if before != nil {
		require.NoError(t, os.Chtimes(path, time.Time{}, before.ModTime().Add(2*time.Second)))
	}
}

func TestTLSIdentity(t *testing.T) {
	ca, other := callbacktest.NewAuthority(t), callbacktest.NewAuthority(t)
	good := callbacktest.TLSOptions{Authority: ca, Name: "hook.example"}
	expired := callbacktest.TLSOptions{Authority: ca, Until: time.Now().Add(-time.Hour)}
	misnamed := callbacktest.TLSOptions{Authority: ca, Name: "hook.example", Only: true}
	trusted := callback.TLSConfig{CA: string(ca.PEM())}
	tests := []struct {
		name   string
		server callbacktest.TLSOptions
		tls    callback.TLSConfig
		want   error
		text   string
	}{
		{"trusted", good, trusted, nil, ""},
		{"of one of two authorities", good, callback.TLSConfig{CA: string(other.PEM()) + string(ca.PEM())}, nil, ""},
		{"unknown authority", good, callback.TLSConfig{}, callback.ErrRefused, "authority that is not trusted"},
		{"another authority", good, callback.TLSConfig{CA: string(other.PEM())}, callback.ErrRefused, "authority that is not trusted"},
		{"expired", expired, trusted, callback.ErrRefused, "has expired"},
		{"for another host", misnamed, trusted, callback.ErrRefused, "not for this host"},
		{"for another host that is meant", misnamed, callback.TLSConfig{CA: trusted.CA, ServerName: "hook.example"}, nil, ""},
		{"of the host where another is meant", good, callback.TLSConfig{CA: trusted.CA, ServerName: "other.example"}, callback.ErrRefused, "not for this host"},
		{"unverified", expired, callback.TLSConfig{InsecureSkipVerify: true}, nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			srv := callbacktest.NewTLSServer(t, tt.server)
			_, err := hook(t, callback.Config{URL: srv.URL, TLS: tt.tls}, callback.Options{}).Call(t.Context(), message)
			require.ErrorIs(t, err, tt.want)
			if tt.want != nil {
				assert.Equal(t, callback.ClassTLS, failed(t, err).Class)
				assert.ErrorContains(t, err, tt.text)
				var cert *tls.CertificateVerificationError
				assert.ErrorAs(t, err, &cert, "the cause can be had")
			}
			assert.Equal(t, tt.want == nil, len(srv.Requests()) == 1)
		})
	}
}

func TestClientCertificate(t *testing.T) {
	ca, other := callbacktest.NewAuthority(t), callbacktest.NewAuthority(t)
	srv := callbacktest.NewTLSServer(t, callbacktest.TLSOptions{Authority: ca, Client: true})
	cert, key := ca.Issue("alertwire.example", time.Time{})
	strange, strangeKey := other.Issue("stranger", time.Time{})

	config := callback.TLSConfig{CA: string(ca.PEM()), Cert: string(cert), Key: auth.Secret(key)}
	_, err := hook(t, callback.Config{URL: srv.URL, TLS: config}, callback.Options{}).Call(t.Context(), message)
	require.NoError(t, err)
	assert.Equal(t, "alertwire.example", srv.Await(1)[0].Peer)

	for _, c := range []callback.TLSConfig{
		{CA: string(ca.PEM())},
		{CA: string(ca.PEM()), Cert: string(strange), Key: auth.Secret(strangeKey)},
	} {
		_, err := hook(t, callback.Config{URL: srv.URL, TLS: c}, callback.Options{}).Call(t.Context(), message)
		require.ErrorIs(t, err, callback.ErrRefused)
		assert.Equal(t, callback.ClassTLS, failed(t, err).Class)
		assert.ErrorContains(t, err, "the server ended TLS: ")
	}
	assert.Len(t, srv.Requests(), 1)
}

func TestMinimumVersion(t *testing.T) {
	ca := callbacktest.NewAuthority(t)
	srv := callbacktest.NewTLSServer(t, callbacktest.TLSOptions{Authority: ca})
	for _, version := range []string{"", "1.2", "1.3"} {
		c := callback.TLSConfig{CA: string(ca.PEM()), MinVersion: version}
		_, err := hook(t, callback.Config{URL: srv.URL, TLS: c}, callback.Options{}).Call(t.Context(), message)
		require.NoError(t, err, version)
	}
	tests := []struct {
		server  uint16
		version string
		wantErr error
	}{
		{tls.VersionTLS12, "", nil},
		{tls.VersionTLS12, "1.2", nil},
		{tls.VersionTLS12, "1.3", callback.ErrRefused},
		{tls.VersionTLS11, "", callback.ErrRefused},
		{tls.VersionTLS11, "1.2", callback.ErrRefused},
	}
	for _, tt := range tests {
		c := callback.TLSConfig{CA: string(ca.PEM()), MinVersion: tt.version}
		old := newOldServer(t, ca, tt.server)
		_, err := hook(t, callback.Config{URL: old, TLS: c}, callback.Options{}).Call(t.Context(), message)
		require.ErrorIs(t, err, tt.wantErr, "%s from %q on", tls.VersionName(tt.server), tt.version)
	}
}

func TestHTTP2(t *testing.T) {
	ca := callbacktest.NewAuthority(t)
	srv := callbacktest.NewTLSServer(t, callbacktest.TLSOptions{Authority: ca, HTTP2: true})
	w := hook(t, callback.Config{URL: srv.URL, TLS: callback.TLSConfig{CA: string(ca.PEM())}}, callback.Options{})
	for range 3 {
		_, err := w.Call(t.Context(), message)
		require.NoError(t, err)
	}
	for _, got := range srv.Await(3) {
		assert.Equal(t, "HTTP/2.0", got.Proto)
		assert.Equal(t, "msg_1", got.Header.Get("Webhook-Id"))
	}
	made, _ := srv.Connections()
	assert.Equal(t, 1, made)
}

// New certificates are used without a restart. Only the connections of those who
// use the files are given up.
func TestCertificatesAreReadAgain(t *testing.T) {
	inOneRun(t, func() (kept bool) { return certificatesAreReadAgain(t) })
}

// certificatesAreReadAgain returns early if a connection is lost that should be
// kept.
func certificatesAreReadAgain(t *testing.T) (kept bool) {
	t.Helper()
	ca := callbacktest.NewAuthority(t)
	srv := callbacktest.NewTLSServer(t, callbacktest.TLSOptions{Authority: ca, Client: true})
	dir := t.TempDir()
	caFile, certFile, keyFile := filepath.Join(dir, "ca"), filepath.Join(dir, "cert"), filepath.Join(dir, "key")
	cert, key := ca.Issue("one", time.Time{})
	write(t, caFile, ca.PEM())
	write(t, certFile, cert)
	write(t, keyFile, key)
	w := hook(t, callback.Config{URL: srv.URL, TLS: callback.TLSConfig{CAFile: caFile, CertFile: certFile, KeyFile: keyFile}}, callback.Options{})
	inline := hook(t, callback.Config{URL: srv.URL, TLS: callback.TLSConfig{CA: string(ca.PEM()), Cert: string(cert), Key: auth.Secret(key)}}, callback.Options{})
	peer := func(w *callback.Webhook) (name, remote string) {
		n := len(srv.Requests())
		_, err := w.Call(t.Context(), message)
		require.NoError(t, err)
		got := srv.Await(n + 1)[n]
		return got.Peer, got.Remote
	}
	name, first := peer(w)
	assert.Equal(t, "one", name)
	_, inlineFirst := peer(inline)
	callback.LookAtFilesNow(w)
	_, remote := peer(w)
	if remote != first {
		return false // although nothing has changed
	}

	cert, key = ca.Issue("two", time.Time{})
	write(t, certFile, cert) // the key is not there yet
	callback.LookAtFilesNow(w)
	name, remote = peer(w)
	assert.Equal(t, "one", name, "half a change is none")
	if remote != first {
		return false
	}
	write(t, keyFile, key)
	callback.LookAtFilesNow(w)
	name, remote = peer(w)
	assert.Equal(t, "two", name)
	assert.NotEqual(t, first, remote)
	eventually(t, func() bool { _, open := srv.Connections(); return open <= 2 }) // the old one is closed
	_, remote = peer(inline)
	if remote != inlineFirst {
		return false // although it is another's
	}

	write(t, caFile, callbacktest.NewAuthority(t).PEM())
	callback.LookAtFilesNow(w)
	_, err := w.Call(t.Context(), message)
	require.ErrorIs(t, err, callback.ErrRefused, "a new authority counts for the next message")
	write(t, caFile, []byte("nonsense"))
	_, err = callback.New(callback.Config{URL: srv.URL, TLS: callback.TLSConfig{CAFile: caFile, CertFile: certFile, KeyFile: keyFile}}, callback.Options{})
	require.ErrorContains(t, err, "tls.ca: no certificate", "New reads what is there now, whoever has read it before")
	return true
}

func TestFilesAreBounded(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ca")
	for size, want := range map[int]string{4 << 20: "no certificate in PEM", 4<<20 + 1: "tls.ca_file: is larger than"} {
		require.NoError(t, os.WriteFile(file, make([]byte, size), 0o600))
		_, err := callback.New(callback.Config{URL: "https://h/", TLS: callback.TLSConfig{CAFile: file}}, callback.Options{})
		assert.ErrorContains(t, err, want)
	}
}

// The size that the system tells of a device is no bound.
func TestEndlessFilesAreBounded(t *testing.T) {
	const endless = "/dev/zero"
	if _, err := os.Stat(endless); err != nil {
		t.Skip("there is no endless file here")
	}
	_, err := callback.New(callback.Config{URL: "https://h/", TLS: callback.TLSConfig{CAFile: endless}}, callback.Options{})
	require.ErrorContains(t, err, "tls.ca_file: is larger than")
}

// A key in the place of the name of its file is told to nobody.
func TestErrorsOfFilesDoNotRepeatTheirNames(t *testing.T) {
	const key = "-----BEGIN PRIVATE KEY-----\nc4n4ry"
	cert, _ := callbacktest.NewAuthority(t).Issue("sender", time.Time{})
	for _, c := range []callback.TLSConfig{{Cert: string(cert), KeyFile: key}, {CertFile: key, Key: "k"}, {CAFile: key}} {
		_, err := callback.New(callback.Config{URL: "https://h/", TLS: c}, callback.Options{})
		require.ErrorIs(t, err, os.ErrNotExist)
		assert.NotContains(t, err.Error(), "c4n4ry")
	}
}

func TestSkippingVerificationIsLoggedOnce(t *testing.T) {
	ca := callbacktest.NewAuthority(t)
	srv := callbacktest.NewTLSServer(t, callbacktest.TLSOptions{Authority: ca})
	var log bytes.Buffer
	w := hook(t, callback.Config{URL: srv.URL, TLS: callback.TLSConfig{InsecureSkipVerify: true}},
		callback.Options{Name: "ops", Logger: slog.New(slog.NewTextHandler(&log, nil))})
	for range 3 {
		_, err := w.Call(t.Context(), message)
		require.NoError(t, err)
	}
	assert.Equal(t, 1, bytes.Count(log.Bytes(), []byte("level=WARN")))
	assert.Contains(t, log.String(), "endpoint=ops")
}

// newOldServer speaks TLS up to a version and nothing newer.
func newOldServer(t *testing.T, ca *callbacktest.Authority, newest uint16) (url string) {
	t.Helper()
	cert, key := ca.Issue("old", time.Time{})
	pair, err := tls.X509KeyPair(cert, key)
	require.NoError(t, err)
	return serveTLS(t, &tls.Config{
		Certificates: []tls.Certificate{pair}, ClientCAs: x509.NewCertPool(),
		MinVersion: tls.VersionTLS10, MaxVersion: newest,
	})
}
