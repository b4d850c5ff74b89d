package challenge

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/alertwire/alertwire/internal/reqbody"
)

// RespondOptions are the options of [Respond].
type RespondOptions struct {
	// MaxBody bounds a body that has to be read, in bytes. Zero or less means
	// 8 MiB. A longer one is answered with 413.
	MaxBody int64
	// OnReject is told why a handshake was refused; the client reads a
	// constant text only. The reason wraps one of the errors of this package,
	// what a hook or a verifier returned, or what the connection failed with.
	// Of its own it holds neither secret nor token. Nil is silent.
	OnReject func(r *http.Request, reason error)
}

// Respond answers the handshakes of s and passes every other request to the
// next handler, with its body unread or readable from the start.
//
// A good handshake is answered with 200, a malformed one with 400, one whose
// proof is wrong with 401 (WebSub with 404, as its specification says), one with
// a wrong method with 405, a body that is too long with 413, and what could not
// be shown to a person with 503. All of these carry Cache-Control: no-store and
// X-Content-Type-Options: nosniff.
//
// Respond belongs in front of the check of the events' signature, because most
// handshakes carry none. Slack and Zoom, which sign theirs, are given the
// verifier when they are constructed; a [Pasted] belongs behind the check. A
// handshake comes at registration or once an hour, so limit the rate of
// requests in front of Respond: the example shows a limit of its own.
//
// A nil Scheme answers nothing.
func Respond(s Scheme, o RespondOptions) func(http.Handler) http.Handler {
	if isNil(s) {
		s = Any()
	}
	return func(next http.Handler) http.Handler {
		return &responder{scheme: s, options: o, next: next}
	}
}

type responder struct {
	scheme  Scheme
	options RespondOptions
	next    http.Handler
}

func (h *responder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body []byte
	if wantsBody(h.scheme, r) {
		var err error
		if body, err = reqbody.Read(r, h.options.MaxBody); err != nil {
			h.reject(w, r, unreadable(err), fmt.Errorf("challenge: read body: %w", err))
			return
		}
	}
	reply, ok, err := h.scheme.Answer(r, body)
	switch {
	case err != nil:
		h.reject(w, r, reply, err)
	case ok:
		reply.Send(w)
	default:
		h.next.ServeHTTP(w, r)
	}
}

func unreadable(err error) Reply {
	if errors.Is(err, reqbody.ErrTooLarge) {
		return Reply{Status: http.StatusRequestEntityTooLarge}
	}
	return Reply{Status: http.StatusBadRequest}
}

func (h *responder) reject(w http.ResponseWriter, r *http.Request, refusal Reply, reason error) {
	if h.options.OnReject != nil {
		h.options.OnReject(r, reason)
	}
	if refusal.Status < http.StatusBadRequest { // a refusal never looks like success
		refusal.Status = http.StatusBadRequest
	}
	refusal.ContentType = typeJSON
	refusal.Body = []byte(`{"detail":"` + detail(refusal.Status) + `"}`)
	refusal.Send(w)
}

// detail is what a client reads: one constant text for each status.
func detail(status int) string {
	switch status {
	case http.StatusUnauthorized:
		return "Unauthorized"
	case http.StatusBadRequest:
		return "Invalid challenge"
	default:
		return http.StatusText(status)
	}
}

// refuse is what a Scheme returns for a handshake that is not answered.
func refuse(status int, scheme string, reason error) (Reply, bool, error) {
	return Reply{Status: status}, true, fmt.Errorf("challenge: %s: %w", scheme, reason)
}
