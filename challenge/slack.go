package challenge

import "net/http"

// Slack is the URL verification of Slack's Events API, which is signed like any
// event:
//
//	POST {"type":"url_verification","challenge":C}  ->  C as text
//
// Every other request goes to the next handler, unverified. A Slack is safe for
// concurrent use. The zero Slack refuses every challenge.
type Slack struct {
	verify verifier
}

// NewSlack returns a Slack that answers what verify lets pass. That is the
// method value of a verifier of Slack's signatures, usually the one that the
// events are checked with; nil is refused. What it returns reaches
// [RespondOptions.OnReject] as the cause of [ErrUnverified].
func NewSlack(verify func(*http.Request, []byte) error) (*Slack, error) {
	v, err := newVerifier("Slack", verify)
	if err != nil {
		return nil, err
	}
	return &Slack{verify: v}, nil
}

// WantsBody reports whether r may be a handshake: a POST of at most 64 KiB.
func (*Slack) WantsBody(r *http.Request) bool { return mayBeHandshake(r) }

// Answer implements [Scheme].
func (s *Slack) Answer(r *http.Request, body []byte) (Reply, bool, error) {
	const kind = "url_verification"
	m := parse(r, body, kind)
	if m.str("type") != kind {
		return Reply{}, false, nil
	}
	if err := s.verify.check(r, body); err != nil {
		return refuse(http.StatusUnauthorized, "Slack", err)
	}
	token := m.str("challenge")
	if !echoable(token) {
		return refuse(http.StatusBadRequest, "Slack", ErrMalformed)
	}
	return text(token), true, nil
}
