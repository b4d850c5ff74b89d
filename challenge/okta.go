package challenge

import "net/http"

// Okta is the one-time verification of Okta's event hooks:
//
//	GET with X-Okta-Verification-Challenge: C  ->  {"verification":C}
//
// The answer proves nothing about the sender: Okta's deliveries carry the
// Authorization value that was agreed upon, which has to be verified.
type Okta struct{}

// WantsBody reports false: the challenge is in a header.
func (Okta) WantsBody(*http.Request) bool { return false }

// Answer implements [Scheme].
func (Okta) Answer(r *http.Request, _ []byte) (Reply, bool, error) {
	values := r.Header["X-Okta-Verification-Challenge"]
	if r.Method != http.MethodGet || len(values) == 0 {
		return Reply{}, false, nil
	}
	challenge := single(values)
	if !echoable(challenge) {
		return refuse(http.StatusBadRequest, "Okta", ErrMalformed)
	}
	return jsonString("verification", challenge), true, nil
}
