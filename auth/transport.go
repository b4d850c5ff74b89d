package auth

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// A Transport signs what an http.Client sends:
//
//	client := &http.Client{Transport: &auth.Transport{Signer: key}}
//
// It changes a copy, never the caller's request, which is also the one that the
// response names: what is logged of it shows no credentials. The body is read
// into memory unless the Signer is a [Basic], [Bearer], [Header], [Query] or
// [OAuth2], which do not look at it. After a redirect to another host, port or
// scheme it signs nothing, and nothing from then on, even if a later redirect
// leads back.
type Transport struct {
	// Signer signs each request. Required.
	Signer Signer
	// Base sends them. Nil means http.DefaultTransport.
	Base http.RoundTripper
}

var _ http.RoundTripper = (*Transport)(nil)

// RoundTrip signs a copy of r and sends it. If r cannot be signed, it is not
// sent.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if leftFirstHost(r) {
		return t.base().RoundTrip(r)
	}
	signed := r.Clone(r.Context())
	signed.Trailer = r.Trailer // the caller sets its values while the body is read
	if err := t.sign(signed); err != nil {
		if signed.Body != nil {
			signed.Body.Close() // a RoundTripper closes the body, whatever happens
		}
		return nil, err
	}
	resp, err := t.base().RoundTrip(signed)
	if resp != nil {
		resp.Request = r
	}
	return resp, err
}

// CloseIdleConnections is passed on to Base.
func (t *Transport) CloseIdleConnections() {
	if c, ok := t.base().(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

func (t *Transport) base() http.RoundTripper {
	if t.Base == nil {
		return http.DefaultTransport
	}
	return t.Base
}

// sign signs r, whose body it may replace.
func (t *Transport) sign(r *http.Request) error {
	if isNil(t.Signer) {
		return errors.New("auth: transport: no signer")
	}
	if r.Body == nil || r.Body == http.NoBody || !signsBody(t.Signer) {
		return t.Signer.Sign(r, nil)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return fmt.Errorf("auth: transport: read body: %w", err)
	}
	r.Body.Close()
	if len(body) == 0 && len(r.Trailer) == 0 {
		r.Body, r.GetBody, r.ContentLength = http.NoBody, nil, 0
		return t.Signer.Sign(r, nil)
	}
	// From here on the bytes that are signed are the bytes that are sent.
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	r.Body, _ = r.GetBody()
	r.ContentLength, r.TransferEncoding = int64(len(body)), nil
	if len(r.Trailer) > 0 {
		r.ContentLength = -1 // only a body in chunks has a trailer
	}
	return t.Signer.Sign(r, body)
}

// signsBody reports whether s may look at the body.
func signsBody(s Signer) bool {
	switch s.(type) {
	case *Basic, *Bearer, *Header, *Query, *OAuth2:
		return false
	}
	return true
}

// leftFirstHost reports whether r follows a redirect, now or before, from one
// origin to another.
func leftFirstHost(r *http.Request) bool {
	for last := r.Response; last != nil; last = last.Request.Response {
		if last.Request == nil || !sameOrigin(last.Request.URL, r.URL) {
			return true
		}
	}
	return false
}

func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

func port(u *url.URL) string {
	switch p := u.Port(); {
	case p != "":
		return p
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}
