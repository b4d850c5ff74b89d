package callback

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/go-cleanhttp"

	"github.com/alertwire/alertwire/internal/egress"
)

const (
	// writeBuffer holds the header and the body of most messages, so that they
	// leave in one write. It also keeps net/http able to send them again on
	// another connection, when the first was closed by the server meanwhile.
	writeBuffer = 16 << 10
	// idlePerHost is how many connections to one host wait for more work. Fewer
	// than there are senders in flight means a handshake for every message.
	idlePerHost = 256
	// An HTTP/2 connection on which nothing came for as long as pingAfter is asked
	// whether it is alive, and closed without an answer within pingTimeout. One
	// that a router forgot would else fail every call for as long as the system
	// sends again what is not acknowledged: minutes.
	pingAfter   = 10 * time.Second
	pingTimeout = 5 * time.Second
	// maxReplyHeader bounds the header of an answer, in bytes.
	maxReplyHeader = 64 << 10
)

// An identity is what decides whether two webhooks may use one connection: what
// they may dial, through whom, and how both sides prove who they are. It is the
// key of a pool, so secrets stand in it as digests.
type identity struct {
	public       bool
	allow        string // prefixes, joined
	proxy        string // without its user info; "" is none
	proxyUser    digest
	proxyTrusted bool
	tls          tlsIdentity
}

// A dialPlan is an identity with what it takes to make its pool.
type dialPlan struct {
	identity
	policy   egress.Policy
	proxyURL *url.URL
	tlsPlan  *tlsPlan
}

// dialPlan checks what c says about how to reach u. Its errors begin with the
// key.
func (c Config) dialPlan(u *url.URL) (*dialPlan, error) {
	d := &dialPlan{}
	switch c.Network {
	case "", NetworkPrivate:
	case NetworkPublic:
		d.public = true
	default:
		return nil, fmt.Errorf("network: want %q or %q", NetworkPrivate, NetworkPublic)
	}
	d.policy.Public = d.public
	for _, p := range c.Allow {
		if !p.IsValid() || p.Addr().Is4In6() {
			return nil, errors.New("allow: want prefixes such as 10.1.0.0/16")
		}
		d.policy.Allow = append(d.policy.Allow, p.Masked())
	}
	if len(c.Allow) > 0 && !d.public {
		return nil, fmt.Errorf("allow: means something under the network %q only", NetworkPublic)
	}
	slices.SortFunc(d.policy.Allow, func(a, b netip.Prefix) int { return strings.Compare(a.String(), b.String()) })
	d.allow = fmt.Sprint(d.policy.Allow)
	if err := d.setProxy(c, u); err != nil {
		return nil, fmt.Errorf("proxy: %w", err)
	}
	var err error
	if d.tlsPlan, err = c.TLS.plan(); err != nil {
		return nil, fmt.Errorf("tls.%w", err)
	}
	d.identity.tls = d.tlsPlan.identity
	return d, nil
}

// newTransport reads the files of d and returns its transport. That does not
// refer to the pool, which must be able to go while connections are still there.
func (d *dialPlan) newTransport() (*http.Transport, error) {
	config, err := d.tlsPlan.read()
	if err != nil {
		return nil, fmt.Errorf("tls.%w", err)
	}
	t := cleanhttp.DefaultPooledTransport()
	t.DialContext = gated(d.policy.DialContext)
	t.Proxy = nil // cleanhttp asks the environment
	t.TLSClientConfig = config
	t.MaxIdleConns = 0 // each host has its own bound
	t.MaxIdleConnsPerHost = idlePerHost
	t.WriteBufferSize = writeBuffer
	t.DisableCompression = true // readReply decodes
	t.MaxResponseHeaderBytes = maxReplyHeader
	t.HTTP2 = &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingTimeout}
	if d.proxyURL != nil {
		d.useProxy(t, config)
	}
	return t, nil
}

// needsNoTransport returns an error if c has settings that Options.Client
// would make nothing of.
func (c Config) needsNoTransport() error {
	for _, s := range []struct {
		key string
		set bool
	}{
		{"network", c.Network != ""},
		{"allow", len(c.Allow) > 0},
		{"proxy", c.Proxy != ""},
		{"tls", c.TLS != TLSConfig{}},
	} {
		if s.set {
			return fmt.Errorf("%s: has no effect on Options.Client", s.key)
		}
	}
	return nil
}

// clientTransport returns a RoundTripper that makes requests with a copy of c
// that follows no redirects.
func clientTransport(c *http.Client) http.RoundTripper {
	own := *c
	if own.Transport == nil {
		own.Transport = http.DefaultTransport
	}
	own.Transport = &offLocation{own.Transport}
	return &viaClient{own}
}

type viaClient struct{ client http.Client }

// RoundTrip does what a client does, but for redirects.
func (v *viaClient) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := v.client.Do(r)
	if err == nil && resp.Header[hiddenLocation] != nil {
		resp.Header["Location"] = resp.Header[hiddenLocation]
		delete(resp.Header, hiddenLocation)
	}
	return resp, err
}

func (v *viaClient) CloseIdleConnections() { v.client.CloseIdleConnections() }

// hiddenLocation is no name that a receiver can send.
const hiddenLocation = "(location)"

// offLocation keeps where a redirect goes from the client above. A client would
// read it even to leave it alone, and lose the answer if it is not a URL.
type offLocation struct{ next http.RoundTripper }

func (o *offLocation) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := o.next.RoundTrip(r)
	if err == nil && resp != nil && resp.Header["Location"] != nil {
		resp.Header[hiddenLocation] = resp.Header["Location"]
		delete(resp.Header, "Location")
	}
	return resp, err
}

func (o *offLocation) CloseIdleConnections() {
	if c, ok := o.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
