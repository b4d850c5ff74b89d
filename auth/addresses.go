package auth

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"sync/atomic"

	"github.com/alertwire/alertwire/internal/clientip"
)

// Addresses accepts requests by the address of the client. It proves little:
// an address is shared by everybody behind it, and the list of a provider
// changes. Put it beside another verifier with [All].
type Addresses struct {
	allow   atomic.Pointer[[]netip.Prefix]
	trusted []netip.Prefix
	rfc7239 bool
}

var (
	_ Verifier       = (*Addresses)(nil)
	_ headerVerifier = (*Addresses)(nil)
)

// AddressOptions are the options of [NewAddresses].
type AddressOptions struct {
	// Allow are the addresses that may send. Required: an empty list is refused.
	Allow []netip.Prefix
	// TrustedProxies are the proxies in front of this server. X-Forwarded-For
	// is read from its right end as long as it was written by one of these.
	// Without any, the client is the peer of the connection, and what headers
	// say does not count.
	TrustedProxies []netip.Prefix
	// RFC7239 reads the Forwarded header in place of X-Forwarded-For.
	RFC7239 bool
}

// NewAddresses returns an allow-list. It returns an error if the list is empty
// or has a prefix that is none.
func NewAddresses(o AddressOptions) (*Addresses, error) {
	trusted, err := prefixes(o.TrustedProxies)
	if err != nil {
		return nil, fmt.Errorf("auth: addresses: trusted proxies: %w", err)
	}
	a := &Addresses{trusted: trusted, rfc7239: o.RFC7239}
	if err := a.Replace(o.Allow...); err != nil {
		return nil, err
	}
	return a, nil
}

// FlashdutyAddresses are the addresses from which Flashduty sends its
// webhooks, as its documentation of 2024-11-20 lists them. A later edition says
// that the list may change and prints none: ask the console of Flashduty, and
// treat this as a start for a setting, not as a fact.
func FlashdutyAddresses() []netip.Prefix {
	return []netip.Prefix{
		netip.PrefixFrom(netip.AddrFrom4([4]byte{47, 94, 95, 118}), 32),
		netip.PrefixFrom(netip.AddrFrom4([4]byte{123, 56, 8, 183}), 32),
		netip.PrefixFrom(netip.AddrFrom4([4]byte{47, 94, 193, 81}), 32),
		netip.PrefixFrom(netip.AddrFrom4([4]byte{1, 13, 19, 96}), 32),
	}
}

// Replace replaces the whole list. A request is judged by the old one or by
// the new one. An empty or bad list is an error and changes nothing.
func (a *Addresses) Replace(allow ...netip.Prefix) error {
	list, err := prefixes(allow)
	if err != nil {
		return fmt.Errorf("auth: addresses: allow: %w", err)
	}
	if len(list) == 0 {
		return fmt.Errorf("auth: addresses: allow: the list is empty")
	}
	a.allow.Store(&list)
	return nil
}

// Verify is VerifyHeader: the body is not looked at.
func (a *Addresses) Verify(r *http.Request, _ []byte) error { return a.VerifyHeader(r) }

// VerifyHeader accepts a request whose client has an address on the list. A
// client without an address, such as the peer of a Unix socket, or one that a
// trusted proxy could not name, is refused with [ErrMissing].
func (a *Addresses) VerifyHeader(r *http.Request) error {
	addr, err := a.client(r)
	if err != nil {
		return fmt.Errorf("auth: addresses: %w: %w", ErrMissing, err)
	}
	if allow := a.allow.Load(); allow == nil || !contains(*allow, addr) {
		return fmt.Errorf("auth: addresses: %w", ErrMismatch)
	}
	return nil
}

func (a *Addresses) client(r *http.Request) (netip.Addr, error) {
	switch {
	case len(a.trusted) == 0:
		return clientip.Remote(r)
	case a.rfc7239:
		return clientip.ForwardedRFC7239(r, a.trusted)
	}
	return clientip.Forwarded(r, a.trusted)
}

// prefixes copies list in the form in which addresses are compared: IPv4
// mapped into IPv6 is IPv4.
func prefixes(list []netip.Prefix) ([]netip.Prefix, error) {
	list = slices.Clone(list)
	for i, p := range list {
		if !p.IsValid() {
			return nil, fmt.Errorf("prefix %d of the list is not valid", i+1)
		}
		if p.Addr().Is4In6() && p.Bits() >= 96 {
			list[i] = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
		}
	}
	return list, nil
}

func contains(list []netip.Prefix, addr netip.Addr) bool {
	return slices.ContainsFunc(list, func(p netip.Prefix) bool { return p.Contains(addr) })
}
