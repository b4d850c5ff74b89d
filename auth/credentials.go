package auth

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net/http"
	"net/textproto"
	"strings"
)

// maxCredential bounds what a stranger can make us decode and hash.
const maxCredential = 8 << 10

// A credential is one live secret of a scheme that sends the secret itself.
// It is held by an atomic pointer everywhere, which fmt does not follow, so that
// printing a scheme prints no secret.
type credential struct {
	wire   string            // what is sent
	digest [sha256.Size]byte // of what is compared
}

func newCredential(compared, wire string) *credential {
	return &credential{wire: wire, digest: sha256.Sum256([]byte(compared))}
}

// newCredentials makes a credential of each secret, sent behind prefix; check
// adds what the scheme demands of its text.
func newCredentials(secrets []Secret, prefix string, check func(string) error) (*[]*credential, error) {
	if len(secrets) == 0 {
		return nil, ErrEmptySecret
	}
	list := make([]*credential, 0, len(secrets))
	for _, s := range secrets {
		if err := s.check(); err != nil {
			return nil, err
		}
		if len(s) > maxCredential {
			return nil, fmt.Errorf("%w: longer than %d bytes", ErrBadSecret, maxCredential)
		}
		if err := check(string(s)); err != nil {
			return nil, err
		}
		list = append(list, newCredential(string(s), prefix+string(s)))
	}
	return &list, nil
}

// match compares digests, so that neither the length of a secret nor the
// place of the first difference shows in the time, and goes through the whole
// list whichever one matches.
func match(list []*credential, presented []byte) error {
	digest := sha256.Sum256(presented)
	ok := 0
	for _, c := range list {
		ok |= subtle.ConstantTimeCompare(c.digest[:], digest[:])
	}
	if ok != 1 {
		return ErrMismatch
	}
	return nil
}

// single returns the only value of a header whose canonical name is name.
func single(h http.Header, name string) (string, error) {
	switch v := h[name]; len(v) {
	case 0:
		return "", ErrMissing
	case 1:
		return v[0], nil
	default:
		return "", fmt.Errorf("%w: the header was sent %d times", ErrMalformed, len(v))
	}
}

// authorization returns the credentials of the only Authorization header if
// they are of the scheme, which is compared without regard to case. Another
// scheme is as good as none.
func authorization(r *http.Request, scheme string) (string, error) {
	value, err := single(r.Header, "Authorization")
	if err != nil {
		return "", err
	}
	name, rest, _ := strings.Cut(value, " ")
	if !strings.EqualFold(name, scheme) {
		return "", ErrMissing
	}
	rest = strings.Trim(rest, " ")
	if rest == "" || len(rest) > maxCredential*2 {
		return "", ErrMalformed
	}
	return rest, nil
}

// setHeader replaces the values of a header. A slot that is there is written
// in place, which saves the allocation when a sender reserved it by a name
// from Headers.
func setHeader(r *http.Request, name, value string) {
	v := r.Header[name]
	if len(v) != 1 {
		v = make([]string, 1)
		addHeader(r, name, v)
	}
	v[0] = value
}

// setHeaders is setHeader for two headers, which share what is allocated.
func setHeaders(r *http.Request, name1, value1, name2, value2 string) {
	v1, v2 := r.Header[name1], r.Header[name2]
	if len(v1) != 1 || len(v2) != 1 {
		values := make([]string, 2)
		v1, v2 = values[:1:1], values[1:]
		addHeader(r, name1, v1)
		addHeader(r, name2, v2)
	}
	v1[0], v2[0] = value1, value2
}

func addHeader(r *http.Request, name string, values []string) {
	if r.Header == nil {
		r.Header = make(http.Header)
	}
	r.Header[name] = values
}

// headerName returns the canonical form of a header that can carry
// credentials.
func headerName(name string) (string, error) {
	if name == "" {
		return "", fmt.Errorf("header name is empty")
	}
	for i := range len(name) {
		if c := name[i]; !isTokenByte(c) {
			return "", fmt.Errorf("header name %q has a byte that is not allowed", name)
		}
	}
	name = textproto.CanonicalMIMEHeaderKey(name)
	switch name {
	case "Host", "Content-Length", "Transfer-Encoding", "Connection", "Trailer", "Te", "Upgrade", "Content-Type", "Expect":
		return "", fmt.Errorf("header %s cannot carry credentials", name)
	}
	return name, nil
}

func isTokenByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}

// checkToken refuses what does not survive in one word of a header.
func checkToken(s string) error {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return fmt.Errorf("%w: it may have visible ASCII characters only", ErrBadSecret)
		}
	}
	return nil
}

// checkFieldValue refuses what does not survive as the value of a header:
// control characters, and spaces that are trimmed on the way.
func checkFieldValue(s string) error {
	for i := range len(s) {
		if s[i] < ' ' && s[i] != '\t' || s[i] == 0x7f {
			return fmt.Errorf("%w: it has a control character", ErrBadSecret)
		}
	}
	if strings.Trim(s, " \t") != s {
		return fmt.Errorf("%w: it begins or ends with a space", ErrBadSecret)
	}
	return nil
}
