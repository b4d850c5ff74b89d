package challenge

import (
	"fmt"
	"net/http"
)

// A verifier checks the signature of a request over the raw bytes of its body.
// The method value of any Verifier of package auth is one.
type verifier func(r *http.Request, body []byte) error

func newVerifier(scheme string, verify func(*http.Request, []byte) error) (verifier, error) {
	if verify == nil {
		return nil, fmt.Errorf("challenge: %s: no function that verifies the request", scheme)
	}
	return verify, nil
}

// check returns an error that wraps ErrUnverified unless the request is signed.
func (v verifier) check(r *http.Request, body []byte) error {
	if v == nil {
		return ErrUnverified
	}
	if err := v(r, body); err != nil {
		return fmt.Errorf("%w: %w", ErrUnverified, err)
	}
	return nil
}
