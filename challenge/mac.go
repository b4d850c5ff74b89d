package challenge

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"strings"
	"sync"
)

// A key computes HMAC-SHA256. It keeps prepared hashes, which makes a short
// message four times cheaper than to start from the secret.
type key struct {
	pool sync.Pool
}

// prepared is one keyed hash with room for its input and its result, which
// would otherwise escape to the heap.
type prepared struct {
	mac hash.Hash
	buf []byte
}

func newKey(secret string) *key {
	k := new(key)
	k.pool.New = func() any {
		return &prepared{mac: hmac.New(sha256.New, []byte(secret))}
	}
	return k
}

// sum returns the MAC of message.
func (k *key) sum(message string) (mac [sha256.Size]byte) {
	p := k.pool.Get().(*prepared)
	p.mac.Reset()
	p.buf = append(p.buf[:0], message...)
	p.mac.Write(p.buf)
	p.buf = p.mac.Sum(p.buf[:0])
	copy(mac[:], p.buf)
	k.pool.Put(p)
	return mac
}

// sameKey says whether an event secret gives the same MACs as a challenge
// secret. Equal text is not the only way: HMAC fills a short key with zeros and
// hashes a long one, and some schemes write their key in base64, usually behind
// whsec_, or in hex.
func sameKey(secret, event string) bool {
	if equalBlock(secret, event) {
		return true
	}
	decoded, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(event, "whsec_"))
	if err == nil && equalBlock(secret, string(decoded)) {
		return true
	}
	decoded, err = hex.DecodeString(event)
	return err == nil && equalBlock(secret, string(decoded))
}

func equalBlock(a, b string) bool {
	x, y := block(a), block(b)
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// block is the key as HMAC-SHA256 uses it.
func block(secret string) (b [sha256.BlockSize]byte) {
	if len(secret) > len(b) {
		sum := sha256.Sum256([]byte(secret))
		copy(b[:], sum[:])
		return b
	}
	copy(b[:], secret)
	return b
}
