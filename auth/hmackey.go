package auth

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"
	"sync"
)

// The prefixes of Ed25519 keys in the Standard Webhooks specification.
const (
	ed25519SecretPrefix = "whsk_"
	ed25519PublicPrefix = "whpk_"
)

// maxSignature is the length of the longest signature, that of HMAC-SHA-512
// and Ed25519.
const maxSignature = sha512.Size

// keySet are the live keys of an HMAC, by kind and in the order of the secrets.
// They are held by pointer: fmt does not follow pointers.
type keySet struct {
	macs []*macKey
	eds  []*edKey
}

// newKeySet reads the secrets in the form that the scheme gives them.
func newKeySet(f *format, secrets []Secret) (*keySet, error) {
	if len(secrets) == 0 {
		return nil, ErrEmptySecret
	}
	if len(secrets) > maxSignatures {
		return nil, fmt.Errorf("%w: more than %d at once", ErrBadSecret, maxSignatures)
	}
	set := new(keySet)
	for _, s := range secrets {
		if err := s.check(); err != nil {
			return nil, err
		}
		text := string(s)
		if f.Ed25519 != "" && (strings.HasPrefix(text, ed25519SecretPrefix) || strings.HasPrefix(text, ed25519PublicPrefix)) {
			key, err := newEdKey(text)
			if err != nil {
				return nil, err
			}
			set.eds = append(set.eds, key)
			continue
		}
		raw, err := f.decodeKey(text)
		if err != nil {
			return nil, err
		}
		set.macs = append(set.macs, newMACKey(f, raw))
	}
	return set, nil
}

// signs reports whether one of the keys can sign.
func (s *keySet) signs() bool {
	if len(s.macs) > 0 {
		return true
	}
	for _, k := range s.eds {
		if k.private != nil {
			return true
		}
	}
	return false
}

// decodeKey returns the bytes of a key. It says nothing about them in errors.
func (f *format) decodeKey(text string) ([]byte, error) {
	text = strings.TrimPrefix(text, f.KeyPrefix)
	raw := []byte(text)
	var err error
	switch f.Key {
	case "base64":
		raw, err = base64.StdEncoding.Strict().DecodeString(text)
	case "hex":
		raw, err = hex.DecodeString(text)
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: not %s", ErrBadSecret, f.Key)
	case len(raw) == 0:
		return nil, ErrEmptySecret
	case len(raw) < f.KeyMin, f.KeyMax > 0 && len(raw) > f.KeyMax:
		return nil, fmt.Errorf("%w: the key has not %d to %d bytes", ErrBadSecret, f.KeyMin, f.KeyMax)
	}
	return raw, nil
}

// A macKey makes message authentication codes. Their states are pooled: to
// set up a key costs as much as to hash 500 bytes.
type macKey struct {
	pool sync.Pool // of hash.Hash
}

func newMACKey(f *format, key []byte) *macKey {
	return &macKey{pool: sync.Pool{New: func() any { return hmac.New(f.newHash, key) }}}
}

// sum appends the code over prefix and body to dst.
func (k *macKey) sum(dst, prefix, body []byte) []byte {
	h := k.pool.Get().(hash.Hash)
	h.Reset()
	h.Write(prefix)
	h.Write(body)
	dst = h.Sum(dst)
	k.pool.Put(h)
	return dst
}

// An edKey is an Ed25519 key of which the private half may be missing.
type edKey struct {
	private ed25519.PrivateKey
	public  ed25519.PublicKey
}

func newEdKey(text string) (*edKey, error) {
	encoded, secret := strings.CutPrefix(text, ed25519SecretPrefix)
	encoded = strings.TrimPrefix(encoded, ed25519PublicPrefix)
	raw, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return nil, fmt.Errorf("%w: not base64", ErrBadSecret)
	}
	switch {
	case secret && len(raw) == ed25519.SeedSize:
		private := ed25519.NewKeyFromSeed(raw)
		return &edKey{private: private, public: private.Public().(ed25519.PublicKey)}, nil
	case secret && len(raw) == ed25519.PrivateKeySize:
		// The public half is derived, never believed: a wrong one would give
		// the private key away with two signatures.
		private := ed25519.NewKeyFromSeed(raw[:ed25519.SeedSize])
		if subtle.ConstantTimeCompare(private, raw) != 1 {
			return nil, fmt.Errorf("%w: its two halves do not belong together", ErrBadSecret)
		}
		return &edKey{private: private, public: private.Public().(ed25519.PublicKey)}, nil
	case !secret && len(raw) == ed25519.PublicKeySize:
		return &edKey{public: raw}, nil
	}
	return nil, fmt.Errorf("%w: wrong length of an Ed25519 key", ErrBadSecret)
}
