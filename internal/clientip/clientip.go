// Package clientip finds the address of the client behind an HTTP request.
//
// [Remote] is the peer of the connection, which nobody can forge. [Forwarded]
// and [ForwardedRFC7239] read what proxies report, and believe a report only as
// far as it comes from a trusted proxy: a header that a stranger sends changes
// nothing.
package clientip

import (
	"errors"
	"net/http"
	"net/netip"
	"strings"
)

// ErrNoAddress is returned for a request whose client has no IP address, such
// as the peer of a Unix socket, or whose address cannot be told.
var ErrNoAddress = errors.New("clientip: no address")

// maxHops bounds how many trusted proxies are walked. Real chains have a few;
// a longer one is taken for a client without an address.
const maxHops = 64

// Remote returns the address of the connection's peer. An IPv4 address mapped
// into IPv6 is returned as IPv4, and a zone is dropped. A RemoteAddr without a
// port is accepted, since middleware leaves such.
func Remote(r *http.Request) (netip.Addr, error) {
	if addr, ok := plainIPv4(r.RemoteAddr); ok {
		return addr, nil
	}
	addr, ok := parse(r.RemoteAddr)
	if !ok {
		return netip.Addr{}, ErrNoAddress
	}
	return addr, nil
}

// plainIPv4 reads the one form that nearly every RemoteAddr has, an IPv4 address
// with a port, in a third of the time. It leaves everything else to parse.
func plainIPv4(s string) (netip.Addr, bool) {
	var octets [4]byte
	i := 0
	for n := range octets {
		start, v := i, 0
		for i < len(s) && i-start < 3 && '0' <= s[i] && s[i] <= '9' {
			v = v*10 + int(s[i]-'0')
			i++
		}
		end := byte('.')
		if n == 3 {
			end = ':'
		}
		if i == start || v > 255 || s[start] == '0' && i-start > 1 || i == len(s) || s[i] != end {
			return netip.Addr{}, false
		}
		octets[n] = byte(v)
		i++
	}
	port, first := 0, i
	for ; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' || port > 6553 {
			return netip.Addr{}, false
		}
		port = port*10 + int(s[i]-'0')
	}
	return netip.AddrFrom4(octets), i > first && port <= 65535
}

// Forwarded returns the address of the client as reported in X-Forwarded-For.
// It starts at the connection's peer and walks the hops from the right, over all
// lines of the header, as long as the address reached belongs to a trusted
// proxy. So the result is the nearest address that is not trusted, or, where all
// are, the farthest. A hop that cannot be parsed ends the walk with
// [ErrNoAddress]: what a trusted proxy could not name is not known.
func Forwarded(r *http.Request, trusted []netip.Prefix) (netip.Addr, error) {
	return walk(r, trusted, r.Header["X-Forwarded-For"], lastComma, parse)
}

// walk follows the hops of a header from the right. The function cut returns
// where the last element of a line begins, and hop reads one element.
func walk(r *http.Request, trusted []netip.Prefix, lines []string, cut func(string) int, hop func(string) (netip.Addr, bool)) (netip.Addr, error) {
	addr, err := Remote(r)
	if err != nil {
		return netip.Addr{}, err
	}
	hops := 0
	for i := len(lines) - 1; i >= 0; i-- {
		line, more := lines[i], true
		for more {
			if !contains(trusted, addr) {
				return addr, nil
			}
			if hops++; hops > maxHops {
				return netip.Addr{}, ErrNoAddress
			}
			var element string
			line, element, more = last(line, cut)
			var ok bool
			if addr, ok = hop(element); !ok {
				return netip.Addr{}, ErrNoAddress
			}
		}
	}
	return addr, nil
}

// last splits the last element off a list, and reports whether any are left.
func last(line string, cut func(string) int) (rest, element string, more bool) {
	i := cut(line)
	if i < 0 {
		return "", line, false
	}
	return line[:i], line[i+1:], true
}

func lastComma(s string) int { return strings.LastIndexByte(s, ',') }

// parse reads an address with or without a port, IPv6 with or without brackets.
func parse(s string) (netip.Addr, bool) {
	if s = strings.Trim(s, " \t"); s == "" {
		return netip.Addr{}, false
	}
	// The usual form comes first: parsing the other one in vain would allocate an error.
	if withPort(s) {
		ap, err := netip.ParseAddrPort(s)
		return ap.Addr().Unmap().WithZone(""), err == nil
	}
	if s[0] == '[' && s[len(s)-1] == ']' {
		addr, err := netip.ParseAddr(s[1 : len(s)-1])
		return addr.Unmap().WithZone(""), err == nil && addr.Is6()
	}
	addr, err := netip.ParseAddr(s)
	return addr.Unmap().WithZone(""), err == nil
}

// withPort reports whether s has the form of an address with a port: one colon
// only, or brackets with something behind them.
func withPort(s string) bool {
	i := strings.LastIndexByte(s, ':')
	if i <= 0 {
		return false
	}
	return s[i-1] == ']' || strings.IndexByte(s, ':') == i
}

func contains(trusted []netip.Prefix, addr netip.Addr) bool {
	for _, p := range trusted {
		if p.Addr().Is4In6() && p.Bits() >= 96 {
			p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
		}
		if p.Contains(addr) {
			return true
		}
	}
	return false
}
