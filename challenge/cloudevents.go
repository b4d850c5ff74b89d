package challenge

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

// CloudEventsOptions are the options of [NewCloudEvents].
type CloudEventsOptions struct {
	// Origins are the senders that may deliver, as they name themselves, such
	// as "eventgrid.azure.net". A name is compared as a whole, without regard
	// to the case of ASCII letters. At least one is required, or AnyOrigin.
	Origins []string
	// AnyOrigin lets every sender deliver, whatever it calls itself.
	AnyOrigin bool
	// Rate is how many requests per minute a sender may make. Zero means that
	// there is no limit.
	Rate int
}

// CloudEvents is the validation of CloudEvents' HTTP webhooks, with which Azure
// Event Grid and others ask for permission to deliver:
//
//	OPTIONS with WebHook-Request-Origin: O
//	->  WebHook-Allowed-Origin: O, WebHook-Allowed-Rate: <per minute or *>, Allow: POST
//
// An origin that is not allowed is answered with 401 and without these
// headers, which is what withholds the permission. A WebHook-Request-Callback
// is never called. An OPTIONS request without an origin, such as a browser's
// preflight, goes to the next handler. An origin is a claim, not a proof: what is
// delivered has to be verified on its own. A CloudEvents is safe for concurrent
// use. The zero CloudEvents refuses every origin.
type CloudEvents struct {
	origins []string // in lower case
	all     bool
	rate    string
}

// NewCloudEvents returns a CloudEvents. Without an origin, with an empty one,
// with one that is not printable ASCII, or with a negative rate it returns an
// error.
func NewCloudEvents(o CloudEventsOptions) (*CloudEvents, error) {
	if len(o.Origins) == 0 && !o.AnyOrigin {
		return nil, errors.New("challenge: CloudEvents: no origin is allowed")
	}
	c := &CloudEvents{all: o.AnyOrigin, rate: "*"}
	for _, origin := range o.Origins {
		lower, ok := lowerOrigin(origin)
		if !ok || origin == "*" {
			return nil, fmt.Errorf("challenge: CloudEvents: %q is no origin", origin)
		}
		c.origins = append(c.origins, lower)
	}
	if o.Rate < 0 {
		return nil, errors.New("challenge: CloudEvents: negative rate")
	}
	if o.Rate > 0 {
		c.rate = strconv.Itoa(o.Rate)
	}
	return c, nil
}

// The headers of the handshake, in the form that net/http gives them.
const (
	requestOrigin = "Webhook-Request-Origin"
	requestRate   = "Webhook-Request-Rate"
	allowedOrigin = "Webhook-Allowed-Origin"
	allowedRate   = "Webhook-Allowed-Rate"
)

// WantsBody reports false: the handshake is made of headers.
func (*CloudEvents) WantsBody(*http.Request) bool { return false }

// Answer implements [Scheme].
func (c *CloudEvents) Answer(r *http.Request, _ []byte) (Reply, bool, error) {
	values := r.Header[requestOrigin]
	if r.Method != http.MethodOptions || len(values) == 0 {
		return Reply{}, false, nil
	}
	origin := single(values)
	lower, ok := lowerOrigin(origin)
	switch {
	case !ok:
		return refuse(http.StatusBadRequest, "CloudEvents", ErrMalformed)
	case slices.Contains(c.origins, lower):
		return c.grant(origin), true, nil
	case c.all:
		return c.grant("*"), true, nil
	}
	return refuse(http.StatusUnauthorized, "CloudEvents", ErrUnverified)
}

func (c *CloudEvents) grant(origin string) Reply {
	return Reply{Header: http.Header{
		allowedOrigin: {origin},
		allowedRate:   {c.rate},
		"Allow":       {http.MethodPost},
	}}
}

// lowerOrigin returns an origin with its ASCII letters in lower case. Only
// those: strings.EqualFold and strings.ToLower take the Kelvin sign for a k.
func lowerOrigin(s string) (string, bool) {
	if s == "" || len(s) > maxToken {
		return "", false
	}
	lower := make([]byte, len(s))
	for i := range len(s) {
		c := s[i]
		if c <= ' ' || c > '~' {
			return "", false
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		lower[i] = c
	}
	return string(lower), true
}

func sameOrigin(a, b string) bool {
	x, ok := lowerOrigin(a)
	y, _ := lowerOrigin(b)
	return ok && x == y
}
