package egress

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"time"
)

// A LookupFunc resolves host to addresses, the best first. The network is "ip",
// "ip4" or "ip6".
type LookupFunc func(ctx context.Context, network, host string) ([]netip.Addr, error)

const (
	// dialTimeout bounds looking up and dialling together. A transport dials
	// under a context that outlives the request, so this is the only bound.
	dialTimeout = 30 * time.Second
	// headStart is how long a candidate is waited for before the next is tried
	// beside it (RFC 8305 proposes 250 ms).
	headStart = 250 * time.Millisecond
	keepAlive = 30 * time.Second
)

// DialContext dials address, which is host:port, over tcp, tcp4 or tcp6, as a
// [net.Dialer] does. It resolves the host, passes over the addresses that p
// refuses, and dials the others in order, each with a short head start before
// the next. The address that is dialled is the one that was judged. If p
// refuses all of them, the error wraps [ErrBlocked] and names the host.
func (p Policy) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	ipNetwork, ok := strings.CutPrefix(network, "tcp")
	if !ok {
		return nil, net.UnknownNetworkError(network)
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	addrs, err := p.resolve(ctx, "ip"+ipNetwork, host)
	if err != nil {
		return nil, err
	}
	if addrs, err = p.permitted(host, addrs); err != nil {
		return nil, err
	}
	dialer := net.Dialer{KeepAlive: keepAlive}
	return race(ctx, addrs, func(ctx context.Context, addr netip.Addr) (net.Conn, error) {
		return dialer.DialContext(ctx, network, net.JoinHostPort(addr.String(), port))
	})
}

// resolve returns the addresses that host stands for, unjudged.
func (p Policy) resolve(ctx context.Context, network, host string) ([]netip.Addr, error) {
	addr, err := literal(host)
	if err != nil || addr.IsValid() {
		return []netip.Addr{addr}, err
	}
	lookup := p.Lookup
	if lookup == nil {
		lookup = net.DefaultResolver.LookupNetIP
	}
	addrs, err := lookup(ctx, network, host)
	if err == nil && len(addrs) == 0 {
		err = &net.DNSError{Err: "no suitable address", Name: host, IsNotFound: true}
	}
	return addrs, err
}

// CheckHost judges host as far as that is possible without a resolver: an
// address, or what somebody may take for one. Nil says nothing about a name.
// It is for a host that somebody else will dial.
func (p Policy) CheckHost(host string) error {
	addr, err := literal(host)
	if err == nil && addr.IsValid() {
		_, err = p.permitted(host, []netip.Addr{addr})
	}
	return err
}

// literal returns the address that host is, or the zero Addr for a name.
func literal(host string) (netip.Addr, error) {
	addr, err := netip.ParseAddr(host)
	switch {
	case err == nil:
		return addr, nil
	case strings.Contains(host, "%"):
		return netip.Addr{}, &BlockedError{host, errZone}
	case endsInNumber(host):
		return netip.Addr{}, &BlockedError{host, errNumeric}
	}
	return netip.Addr{}, nil
}

// endsInNumber reports whether the last label of host is a number. No name of
// the DNS is such, but C libraries read 2130706433, 0177.0.0.1 and 0x7f.1 as
// 127.0.0.1.
func endsInNumber(host string) bool {
	host = strings.TrimSuffix(host, ".")
	label := host[strings.LastIndexByte(host, '.')+1:]
	if len(label) >= 2 && label[0] == '0' && label[1]|0x20 == 'x' {
		return strings.Trim(label[2:], "0123456789abcdefABCDEF") == ""
	}
	return label != "" && strings.Trim(label, "0123456789") == ""
}

// permitted returns those of addrs that p does not refuse, or the refusal that
// tells most: one that a setting would lift.
func (p Policy) permitted(host string, addrs []netip.Addr) ([]netip.Addr, error) {
	var refused error
	kept := make([]netip.Addr, 0, len(addrs))
	for _, addr := range addrs {
		err := p.Check(addr)
		if err == nil {
			kept = append(kept, addr.Unmap())
		} else if refused == nil || errors.Is(err, errPrivate) {
			refused = err
		}
	}
	if len(kept) == 0 {
		return nil, &BlockedError{host, refused}
	}
	return kept, nil
}
