// Package auth says who sent a webhook, on both ends of the wire.
//
//	key, err := auth.NewHMAC(auth.StandardWebhooks(), auth.HMACOptions{Secrets: []auth.Secret{secret}})
//	mux.Handle("POST /hook", auth.Require(key, auth.RequireOptions{})(handler)) // the receiver
//
//	req.Header.Set("webhook-id", id) // the sender, which names the message
//	err = key.Sign(req, body)
//
// A [Strategy] is both ends of one scheme, so that they cannot drift apart:
// [Basic], [Bearer], [Header], [Query] and [HMAC] with a [Scheme] for each
// sender that matters. [ClientCert] and [Addresses] only verify, [OAuth2] only
// signs. [Any] and [All] combine verifiers, [Require] puts one in front of an
// http.Handler, [Transport] puts a [Signer] under an http.Client, and [Config]
// is all of it as data.
//
// Secrets are compared in constant time and over raw bytes, several may be
// live at once, signed times are checked both ways, and an empty secret is
// refused when a scheme is constructed. The zero value of each verifier
// refuses everything. All types are safe for concurrent use.
//
// What auth does not do: it does not judge repeats, because the legitimate
// retry of a sender carries the same id and a 401 would make it final; it does
// not say who the sender is beyond "knows the secret"; it does not log.
package auth

import (
	"errors"
	"net/http"

	"github.com/alertwire/alertwire/internal/reqbody"
)

// A Signer puts credentials on an outgoing request. It is called for every
// attempt, with the exact bytes that are sent as the body.
//
// Sign changes r.Header, the values in it, and r.URL in the case of [Query]:
// r must be the caller's own (see http.Request.Clone). It does not read
// r.Body. An error means that r must not be sent.
//
// A Signer may also have a method Headers() []string with the canonical names
// of the headers that it sets, so that a sender can refuse a static header of
// such a name instead of losing it. A sender that gives each of them a value
// beforehand saves Sign the allocation of its place.
type Signer interface {
	Sign(r *http.Request, body []byte) error
}

// A Verifier judges an incoming request by its header and the raw bytes of
// its body. Nil means accepted. An error wraps one of [ErrMissing],
// [ErrMalformed], [ErrMismatch], [ErrStale] and [ErrBodyShape]; its text names
// no secret and is not for the sender.
//
// A Verifier that needs no body also has a method VerifyHeader(*http.Request)
// error with the whole verdict. [Require] then leaves the body unread.
type Verifier interface {
	Verify(r *http.Request, body []byte) error
}

// A Strategy is both ends of one scheme: what it signs, it verifies.
type Strategy interface {
	Signer
	Verifier
}

// Reasons for which a request is refused.
var (
	// ErrMissing says that the request carries no credentials of the kind.
	ErrMissing = errors.New("credentials missing")
	// ErrMalformed says that there are credentials which cannot be read: sent
	// twice, truncated, not in the encoding, too many.
	ErrMalformed = errors.New("credentials malformed")
	// ErrMismatch says that the credentials can be read and are wrong.
	ErrMismatch = errors.New("credentials do not match")
	// ErrStale says that the signed time is too far from now, in the past or
	// in the future.
	ErrStale = errors.New("signed time out of tolerance")
	// ErrBodyShape says that the signature may be right, but that the body is
	// not a JSON object or array where the scheme demands one: see
	// [HMACOptions].AnyBody.
	ErrBodyShape = errors.New("body is not a JSON object or array")
	// ErrTooLarge says that the body exceeds [RequireOptions].MaxBody.
	ErrTooLarge = reqbody.ErrTooLarge
)

// Reasons for which a scheme is not constructed.
var (
	// ErrEmptySecret says that a secret is missing or empty.
	ErrEmptySecret = errors.New("empty secret")
	// ErrBadSecret says that a secret cannot be used with the scheme: wrong
	// encoding, wrong length, or bytes that the header cannot carry.
	ErrBadSecret = errors.New("unusable secret")
)

// ErrUnavailable says that a request could not be signed just now, because the
// token endpoint of an [OAuth2] is down or busy. A later attempt may succeed.
var ErrUnavailable = errors.New("credentials unavailable")

// headerVerifier is the optional half of a Verifier: the whole verdict
// without the body.
type headerVerifier interface {
	VerifyHeader(r *http.Request) error
}

// prechecker is a Verifier that needs the body, but can refuse some requests
// without it. Nil says nothing.
type prechecker interface {
	precheck(r *http.Request) error
}

// challenger names the schemes of a WWW-Authenticate header.
type challenger interface {
	challenges() []string
}
