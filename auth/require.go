package auth

import (
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"

	"github.com/alertwire/alertwire/internal/reqbody"
)

// RequireOptions are the options of [Require].
type RequireOptions struct {
	// MaxBody is the greatest body in bytes. Zero or less means 8 MiB.
	MaxBody int64
	// OnReject is told each request that is refused, and why. Its reason wraps
	// one of the errors of this package, or is what the connection failed with.
	// It is called before the answer is written and may be called from many
	// goroutines at once. Nil means that nobody is told.
	OnReject func(r *http.Request, reason error)
}

// What a client reads. The reason is not for it.
const (
	unauthorized = `{"detail":"Unauthorized"}`
	tooLarge     = `{"detail":"Request body too large"}`
	unreadable   = `{"detail":"Request body could not be read"}`
)

// Require returns middleware that passes on only what v accepts. Everything
// else is answered 401 with a WWW-Authenticate header and one constant text,
// whatever the reason; a body over the bound is answered 413, one that cannot
// be read 400. A nil v refuses everything.
//
// If v needs no body, a refused request is answered without reading it, and an
// accepted one goes on with its body unread but bounded: reading past the
// bound gives [ErrTooLarge]. Otherwise the body is read once, within the
// bound, verified as raw bytes, and put back to be read again from the start.
func Require(v Verifier, o RequireOptions) func(http.Handler) http.Handler {
	v = usable(v)
	if o.MaxBody <= 0 {
		o.MaxBody = reqbody.DefaultMax
	}
	g := gate{verifier: v, max: min(o.MaxBody, math.MaxInt64-1)} // the bound plus one is asked for
	g.header, _ = v.(headerVerifier)
	g.early, _ = v.(prechecker)
	schemes := challengesOf(v)

	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			status, reason := g.judge(r)
			if reason == nil {
				next.ServeHTTP(w, r)
				return
			}
			if o.OnReject != nil {
				o.OnReject(r, reason)
			}
			refuse(w, status, schemes)
		})
	}
}

// A gate judges requests with one verifier.
type gate struct {
	verifier Verifier
	header   headerVerifier // nil if the body is needed
	early    prechecker     // may be nil
	max      int64
}

// judge returns the reason to refuse r, and the status to refuse it with.
func (g *gate) judge(r *http.Request) (status int, reason error) {
	if g.header != nil {
		if err := g.header.VerifyHeader(r); err != nil {
			return http.StatusUnauthorized, err
		}
		if r.ContentLength > g.max {
			return http.StatusRequestEntityTooLarge, fmt.Errorf("auth: %w", ErrTooLarge)
		}
		if r.ContentLength < 0 && r.Body != nil { // a known length is kept by net/http
			r.Body = &boundedBody{ReadCloser: r.Body, left: g.max}
		}
		return 0, nil
	}

	if g.early != nil {
		if err := g.early.precheck(r); err != nil {
			return http.StatusUnauthorized, err
		}
	}
	body, err := reqbody.Read(r, g.max)
	switch {
	case errors.Is(err, ErrTooLarge):
		return http.StatusRequestEntityTooLarge, fmt.Errorf("auth: %w", err)
	case err != nil:
		return http.StatusBadRequest, fmt.Errorf("auth: %w", err)
	}
	if err := g.verifier.Verify(r, body); err != nil {
		return http.StatusUnauthorized, err
	}
	return 0, nil
}

func refuse(w http.ResponseWriter, status int, schemes []string) {
	text := unauthorized
	switch status {
	case http.StatusUnauthorized:
		w.Header()["Www-Authenticate"] = slices.Clone(schemes)
	case http.StatusRequestEntityTooLarge:
		text = tooLarge
	default:
		text = unreadable
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	io.WriteString(w, text)
}

// challengesOf returns the values of WWW-Authenticate for v, each once. HTTP
// demands one with every 401; what is no scheme of HTTP is called Webhook.
func challengesOf(v Verifier) []string {
	schemes := []string{"Webhook"}
	if c, ok := v.(challenger); ok && len(c.challenges()) > 0 {
		schemes = slices.Compact(slices.Sorted(slices.Values(c.challenges())))
	}
	return schemes
}

// boundedBody is a body whose length was not announced. One byte more than
// allowed is an error, and stays one.
type boundedBody struct {
	io.ReadCloser
	left int64
}

func (b *boundedBody) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, ErrTooLarge
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	b.left -= int64(n)
	if b.left < 0 {
		return n - 1, ErrTooLarge
	}
	return n, err
}
