package callback

import (
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"slices"
	"strings"

	"github.com/alertwire/alertwire/auth"
)

// headers returns what c sends with every message, for a sender whose
// credentials stand in the headers called signed. Errors begin with the key and
// repeat no value.
func (c Config) headers(signed []string) (http.Header, error) {
	h := make(http.Header, len(c.Headers)+1) // and the cookies
	for name, value := range c.Headers {
		canonical, err := checkName(name, signed)
		if err == nil {
			err = checkValue(value)
		}
		if err != nil {
			return nil, fmt.Errorf("headers: %q: %w", cut(name, 64), err)
		}
		if h[canonical] != nil {
			return nil, fmt.Errorf("headers: %s is given twice", canonical)
		}
		h[canonical] = []string{value}
	}
	return h, nil
}

// defaultHeaders returns what is sent unless somebody says otherwise.
func defaultHeaders() http.Header {
	return http.Header{"User-Agent": {defaultAgent}, "Accept-Encoding": {"gzip"}}
}

// setCookies adds the header of the cookies to h.
func (c Config) setCookies(h http.Header) error {
	if len(c.Cookies) == 0 {
		return nil
	}
	if h["Cookie"] != nil {
		return errors.New("cookies: there is a header Cookie too")
	}
	pairs := make([]string, 0, len(c.Cookies))
	for name, value := range c.Cookies {
		if !isToken(name) {
			return fmt.Errorf("cookies: %q: not a name of a cookie", cut(name, 64))
		}
		for i := range len(value) {
			if value[i] < ' ' || value[i] > '~' || value[i] == ';' {
				return fmt.Errorf("cookies: %s: has a character that a cookie cannot have", name)
			}
		}
		pairs = append(pairs, name+"="+value)
	}
	slices.Sort(pairs)
	h["Cookie"] = []string{strings.Join(pairs, "; ")}
	return nil
}

// checkName returns the canonical form of the name of a header, or says why it
// may not be set.
func checkName(name string, signed []string) (string, error) {
	if !isToken(name) {
		return "", errors.New("not a name of a header")
	}
	name = textproto.CanonicalMIMEHeaderKey(name)
	switch name {
	case "Host", "Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Te", "Trailer", "Upgrade":
		return "", errors.New("refused: it steers the connection")
	case headerKey:
		return "", errors.New("refused: it is the ID of the message")
	}
	switch {
	case strings.HasPrefix(name, "Proxy-"):
		return "", errors.New("refused: it is for a proxy")
	case strings.HasPrefix(name, "Webhook-"):
		return "", errors.New("refused: it is set by the sender")
	case slices.Contains(signed, name):
		return "", errors.New("refused: the credentials are sent in it")
	}
	return name, nil
}

// checkValue refuses what would end the header, or the line.
func checkValue(value string) error {
	for i := range len(value) {
		if value[i] < ' ' && value[i] != '\t' || value[i] == 0x7f {
			return errors.New("the value has a control character")
		}
	}
	return nil
}

// signedBy returns the canonical names of the headers that s sets, as far as s
// says.
func signedBy(s auth.Signer) []string {
	n, ok := s.(interface{ Headers() []string })
	if !ok {
		return nil
	}
	names := slices.Clone(n.Headers())
	for i := range names {
		names[i] = textproto.CanonicalMIMEHeaderKey(names[i])
	}
	return names
}

// isToken reports whether s may be the name of a header or a cookie.
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9'
		if !letter && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return s != ""
}
