package egress

import "net/netip"

// A tier is what a Policy has to say about an address.
type tier int

const (
	never tier = iota // zero, so that what nobody thought of is refused
	private
	public
)

// Single addresses and ranges that are never dialled, although a wider range
// below is private or public. Most of the single ones are where clouds keep the
// credentials of the machine.
var neverRanges = prefixes(
	"0.0.0.0/8",          // this network
	"100.100.100.200/32", // metadata, Alibaba Cloud
	"168.63.129.16/32",   // platform services, Azure
	"169.254.0.0/16",     // link-local, and metadata nearly everywhere
	"192.0.0.0/24",       // IETF assignments, and 192.0.0.192, metadata of Oracle Cloud
	"192.0.2.0/24",       // documentation
	"192.88.99.0/24",     // 6to4 relays, deprecated
	"198.18.0.0/15",      // benchmarking
	"198.51.100.0/24",    // documentation
	"203.0.113.0/24",     // documentation
	"224.0.0.0/4",        // multicast
	"240.0.0.0/4",        // reserved, and broadcast

	"2001:2::/48",            // benchmarking
	"2001:10::/28",           // ORCHID, deprecated
	"2001:20::/28",           // ORCHIDv2, never on the wire
	"2001:db8::/32",          // documentation
	"3fff::/20",              // documentation
	"fd00:c1::a9fe:a9fe/128", // metadata, Oracle Cloud
	"fd00:ec2::23/128",       // credentials of pods, AWS
	"fd00:ec2::254/128",      // metadata, AWS
	"fd20:ce::254/128",       // metadata, Google Cloud
)

var privateRanges = prefixes(
	"10.0.0.0/8",
	"100.64.0.0/10", // carrier-grade NAT
	"127.0.0.0/8",
	"172.16.0.0/12",
	"192.168.0.0/16",
	"::1/128",
	"fc00::/7", // unique local
)

// globalUnicast is the only IPv6 space that is assigned to be reached. Outside
// of it are multicast, link-local, the discard prefix, SRv6 segments and what
// may mean anything tomorrow.
var globalUnicast = netip.MustParsePrefix("2000::/3")

// tierOf returns the tier of an address that embeds no other.
func tierOf(addr netip.Addr) tier {
	switch {
	case contains(neverRanges, addr):
		return never
	case contains(privateRanges, addr):
		return private
	case addr.Is4() || globalUnicast.Contains(addr):
		return public
	}
	return never
}

// IPv6 ranges whose addresses stand for IPv4 addresses.
var (
	compatible = netip.MustParsePrefix("::/96")
	nat64      = netip.MustParsePrefix("64:ff9b::/96")
	nat64Local = netip.MustParsePrefix("64:ff9b:1::/48")
	teredo     = netip.MustParsePrefix("2001::/32")
	sixToFour  = netip.MustParsePrefix("2002::/16")
)

// embedded returns the addresses that decide about addr and how many there are:
// those that it embeds, or itself.
func embedded(addr netip.Addr) (inner [4]netip.Addr, n int) {
	b := addr.As16()
	switch {
	case addr.Is4(), addr == netip.IPv6Loopback():
		inner[0], n = addr, 1
	case compatible.Contains(addr), nat64.Contains(addr):
		inner[0], n = v4(b[12], b[13], b[14], b[15]), 1
	case nat64Local.Contains(addr):
		// Where the IPv4 address stands depends on the length of the prefix
		// that the network's operator chose (RFC 6052, 2.2), which nobody here
		// knows: each of the possible places must be harmless.
		inner[0] = v4(b[6], b[7], b[9], b[10])
		inner[1] = v4(b[7], b[9], b[10], b[11])
		inner[2] = v4(b[9], b[10], b[11], b[12])
		inner[3] = v4(b[12], b[13], b[14], b[15])
		n = 4
	case teredo.Contains(addr):
		// The server, and the client with all bits inverted.
		inner[0] = v4(b[4], b[5], b[6], b[7])
		inner[1] = v4(^b[12], ^b[13], ^b[14], ^b[15])
		n = 2
	case sixToFour.Contains(addr):
		inner[0], n = v4(b[2], b[3], b[4], b[5]), 1
	default:
		inner[0], n = addr, 1
	}
	return inner, n
}

func v4(a, b, c, d byte) netip.Addr { return netip.AddrFrom4([4]byte{a, b, c, d}) }

func contains(ranges []netip.Prefix, addr netip.Addr) bool {
	for _, r := range ranges {
		if r.Contains(addr) {
			return true
		}
	}
	return false
}

func prefixes(texts ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(texts))
	for i, t := range texts {
		out[i] = netip.MustParsePrefix(t)
	}
	return out
}
