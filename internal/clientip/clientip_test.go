package clientip_test

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/internal/clientip"
)

var proxies = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"),
	netip.MustParsePrefix("2001:db8:aaaa::/48"),
}

func request(peer, name string, lines ...string) *http.Request {
	r := &http.Request{RemoteAddr: peer, Header: http.Header{}}
	for _, l := range lines {
		r.Header.Add(name, l)
	}
	return r
}

func TestRemote(t *testing.T) {
	tests := []struct {
		name    string
		peer    string
		want    string
		wantErr error
	}{
		{"IPv4", "192.0.2.7:4711", "192.0.2.7", nil},
		{"IPv4 without a port", "192.0.2.7", "192.0.2.7", nil},
		{"IPv6", "[2001:db8::1]:4711", "2001:db8::1", nil},
		{"IPv6 without a port", "2001:db8::1", "2001:db8::1", nil},
		{"IPv6 in brackets without a port", "[2001:db8::1]", "2001:db8::1", nil},
		{"mapped", "[::ffff:192.0.2.7]:4711", "192.0.2.7", nil},
		{"mapped without a port", "::ffff:192.0.2.7", "192.0.2.7", nil},
		{"mapped in brackets without a port", "[::ffff:192.0.2.7]", "192.0.2.7", nil},
		{"zone", "[fe80::1%eth0]:4711", "fe80::1", nil},
		{"zone without a port", "fe80::1%eth0", "fe80::1", nil},
		{"Unix socket", "@", "", clientip.ErrNoAddress},
		{"empty", "", "", clientip.ErrNoAddress},
		{"path", "/run/app.sock", "", clientip.ErrNoAddress},
		{"host name", "proxy.example:80", "", clientip.ErrNoAddress},
		{"highest port", "192.0.2.7:65535", "192.0.2.7", nil},
		{"highest address", "255.255.255.255:0", "255.255.255.255", nil},
		{"port too large", "192.0.2.7:65536", "", clientip.ErrNoAddress},
		{"port of six digits", "192.0.2.7:100000", "", clientip.ErrNoAddress},
		{"no port behind the colon", "192.0.2.7:", "", clientip.ErrNoAddress},
		{"octet too large", "192.0.2.256:80", "", clientip.ErrNoAddress},
		{"five octets", "192.0.2.7.8:80", "", clientip.ErrNoAddress},
		{"three octets", "192.0.2:80", "", clientip.ErrNoAddress},
		{"port only", ":80", "", clientip.ErrNoAddress},
		{"IPv4 in brackets", "[192.0.2.7]", "", clientip.ErrNoAddress},
		{"bracket only", "[", "", clientip.ErrNoAddress},
		{"leading zero", "192.0.02.7:80", "", clientip.ErrNoAddress},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := clientip.Remote(request(tt.peer, ""))
			require.ErrorIs(t, err, tt.wantErr)
			assert.Equal(t, want(tt.want), got)
		})
	}
}

func TestForwarded(t *testing.T) {
	tests := []struct {
		name    string
		peer    string
		lines   []string
		want    string
		wantErr error
	}{
		{"no header from a proxy", "10.0.0.1:1", nil, "10.0.0.1", nil},
		{"stranger's header", "192.0.2.7:1", []string{"198.51.100.1"}, "192.0.2.7", nil},
		{"one hop", "10.0.0.1:1", []string{"192.0.2.7"}, "192.0.2.7", nil},
		{"spoofed on the left", "10.0.0.1:1", []string{"198.51.100.1, 192.0.2.7"}, "192.0.2.7", nil},
		{"nothing on the left", "10.0.0.1:1", []string{",192.0.2.7"}, "192.0.2.7", nil},
		{"spoofed trusted address on the left", "10.0.0.1:1", []string{"10.9.9.9, 192.0.2.7"}, "192.0.2.7", nil},
		{"two proxies", "10.0.0.1:1", []string{"198.51.100.1, 192.0.2.7, 10.0.0.2"}, "192.0.2.7", nil},
		{"two lines", "10.0.0.1:1", []string{"198.51.100.1", "192.0.2.7"}, "192.0.2.7", nil},
		{"two lines and two proxies", "10.0.0.1:1", []string{"198.51.100.1, 192.0.2.7", "10.0.0.2"}, "192.0.2.7", nil},
		{"all trusted", "10.0.0.1:1", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3", nil},
		{"with a port", "10.0.0.1:1", []string{"192.0.2.7:50001"}, "192.0.2.7", nil},
		{"IPv6", "10.0.0.1:1", []string{"2001:db8::7"}, "2001:db8::7", nil},
		{"IPv6 with a port", "10.0.0.1:1", []string{"[2001:db8::7]:50001"}, "2001:db8::7", nil},
		{"IPv6 proxy", "[2001:db8:aaaa::1]:1", []string{"192.0.2.7"}, "192.0.2.7", nil},
		{"mapped proxy", "[::ffff:10.0.0.1]:1", []string{"::ffff:192.0.2.7"}, "192.0.2.7", nil},
		{"tabs", "10.0.0.1:1", []string{"198.51.100.1,\t192.0.2.7\t"}, "192.0.2.7", nil},
		{"unknown", "10.0.0.1:1", []string{"192.0.2.7, unknown"}, "", clientip.ErrNoAddress},
		{"junk beyond the client", "10.0.0.1:1", []string{"<script>, 192.0.2.7"}, "192.0.2.7", nil},
		{"empty line", "10.0.0.1:1", []string{""}, "", clientip.ErrNoAddress},
		{"empty element", "10.0.0.1:1", []string{"192.0.2.7, , 10.0.0.2"}, "", clientip.ErrNoAddress},
		{"trailing comma", "10.0.0.1:1", []string{"192.0.2.7,"}, "", clientip.ErrNoAddress},
		{"Unix socket", "@", []string{"192.0.2.7"}, "", clientip.ErrNoAddress},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := clientip.Forwarded(request(tt.peer, "X-Forwarded-For", tt.lines...), proxies)
			require.ErrorIs(t, err, tt.wantErr)
			assert.Equal(t, want(tt.want), got)
		})
	}
}

func TestForwardedTrustsNobodyByDefault(t *testing.T) {
	got, err := clientip.Forwarded(request("10.0.0.1:1", "X-Forwarded-For", "192.0.2.7"), nil)
	require.NoError(t, err)
	assert.Equal(t, want("10.0.0.1"), got)
}

func TestForwardedUnderstandsMappedPrefixes(t *testing.T) {
	mapped := []netip.Prefix{netip.MustParsePrefix("::ffff:10.0.0.0/104")}
	got, err := clientip.Forwarded(request("10.0.0.1:1", "X-Forwarded-For", "192.0.2.7"), mapped)
	require.NoError(t, err)
	assert.Equal(t, want("192.0.2.7"), got)
}

func TestForwardedIsBounded(t *testing.T) {
	chain := func(n int) *http.Request {
		return request("10.0.0.1:1", "X-Forwarded-For", "192.0.2.7"+strings.Repeat(", 10.0.0.2", n-1))
	}
	got, err := clientip.Forwarded(chain(64), proxies)
	require.NoError(t, err)
	assert.Equal(t, want("192.0.2.7"), got)

	_, err = clientip.Forwarded(chain(65), proxies)
	require.ErrorIs(t, err, clientip.ErrNoAddress)
	_, err = clientip.Forwarded(chain(10_000), proxies)
	require.ErrorIs(t, err, clientip.ErrNoAddress)

	spoofed := request("10.0.0.1:1", "X-Forwarded-For", strings.Repeat("198.51.100.1, ", 10_000)+"192.0.2.7")
	got, err = clientip.Forwarded(spoofed, proxies)
	require.NoError(t, err)
	assert.Equal(t, want("192.0.2.7"), got)
}

func TestForwardedRFC7239(t *testing.T) {
	tests := []struct {
		name    string
		lines   []string
		want    string
		wantErr error
	}{
		{"no header", nil, "10.0.0.1", nil},
		{"token", []string{`for=192.0.2.7`}, "192.0.2.7", nil},
		{"name in capitals", []string{`For=192.0.2.7`}, "192.0.2.7", nil},
		{"other parameters", []string{`by=10.0.0.1;for=192.0.2.7;proto=https;host="a,b;c"`}, "192.0.2.7", nil},
		{"quoted IPv4 with a port", []string{`for="192.0.2.7:4711"`}, "192.0.2.7", nil},
		{"quoted IPv6", []string{`for="[2001:db8:cafe::17]"`}, "2001:db8:cafe::17", nil},
		{"mapped, as a proxy that listens on IPv6 writes it", []string{`for="[::ffff:192.0.2.7]"`}, "192.0.2.7", nil},
		{"mapped proxy", []string{`for=192.0.2.7, for="[::ffff:10.0.0.2]"`}, "192.0.2.7", nil},
		{"quoted IPv6 with a port", []string{`for="[2001:db8:cafe::17]:4711"`}, "2001:db8:cafe::17", nil},
		{"spoofed on the left", []string{`for=198.51.100.1, for=192.0.2.7`}, "192.0.2.7", nil},
		{"two proxies over two lines", []string{`for=198.51.100.1, for=192.0.2.7`, `for=10.0.0.2`}, "192.0.2.7", nil},
		{"quote left open on the left", []string{`for=", for=192.0.2.7`}, "192.0.2.7", nil},
		{"escaped quote on the left", []string{`host="\", for=192.0.2.7`}, "192.0.2.7", nil},
		{"comma and escaped quote in quotes", []string{`for=198.51.100.1, for=192.0.2.7;host="a\",b"`}, "192.0.2.7", nil},
		{"obfuscated port", []string{`for="192.0.2.7:_a"`}, "192.0.2.7", nil},
		{"obfuscated port of IPv6", []string{`for="[2001:db8::7]:_a"`}, "2001:db8::7", nil},
		{"unknown", []string{`for=unknown`}, "", clientip.ErrNoAddress},
		{"obfuscated", []string{`for=_hidden`}, "", clientip.ErrNoAddress},
		{"no for", []string{`proto=https`}, "", clientip.ErrNoAddress},
		{"for without a value", []string{`for`}, "", clientip.ErrNoAddress},
		{"two fors", []string{`for=192.0.2.7;for=192.0.2.8`}, "", clientip.ErrNoAddress},
		{"quote not closed", []string{`for="192.0.2.7`}, "", clientip.ErrNoAddress},
		{"quote only", []string{`for="`}, "", clientip.ErrNoAddress},
		{"empty", []string{``}, "", clientip.ErrNoAddress},
		{"trailing semicolon", []string{`for=192.0.2.7;`}, "192.0.2.7", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := clientip.ForwardedRFC7239(request("10.0.0.1:1", "Forwarded", tt.lines...), proxies)
			require.ErrorIs(t, err, tt.wantErr)
			assert.Equal(t, want(tt.want), got)
		})
	}
}

func want(s string) netip.Addr {
	if s == "" {
		return netip.Addr{}
	}
	return netip.MustParseAddr(s)
}
