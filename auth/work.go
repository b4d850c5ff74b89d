package auth

import (
	"crypto/ed25519"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
)

// work is the memory of one computation, kept for the next one.
type work struct {
	prefix     []byte // what is signed before the body
	out        []byte // what goes into headers
	sum        []byte
	message    []byte // prefix and body together, for Ed25519 only
	signatures signatures
}

// maxKept bounds the message that is kept for the next computation.
const maxKept = 64 << 10

// appendSignatures writes what the keys make of the message to w.out: all of
// them where the scheme has a list, the first one otherwise.
func (w *work) appendSignatures(f *format, keys *keySet, body []byte) {
	written := 0
	begin := func(prefix string) {
		if written > 0 {
			w.out = append(w.out, f.Separator...)
		}
		w.out = append(w.out, prefix...)
		written++
	}
	for _, k := range keys.macs {
		begin(f.Prefix)
		w.sum = k.sum(w.sum[:0], w.prefix, body)
		if f.Encoding == "base64" {
			w.out = base64.StdEncoding.AppendEncode(w.out, w.sum)
		} else {
			w.out = hex.AppendEncode(w.out, w.sum)
		}
		if f.Separator == "" {
			return
		}
	}
	for _, k := range keys.eds {
		if k.private == nil {
			continue
		}
		begin(f.Ed25519)
		w.out = base64.StdEncoding.AppendEncode(w.out, ed25519.Sign(k.private, w.whole(body)))
	}
}

// matches reports whether one of the signatures is right under one of the
// keys, without stopping at it.
func (w *work) matches(keys *keySet, body []byte) bool {
	ok := 0
	for _, k := range keys.macs {
		w.sum = k.sum(w.sum[:0], w.prefix, body)
		for i := range w.signatures.macs {
			ok |= subtle.ConstantTimeCompare(w.sum, w.signatures.macs[i][:len(w.sum)])
		}
	}
	for _, k := range keys.eds {
		for i := range w.signatures.eds {
			if ed25519.Verify(k.public, w.whole(body), w.signatures.eds[i][:]) {
				ok = 1
			}
		}
	}
	return ok == 1
}

// whole returns prefix and body in one piece.
func (w *work) whole(body []byte) []byte {
	message := append(append(w.message[:0], w.prefix...), body...)
	w.message = nil
	if cap(message) <= maxKept {
		w.message = message
	}
	return message
}
