package auth

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Basic is HTTP Basic authentication (RFC 7617) with one user name.
type Basic struct {
	keys live[[]*credential]
}

var (
	_ Strategy       = (*Basic)(nil)
	_ headerVerifier = (*Basic)(nil)
)

// BasicOptions are the options of [NewBasic].
type BasicOptions struct {
	// AllowEmptyPassword accepts an empty password. There are senders that put
	// their only secret into the user name.
	AllowEmptyPassword bool
}

// NewBasic returns Basic authentication with a user name and a password, both
// in UTF-8. The name may be empty and may have no colon. The password may have
// colons; it may be empty only by [BasicOptions].AllowEmptyPassword, and then
// the name may not. Each has at most 4 KiB. It returns [ErrEmptySecret] or
// [ErrBadSecret].
func NewBasic(user string, pass Secret, o BasicOptions) (*Basic, error) {
	return newBasic(user, fixed([]Secret{pass}), o)
}

func newBasic(user string, passwords secrets, o BasicOptions) (*Basic, error) {
	if err := checkBasic(user); err != nil {
		return nil, fmt.Errorf("auth: basic: user name: %w", err)
	}
	if strings.Contains(user, ":") {
		return nil, fmt.Errorf("auth: basic: user name: %w: it has a colon", ErrBadSecret)
	}
	b := new(Basic)
	err := watch(&b.keys, passwords, func(list []Secret) (*[]*credential, error) {
		return newBasicKeys(user, list, o)
	})
	if err != nil {
		return nil, fmt.Errorf("auth: basic: password: %w", err)
	}
	return b, nil
}

func newBasicKeys(user string, passwords []Secret, o BasicOptions) (*[]*credential, error) {
	if len(passwords) == 0 {
		return nil, ErrEmptySecret
	}
	list := make([]*credential, 0, len(passwords))
	for _, p := range passwords {
		if err := p.check(); err != nil && !(p == "" && o.AllowEmptyPassword && user != "") {
			return nil, err
		}
		if err := checkBasic(string(p)); err != nil {
			return nil, err
		}
		pair := user + ":" + string(p)
		list = append(list, newCredential(pair, "Basic "+base64.StdEncoding.EncodeToString([]byte(pair))))
	}
	return &list, nil
}

// checkBasic refuses what RFC 7617 does not allow in either half.
func checkBasic(s string) error {
	if len(s) > maxCredential/2 {
		return fmt.Errorf("%w: longer than %d bytes", ErrBadSecret, maxCredential/2)
	}
	if !utf8.ValidString(s) {
		return fmt.Errorf("%w: it is not UTF-8", ErrBadSecret)
	}
	if strings.ContainsFunc(s, unicode.IsControl) {
		return fmt.Errorf("%w: it has a control character", ErrBadSecret)
	}
	return nil
}

// Sign sets the Authorization header.
func (b *Basic) Sign(r *http.Request, _ []byte) error {
	keys := b.keys.get()
	if keys == nil {
		return fmt.Errorf("auth: basic: sign: %w", ErrEmptySecret)
	}
	setHeader(r, "Authorization", (*keys)[0].wire)
	return nil
}

// Headers returns the names of the headers that Sign sets.
func (b *Basic) Headers() []string { return []string{"Authorization"} }

// Verify is VerifyHeader: the body is not looked at.
func (b *Basic) Verify(r *http.Request, _ []byte) error { return b.VerifyHeader(r) }

// VerifyHeader accepts a request with exactly one Authorization header, of
// the scheme Basic in any case, with the name and the password. An unknown
// name takes the same work as a wrong password.
func (b *Basic) VerifyHeader(r *http.Request) error {
	if err := b.verify(r); err != nil {
		return fmt.Errorf("auth: basic: %w", err)
	}
	return nil
}

func (b *Basic) verify(r *http.Request) error {
	encoded, err := authorization(r, "Basic")
	if err != nil {
		return err
	}
	keys := b.keys.get()
	if keys == nil {
		return ErrMismatch
	}
	// The name has no colon, so name and password are right exactly if the
	// pair is: there is no place at which to split it wrongly.
	pair, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return fmt.Errorf("%w: not base64", ErrMalformed)
	}
	return match(*keys, pair)
}

func (b *Basic) challenges() []string {
	return []string{`Basic realm="webhook", charset="UTF-8"`}
}
