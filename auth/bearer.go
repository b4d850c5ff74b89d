package auth

import (
	"fmt"
	"net/http"
)

// Bearer is a token in the Authorization header (RFC 6750).
type Bearer struct {
	keys live[[]*credential]
}

var (
	_ Strategy       = (*Bearer)(nil)
	_ headerVerifier = (*Bearer)(nil)
)

// NewBearer returns a Bearer with live tokens: the first one signs, each of
// them verifies, so that a token can be rolled without a gap. It returns
// [ErrEmptySecret] if there is none or one is empty, and [ErrBadSecret] if one
// has anything but visible ASCII characters or is longer than 8 KiB.
func NewBearer(tokens ...Secret) (*Bearer, error) {
	return newBearer(fixed(tokens))
}

func newBearer(tokens secrets) (*Bearer, error) {
	b := new(Bearer)
	if err := watch(&b.keys, tokens, newBearerKeys); err != nil {
		return nil, fmt.Errorf("auth: bearer: %w", err)
	}
	return b, nil
}

func newBearerKeys(tokens []Secret) (*[]*credential, error) {
	return newCredentials(tokens, "Bearer ", checkToken)
}

// Sign sets the Authorization header.
func (b *Bearer) Sign(r *http.Request, _ []byte) error {
	keys := b.keys.get()
	if keys == nil {
		return fmt.Errorf("auth: bearer: sign: %w", ErrEmptySecret)
	}
	setHeader(r, "Authorization", (*keys)[0].wire)
	return nil
}

// Headers returns the names of the headers that Sign sets.
func (b *Bearer) Headers() []string { return []string{"Authorization"} }

// Verify is VerifyHeader: the body is not looked at.
func (b *Bearer) Verify(r *http.Request, _ []byte) error { return b.VerifyHeader(r) }

// VerifyHeader accepts a request with exactly one Authorization header, of
// the scheme Bearer in any case, with one of the tokens.
func (b *Bearer) VerifyHeader(r *http.Request) error {
	if err := b.verify(r); err != nil {
		return fmt.Errorf("auth: bearer: %w", err)
	}
	return nil
}

func (b *Bearer) verify(r *http.Request) error {
	token, err := authorization(r, "Bearer")
	if err != nil {
		return err
	}
	keys := b.keys.get()
	if keys == nil {
		return ErrMismatch
	}
	return match(*keys, []byte(token))
}

// Replace replaces all tokens. A request is judged by the old ones or by the
// new ones, never by none. It returns the errors of [NewBearer] and then
// changes nothing.
func (b *Bearer) Replace(tokens ...Secret) error {
	keys, err := newBearerKeys(tokens)
	if err != nil {
		return fmt.Errorf("auth: bearer: replace: %w", err)
	}
	b.keys.replace(keys)
	return nil
}

func (b *Bearer) challenges() []string { return []string{`Bearer realm="webhook"`} }
