package challenge

import (
	"maps"
	"net/http"
)

// A Reply is the answer to a handshake. The zero Reply is an empty 200.
type Reply struct {
	Status      int         // zero means 200
	ContentType string      // "" means text/plain; ignored without a body
	Header      http.Header // further headers; may be nil
	Body        []byte
}

const (
	typeJSON = "application/json"
	typeText = "text/plain; charset=utf-8"
)

// Send writes the reply, with Cache-Control: no-store and
// X-Content-Type-Options: nosniff, because its text may have been chosen by a
// stranger.
func (p Reply) Send(w http.ResponseWriter) {
	h := w.Header()
	maps.Copy(h, p.Header)

	// One array holds the values: a header costs one allocation, not three.
	values := &[...]string{"no-store", "nosniff", p.ContentType}
	h["Cache-Control"] = values[0:1:1]
	h["X-Content-Type-Options"] = values[1:2:2]
	if len(p.Body) > 0 {
		if p.ContentType == "" {
			values[2] = typeText
		}
		h["Content-Type"] = values[2:3:3]
	}
	if p.Status != 0 {
		w.WriteHeader(p.Status)
	}
	if len(p.Body) > 0 {
		// The client may have gone: nobody is left to be told.
		_, _ = w.Write(p.Body)
	}
}

func text(s string) Reply { return Reply{ContentType: typeText, Body: []byte(s)} }

// jsonString returns the reply {"key":"value"}. The value must consist of
// characters that JSON does not escape, which [echo] and [opaque] make sure of.
func jsonString(key, value string) Reply {
	b := make([]byte, 0, len(key)+len(value)+len(`{"":""}`))
	b = append(b, `{"`...)
	b = append(b, key...)
	b = append(b, `":"`...)
	b = append(b, value...)
	b = append(b, `"}`...)
	return Reply{ContentType: typeJSON, Body: b}
}
