package auth

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
)

// Any accepts a request that one of vs accepts. Without any, it refuses all
// requests with [ErrMissing].
//
// The error names what was wrong with the credentials that were sent: the
// verifiers that missed theirs are heard only if all of them did.
func Any(vs ...Verifier) Verifier {
	if c := newCombination(vs); len(c.rest) > 0 {
		return anyBody{c}
	} else {
		return anyHeader{c}
	}
}

// All accepts a request that each of vs accepts, for instance a certificate
// and a token. Without any, it refuses all requests with [ErrMissing]. The
// error is that of the first one that refuses; those that need no body are
// asked first.
func All(vs ...Verifier) Verifier {
	if c := newCombination(vs); len(c.rest) > 0 {
		return allBody{c}
	} else {
		return allHeader{c}
	}
}

// A combination is the verifiers of an Any or an All, those that need no body
// apart. It has its types in two, because a Verifier either has VerifyHeader
// or has it not.
type combination struct {
	headers []headerVerifier
	rest    []Verifier
	schemes []string
}

type (
	anyHeader struct{ combination }
	anyBody   struct{ combination }
	allHeader struct{ combination }
	allBody   struct{ combination }
)

var (
	_ headerVerifier = anyHeader{}
	_ headerVerifier = allHeader{}
	_ prechecker     = allBody{}
	_ challenger     = combination{}
)

func newCombination(vs []Verifier) combination {
	var c combination
	for _, v := range vs {
		v = usable(v)
		if h, ok := v.(headerVerifier); ok {
			c.headers = append(c.headers, h)
		} else {
			c.rest = append(c.rest, v)
		}
		c.schemes = append(c.schemes, challengesOf(v)...)
	}
	if len(vs) == 0 {
		c.headers = []headerVerifier{refuser{}}
	}
	return c
}

func (c combination) challenges() []string { return c.schemes }

func (a anyHeader) Verify(r *http.Request, _ []byte) error { return a.VerifyHeader(r) }

func (a anyHeader) VerifyHeader(r *http.Request) error {
	var refused refusals
	for _, v := range a.headers {
		if refused.accepts(v.VerifyHeader(r)) {
			return nil
		}
	}
	return refused.err()
}

func (a anyBody) Verify(r *http.Request, body []byte) error {
	var refused refusals
	for _, v := range a.headers {
		if refused.accepts(v.VerifyHeader(r)) {
			return nil
		}
	}
	for _, v := range a.rest {
		if refused.accepts(v.Verify(r, body)) {
			return nil
		}
	}
	return refused.err()
}

// precheck refuses before the body is read if nobody would accept any body.
func (a anyBody) precheck(r *http.Request) error {
	var refused refusals
	for _, v := range a.rest {
		p, ok := v.(prechecker)
		if !ok || refused.accepts(p.precheck(r)) {
			return nil
		}
	}
	for _, v := range a.headers {
		if refused.accepts(v.VerifyHeader(r)) {
			return nil
		}
	}
	return refused.err()
}

func (a allHeader) Verify(r *http.Request, _ []byte) error { return a.VerifyHeader(r) }

func (a allHeader) VerifyHeader(r *http.Request) error {
	for _, v := range a.headers {
		if err := v.VerifyHeader(r); err != nil {
			return err
		}
	}
	return nil
}

func (a allBody) Verify(r *http.Request, body []byte) error {
	if err := allHeader(a).VerifyHeader(r); err != nil {
		return err
	}
	for _, v := range a.rest {
		if err := v.Verify(r, body); err != nil {
			return err
		}
	}
	return nil
}

// precheck refuses before the body is read what is refused whatever the body.
func (a allBody) precheck(r *http.Request) error {
	if err := allHeader(a).VerifyHeader(r); err != nil {
		return err
	}
	for _, v := range a.rest {
		if p, ok := v.(prechecker); ok {
			if err := p.precheck(r); err != nil {
				return err
			}
		}
	}
	return nil
}

// refusals collects why nobody accepted a request.
type refusals struct {
	missing error   // the first of those that missed their credentials
	others  []error // what was wrong with those that were sent
}

func (f *refusals) accepts(err error) bool {
	switch {
	case err == nil:
		return true
	case !errors.Is(err, ErrMissing):
		f.others = append(f.others, err)
	case f.missing == nil:
		f.missing = err
	}
	return false
}

func (f *refusals) err() error {
	switch len(f.others) {
	case 0:
		return f.missing
	case 1:
		return f.others[0]
	}
	return errors.Join(f.others...)
}

// usable returns what v stands for, and a refuser for nil.
func usable(v Verifier) Verifier {
	if s, ok := v.(several); ok {
		return s.Verifier
	}
	if isNil(v) {
		return refuser{}
	}
	return v
}

// isNil also finds the nil pointer of a constructor whose error was ignored.
func isNil(v any) bool {
	rv := reflect.ValueOf(v)
	return !rv.IsValid() || rv.Kind() == reflect.Pointer && rv.IsNil()
}

// refuser stands where a verifier should be and is none.
type refuser struct{}

func (refuser) Verify(*http.Request, []byte) error { return refuser{}.VerifyHeader(nil) }

func (refuser) VerifyHeader(*http.Request) error {
	return fmt.Errorf("auth: no verifier: %w", ErrMissing)
}
