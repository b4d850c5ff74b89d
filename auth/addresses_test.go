package auth_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/auth"
)

func prefixes(texts ...string) []netip.Prefix {
	var list []netip.Prefix
	for _, s := range texts {
		list = append(list, netip.MustParsePrefix(s))
	}
	return list
}

func TestAddresses(t *testing.T) {
	allow := prefixes("192.0.2.0/28", "2001:db8::/32", "::ffff:198.51.100.7/128")
	direct := must(auth.NewAddresses(auth.AddressOptions{Allow: allow}))
	proxied := must(auth.NewAddresses(auth.AddressOptions{Allow: allow, TrustedProxies: prefixes("10.0.0.0/8")}))
	rfc7239 := must(auth.NewAddresses(auth.AddressOptions{Allow: allow, TrustedProxies: prefixes("10.0.0.0/8"), RFC7239: true}))

	tests := []struct {
		name    string
		a       *auth.Addresses
		peer    string
		header  []string
		wantErr error
	}{
		{"first of a prefix", direct, "192.0.2.0:1234", nil, nil},
		{"last of a prefix", direct, "192.0.2.15:1234", nil, nil},
		{"one behind", direct, "192.0.2.16:1234", nil, auth.ErrMismatch},
		{"mapped peer", direct, "[::ffff:192.0.2.1]:1234", nil, nil},
		{"mapped prefix", direct, "198.51.100.7:1234", nil, nil},
		{"IPv6", direct, "[2001:db8::1]:1234", nil, nil},
		{"another IPv6", direct, "[2001:db9::1]:1234", nil, auth.ErrMismatch},
		{"no address", direct, "@", nil, auth.ErrMissing},
		{"header without a proxy", direct, "203.0.113.9:1", []string{"X-Forwarded-For", "192.0.2.1"}, auth.ErrMismatch},
		{"proxy", proxied, "10.1.2.3:1", []string{"X-Forwarded-For", "192.0.2.1"}, nil},
		{"proxy, and what a stranger wrote in front", proxied, "10.1.2.3:1", []string{"X-Forwarded-For", "192.0.2.1, 203.0.113.9"}, auth.ErrMismatch},
		{"two proxies", proxied, "10.1.2.3:1", []string{"X-Forwarded-For", "192.0.2.1, 10.9.9.9"}, nil},
		{"proxy that is not trusted", proxied, "203.0.113.9:1", []string{"X-Forwarded-For", "192.0.2.1"}, auth.ErrMismatch},
		{"proxy without a header", proxied, "10.1.2.3:1", nil, auth.ErrMismatch},
		{"proxy that could not tell", proxied, "10.1.2.3:1", []string{"X-Forwarded-For", "unknown"}, auth.ErrMissing},
		{"RFC 7239", rfc7239, "10.1.2.3:1", []string{"Forwarded", `for="[2001:db8::1]:99"`}, nil},
		{"RFC 7239, the other header", rfc7239, "10.1.2.3:1", []string{"X-Forwarded-For", "192.0.2.1"}, auth.ErrMismatch},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := get(tt.header...)
			r.RemoteAddr = tt.peer
			require.ErrorIs(t, tt.a.Verify(r, nil), tt.wantErr)
			require.ErrorIs(t, tt.a.VerifyHeader(r), tt.wantErr)
		})
	}
}

func TestAddressesReplace(t *testing.T) {
	list := prefixes("192.0.2.1/32")
	a := must(auth.NewAddresses(auth.AddressOptions{Allow: list}))
	r := get()
	r.RemoteAddr = "192.0.2.1:1"
	list[0] = netip.MustParsePrefix("192.0.2.2/32") // the list was copied
	require.NoError(t, a.Verify(r, nil))

	require.Error(t, a.Replace())
	require.Error(t, a.Replace(netip.Prefix{}))
	require.NoError(t, a.Verify(r, nil), "a bad list changes nothing")
	require.NoError(t, a.Replace(list...))
	require.ErrorIs(t, a.Verify(r, nil), auth.ErrMismatch)
}

func TestNewAddressesRefuses(t *testing.T) {
	_, err := auth.NewAddresses(auth.AddressOptions{})
	assert.Error(t, err)
	_, err = auth.NewAddresses(auth.AddressOptions{Allow: []netip.Prefix{{}}})
	assert.Error(t, err)
	_, err = auth.NewAddresses(auth.AddressOptions{Allow: prefixes("192.0.2.1/32"), TrustedProxies: []netip.Prefix{{}}})
	assert.Error(t, err)
}

func TestFlashdutyAddresses(t *testing.T) {
	assert.Equal(t, prefixes("47.94.95.118/32", "123.56.8.183/32", "47.94.193.81/32", "1.13.19.96/32"), auth.FlashdutyAddresses())
	auth.FlashdutyAddresses()[0] = netip.Prefix{}
	assert.Equal(t, netip.MustParsePrefix("47.94.95.118/32"), auth.FlashdutyAddresses()[0])
}
