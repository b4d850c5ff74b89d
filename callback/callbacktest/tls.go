package callbacktest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"testing"
	"time"
)

// TLSOptions are the options of [NewTLSServer].
type TLSOptions struct {
	// Authority signs the certificate of the server, and that of its clients.
	// Required.
	Authority *Authority
	// Name is the host name in the certificate of the server, beside 127.0.0.1
	// and ::1.
	Name string
	// Only makes Name the only one: the certificate does not fit the address.
	Only bool
	// Until is when the certificate expires. Zero means in a day.
	Until time.Time
	// Client demands a certificate of the Authority from clients.
	Client bool
	// HTTP2 offers HTTP/2.
	HTTP2 bool
}

// NewTLSServer is [NewServer] with TLS.
func NewTLSServer(t testing.TB, o TLSOptions, script ...http.HandlerFunc) *Server {
	t.Helper()
	if o.Authority == nil {
		t.Fatalf("callbacktest: TLSOptions has no Authority, see NewAuthority")
	}
	s := newServer(t, script)
	certPEM, keyPEM := o.Authority.issue(o.Name, o.Only, o.Until)
	cert, err := tls.X509KeyPair(certPEM, keyPEM)
	noError(t, err)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(o.Authority.PEM())
	s.srv.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, ClientCAs: pool}
	if o.Client {
		s.srv.TLS.ClientAuth = tls.RequireAndVerifyClientCert
	}
	s.srv.EnableHTTP2 = o.HTTP2
	s.srv.StartTLS()
	s.URL = s.srv.URL
	return s
}

// An Authority signs certificates for tests.
type Authority struct {
	t    testing.TB
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// NewAuthority returns an Authority with a new key.
func NewAuthority(t testing.TB) *Authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	noError(t, err)
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "callbacktest"},
		NotBefore: now.Add(-48 * time.Hour), NotAfter: now.Add(48 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	noError(t, err)
	cert, err := x509.ParseCertificate(der)
	noError(t, err)
	return &Authority{t: t, cert: cert, key: key}
}

// PEM returns the certificate of the authority.
func (a *Authority) PEM() []byte { return encode("CERTIFICATE", a.cert.Raw) }

// Issue returns a certificate and its key for a client or server of that name,
// which expires at until; zero means in a day.
func (a *Authority) Issue(name string, until time.Time) (cert, key []byte) {
	a.t.Helper()
	return a.issue(name, false, until)
}

func (a *Authority) issue(name string, only bool, until time.Time) (certPEM, keyPEM []byte) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	noError(a.t, err)
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	noError(a.t, err)
	if until.IsZero() {
		until = time.Now().Add(24 * time.Hour)
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: until,
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if name != "" {
		template.DNSNames = []string{name}
	}
	if !only {
		template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	noError(a.t, err)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	noError(a.t, err)
	return encode("CERTIFICATE", der), encode("PRIVATE KEY", pkcs8)
}

func encode(typ string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: typ, Bytes: der})
}

func noError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("callbacktest: %v", err)
	}
}
