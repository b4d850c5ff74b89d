package challenge

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net/http"
)

// Meta is the verification request of Facebook, WhatsApp and Instagram, and of
// Strava, which has taken it over:
//
//	GET ?hub.mode=subscribe&hub.verify_token=V&hub.challenge=C  ->  C as text
//
// It is answered only if V is the verify token that was agreed upon, compared
// in constant time. A Meta is safe for concurrent use. The zero Meta refuses
// every challenge.
type Meta struct {
	token *[sha256.Size]byte // digest of the verify token; fmt does not follow pointers
	json  bool
}

// NewMeta returns a Meta. An empty verify token is [ErrEmptySecret].
func NewMeta(verifyToken string) (*Meta, error) {
	return newMeta("Meta", verifyToken, false)
}

// NewStrava returns a Meta that answers {"hub.challenge":C}, as Strava wants
// it. An empty verify token is [ErrEmptySecret].
func NewStrava(verifyToken string) (*Meta, error) {
	return newMeta("Strava", verifyToken, true)
}

func newMeta(scheme, verifyToken string, json bool) (*Meta, error) {
	if verifyToken == "" {
		return nil, fmt.Errorf("challenge: %s: %w", scheme, ErrEmptySecret)
	}
	digest := sha256.Sum256([]byte(verifyToken))
	return &Meta{token: &digest, json: json}, nil
}

// WantsBody reports false: the challenge is in the query.
func (*Meta) WantsBody(*http.Request) bool { return false }

// Answer implements [Scheme].
func (m *Meta) Answer(r *http.Request, _ []byte) (Reply, bool, error) {
	q := r.URL.RawQuery
	mode, modes := parameter(q, "hub.mode")
	if _, topics := parameter(q, "hub.topic"); r.Method != http.MethodGet || mode != "subscribe" || topics > 0 {
		return Reply{}, false, nil
	}
	token, tokens := parameter(q, "hub.verify_token")
	if tokens != 1 || !m.agreed(token) {
		return refuse(http.StatusUnauthorized, "Meta", ErrUnverified)
	}
	challenge, challenges := parameter(q, "hub.challenge")
	if modes != 1 || challenges != 1 || !echoable(challenge) {
		return refuse(http.StatusBadRequest, "Meta", ErrMalformed)
	}
	if m.json {
		return jsonString("hub.challenge", challenge), true, nil
	}
	return text(challenge), true, nil
}

// agreed compares digests, in constant time whatever the lengths.
func (m *Meta) agreed(token string) bool {
	digest := sha256.Sum256([]byte(token))
	return m.token != nil && subtle.ConstantTimeCompare(digest[:], m.token[:]) == 1
}

// WebSub is the verification of intent of WebSub hubs:
//
//	GET ?hub.mode=subscribe&hub.topic=T&hub.challenge=C    ->  C as text
//	GET ?hub.mode=unsubscribe&hub.topic=T&hub.challenge=C  ->  C as text
//
// What else a hub says of a topic, such as hub.mode=denied, goes to the next
// handler. A WebSub is safe for concurrent use. The zero WebSub refuses every challenge.
type WebSub struct {
	agree func(r *http.Request, mode, topic string) error
}

// NewWebSub returns a WebSub. It asks agree whether this program wants to
// "subscribe" to, or "unsubscribe" from, the topic: only the program knows what
// it has asked a hub for, and anybody can send the request. An error is
// answered with 404, as the specification says. Further parameters, such as
// hub.lease_seconds, are in the request. Nil is refused.
func NewWebSub(agree func(r *http.Request, mode, topic string) error) (*WebSub, error) {
	if agree == nil {
		return nil, fmt.Errorf("challenge: WebSub: no function that agrees to a topic")
	}
	return &WebSub{agree: agree}, nil
}

// WantsBody reports false: the challenge is in the query.
func (*WebSub) WantsBody(*http.Request) bool { return false }

// Answer implements [Scheme].
func (s *WebSub) Answer(r *http.Request, _ []byte) (Reply, bool, error) {
	q := r.URL.RawQuery
	mode, modes := parameter(q, "hub.mode")
	topic, topics := parameter(q, "hub.topic")
	if r.Method != http.MethodGet || topics == 0 || mode != "subscribe" && mode != "unsubscribe" {
		return Reply{}, false, nil
	}
	challenge, challenges := parameter(q, "hub.challenge")
	if modes != 1 || topics != 1 || challenges != 1 || !echoable(challenge) {
		return refuse(http.StatusBadRequest, "WebSub", ErrMalformed)
	}
	if s.agree == nil {
		return refuse(http.StatusNotFound, "WebSub", ErrUnverified)
	}
	if err := s.agree(r, mode, topic); err != nil {
		return refuse(http.StatusNotFound, "WebSub", fmt.Errorf("%w: %w", ErrUnverified, err))
	}
	return text(challenge), true, nil
}
