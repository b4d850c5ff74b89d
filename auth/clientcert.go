package auth

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"github.com/alertwire/alertwire/internal/clientip"
)

// ClientCert accepts requests by the certificate of the client: its chain
// leads to a given authority, it is valid now and for clients, and it has one
// of the given names, whole.
//
// A certificate may prove less than it seems to. That of a provider (Netdata
// Cloud and PagerDuty have one) is on the requests of all its customers: demand
// a token in addition, with [All]. Revocation is not looked at.
//
// The server must ask for the certificate: tls.Config.ClientAuth is at least
// tls.RequestClientCert, so that this verifier has the last word. The
// certificate that a sender presents is part of its TLS configuration.
type ClientCert struct {
	roots         *x509.CertPool
	intermediates *x509.CertPool
	names         []string
	header        string
	proxies       []netip.Prefix
}

var (
	_ Verifier       = (*ClientCert)(nil)
	_ headerVerifier = (*ClientCert)(nil)
)

// ClientCertOptions are the options of [NewClientCert].
type ClientCertOptions struct {
	// Roots are the authorities. Required: those of the system are never used,
	// because everybody can have a certificate of them.
	Roots *x509.CertPool
	// Intermediates are certificates between those of the clients and Roots
	// that clients or the proxy do not send. Nil means none.
	Intermediates *x509.CertPool
	// Names are the names of which the certificate must have one: as its
	// common name, or as a DNS, URI, email or IP name. They are compared whole
	// and as they are. A common name is held to the constraints that authorities
	// have for DNS names. Required, none may be empty.
	Names []string
	// Header is the header in which a proxy that terminates TLS passes on the
	// certificate, and TrustedProxies are the addresses of such proxies. Both
	// or none. From these addresses the header alone counts, and the proxy must
	// set it on every request, because it would otherwise pass on a header of
	// the client; from others the header does not count.
	//
	// The value is up to 8 certificates in 64 KiB, that of the client first, in
	// any of these forms:
	//
	//   - PEM with percent-escapes, as nginx ($ssl_client_escaped_cert) and the
	//     load balancers of AWS write it
	//   - PEM with spaces in place of line ends, as Apache writes it
	//     (RequestHeader set X-SSL-Client-Cert "%{SSL_CLIENT_CERT}s")
	//   - DER in base64, with commas between several, as Traefik and HAProxy
	//     (ssl_c_der,base64) write it; with percent-escapes before Traefik 3
	//   - DER in base64 between colons (RFC 9440)
	//
	// An empty value, and Apache's "(null)", are no certificate.
	Header         string
	TrustedProxies []netip.Prefix
}

// NewClientCert returns a verifier of client certificates. It returns an error
// if a required option is missing.
func NewClientCert(o ClientCertOptions) (*ClientCert, error) {
	c := &ClientCert{names: slices.Clone(o.Names)}
	if o.Roots == nil || o.Roots.Equal(x509.NewCertPool()) {
		return nil, errors.New("auth: client certificate: no roots")
	}
	c.roots = o.Roots.Clone()
	c.intermediates = x509.NewCertPool()
	if o.Intermediates != nil {
		c.intermediates = o.Intermediates.Clone()
	}
	if len(c.names) == 0 || slices.Contains(c.names, "") {
		return nil, errors.New("auth: client certificate: no names, or an empty one")
	}
	if (o.Header == "") != (len(o.TrustedProxies) == 0) {
		return nil, errors.New("auth: client certificate: a header needs trusted proxies, and they need a header")
	}
	if o.Header == "" {
		return c, nil
	}
	var err error
	if c.header, err = headerName(o.Header); err != nil {
		return nil, fmt.Errorf("auth: client certificate: %w", err)
	}
	if c.proxies, err = prefixes(o.TrustedProxies); err != nil {
		return nil, fmt.Errorf("auth: client certificate: trusted proxies: %w", err)
	}
	return c, nil
}

// Verify is VerifyHeader: the body is not looked at.
func (c *ClientCert) Verify(r *http.Request, _ []byte) error { return c.VerifyHeader(r) }

// VerifyHeader accepts a request whose certificate is as [ClientCert] says. It
// refuses with [ErrMissing] if there is none, with [ErrMalformed] if the header
// of the proxy cannot be read, and with [ErrMismatch] otherwise.
func (c *ClientCert) VerifyHeader(r *http.Request) error {
	if err := c.verify(r); err != nil {
		return fmt.Errorf("auth: client certificate: %w", err)
	}
	return nil
}

func (c *ClientCert) verify(r *http.Request) error {
	chain, err := c.chain(r)
	if err != nil {
		return err
	}
	if c.roots == nil { // never constructed
		return ErrMismatch
	}
	intermediates := c.intermediates
	if len(chain) > 1 {
		intermediates = intermediates.Clone()
		for _, cert := range chain[1:] {
			intermediates.AddCert(cert)
		}
	}
	// The verification of the TLS handshake is not relied upon: it may have
	// been left out, or done with other authorities.
	chains, err := chain[0].Verify(x509.VerifyOptions{
		Roots:         c.roots,
		Intermediates: intermediates,
		CurrentTime:   time.Now(),
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrMismatch, err)
	}
	for _, verified := range chains {
		if slices.ContainsFunc(names(verified), func(name string) bool { return slices.Contains(c.names, name) }) {
			return nil
		}
	}
	return fmt.Errorf("%w: name of the certificate", ErrMismatch)
}

// chain returns the certificate of the client, first, and what came with it.
func (c *ClientCert) chain(r *http.Request) ([]*x509.Certificate, error) {
	if c.header != "" {
		peer, err := clientip.Remote(r)
		if err == nil && contains(c.proxies, peer) {
			// What the connection itself has is the certificate of the proxy.
			value, err := single(r.Header, c.header)
			if err != nil {
				return nil, err
			}
			return parseCertHeader(value)
		}
	}
	if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
		return nil, ErrMissing
	}
	return r.TLS.PeerCertificates, nil
}
