package callback

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
)

// proxyFromEnvironment is the value of Config.Proxy that lets the environment
// decide.
const proxyFromEnvironment = "env"

// A digest stands for a secret where secrets are compared and kept.
type digest [sha256.Size]byte

func digestOf(s string) digest {
	if s == "" {
		return digest{}
	}
	return sha256.Sum256([]byte(s))
}

// setProxy sets through which proxy u is reached. Its errors repeat nothing of
// the proxy's URL, which may hold a password.
func (d *dialPlan) setProxy(c Config, u *url.URL) error {
	if c.Proxy == "" {
		return nil
	}
	p, err := parseProxy(c.Proxy, u)
	if err != nil || p == nil {
		return err
	}
	if d.public && !c.ProxyTrusted {
		return errors.New("whether an address is public cannot be seen through it: " +
			"set proxy_trusted if the proxy sees to that itself")
	}
	// What can be seen is still judged.
	if err := d.policy.CheckHost(u.Hostname()); err != nil {
		return err
	}
	d.proxyURL, d.proxyTrusted = p, c.ProxyTrusted
	d.proxyUser = digestOf(p.User.String())
	bare := *p
	bare.User = nil
	d.proxy = bare.String()
	return nil
}

// parseProxy returns the URL of the proxy for u; nil if the environment knows
// none.
func parseProxy(raw string, u *url.URL) (*url.URL, error) {
	var p *url.URL
	var err error
	if raw == proxyFromEnvironment {
		// The host of a webhook never changes, so this is asked once.
		if p, err = http.ProxyFromEnvironment(&http.Request{URL: u}); err == nil && p == nil {
			return nil, nil
		}
	} else {
		p, err = url.Parse(raw)
	}
	if err != nil || p.Hostname() == "" {
		return nil, errors.New("not a valid URL")
	}
	switch p.Scheme {
	case "http", "https", "socks5", "socks5h":
	default:
		return nil, errors.New("want the scheme http, https, socks5 or socks5h")
	}
	if p.Path != "" && p.Path != "/" || p.RawQuery != "" || p.Fragment != "" {
		return nil, errors.New("has more than a scheme, user info, host and port")
	}
	return p, nil
}

// useProxy makes t go through the proxy of d.
func (d *dialPlan) useProxy(t *http.Transport, config *tls.Config) {
	policy := d.policy
	if d.proxyTrusted {
		policy.Public = false // everything that is dialled now is the proxy
	}
	dial := dialFunc(policy.DialContext)
	proxy := *d.proxyURL
	if proxy.Scheme == "https" {
		// net/http would use the settings for the receiver: its server name, and
		// its client certificate. The proxy is another party, so the TLS to it is
		// made here, and net/http takes it for a plain one.
		dial = overTLS(dial, proxyTLS(&proxy, config))
		if proxy.Port() == "" {
			proxy.Host = net.JoinHostPort(proxy.Hostname(), "443")
		}
		proxy.Scheme = "http"
	}
	t.DialContext = gated(dial)
	t.Proxy = http.ProxyURL(&proxy)
	t.OnProxyConnectResponse = func(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
		if resp.StatusCode != http.StatusOK {
			return &proxyAnswer{resp.StatusCode}
		}
		return nil
	}
}

// proxyTLS returns the settings for TLS to the proxy: those that say whom to
// trust, and none of those that are for the receiver.
func proxyTLS(proxy *url.URL, config *tls.Config) *tls.Config {
	return &tls.Config{
		ServerName:         proxy.Hostname(),
		MinVersion:         config.MinVersion,
		RootCAs:            config.RootCAs,
		InsecureSkipVerify: config.InsecureSkipVerify, // as the caller has asked
		NextProtos:         []string{"http/1.1"},
	}
}

type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// overTLS returns a dial that makes a TLS connection over what dial returns.
func overTLS(dial dialFunc, config *tls.Config) dialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		ctx, cancel := context.WithTimeout(ctx, tlsTimeout)
		defer cancel()
		secure := tls.Client(conn, config)
		if err := secure.HandshakeContext(ctx); err != nil {
			conn.Close()
			return nil, err
		}
		// As a net.Conn only: net/http must not take it for the receiver's.
		return struct{ net.Conn }{secure}, nil
	}
}
