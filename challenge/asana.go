package challenge

import (
	"fmt"
	"net/http"
)

// Asana is the handshake of Asana's webhooks:
//
//	POST with X-Hook-Secret: S  ->  200 with X-Hook-Secret: S
//
// From then on S is the key of X-Hook-Signature, so a handshake that is
// accepted from anybody gives anybody's events a good signature. An Asana is
// safe for concurrent use. The zero Asana refuses every handshake.
type Asana struct {
	accept func(r *http.Request, secret string) error
}

// NewAsana returns an Asana. It hands the secret to accept, which decides
// whether this program has just created a webhook for that URL, and stores it:
// a handshake that nobody waits for, above all a second one, must be refused. An
// error is answered with 401. Nil is refused.
func NewAsana(accept func(r *http.Request, secret string) error) (*Asana, error) {
	if accept == nil {
		return nil, fmt.Errorf("challenge: Asana: no function that accepts a secret")
	}
	return &Asana{accept: accept}, nil
}

// WantsBody reports false: the secret is in a header.
func (*Asana) WantsBody(*http.Request) bool { return false }

// Answer implements [Scheme].
func (a *Asana) Answer(r *http.Request, _ []byte) (Reply, bool, error) {
	const name = "X-Hook-Secret"
	values := r.Header[name]
	if r.Method != http.MethodPost || len(values) == 0 {
		return Reply{}, false, nil
	}
	secret := single(values)
	if !opaque(secret, "") {
		return refuse(http.StatusBadRequest, "Asana", ErrMalformed)
	}
	if a.accept == nil {
		return refuse(http.StatusUnauthorized, "Asana", ErrUnverified)
	}
	if err := a.accept(r, secret); err != nil {
		return refuse(http.StatusUnauthorized, "Asana", fmt.Errorf("%w: %w", ErrUnverified, err))
	}
	return Reply{Header: http.Header{name: {secret}}}, true, nil
}
