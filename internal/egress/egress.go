// Package egress decides which addresses may be dialled.
//
// A program that calls URLs it was given can be made to call its own network:
// its loopback services, the metadata service of its cloud, its neighbours. A
// [Policy] judges each address after the name was resolved and right before it
// is dialled, on every dial, so that a name whose answer changes between two
// questions gains nothing. An IPv4 address inside an IPv6 address (mapped,
// NAT64, 6to4, Teredo) is judged as the IPv4 address that the packet would
// reach.
//
// There are three kinds of address. Some are never dialled, under no setting:
// unspecified, link-local, cloud metadata, multicast, broadcast, reserved,
// documentation and benchmarking ranges. Some are private: loopback, RFC 1918,
// unique local and carrier-grade NAT; a public Policy refuses them unless a
// prefix allows them. All others are public and open.
package egress

import (
	"errors"
	"fmt"
	"net/netip"
)

// ErrBlocked is wrapped by every refusal of a [Policy]. A refusal is permanent:
// dialling again changes nothing until the name or the settings change.
var ErrBlocked = errors.New("address is blocked")

// Reasons for a refusal. They name the setting and not the address: whoever may
// set a URL must not learn from errors what a private name resolves to.
const (
	errPrivate = refusal(`private range, which the network "private" or an allowed prefix would permit`)
	errNever   = refusal("special range, which no setting permits")
	errZone    = refusal("IPv6 zone, which no setting permits")
	errNumeric = refusal("number in place of an address or a name, which no setting permits")
)

// A refusal is an ErrBlocked with its reason.
type refusal string

func (r refusal) Error() string { return "blocked: " + string(r) }
func (r refusal) Unwrap() error { return ErrBlocked }

// A BlockedError is what DialContext returns for a host that it refuses. It
// names the host and what would permit it, and not the address.
type BlockedError struct {
	Host   string
	Reason error // wraps ErrBlocked
}

// Error returns the host and the reason.
func (e *BlockedError) Error() string {
	return fmt.Sprintf("egress: host %q is %v", e.Host, e.Reason)
}

// Unwrap returns the reason.
func (e *BlockedError) Unwrap() error { return e.Reason }

// A Policy says which addresses may be dialled. The zero Policy permits public
// and private addresses and refuses those that are never dialled. It is safe
// for concurrent use and is not modified.
type Policy struct {
	// Public refuses private addresses, but for those in Allow. Set it wherever
	// strangers choose the URL.
	Public bool
	// Allow lists prefixes of private addresses that are permitted although
	// Public is set. It cannot permit what is never dialled. An IPv4 address
	// inside an IPv6 address is looked up as the IPv4 address.
	Allow []netip.Prefix
	// Lookup resolves a name. Nil means net.DefaultResolver.LookupNetIP.
	Lookup LookupFunc
}

// Check returns nil if addr may be dialled, and otherwise an error that wraps
// [ErrBlocked] and says what would permit it, without naming addr. The zero
// Addr and an address with a zone are refused.
func (p Policy) Check(addr netip.Addr) error {
	if addr.Zone() != "" {
		return errZone
	}
	if !addr.IsValid() {
		return errNever
	}
	inner, n := embedded(addr.Unmap())
	for _, a := range inner[:n] {
		if err := p.check(a); err != nil {
			return err
		}
	}
	return nil
}

// check judges an address that embeds no other.
func (p Policy) check(addr netip.Addr) error {
	switch tierOf(addr) {
	case public:
		return nil
	case private:
		if !p.Public || p.allows(addr) {
			return nil
		}
		return errPrivate
	}
	return errNever
}

func (p Policy) allows(addr netip.Addr) bool {
	for _, prefix := range p.Allow {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}
