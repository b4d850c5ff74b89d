package ratelimit_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/ratelimit"
)

func from(peer string, header ...string) *http.Request {
	r := &http.Request{RemoteAddr: peer, Header: http.Header{}}
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	return r
}

func TestRemoteIP(t *testing.T) {
	tests := []struct{ name, peer, want string }{
		{"IPv4", "192.0.2.7:4711", "192.0.2.7"},
		{"IPv4 without a port", "192.0.2.7", "192.0.2.7"},
		{"IPv4 after a blank", " 192.0.2.7", "192.0.2.7"},
		{"IPv4 before a blank", "192.0.2.7 ", "192.0.2.7"},
		{"mapped IPv4", "[::ffff:192.0.2.7]:4711", "192.0.2.7"},
		{"mapped IPv4 without a port", "::ffff:192.0.2.7", "192.0.2.7"},
		{"IPv6", "[2001:db8:1:2:3:4:5:6]:4711", "2001:db8:1:2::/64"},
		{"IPv6 without a port", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
		{"IPv6 with a zone", "[fe80::1%eth0]:4711", "fe80::/64"},
		{"Unix socket", "@", "-"},
		{"empty", "", "-"},
		{"junk", "<script>", "-"},
		{"host name", "proxy.example:80", "-"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ratelimit.RemoteIP(from(tt.peer, "X-Forwarded-For", "203.0.113.1", "Forwarded", "for=203.0.113.1"))
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestIPKeyBits(t *testing.T) {
	tests := []struct {
		bits uint8
		want string
	}{
		{0, "2001:db8:1:2::/64"},
		{48, "2001:db8:1::/48"},
		{56, "2001:db8:1::/56"},
		{128, "2001:db8:1:2:3:4:5:6/128"},
		{129, "2001:db8:1:2:3:4:5:6/128"},
	}
	for _, tt := range tests {
		key := ratelimit.IPKey{IPv6Bits: tt.bits}
		got, err := key.Key(from("[2001:db8:1:2:3:4:5:6]:1"))
		require.NoError(t, err)
		assert.Equal(t, tt.want, got)
		got, err = key.Key(from("192.0.2.7:1"))
		require.NoError(t, err)
		assert.Equal(t, "192.0.2.7", got)
	}
}

func TestForwardedKeys(t *testing.T) {
	proxies := netip.MustParsePrefix("10.0.0.0/8")
	xff := ratelimit.ForwardedIP(proxies)
	rfc := ratelimit.Forwarded(proxies)
	tests := []struct {
		name string
		key  ratelimit.KeyFunc
		r    *http.Request
		want string
	}{
		{"no proxy trusted", ratelimit.ForwardedIP(), from("10.0.0.1:1", "X-Forwarded-For", "192.0.2.7"), "10.0.0.1"},
		{"no proxy trusted, RFC 7239", ratelimit.Forwarded(), from("10.0.0.1:1", "Forwarded", "for=192.0.2.7"), "10.0.0.1"},
		{"client behind a proxy", xff, from("10.0.0.1:1", "X-Forwarded-For", "203.0.113.1, 192.0.2.7"), "192.0.2.7"},
		{"over two lines", xff, from("10.0.0.1:1", "X-Forwarded-For", "192.0.2.7", "X-Forwarded-For", "10.0.0.2"), "192.0.2.7"},
		{"IPv6 client behind a proxy", xff, from("10.0.0.1:1", "X-Forwarded-For", "2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64"},
		{"not from a proxy", xff, from("192.0.2.8:1", "X-Forwarded-For", "192.0.2.7"), "192.0.2.8"},
		{"hop without a name", xff, from("10.0.0.1:1", "X-Forwarded-For", "192.0.2.7, unknown"), "-"},
		{"10,000 hops", xff, from("10.0.0.1:1", "X-Forwarded-For", strings.Repeat("10.0.0.2, ", 10_000)+"10.0.0.2"), "-"},
		{"10,000 spoofed hops", xff, from("10.0.0.1:1", "X-Forwarded-For", strings.Repeat("203.0.113.1,", 10_000)+"192.0.2.7"), "192.0.2.7"},
		{"Unix socket", xff, from("@", "X-Forwarded-For", "192.0.2.7"), "-"},
		{"other header", xff, from("10.0.0.1:1", "Forwarded", "for=192.0.2.7"), "10.0.0.1"},
		{"RFC 7239", rfc, from("10.0.0.1:1", "Forwarded", `for=203.0.113.1, for="[2001:db8:1:2::3]:47"`), "2001:db8:1:2::/64"},
		{"RFC 7239, an IPv4 client of a proxy on IPv6", rfc, from("10.0.0.1:1", "Forwarded", `for="[::ffff:192.0.2.7]"`), "192.0.2.7"},
		{"RFC 7239, other header", rfc, from("10.0.0.1:1", "X-Forwarded-For", "192.0.2.7"), "10.0.0.1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.key(tt.r)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestForwardedIPKeepsItsPrefixes(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	key := ratelimit.ForwardedIP(trusted...)
	trusted[0] = netip.MustParsePrefix("0.0.0.0/0")
	got, err := key(from("10.0.0.1:1", "X-Forwarded-For", "203.0.113.1, 192.0.2.7"))
	require.NoError(t, err)
	assert.Equal(t, "192.0.2.7", got)
}

func TestHeaderKey(t *testing.T) {
	const secret = "s3cr3t-t0ken"
	authorization := ratelimit.HeaderKey("authorization")
	keyOf := func(key ratelimit.KeyFunc, header ...string) string {
		got, err := key(from("192.0.2.7:1", header...))
		require.NoError(t, err)
		assert.NotContains(t, got, secret)
		return got
	}
	bearer := keyOf(authorization, "Authorization", "Bearer "+secret)
	assert.Len(t, bearer, 22, "128 bits")
	assert.Equal(t, bearer, keyOf(authorization, "Authorization", "BEARER   "+secret+" "), "a spelling is worth a bucket")
	assert.NotEqual(t, bearer, keyOf(authorization, "Authorization", "Bearer "+strings.ToUpper(secret)))
	assert.NotEqual(t, bearer, keyOf(authorization, "Authorization", secret))
	assert.Equal(t, "-", keyOf(authorization))
	assert.Equal(t, "-", keyOf(authorization, "Authorization", ""))
	assert.Equal(t, "-", keyOf(authorization, "Authorization", "Bearer "+secret, "Authorization", "Bearer other"))

	apiKey := ratelimit.HeaderKey("X-API-Key")
	assert.NotEqual(t, keyOf(apiKey, "X-Api-Key", secret), keyOf(apiKey, "X-Api-Key", secret+" x"))
	assert.NotEqual(t, keyOf(apiKey, "X-Api-Key", "A B"), keyOf(apiKey, "X-Api-Key", "a B"))
}

func TestEveryone(t *testing.T) {
	a, err := ratelimit.Everyone(from("192.0.2.7:1"))
	require.NoError(t, err)
	b, err := ratelimit.Everyone(from("@"))
	require.NoError(t, err)
	assert.Equal(t, a, b)
}

func ExampleHeaderKey() {
	key := ratelimit.HeaderKey("Authorization")
	r, _ := http.NewRequest("POST", "/", nil)
	r.Header.Set("Authorization", "Bearer s3cr3t")
	fmt.Println(key(r))
	// Output: HF4ofQPQiZM3XPrT4ltH2Q <nil>
}

func ExampleForwarded() {
	key := ratelimit.Forwarded(netip.MustParsePrefix("10.0.0.0/8"))
	r, _ := http.NewRequest("POST", "/", nil)
	r.RemoteAddr = "10.0.0.1:4711"
	r.Header.Set("Forwarded", `for="[2001:db8:cafe::17]:4711";proto=https`)
	fmt.Println(key(r))
	// Output: 2001:db8:cafe::/64 <nil>
}

func ExampleIPKey() {
	key := ratelimit.IPKey{IPv6Bits: 56}.Key
	r, _ := http.NewRequest("POST", "/", nil)
	r.RemoteAddr = "[2001:db8:cafe:1234::17]:4711"
	fmt.Println(key(r))
	// Output: 2001:db8:cafe:1200::/56 <nil>
}

// The text that is taken over from a RemoteAddr is the one that net/netip writes.
func FuzzRemoteIP(f *testing.F) {
	for _, peer := range []string{"192.0.2.7:1", "::ffff:192.0.2.7", "[::1]:1", "1.2.3.4", "01.2.3.4:1", "@", "1.2.3.4%a:1"} {
		f.Add(peer)
	}
	f.Fuzz(func(t *testing.T, peer string) {
		got, err := ratelimit.RemoteIP(from(peer))
		require.NoError(t, err)
		if got == "-" {
			return
		}
		if strings.Contains(got, "/") {
			prefix, err := netip.ParsePrefix(got)
			require.NoError(t, err)
			assert.Equal(t, prefix.Masked().String(), got)
			return
		}
		addr, err := netip.ParseAddr(got)
		require.NoError(t, err)
		assert.Equal(t, addr.String(), got)
		assert.True(t, addr.Is4())
	})
}
