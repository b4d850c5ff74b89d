package auth

import (
	"errors"
	"fmt"
	"net/http"
)

// Header is a secret in a header of its own, such as X-Api-Key.
type Header struct {
	name string
	keys live[[]*credential]
}

var (
	_ Strategy       = (*Header)(nil)
	_ headerVerifier = (*Header)(nil)
)

// NewHeader returns a Header with live values: the first one signs, each of
// them verifies, so that a value can be rolled without a gap. The name is made
// canonical. Headers that steer the message itself (Host, Content-Length,
// Connection and the like) are refused. For an Authorization header of a
// scheme of its own, give the whole value: NewHeader("Authorization", "Token abc").
//
// It returns [ErrEmptySecret] if there is no value or one is empty, and
// [ErrBadSecret] if one has control characters or spaces at its ends, or is
// longer than 8 KiB.
func NewHeader(name string, values ...Secret) (*Header, error) {
	return newHeader(name, fixed(values))
}

func newHeader(name string, values secrets) (*Header, error) {
	name, err := headerName(name)
	if err != nil {
		return nil, fmt.Errorf("auth: header: %w", err)
	}
	h := &Header{name: name}
	if err := watch(&h.keys, values, newHeaderKeys); err != nil {
		return nil, fmt.Errorf("auth: header: %w", err)
	}
	return h, nil
}

func newHeaderKeys(values []Secret) (*[]*credential, error) {
	return newCredentials(values, "", checkFieldValue)
}

// Sign sets the header.
func (h *Header) Sign(r *http.Request, _ []byte) error {
	keys := h.keys.get()
	if keys == nil {
		return fmt.Errorf("auth: header: sign: %w", ErrEmptySecret)
	}
	setHeader(r, h.name, (*keys)[0].wire)
	return nil
}

// Headers returns the names of the headers that Sign sets.
func (h *Header) Headers() []string { return []string{h.name} }

// Verify is VerifyHeader: the body is not looked at.
func (h *Header) Verify(r *http.Request, _ []byte) error { return h.VerifyHeader(r) }

// VerifyHeader accepts a request that has the header exactly once, with one of
// the values.
func (h *Header) VerifyHeader(r *http.Request) error {
	if err := h.verify(r); err != nil {
		return fmt.Errorf("auth: header: %w", err)
	}
	return nil
}

func (h *Header) verify(r *http.Request) error {
	value, err := single(r.Header, h.name)
	if err != nil {
		return err
	}
	if value == "" || len(value) > maxCredential {
		return ErrMalformed
	}
	keys := h.keys.get()
	if keys == nil {
		return ErrMismatch
	}
	return match(*keys, []byte(value))
}

// Replace replaces all values. A request is judged by the old ones or by the
// new ones, never by none. It returns the errors of [NewHeader] and then
// changes nothing.
func (h *Header) Replace(values ...Secret) error {
	if h.name == "" {
		return errors.New("auth: header: replace: not constructed by NewHeader")
	}
	keys, err := newHeaderKeys(values)
	if err != nil {
		return fmt.Errorf("auth: header: replace: %w", err)
	}
	h.keys.replace(keys)
	return nil
}
