package egress_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/internal/egress"
)

var (
	blocked   = egress.ErrBlocked
	permitted error
)

// The addresses that guards made of the predicates of net/netip mostly miss.
// A private one passes under a policy that is not public; all are refused under
// one that is.
var special = []struct {
	name    string
	addr    string
	private error // under the zero Policy
}{
	{"loopback", "127.0.0.1", permitted},
	{"loopback v6", "::1", permitted},
	{"RFC 1918", "10.0.0.1", permitted},
	{"metadata", "169.254.169.254", blocked},
	{"mapped metadata", "::ffff:169.254.169.254", blocked},
	{"metadata among unique local", "fd00:ec2::254", blocked},
	{"carrier-grade NAT", "100.64.0.1", permitted},
	{"this network", "0.1.2.3", blocked},
	{"NAT64 of metadata", "64:ff9b::a9fe:a9fe", blocked},
	{"local NAT64 of metadata", "64:ff9b:1::a9fe:a9fe", blocked},
	{"6to4 of metadata", "2002:a9fe:a9fe::1", blocked},
	{"Teredo of 0.0.0.0", "2001::1", blocked},
	{"compatible metadata", "::169.254.169.254", blocked},
	{"site-local", "fec0::1", blocked},
	{"Azure platform", "168.63.129.16", blocked},
	{"reserved", "240.0.0.1", blocked},
	{"IETF assignments", "192.0.0.192", blocked},
	{"benchmarking", "198.18.0.1", blocked},
}

func TestEighteenSpecialAddresses(t *testing.T) {
	for _, tt := range special {
		t.Run(tt.name, func(t *testing.T) {
			addr := netip.MustParseAddr(tt.addr)
			require.ErrorIs(t, egress.Policy{}.Check(addr), tt.private)
			require.ErrorIs(t, egress.Policy{Public: true}.Check(addr), blocked)
		})
	}
}

// The first and last address of each range, and their neighbours outside.
func TestRangesEndWhereTheyShould(t *testing.T) {
	tests := []struct {
		addr    string
		private error
		public  error
	}{
		{"0.0.0.0", blocked, blocked},
		{"0.255.255.255", blocked, blocked},
		{"1.0.0.0", permitted, permitted},
		{"9.255.255.255", permitted, permitted},
		{"10.0.0.0", permitted, blocked},
		{"10.255.255.255", permitted, blocked},
		{"11.0.0.0", permitted, permitted},
		{"100.63.255.255", permitted, permitted},
		{"100.64.0.0", permitted, blocked},
		{"100.100.100.199", permitted, blocked},
		{"100.100.100.200", blocked, blocked},
		{"100.127.255.255", permitted, blocked},
		{"100.128.0.0", permitted, permitted},
		{"126.255.255.255", permitted, permitted},
		{"127.255.255.255", permitted, blocked},
		{"128.0.0.0", permitted, permitted},
		{"168.63.129.15", permitted, permitted},
		{"168.63.129.17", permitted, permitted},
		{"169.253.255.255", permitted, permitted},
		{"169.254.0.0", blocked, blocked},
		{"169.254.255.255", blocked, blocked},
		{"169.255.0.0", permitted, permitted},
		{"172.15.255.255", permitted, permitted},
		{"172.16.0.0", permitted, blocked},
		{"172.31.255.255", permitted, blocked},
		{"172.32.0.0", permitted, permitted},
		{"191.255.255.255", permitted, permitted},
		{"192.0.0.0", blocked, blocked},
		{"192.0.0.255", blocked, blocked},
		{"192.0.1.0", permitted, permitted},
		{"192.0.2.0", blocked, blocked},
		{"192.0.3.0", permitted, permitted},
		{"192.88.99.255", blocked, blocked},
		{"192.88.100.0", permitted, permitted},
		{"192.167.255.255", permitted, permitted},
		{"192.168.0.0", permitted, blocked},
		{"192.168.255.255", permitted, blocked},
		{"192.169.0.0", permitted, permitted},
		{"198.17.255.255", permitted, permitted},
		{"198.19.255.255", blocked, blocked},
		{"198.20.0.0", permitted, permitted},
		{"198.51.100.1", blocked, blocked},
		{"203.0.113.255", blocked, blocked},
		{"203.0.114.0", permitted, permitted},
		{"223.255.255.255", permitted, permitted},
		{"224.0.0.0", blocked, blocked},
		{"239.255.255.255", blocked, blocked},
		{"255.255.255.255", blocked, blocked},

		{"::", blocked, blocked},
		{"::2", blocked, blocked},
		{"::8.8.8.8", permitted, permitted},
		{"::1:0:0", blocked, blocked},
		{"::ffff:8.8.8.8", permitted, permitted},
		{"::ffff:127.0.0.1", permitted, blocked},
		{"::fffe:0:0", blocked, blocked},
		{"64:ff9b::808:808", permitted, permitted},
		{"64:ff9b::a00:1", permitted, blocked},
		{"64:ff9b::1:808:808", blocked, blocked},
		{"64:ff9b:1:808:8:808:808:808", permitted, permitted}, // 8.8.8.8 wherever one looks
		{"64:ff9b:1:a00:0:100::", blocked, blocked},
		{"64:ff9b:1:808:8:808:a9fe:a9fe", blocked, blocked},
		{"64:ff9b:2::808:808", blocked, blocked},
		{"100::1", blocked, blocked},
		{"1fff:ffff::1", blocked, blocked},
		{"2000::1", permitted, permitted},
		{"2001:0:808:808::f7f7:f7f7", permitted, permitted}, // Teredo, client 8.8.8.8
		{"2001:0:808:808::5601:5601", blocked, blocked},     // Teredo, client 169.254.169.254
		{"2001:0:a9fe:a9fe::f7f7:f7f7", blocked, blocked},
		{"2001:0:808:808::f5ff:fffe", permitted, blocked}, // Teredo, client 10.0.0.1
		{"2001:1::1", permitted, permitted},
		{"2001:2::1", blocked, blocked},
		{"2001:2:1::1", permitted, permitted},
		{"2001:20::1", blocked, blocked},
		{"2001:db7:ffff::1", permitted, permitted},
		{"2001:db8::", blocked, blocked},
		{"2001:db8:ffff::1", blocked, blocked},
		{"2001:db9::1", permitted, permitted},
		{"2002:808:808::1", permitted, permitted},
		{"2002:c0a8:1::1", permitted, blocked},
		{"2002:7f00:1::1", permitted, blocked},
		{"2606:4700::1111", permitted, permitted},
		{"3ffe::1", permitted, permitted},
		{"3fff::1", blocked, blocked},
		{"3fff:fff::1", blocked, blocked},
		{"3fff:1000::1", permitted, permitted},
		{"4000::1", blocked, blocked},
		{"5f00::1", blocked, blocked},
		{"fbff::1", blocked, blocked},
		{"fc00::1", permitted, blocked},
		{"fd00:ec2::253", permitted, blocked},
		{"fd00:ec2::23", blocked, blocked},
		{"fd20:ce::254", blocked, blocked},
		{"fdff:ffff::1", permitted, blocked},
		{"fe00::1", blocked, blocked},
		{"fe80::1", blocked, blocked},
		{"febf::1", blocked, blocked},
		{"fec0::1", blocked, blocked},
		{"ff02::1", blocked, blocked},
		{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", blocked, blocked},
	}
	for _, tt := range tests {
		t.Run(tt.addr, func(t *testing.T) {
			addr := netip.MustParseAddr(tt.addr)
			require.ErrorIs(t, egress.Policy{}.Check(addr), tt.private)
			require.ErrorIs(t, egress.Policy{Public: true}.Check(addr), tt.public)
		})
	}
}

func TestAllowPermitsPrivateAddressesOnly(t *testing.T) {
	p := egress.Policy{Public: true, Allow: []netip.Prefix{
		netip.MustParsePrefix("10.1.0.0/16"),
		netip.MustParsePrefix("fd00::/8"),
		netip.MustParsePrefix("169.254.0.0/16"),
		netip.MustParsePrefix("::/0"),
	}}
	tests := []struct {
		addr string
		want error
	}{
		{"10.0.255.255", blocked},
		{"10.1.0.0", permitted},
		{"10.1.255.255", permitted},
		{"10.2.0.0", blocked},
		{"::ffff:10.1.0.1", permitted},
		{"64:ff9b::a01:1", permitted},
		{"64:ff9b::a02:1", blocked},
		{"fd12::1", permitted},
		{"::1", permitted},
		{"127.0.0.1", blocked},
		{"fd00:ec2::254", blocked},
		{"169.254.169.254", blocked},
		{"fe80::1", blocked},
		{"ff02::1", blocked},
	}
	for _, tt := range tests {
		t.Run(tt.addr, func(t *testing.T) {
			require.ErrorIs(t, p.Check(netip.MustParseAddr(tt.addr)), tt.want)
		})
	}
}

func TestNoAddressAndZonesAreRefused(t *testing.T) {
	for _, addr := range []netip.Addr{
		{},
		netip.MustParseAddr("fe80::1%eth0"),
		netip.MustParseAddr("2606:4700::1111%1"),
		netip.MustParseAddr("::1%lo"),
	} {
		assert.ErrorIs(t, egress.Policy{}.Check(addr), blocked, addr)
	}
}

func TestTheRefusalNamesTheSettingThatHelps(t *testing.T) {
	p := egress.Policy{Public: true}
	private := p.Check(netip.MustParseAddr("10.11.12.13"))
	require.ErrorContains(t, private, `network "private"`)
	assert.NotContains(t, private.Error(), "10.11")
	never := p.Check(netip.MustParseAddr("169.254.169.254"))
	require.ErrorContains(t, never, "no setting")
	assert.NotContains(t, never.Error(), "169.254")
}

// A change of the form of an address never changes the verdict.
func FuzzCheck(f *testing.F) {
	for _, tt := range special {
		f.Add(netip.MustParseAddr(tt.addr).AsSlice())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		addr, ok := netip.AddrFromSlice(b)
		if !ok {
			return
		}
		strict, lax := egress.Policy{Public: true}, egress.Policy{}
		if strict.Check(addr) == nil {
			require.NoError(t, lax.Check(addr), "public but not private: %v", addr)
			require.True(t, addr.Unmap().IsGlobalUnicast(), "%v", addr)
			require.False(t, addr.Unmap().IsPrivate(), "%v", addr)
		}
		if addr = addr.Unmap(); addr.Is4() {
			want := strict.Check(addr)
			a := addr.As4()
			forms := map[string][16]byte{
				"mapped": {10: 0xff, 11: 0xff, 12: a[0], 13: a[1], 14: a[2], 15: a[3]},
				"nat64":  {1: 0x64, 2: 0xff, 3: 0x9b, 12: a[0], 13: a[1], 14: a[2], 15: a[3]},
				"6to4":   {0: 0x20, 1: 0x02, 2: a[0], 3: a[1], 4: a[2], 5: a[3]},
				"teredo": {0: 0x20, 1: 0x01, 4: 8, 5: 8, 6: 8, 7: 8, 12: ^a[0], 13: ^a[1], 14: ^a[2], 15: ^a[3]},
			}
			for form, b := range forms {
				require.Equal(t, want, strict.Check(netip.AddrFrom16(b)), "%s of %v", form, addr)
			}
		}
		require.ErrorIs(t, lax.Check(addr.WithZone("eth0")), zoneVerdict(lax, addr))
	})
}

// An IPv4 address has no zone: WithZone leaves it alone.
func zoneVerdict(p egress.Policy, addr netip.Addr) error {
	if addr.Is4() {
		return p.Check(addr)
	}
	return blocked
}
