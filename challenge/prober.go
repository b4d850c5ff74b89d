package challenge

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/alertwire/alertwire/internal/egress"
)

// ProberOptions are the options of [NewProber]. Exactly one of Secret and
// Origin is required: it says how the question is asked.
type ProberOptions struct {
	// Secret asks in the manner of CRC (see [CRC]) for the proof that the
	// receiver knows it. Each receiver needs a secret of its own: whoever
	// shares one can answer for the others. It is not printed.
	Secret string `json:"-"`

	// Origin asks in the manner of CloudEvents (see [CloudEvents]) for the
	// permission to deliver under this name.
	Origin string
	// Rate is how many requests per minute the permission is asked for, with
	// Origin. Zero asks for no particular rate.
	Rate int
	// OnGrant is told the rate per minute that a receiver permits, with Origin.
	// Zero means that it set no limit. Nil is silent.
	OnGrant func(target string, rate int)

	// AllowPrivate lets a target be in this machine's own network: loopback,
	// private and shared ranges. Leave it off where users type the URLs.
	AllowPrivate bool
	// Allow lists prefixes of private addresses that are permitted without
	// AllowPrivate. Link-local and cloud metadata addresses never are.
	Allow []netip.Prefix
	// HTTPSOnly refuses URLs with http.
	HTTPSOnly bool
	// TLS is used for https, for instance with the RootCAs of a company. It is
	// copied. Nil means the defaults of crypto/tls.
	TLS *tls.Config
	// Timeout bounds a probe, from the look-up of the name to the last byte of
	// the reply. Zero means 5 seconds.
	Timeout time.Duration
}

// Format writes the name of the type, whatever the verb: the options hold a secret.
func (ProberOptions) Format(f fmt.State, _ rune) { io.WriteString(f, "challenge.ProberOptions") }

// A Prober asks a URL to prove that its owner wants to be called: what a
// product does once a user has typed the URL of a webhook, on every change of
// it, and from time to time later. It is safe for concurrent use, keeps no
// connection, and costs little enough to be made for a single probe. The zero
// Prober refuses to ask.
type Prober struct {
	key     *key   // for CRC, or nil
	origin  string // for CloudEvents
	rate    int
	onGrant func(target string, rate int)

	transport *http.Transport
	httpsOnly bool
	timeout   time.Duration
}

const (
	probeTimeout = 5 * time.Second
	// maxProbeReply bounds what is read of a reply, headers and body each, in
	// bytes. A good one has less than 100.
	maxProbeReply = 64 << 10
)

// NewProber returns a Prober. It returns an error, wrapping [ErrEmptySecret]
// where both are missing, unless exactly one of Secret and Origin is set, and
// for an Origin that is no name, a negative Rate or a negative Timeout.
func NewProber(o ProberOptions) (*Prober, error) {
	p := &Prober{rate: o.Rate, onGrant: o.OnGrant, httpsOnly: o.HTTPSOnly, timeout: o.Timeout}
	switch {
	case o.Secret == "" && o.Origin == "":
		return nil, fmt.Errorf("challenge: Prober: neither Secret nor Origin: %w", ErrEmptySecret)
	case o.Secret != "" && o.Origin != "":
		return nil, errors.New("challenge: Prober: both Secret and Origin")
	case o.Rate < 0:
		return nil, errors.New("challenge: Prober: negative Rate")
	case o.Timeout < 0:
		return nil, errors.New("challenge: Prober: negative Timeout")
	case o.Timeout == 0:
		p.timeout = probeTimeout
	}
	if o.Secret != "" {
		p.key = newKey(o.Secret)
	} else {
		if _, ok := lowerOrigin(o.Origin); !ok || o.Origin == "*" {
			return nil, fmt.Errorf("challenge: Prober: %q is no origin", o.Origin)
		}
		p.origin = o.Origin
	}
	policy := egress.Policy{Public: !o.AllowPrivate, Allow: slices.Clone(o.Allow)}
	p.transport = probeTransport(policy, o.TLS, p.timeout)
	return p, nil
}

// probeTransport returns a transport that judges each address it dials, keeps
// no connection, and takes no proxy from the environment: a proxy would dial
// what the policy cannot see. A transport dials on when the request has given
// up, hence the timeouts of its own.
func probeTransport(policy egress.Policy, config *tls.Config, timeout time.Duration) *http.Transport {
	return &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			ctx, cancel := context.WithTimeout(ctx, timeout)
			defer cancel()
			return policy.DialContext(ctx, network, address)
		},
		TLSClientConfig:        config.Clone(),
		TLSHandshakeTimeout:    timeout,
		ForceAttemptHTTP2:      true,
		DisableKeepAlives:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxProbeReply,
	}
}

// Probe asks target once. It returns nil if the receiver gave the proof. Any
// other outcome is an error that wraps one of the Err values of probing, which
// also is the sentence that an operator needs, or the cause for which ctx was
// done. Its text names scheme and host of target; it holds nothing else of the
// URL, no secret, no resolved address, and nothing of what the receiver said.
func (p *Prober) Probe(ctx context.Context, target string) error {
	if p.transport == nil {
		return errors.New("challenge: probe: the Prober was not made by NewProber")
	}
	u, err := p.parse(target)
	if err != nil {
		return fmt.Errorf("challenge: probe: %w", err)
	}
	if p.key != nil {
		err = p.askCRC(ctx, u)
	} else {
		err = p.askPermission(ctx, u, target)
	}
	if err != nil {
		return fmt.Errorf("challenge: probe %q: %w", u.Scheme+"://"+u.Host, err)
	}
	return nil
}

func (p *Prober) parse(target string) (*url.URL, error) {
	u, err := url.Parse(target)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return nil, fmt.Errorf("%w: it must begin with https:// or http:// and a host", ErrURL)
	case p.httpsOnly && u.Scheme != "https":
		return nil, fmt.Errorf("%w: it must begin with https://", ErrURL)
	case strings.Contains(u.RawQuery, " "):
		return nil, fmt.Errorf("%w: it has a space in its query", ErrURL)
	}
	return u, nil
}

// exchange sends one request and reads at most max bytes of the reply's body,
// within the timeout. It leaves the body unread if the status is not 200.
func (p *Prober) exchange(ctx context.Context, method string, u *url.URL, header http.Header, max int64) (*http.Response, []byte, error) {
	limited, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	r := (&http.Request{Method: method, URL: u, Host: u.Host, Header: header}).WithContext(limited)
	if u.User != nil {
		password, _ := u.User.Password()
		r.SetBasicAuth(u.User.Username(), password)
	}
	// Not through an http.Client: that reads the Location of a redirect even if
	// it is not to follow it, and fails where it is no URL.
	reply, err := p.transport.RoundTrip(r)
	if err != nil {
		return nil, nil, p.explain(ctx, limited, err)
	}
	defer reply.Body.Close()
	if 300 <= reply.StatusCode && reply.StatusCode <= 399 {
		return nil, nil, fmt.Errorf("%w (status %d)", ErrRedirect, reply.StatusCode)
	}
	if reply.StatusCode != http.StatusOK {
		return reply, nil, nil // that of 101 is the bare connection, which knows no timeout
	}
	body, err := io.ReadAll(io.LimitReader(reply.Body, max))
	if err != nil {
		return nil, nil, p.explain(ctx, limited, err)
	}
	return reply, body, nil
}
