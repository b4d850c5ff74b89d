package auth

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"hash"
)

// work is the memory of one computation, kept for the next one with the same
// keys.
type work struct {
	macs       []hash.Hash // one for each symmetric key
	prefix     []byte      // what is signed before the body
	out        []byte      // what goes into headers
	sum        []byte
	message    []byte // prefix and body together, for Ed25519 only
	signatures signatures
}

func newWork(f *format, keys [][]byte) *work {
	w := new(work)
	for _, key := range keys {
		w.macs = append(w.macs, hmac.New(f.newHash, key))
	}
	return w
}

// compute makes w.sum the code of h over prefix and body.
func (w *work) compute(h hash.Hash, body []byte) {
	h.Reset()
	h.Write(w.prefix)
	h.Write(body)
	w.sum = h.Sum(w.sum[:0])
}

// maxKept bounds the message that is kept for the next computation.
const maxKept = 64 << 10

// appendSignatures writes what the keys make of the message to w.out: all of
// them where the scheme has a list, the first one otherwise.
func (w *work) appendSignatures(f *format, eds []*edKey, body []byte) {
	written := 0
	begin := func(prefix string) {
		if written > 0 {
			w.out = append(w.out, f.Separator...)
		}
		w.out = append(w.out, prefix...)
		written++
	}
	for _, h := range w.macs {
		begin(f.Prefix)
		w.compute(h, body)
		if f.Encoding == "base64" {
			w.out = base64.StdEncoding.AppendEncode(w.out, w.sum)
		} else {
			w.out = hex.AppendEncode(w.out, w.sum)
		}
		if f.Separator == "" {
			return
		}
	}
	for _, k := range eds {
		if k.private == nil {
			continue
		}
		begin(f.Ed25519)
		w.out = base64.StdEncoding.AppendEncode(w.out, ed25519.Sign(k.private, w.whole(body)))
	}
}

// matches reports whether one of the signatures is right under one of the
// keys. It does not stop at one that is, except for Ed25519, whose public keys
// have nothing to hide.
func (w *work) matches(eds []*edKey, body []byte) bool {
	ok := 0
	for _, h := range w.macs {
		w.compute(h, body)
		for i := range w.signatures.macs {
			ok |= subtle.ConstantTimeCompare(w.sum, w.signatures.macs[i][:len(w.sum)])
		}
	}
	if ok == 1 || len(eds) == 0 || len(w.signatures.eds) == 0 {
		return ok == 1
	}
	message := w.whole(body)
	for _, k := range eds {
		for i := range w.signatures.eds {
			if ed25519.Verify(k.public, message, w.signatures.eds[i][:]) {
				return true
			}
		}
	}
	return false
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
