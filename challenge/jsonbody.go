package challenge

import (
	"bytes"
	"encoding/json"
	"net/http"
)

// maxHandshake bounds the body of a handshake, in bytes. Real ones have less
// than 2 KiB; what is longer is an event.
const maxHandshake = 64 << 10

// mayBeHandshake says whether the body of r has to be read to know whether it
// is a handshake. A length that was not announced is -1.
func mayBeHandshake(r *http.Request) bool {
	return r.Method == http.MethodPost && r.ContentLength <= maxHandshake
}

// An object is a JSON object whose values are not decoded yet. Its names are
// matched exactly, which decoding into a struct would not do.
type object map[string]json.RawMessage

// marked says whether a request may be a handshake of a kind, of which marker
// is what they all contain as it stands: events, which are nearly everything
// that comes, are not parsed.
func marked(r *http.Request, body []byte, marker string) bool {
	return r.Method == http.MethodPost && len(body) <= maxHandshake && bytes.Contains(body, []byte(marker))
}

// parse returns a marked body as an object, or nil if it is none.
func parse(r *http.Request, body []byte, marker string) object {
	if !marked(r, body, marker) {
		return nil
	}
	var o object
	if json.Unmarshal(body, &o) != nil {
		return nil
	}
	return o
}

// str returns the string of that name, or "" if it is absent or something else.
func (o object) str(name string) string {
	raw, ok := o[name]
	if !ok {
		return ""
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// object returns the object of that name, or nil if it is absent or something else.
func (o object) object(name string) object {
	var in object
	if json.Unmarshal(o[name], &in) != nil {
		return nil
	}
	return in
}
