package auth

import (
	"crypto/ed25519"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
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

// keySet are the live keys of an HMAC. The symmetric ones are set up in each
// work: to set up a key costs as much as to hash 500 bytes.
type keySet struct {
	eds  []*edKey
	macs int       // how many symmetric keys each work has
	pool sync.Pool // of *work
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
	var raws [][]byte
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
			if set.eds = append(set.eds, key); len(set.eds) > maxEdSignatures {
				return nil, fmt.Errorf("%w: more than %d Ed25519 keys at once", ErrBadSecret, maxEdSignatures)
			}
			continue
		}
		raw, err := f.decodeKey(text)
		if err != nil {
			return nil, err
		}
		raws = append(raws, raw)
	}
	set.macs = len(raws)
	set.pool.New = func() any { return newWork(f, raws) }
	return set, nil
}

// signs reports whether one of the keys can sign.
func (s *keySet) signs() bool {
	return s.macs > 0 || slices.ContainsFunc(s.eds, func(k *edKey) bool { return k.private != nil })
}

func (s *keySet) work() *work { return s.pool.Get().(*work) }

func (s *keySet) done(w *work) {
	w.signatures.timestamp, w.signatures.unreadable = "", nil // they would keep the header alive
	s.pool.Put(w)
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
		return nil, fmt.Errorf("%w: not %s, in which this scheme has its keys", ErrBadSecret, f.Key)
	case len(raw) == 0:
		return nil, ErrEmptySecret
	case len(raw) < f.KeyMin:
		return nil, fmt.Errorf("%w: the key has less than %d bytes", ErrBadSecret, f.KeyMin)
	case f.KeyMax > 0 && len(raw) > f.KeyMax:
		return nil, fmt.Errorf("%w: the key has more than %d bytes", ErrBadSecret, f.KeyMax)
	}
	return raw, nil
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
