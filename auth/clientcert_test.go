package auth_test

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/auth"
)

const sender = "app.netdata.cloud"

func TestClientCert(t *testing.T) {
	ca, other := newAuthority(t, "CA", nil), newAuthority(t, "CA", nil)
	middle := newAuthority(t, "Intermediate", ca)
	v := must(auth.NewClientCert(auth.ClientCertOptions{Roots: ca.pool(), Names: []string{"another.example", sender}}))
	withMiddle := must(auth.NewClientCert(auth.ClientCertOptions{Roots: ca.pool(), Intermediates: middle.pool(), Names: []string{sender}}))
	of := func(c tls.Certificate) []*x509.Certificate { return []*x509.Certificate{c.Leaf} }
	with := func(change func(c *x509.Certificate)) []*x509.Certificate { return of(ca.client(t, "", change)) }
	commonName := asn1.ObjectIdentifier{2, 5, 4, 3}
	spiffe := &url.URL{Scheme: "spiffe", Host: "example.org", Path: "/alerts"}

	tests := []struct {
		name    string
		v       *auth.ClientCert
		chain   []*x509.Certificate
		wantErr error
	}{
		{"common name", v, of(ca.client(t, sender)), nil},
		{"another of the names", v, of(ca.client(t, "another.example")), nil},
		{"DNS name", v, with(func(c *x509.Certificate) { c.DNSNames = []string{sender} }), nil},
		{"without any usage", v, with(func(c *x509.Certificate) { c.ExtKeyUsage = nil; c.DNSNames = []string{sender} }), nil},
		{"no certificate", v, nil, auth.ErrMissing},
		{"longer name", v, of(ca.client(t, sender+".example")), auth.ErrMismatch},
		{"name in front", v, of(ca.client(t, "x"+sender)), auth.ErrMismatch},
		{"the sender inside another name", v, of(ca.client(t, "x, CN="+sender)), auth.ErrMismatch},
		{"other case", v, of(ca.client(t, "App.Netdata.Cloud")), auth.ErrMismatch},
		{"wildcard", v, with(func(c *x509.Certificate) { c.DNSNames = []string{"*.netdata.cloud"} }), auth.ErrMismatch},
		{"name of the organisation", v, with(func(c *x509.Certificate) { c.Subject.Organization = []string{sender} }), auth.ErrMismatch},
		{"two common names", v, with(func(c *x509.Certificate) {
			c.Subject.ExtraNames = []pkix.AttributeTypeAndValue{{Type: commonName, Value: "x"}, {Type: commonName, Value: sender}}
		}), auth.ErrMismatch},
		{"no name", v, with(func(*x509.Certificate) {}), auth.ErrMismatch},
		{"another authority of the same name", v, of(other.client(t, sender)), auth.ErrMismatch},
		{"expired", v, of(ca.client(t, sender, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })), auth.ErrMismatch},
		{"not yet valid", v, of(ca.client(t, sender, func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Minute) })), auth.ErrMismatch},
		{"certificate of a server", v, of(ca.client(t, sender, func(c *x509.Certificate) {
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		})), auth.ErrMismatch},
		{"intermediate sent", v, []*x509.Certificate{middle.client(t, sender).Leaf, middle.cert}, nil},
		{"intermediate not sent", v, of(middle.client(t, sender)), auth.ErrMismatch},
		{"intermediate known", withMiddle, of(middle.client(t, sender)), nil},
		{"a right one behind a wrong one", v, []*x509.Certificate{other.client(t, sender).Leaf, ca.client(t, sender).Leaf}, auth.ErrMismatch},
		{"URI", must(auth.NewClientCert(auth.ClientCertOptions{Roots: ca.pool(), Names: []string{spiffe.String()}})),
			with(func(c *x509.Certificate) { c.URIs = []*url.URL{spiffe} }), nil},
		{"IP", must(auth.NewClientCert(auth.ClientCertOptions{Roots: ca.pool(), Names: []string{"192.0.2.1"}})),
			with(func(c *x509.Certificate) { c.IPAddresses = []net.IP{net.IPv4(192, 0, 2, 1)} }), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := get()
			r.TLS = &tls.ConnectionState{PeerCertificates: tt.chain}
			require.ErrorIs(t, tt.v.Verify(r, nil), tt.wantErr)
			require.ErrorIs(t, tt.v.VerifyHeader(r), tt.wantErr)
		})
	}
	require.ErrorIs(t, v.Verify(get(), nil), auth.ErrMissing, "no TLS")
}

// An authority that may speak for certain names only could go around that with
// common names, to which X.509 does not apply the constraint.
func TestClientCertNameConstraints(t *testing.T) {
	ca := newAuthority(t, "CA", nil)
	v := must(auth.NewClientCert(auth.ClientCertOptions{Roots: ca.pool(), Names: []string{sender, "Alert Sender"}}))
	tests := []struct {
		name                string
		permitted, excluded []string
		of                  *x509.Certificate
		wantErr             error
	}{
		{"common name outside", []string{"example.org"}, nil, &x509.Certificate{Subject: pkix.Name{CommonName: sender}}, auth.ErrMismatch},
		{"DNS name outside", []string{"example.org"}, nil, &x509.Certificate{DNSNames: []string{sender}}, auth.ErrMismatch},
		{"common name outside, DNS name inside", []string{"example.org"}, nil,
			&x509.Certificate{Subject: pkix.Name{CommonName: sender}, DNSNames: []string{"a.example.org"}}, auth.ErrMismatch},
		{"common name that is no DNS name", []string{"example.org"}, nil, &x509.Certificate{Subject: pkix.Name{CommonName: "Alert Sender"}}, auth.ErrMismatch},
		{"common name that ends like one inside", []string{"data.cloud"}, nil, &x509.Certificate{Subject: pkix.Name{CommonName: sender}}, auth.ErrMismatch},
		{"common name below", []string{"example.org", "Netdata.cloud"}, nil, &x509.Certificate{Subject: pkix.Name{CommonName: sender}}, nil},
		{"common name below, with a dot", []string{".netdata.cloud"}, nil, &x509.Certificate{Subject: pkix.Name{CommonName: sender}}, nil},
		{"common name itself", []string{sender}, nil, &x509.Certificate{Subject: pkix.Name{CommonName: sender}}, nil},
		{"everything permitted", []string{""}, nil, &x509.Certificate{Subject: pkix.Name{CommonName: sender}}, nil},
		{"DNS name below", []string{"netdata.cloud"}, nil, &x509.Certificate{DNSNames: []string{sender}}, nil},
		{"common name excluded", nil, []string{"netdata.cloud"}, &x509.Certificate{Subject: pkix.Name{CommonName: sender}}, auth.ErrMismatch},
		{"common name excluded again", []string{"cloud"}, []string{sender}, &x509.Certificate{Subject: pkix.Name{CommonName: sender}}, auth.ErrMismatch},
		{"others excluded", nil, []string{"example.org"}, &x509.Certificate{Subject: pkix.Name{CommonName: sender}}, nil},
		{"no DNS name, others excluded", nil, []string{"example.org"}, &x509.Certificate{Subject: pkix.Name{CommonName: "Alert Sender"}}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var middle authority
			middle.cert, middle.key = ca.issue(t, &x509.Certificate{
				Subject: pkix.Name{CommonName: "Constrained"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
				PermittedDNSDomainsCritical: true, PermittedDNSDomains: tt.permitted, ExcludedDNSDomains: tt.excluded,
			})
			below := newAuthority(t, "Below", &middle)
			tt.of.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
			for _, chain := range [][]*authority{{&middle}, {below, &middle}} {
				leaf, _ := chain[0].issue(t, tt.of)
				r := get()
				r.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{leaf}}
				for _, a := range chain {
					r.TLS.PeerCertificates = append(r.TLS.PeerCertificates, a.cert)
				}
				require.ErrorIs(t, v.VerifyHeader(r), tt.wantErr)
			}
		})
	}
}

func TestClientCertFromProxy(t *testing.T) {
	ca, other := newAuthority(t, "CA", nil), newAuthority(t, "Other", nil)
	middle := newAuthority(t, "Intermediate", ca)
	good, proxy := ca.client(t, sender).Leaf, ca.client(t, sender).Leaf
	v := must(auth.NewClientCert(auth.ClientCertOptions{
		Roots: ca.pool(), Names: []string{sender},
		Header: "X-SSL-Client-Cert", TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
	}))
	der := func(c *x509.Certificate) string { return base64.StdEncoding.EncodeToString(c.Raw) }
	escaped := func(c *x509.Certificate) string { return url.PathEscape(pemOf(c)) }
	spaced := func(text string) string { return strings.ReplaceAll(text, "\n", " ") }
	below := middle.client(t, sender).Leaf
	const trusted, stranger = "10.0.0.1:1", "192.0.2.1:1"

	tests := []struct {
		name, peer string
		values     []string
		tls        *x509.Certificate // of the connection itself
		wantErr    error
	}{
		{"nginx", trusted, []string{escaped(good)}, nil, nil},
		{"PEM with few escapes", trusted, []string{strings.NewReplacer(" ", "%20", "\n", "%0A").Replace(pemOf(good))}, nil, nil},
		{"Apache", trusted, []string{spaced(pemOf(good))}, nil, nil},
		{"Apache, with its last space", trusted, []string{spaced(pemOf(good)) + " "}, nil, nil},
		{"Apache, chain", trusted, []string{spaced(pemOf(below)) + spaced(pemOf(middle.cert))}, nil, nil},
		{"Apache, for a client without a certificate", trusted, []string{"(null)"}, proxy, auth.ErrMissing},
		{"PEM without line ends", trusted, []string{strings.ReplaceAll(pemOf(good), "\n", "")}, nil, nil},
		{"PEM with tabs", trusted, []string{strings.ReplaceAll(pemOf(good), "\n", "\t")}, nil, nil},
		{"PEM with carriage returns", trusted, []string{url.PathEscape(strings.ReplaceAll(pemOf(good), "\n", "\r\n"))}, nil, nil},
		{"PEM escaped as in a form", trusted, []string{url.QueryEscape(pemOf(good))}, nil, nil},
		{"Traefik 2", trusted, []string{url.QueryEscape(der(below) + "," + der(middle.cert))}, nil, nil},
		{"base64", trusted, []string{der(good)}, nil, nil},
		{"RFC 9440", trusted, []string{":" + der(good) + ":"}, nil, nil},
		{"chain in PEM", trusted, []string{escaped(below) + escaped(middle.cert)}, nil, nil},
		{"chain in base64", trusted, []string{der(below) + ", " + der(middle.cert)}, nil, nil},
		{"no header", trusted, nil, nil, auth.ErrMissing},
		{"empty header", trusted, []string{""}, nil, auth.ErrMissing},
		{"no header, but the proxy has a certificate", trusted, nil, proxy, auth.ErrMissing},
		{"wrong header, but the proxy has a certificate", trusted, []string{escaped(other.client(t, sender).Leaf)}, proxy, auth.ErrMismatch},
		{"wrong name", trusted, []string{escaped(ca.client(t, sender+".example").Leaf)}, nil, auth.ErrMismatch},
		{"twice", trusted, []string{escaped(good), escaped(good)}, nil, auth.ErrMalformed},
		{"from a stranger", stranger, []string{escaped(good)}, nil, auth.ErrMissing},
		{"from a stranger with his own certificate", stranger, []string{escaped(good)}, other.client(t, sender).Leaf, auth.ErrMismatch},
		{"direct client", stranger, nil, good, nil},
		{"from no address", "@", []string{escaped(good)}, nil, auth.ErrMissing},
		{"truncated PEM", trusted, []string{escaped(good)[:200]}, nil, auth.ErrMalformed},
		{"truncated base64", trusted, []string{der(good)[:200]}, nil, auth.ErrMalformed},
		{"truncated RFC 9440", trusted, []string{":" + der(good)}, nil, auth.ErrMalformed},
		{"truncated, with spaces", trusted, []string{spaced(pemOf(good))[:200]}, nil, auth.ErrMalformed},
		{"only the first line", trusted, []string{"-----BEGIN CERTIFICATE-----"}, nil, auth.ErrMalformed},
		{"nothing in it", trusted, []string{"-----BEGIN CERTIFICATE----- -----END CERTIFICATE-----"}, nil, auth.ErrMalformed},
		{"spaces, text in front of a second one", trusted, []string{spaced(pemOf(good)) + "x " + spaced(pemOf(good))}, nil, auth.ErrMalformed},
		{"spaces, one in the other", trusted, []string{"-----BEGIN CERTIFICATE----- " + spaced(pemOf(good))}, nil, auth.ErrMalformed},
		{"spaces, another's first", trusted, []string{spaced(pemOf(other.client(t, sender).Leaf)) + spaced(pemOf(good))}, nil, auth.ErrMismatch},
		{"bad escape", trusted, []string{"-----BEGIN%2"}, nil, auth.ErrMalformed},
		{"a broken certificate in front of a right one", trusted, []string{strings.Replace(escaped(good), "MII", "!!!", 1) + escaped(good)}, nil, auth.ErrMalformed},
		{"text in front of a second one", trusted, []string{escaped(good) + "x%0A" + escaped(good)}, nil, auth.ErrMalformed},
		{"a key", trusted, []string{url.PathEscape("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")}, nil, auth.ErrMalformed},
		{"text behind the PEM", trusted, []string{escaped(good) + "x"}, nil, auth.ErrMalformed},
		{"distinguished name", trusted, []string{"CN=" + sender}, nil, auth.ErrMalformed},
		{"8 certificates", trusted, []string{strings.Repeat(escaped(good), 8)}, nil, nil},
		{"9 certificates", trusted, []string{strings.Repeat(escaped(good), 9)}, nil, auth.ErrMalformed},
		{"too long", trusted, []string{strings.Repeat("A", 64<<10+4)}, nil, auth.ErrMalformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := get()
			r.RemoteAddr = tt.peer
			r.Header["X-Ssl-Client-Cert"] = tt.values
			if tt.tls != nil {
				r.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{tt.tls}}
			}
			require.ErrorIs(t, v.Verify(r, nil), tt.wantErr)
		})
	}
}

func TestNewClientCertRefuses(t *testing.T) {
	roots, names := newAuthority(t, "CA", nil).pool(), []string{sender}
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	for name, o := range map[string]auth.ClientCertOptions{
		"nothing":           {},
		"no roots":          {Names: names},
		"empty roots":       {Roots: x509.NewCertPool(), Names: names},
		"no names":          {Roots: roots},
		"empty name":        {Roots: roots, Names: []string{sender, ""}},
		"header alone":      {Roots: roots, Names: names, Header: "X-Cert"},
		"proxies alone":     {Roots: roots, Names: names, TrustedProxies: proxies},
		"header impossible": {Roots: roots, Names: names, Header: "X Cert", TrustedProxies: proxies},
		"proxy impossible":  {Roots: roots, Names: names, Header: "X-Cert", TrustedProxies: []netip.Prefix{{}}},
	} {
		_, err := auth.NewClientCert(o)
		assert.Error(t, err, name)
	}
}

// The authority of Netdata Cloud, as its documentation prints it.
func TestNetdataRoot(t *testing.T) {
	data, err := os.ReadFile("testdata/netdata-root-ca.pem")
	require.NoError(t, err)
	block, rest := pem.Decode(data)
	require.NotNil(t, block)
	require.Empty(t, rest)
	sum := sha256.Sum256(block.Bytes)
	assert.Equal(t, "61e5d8d002e83a2dfaf9d6fdd86ee5c128870a9875cec7501332270528e56d61", hex.EncodeToString(sum[:]))
	root, err := x509.ParseCertificate(block.Bytes)
	require.NoError(t, err)
	assert.Equal(t, "Netdata Root CA", root.Subject.CommonName)
	assert.Equal(t, time.Date(2033, 2, 19, 12, 43, 0, 0, time.UTC), root.NotAfter)
}
