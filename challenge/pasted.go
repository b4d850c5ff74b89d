package challenge

import (
	"fmt"
	"net/http"
)

// Pasted is the handshake of a sender whose token a person copies from here
// into the sender's console. Netdata Cloud and Notion do that:
//
//	POST {"message":...,"title":...,"token":T}  ->  200 (Netdata's test notification)
//	POST {"verification_token":T}               ->  200 (Notion)
//
// The answer does not repeat the token, which proves control of the URL: show
// it to the operator and to nobody else. The request carries whatever
// authentication was configured at the sender, so that [Respond] with a Pasted
// belongs behind its check. A Pasted is safe for concurrent use. The zero
// Pasted answers nothing.
type Pasted struct {
	scheme string
	name   string   // of the token
	absent []string // what an event has and the handshake has not
	hook   func(r *http.Request, token string) error
}

// NewNetdataTest returns a Pasted for the test notification of Netdata Cloud:
// a JSON object with a string "token" and neither "alert" nor "alarm". It hands
// the token to show; if show returns an error, the answer is 503 and the error
// reaches [RespondOptions.OnReject]. Nil is refused.
func NewNetdataTest(show func(r *http.Request, token string) error) (*Pasted, error) {
	return newPasted(Pasted{scheme: "Netdata", name: "token", absent: []string{"alert", "alarm"}, hook: show})
}

// NewNotion returns a Pasted for the verification request of Notion: a JSON
// object with a string "verification_token" and no "type". The token is also
// the key of the signatures that Notion sends later. It hands the token to
// show; if show returns an error, the answer is 503 and the error reaches
// [RespondOptions.OnReject]. Nil is refused.
func NewNotion(show func(r *http.Request, token string) error) (*Pasted, error) {
	return newPasted(Pasted{scheme: "Notion", name: "verification_token", absent: []string{"type"}, hook: show})
}

func newPasted(p Pasted) (*Pasted, error) {
	if p.hook == nil {
		return nil, fmt.Errorf("challenge: %s: no function that shows the token", p.scheme)
	}
	return &p, nil
}

// WantsBody reports whether r may be a handshake: a POST of at most 64 KiB.
func (*Pasted) WantsBody(r *http.Request) bool { return mayBeHandshake(r) }

// Answer implements [Scheme].
func (p *Pasted) Answer(r *http.Request, body []byte) (Reply, bool, error) {
	if p.hook == nil {
		return Reply{}, false, nil
	}
	m := parse(r, body, `"`+p.name+`"`)
	if raw := m[p.name]; len(raw) == 0 || raw[0] != '"' {
		return Reply{}, false, nil
	}
	for _, name := range p.absent {
		if _, ok := m[name]; ok {
			return Reply{}, false, nil
		}
	}
	token := m.str(p.name)
	if !opaque(token, "") {
		return refuse(http.StatusBadRequest, p.scheme, ErrMalformed)
	}
	if err := p.hook(r, token); err != nil {
		return refuse(http.StatusServiceUnavailable, p.scheme, err)
	}
	return Reply{}, true, nil
}
