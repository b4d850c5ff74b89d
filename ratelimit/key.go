package ratelimit

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/alertwire/alertwire/internal/clientip"
)

// A KeyFunc says whose request it is. Requests of equal keys share a bucket. An
// error refuses the request with status 400; a KeyFunc that cannot tell whose a
// request is had better return a key that all such requests share.
//
// It must not return what the client can choose freely, such as the text of a
// header: then everybody has as many buckets as they like.
type KeyFunc func(*http.Request) (string, error)

const (
	nobody   = "-" // the key of clients that have no address or no header
	everyone = "everyone"
)

// Everyone is a [KeyFunc] of one bucket for all requests: a global limit.
func Everyone(*http.Request) (string, error) { return everyone, nil }

// RemoteIP is a [KeyFunc] of the address at the other end of the connection. An
// IPv6 address counts by its /64, since that is what one client has. Clients
// without an address, such as those of a Unix socket, share one bucket.
//
// Behind a proxy that is the address of the proxy, and all clients share its
// bucket; use [ForwardedIP] there.
func RemoteIP(r *http.Request) (string, error) { return IPKey{}.Key(r) }

// ForwardedIP returns a [KeyFunc] of the client's address as X-Forwarded-For
// tells it. The header is believed as far as it was written by trusted proxies:
// it is walked from the right over all its lines, starting at the address of the
// connection, to the first one that is not trusted. So what a client sends in
// the header changes nothing, and without any trusted prefix it is RemoteIP.
// Clients behind a hop that is no address share one bucket.
func ForwardedIP(trusted ...netip.Prefix) KeyFunc {
	return IPKey{Trusted: slices.Clone(trusted)}.Key
}

// Forwarded is [ForwardedIP] for proxies that write the header Forwarded of
// RFC 7239.
func Forwarded(trusted ...netip.Prefix) KeyFunc {
	return IPKey{Trusted: slices.Clone(trusted), RFC7239: true}.Key
}

// An IPKey makes keys of addresses where [RemoteIP], [ForwardedIP] and
// [Forwarded] do not fit. The zero value is RemoteIP.
//
//	ratelimit.IPKey{IPv6Bits: 56}.Key
type IPKey struct {
	// IPv6Bits is how much of an IPv6 address counts. Zero means 64, and more
	// than 128 means 128.
	IPv6Bits uint8
	// Trusted are the proxies whose header is believed. None means that only
	// the connection counts.
	Trusted []netip.Prefix
	// RFC7239 reads the header Forwarded instead of X-Forwarded-For.
	RFC7239 bool
}

// Key is a [KeyFunc]. It never returns an error.
func (k IPKey) Key(r *http.Request) (string, error) {
	var addr netip.Addr
	var err error
	switch {
	case len(k.Trusted) == 0:
		addr, err = clientip.Remote(r)
	case k.RFC7239:
		addr, err = clientip.ForwardedRFC7239(r, k.Trusted)
	default:
		addr, err = clientip.Forwarded(r, k.Trusted)
	}
	if err != nil {
		return nobody, nil // and no error: those without an address share a bucket
	}
	if addr.Is4() {
		if len(k.Trusted) == 0 {
			if host, ok := hostText(r.RemoteAddr); ok {
				return host, nil
			}
		}
		return addr.String(), nil
	}
	bits := int(min(k.IPv6Bits, 128))
	if bits == 0 {
		bits = 64
	}
	prefix, _ := addr.Prefix(bits) // the bits fit and there is no zone
	return prefix.String(), nil
}

// hostText returns the part of a RemoteAddr with an IPv4 address that is its
// text already. There is but one way to write such an address, so this saves the
// making of another string.
func hostText(remote string) (string, bool) {
	host, _, _ := strings.Cut(remote, ":")
	return host, host != "" && digit(host[0]) && digit(host[len(host)-1])
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

// HeaderKey returns a [KeyFunc] of a header with a credential, such as
// Authorization or X-Api-Key. The key is a hash, which does not show the
// credential in a store or a log. Requests without the header, or with several of
// it, share one bucket.
//
// Use it behind the check of the credential. In front of it, everybody can make
// up as many credentials as they like.
func HeaderKey(name string) KeyFunc {
	name = http.CanonicalHeaderKey(name)
	return func(r *http.Request) (string, error) {
		values := r.Header[name]
		if len(values) != 1 || values[0] == "" {
			return nobody, nil
		}
		v := values[0]
		if name == "Authorization" {
			// The scheme has no case, and may be followed by several spaces.
			if scheme, rest, ok := strings.Cut(v, " "); ok {
				v = strings.ToLower(scheme) + " " + strings.TrimSpace(rest)
			}
		}
		sum := sha256.Sum256([]byte(v))
		return base64.RawURLEncoding.EncodeToString(sum[:16]), nil
	}
}
