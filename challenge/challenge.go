// Package challenge proves that a URL belongs to you, and asks others to prove
// that a URL belongs to them.
//
// A system that is told to send its alerts to a URL first asks that URL a
// question which only its owner can answer. Answering takes one wrapper around
// the handler of the events:
//
//	crc, err := challenge.NewCRC(secret, challenge.CRCOptions{})
//	mux.Handle("/webhook", challenge.Respond(crc, challenge.RespondOptions{})(events))
//
// [Respond] answers what is a handshake and hands everything else to the next
// handler, with a body that is unread or starts again from its first byte. One
// endpoint can answer for several senders: see [Any].
//
//   - [CRC]: GET ?crc_token= of Netdata and X, answered with an HMAC as JSON
//   - [Slack] and [Zoom]: signed POST, answered with an echo and with an HMAC
//   - [Meta] (also Strava) and [WebSub]: GET ?hub.challenge=, echoed
//   - [Echo], [Dropbox]: GET ?challenge= and the like, echoed as text
//   - [MSGraph] (also SharePoint): POST ?validationToken=, echoed as text
//   - [EventGrid]: POST of a validation event, its code echoed as JSON
//   - [Okta]: GET with a header, echoed as JSON
//   - [Asana]: POST with a header, which is sent back
//   - [CloudEvents]: OPTIONS, answered with headers that permit deliveries
//   - [Pasted]: POST of a token (Netdata's test notification, Notion) that a
//     person copies back
//
// [Prober] is the other side: what a product does before it calls a URL that
// its user typed.
//
// # Not a signing oracle
//
// A responder computes an HMAC over text that a stranger chose. If its secret
// also verifies events, the answer may be a valid signature of an event.
// Three things prevent it here. A token consists of letters, digits and
// "+/=_-", so that it cannot be a JSON object or array nor the "v0:time:body"
// of a signature with a timestamp. [NewCRC] refuses a secret that also signs
// events, as far as it is told of them. And Slack and Zoom, whose handshakes
// are signed, are verified before they are answered: nobody can construct one
// without a verifier. The other half lies with whoever verifies events:
// a scheme without a timestamp must not accept a body that is no JSON object or
// array, which is what package auth does unless told otherwise.
//
// The package writes no log and opens no connection except those of a [Prober].
package challenge

import (
	"errors"
	"net/http"
	"reflect"

	"github.com/alertwire/alertwire/internal/reqbody"
)

// A Scheme answers the handshake of one kind of sender. Implementations must be
// safe for concurrent use.
//
// Answer looks at a request and its body. It returns
//
//   - false and no error for a request that is no handshake of this kind: the
//     next handler serves it;
//   - true and the reply to send, for a good handshake;
//   - an error for a handshake that is refused. The reply then says with which
//     status (below 400 means 400) and header; the text is constant, and the
//     error is for the operator alone.
//
// A Scheme that knows from the head of a request whether it needs the body
// also has a method WantsBody(*http.Request) bool. Where it answers false, or
// no scheme wants it, [Respond] leaves the body unread and passes nil. For a
// Scheme without that method it reads the body of every request.
//
// Answer must not modify the body, nor keep it.
type Scheme interface {
	Answer(r *http.Request, body []byte) (reply Reply, ok bool, err error)
}

// Reasons for which a handshake is refused, as [RespondOptions.OnReject] sees
// them, and for which a constructor refuses its arguments.
var (
	// ErrMalformed says that what is to be answered is empty, too long, given
	// more than once, or has characters that it must not have.
	ErrMalformed = errors.New("malformed challenge")
	// ErrUnverified says that the proof of the sender is missing or wrong: its
	// signature, its verify token, its origin, or what a hook decided.
	ErrUnverified = errors.New("challenge not proved genuine")
	// ErrMethod says that a challenge came with a method that it must not have.
	ErrMethod = errors.New("challenge with wrong method")
	// ErrTooLarge says that a body is longer than [RespondOptions.MaxBody].
	ErrTooLarge = reqbody.ErrTooLarge
	// ErrEmptySecret says that a secret or a verify token is empty.
	ErrEmptySecret = errors.New("empty secret")
	// ErrSharedSecret says that one secret is used for challenges and events.
	ErrSharedSecret = errors.New("secret is shared with events")
)

// bodyWanter is the optional method of a [Scheme].
type bodyWanter interface {
	WantsBody(r *http.Request) bool
}

func wantsBody(s Scheme, r *http.Request) bool {
	if w, ok := s.(bodyWanter); ok {
		return w.WantsBody(r)
	}
	return true
}

// Any returns a Scheme that answers for each of schemes. They are asked in
// their order and the first good answer is sent. The first refusal is sent only
// if none has a good answer, so that two Slack apps with two signing secrets can
// share one URL. Without schemes, or with nil ones only, it answers nothing.
func Any(schemes ...Scheme) Scheme {
	a := make(anyOf, 0, len(schemes))
	for _, s := range schemes {
		if !isNil(s) {
			a = append(a, s)
		}
	}
	return a
}

// isNil also finds the nil pointer of a constructor whose error was ignored.
func isNil(s Scheme) bool {
	v := reflect.ValueOf(s)
	return !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil()
}

type anyOf []Scheme

func (a anyOf) WantsBody(r *http.Request) bool {
	for _, s := range a {
		if wantsBody(s, r) {
			return true
		}
	}
	return false
}

func (a anyOf) Answer(r *http.Request, body []byte) (Reply, bool, error) {
	var refusal Reply
	var reason error
	for _, s := range a {
		reply, ok, err := s.Answer(r, body)
		if ok && err == nil {
			return reply, true, nil
		}
		if err != nil && reason == nil {
			refusal, reason = reply, err
		}
	}
	return refusal, reason != nil, reason
}
