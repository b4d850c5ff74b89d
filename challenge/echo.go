package challenge

import "net/http"

// Echo answers a GET with the value of one parameter, as text:
//
//	GET ?<Parameter>=C  ->  C
//
// Onfleet sends "check", Kaizala "validationToken", Dropbox "challenge" (see
// [Dropbox]). The value may be at most 512 characters of printable ASCII
// without quotes, backslash, "<", ">" and "&": it is text that a stranger
// chose. An echo proves that this program serves the URL, and nothing about who
// asks: what is delivered later has to be verified on its own. A request
// without the parameter, or of another method, goes to the next handler.
type Echo struct {
	Parameter string // Required; an Echo without it answers nothing.
}

// WantsBody reports false: the challenge is in the query.
func (Echo) WantsBody(*http.Request) bool { return false }

// Answer implements [Scheme].
func (e Echo) Answer(r *http.Request, _ []byte) (Reply, bool, error) {
	if e.Parameter == "" {
		return Reply{}, false, nil
	}
	return echo(r, http.MethodGet, "Echo", e.Parameter)
}

// Dropbox is the verification request of Dropbox, an [Echo] of "challenge":
//
//	GET ?challenge=C  ->  C as text
type Dropbox struct{}

// WantsBody reports false: the challenge is in the query.
func (Dropbox) WantsBody(*http.Request) bool { return false }

// Answer implements [Scheme].
func (Dropbox) Answer(r *http.Request, _ []byte) (Reply, bool, error) {
	return echo(r, http.MethodGet, "Dropbox", "challenge")
}

// MSGraph is the validation of a notification URL by Microsoft Graph, and by
// SharePoint and OneDrive, which write the name in lower case:
//
//	POST ?validationToken=T  ->  T as text, decoded
//	POST ?validationtoken=T  ->  T as text, decoded
//
// The token is held to the characters and the length of an [Echo]. Like that,
// the answer proves nothing about the sender: compare the clientState of what
// is delivered later.
type MSGraph struct{}

// WantsBody reports false: the challenge is in the query.
func (MSGraph) WantsBody(*http.Request) bool { return false }

// Answer implements [Scheme].
func (MSGraph) Answer(r *http.Request, _ []byte) (Reply, bool, error) {
	return echo(r, http.MethodPost, "MSGraph", "validationToken", "validationtoken")
}

// echo answers with the value of a parameter that has one of the names.
func echo(r *http.Request, method, scheme string, names ...string) (Reply, bool, error) {
	if r.Method != method {
		return Reply{}, false, nil
	}
	value, times := "", 0
	for _, name := range names {
		if v, n := parameter(r.URL.RawQuery, name); n > 0 {
			value, times = v, times+n
		}
	}
	if times == 0 {
		return Reply{}, false, nil
	}
	if times > 1 || !echoable(value) {
		return refuse(http.StatusBadRequest, scheme, ErrMalformed)
	}
	return text(value), true, nil
}
