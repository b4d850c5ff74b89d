package auth

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// Query is a secret in the query of the URL, such as ?token=s3cret.
//
// Use it only for senders that can do nothing else. The URL of a request is
// written to the logs of every proxy and server on the way, to histories and
// to error texts; a header is not.
type Query struct {
	name string
	keys live[[]*credential]
}

var (
	_ Strategy       = (*Query)(nil)
	_ headerVerifier = (*Query)(nil)
)

// NewQuery returns a Query with live values: the first one signs, each of them
// verifies, so that a value can be rolled without a gap. It returns
// [ErrEmptySecret] if there is no value or one is empty, [ErrBadSecret] if one
// is longer than 8 KiB, and an error for an empty name.
func NewQuery(name string, values ...Secret) (*Query, error) {
	return newQuery(name, fixed(values))
}

func newQuery(name string, values secrets) (*Query, error) {
	if name == "" {
		return nil, fmt.Errorf("auth: query: name of the parameter is empty")
	}
	q := &Query{name: name}
	if err := watch(&q.keys, values, newQueryKeys); err != nil {
		return nil, fmt.Errorf("auth: query: %w", err)
	}
	return q, nil
}

func newQueryKeys(values []Secret) (*[]*credential, error) {
	return newCredentials(values, "", func(string) error { return nil })
}

// Sign sets the parameter in r.URL and leaves the other parameters as they
// are, in their order.
func (q *Query) Sign(r *http.Request, _ []byte) error {
	keys := q.keys.get()
	if keys == nil {
		return fmt.Errorf("auth: query: sign: %w", ErrEmptySecret)
	}
	var kept []string
	for part := range strings.SplitSeq(r.URL.RawQuery, "&") {
		if _, named, _ := q.parameter(part); named || part == "" {
			continue
		}
		kept = append(kept, part)
	}
	kept = append(kept, url.QueryEscape(q.name)+"="+url.QueryEscape((*keys)[0].wire))
	r.URL.RawQuery = strings.Join(kept, "&")
	return nil
}

// parameter returns the value of a part of a query, if the part has the name.
func (q *Query) parameter(part string) (value string, named bool, err error) {
	name, value, _ := strings.Cut(part, "=")
	if name, err = url.QueryUnescape(name); err != nil || name != q.name {
		return "", false, nil
	}
	value, err = url.QueryUnescape(value)
	return value, true, err
}

// Verify is VerifyHeader: the body is not looked at.
func (q *Query) Verify(r *http.Request, _ []byte) error { return q.VerifyHeader(r) }

// VerifyHeader accepts a request whose query has the parameter exactly once,
// with one of the values. A form in the body does not count.
func (q *Query) VerifyHeader(r *http.Request) error {
	if err := q.verify(r); err != nil {
		return fmt.Errorf("auth: query: %w", err)
	}
	return nil
}

func (q *Query) verify(r *http.Request) error {
	var value string
	found := 0
	for part := range strings.SplitSeq(r.URL.RawQuery, "&") {
		v, named, err := q.parameter(part)
		if err != nil {
			return ErrMalformed
		}
		if named {
			value = v
			found++
		}
	}
	switch {
	case found == 0:
		return ErrMissing
	case found > 1 || value == "" || len(value) > maxCredential:
		return ErrMalformed
	}
	keys := q.keys.get()
	if keys == nil {
		return ErrMismatch
	}
	return match(*keys, []byte(value))
}

// Replace replaces all values. A request is judged by the old ones or by the
// new ones, never by none. It returns the errors of [NewQuery] and then
// changes nothing.
func (q *Query) Replace(values ...Secret) error {
	if q.name == "" {
		return errors.New("auth: query: replace: not constructed by NewQuery")
	}
	keys, err := newQueryKeys(values)
	if err != nil {
		return fmt.Errorf("auth: query: replace: %w", err)
	}
	q.keys.replace(keys)
	return nil
}
