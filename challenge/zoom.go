package challenge

import (
	"encoding/hex"
	"fmt"
	"net/http"
)

// Zoom is the endpoint validation of Zoom, which is signed like any event:
//
//	POST {"event":"endpoint.url_validation","payload":{"plainToken":T}}
//	->   {"plainToken":T,"encryptedToken":hex(HMAC-SHA256(secret, T))}
//
// Zoom signs its events with the same secret, so that an unsigned validation
// that is answered lets anybody sign anything. Here it is verified first, and T
// must be opaque. Every other request goes to the next handler, unverified. A
// Zoom is safe for concurrent use. The zero Zoom refuses every challenge.
type Zoom struct {
	key    *key
	verify verifier
}

// NewZoom returns a Zoom that answers under the secret token of the Zoom app
// what verify lets pass. That is the method value of a verifier of Zoom's
// signatures, usually the one that the events are checked with; nil is
// refused. An empty secret is [ErrEmptySecret].
func NewZoom(secret string, verify func(*http.Request, []byte) error) (*Zoom, error) {
	if secret == "" {
		return nil, fmt.Errorf("challenge: Zoom: %w", ErrEmptySecret)
	}
	v, err := newVerifier("Zoom", verify)
	if err != nil {
		return nil, err
	}
	return &Zoom{key: newKey(secret), verify: v}, nil
}

// WantsBody reports whether r may be a handshake: a POST of at most 64 KiB.
func (*Zoom) WantsBody(r *http.Request) bool { return mayBeHandshake(r) }

// Answer implements [Scheme].
func (z *Zoom) Answer(r *http.Request, body []byte) (Reply, bool, error) {
	const kind = "endpoint.url_validation"
	m := parse(r, body, kind)
	if m.str("event") != kind {
		return Reply{}, false, nil
	}
	if err := z.verify.check(r, body); err != nil {
		return refuse(http.StatusUnauthorized, "Zoom", err)
	}
	token := m.object("payload").str("plainToken")
	if !opaque(token, "") {
		return refuse(http.StatusBadRequest, "Zoom", ErrMalformed)
	}
	mac := z.key.sum(token)
	answer := fmt.Appendf(nil, `{"plainToken":"%s","encryptedToken":"%s"}`, token, hex.EncodeToString(mac[:]))
	return Reply{ContentType: typeJSON, Body: answer}, true, nil
}
