package auth

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
)

const (
	// maxSignatures is how many signatures of known versions a header may
	// list. A rotation needs two; a sender that keeps ten old keys alive needs
	// eleven.
	maxSignatures = 16
	// maxEdSignatures is how many of them may be Ed25519: each costs a pass over
	// the whole body, whoever sent it.
	maxEdSignatures = 4
	// maxElements is how many elements a header may list, with those of
	// unknown versions.
	maxElements = 32
)

// signatures are what a header lists, decoded.
type signatures struct {
	macs       [][maxSignature]byte
	eds        [][ed25519.SignatureSize]byte
	timestamp  string
	unreadable error // of a signature of a known version
	macArray   [maxSignatures][maxSignature]byte
	edArray    [maxEdSignatures][ed25519.SignatureSize]byte
}

// parse reads the value of the signature header. A list may have elements of
// unknown versions, and signatures that cannot be read beside others that can:
// senders promise no more (Stripe's own library passes over them). They match
// nothing.
func (s *signatures) parse(f *format, value string) error {
	s.macs, s.eds = s.macArray[:0], s.edArray[:0]
	s.timestamp, s.unreadable = "", nil
	if f.Separator == "" {
		if err := s.element(f, value); err != nil {
			return err
		}
	} else if err := s.list(f, value); err != nil {
		return err
	}
	switch {
	case len(s.macs)+len(s.eds) > 0:
		return nil
	case s.unreadable != nil:
		return s.unreadable
	}
	return fmt.Errorf("%w: no signature of a known version", ErrMissing)
}

func (s *signatures) list(f *format, value string) error {
	for range maxElements {
		element, rest, more := strings.Cut(value, f.Separator)
		if f.Separator != " " {
			element = strings.Trim(element, " ")
		}
		if element == "" {
			return fmt.Errorf("%w: empty element", ErrMalformed)
		}
		if err := s.element(f, element); err != nil || !more {
			return err
		}
		value = rest
	}
	return fmt.Errorf("%w: more than %d elements", ErrMalformed, maxElements)
}

func (s *signatures) element(f *format, element string) error {
	if text, ok := strings.CutPrefix(element, f.Prefix); ok {
		n := len(s.macs)
		if n == maxSignatures {
			return tooManySignatures(n)
		}
		if err := decodeSignature(s.macArray[n][:f.size], f.Encoding, text); err != nil {
			s.unreadable = err
			return nil
		}
		s.macs = s.macArray[:n+1]
		return nil
	}
	if text, ok := cutPrefix(element, f.TimestampPrefix); ok {
		if s.timestamp != "" || text == "" {
			return fmt.Errorf("%w: more than one time, or an empty one", ErrMalformed)
		}
		s.timestamp = text
		return nil
	}
	if text, ok := cutPrefix(element, f.Ed25519); ok {
		n := len(s.eds)
		if n == maxEdSignatures {
			return tooManySignatures(n)
		}
		if err := decodeSignature(s.edArray[n][:], "base64", text); err != nil {
			s.unreadable = err
			return nil
		}
		s.eds = s.edArray[:n+1]
	}
	return nil
}

func tooManySignatures(limit int) error {
	return fmt.Errorf("%w: more than %d signatures", ErrMalformed, limit)
}

// cutPrefix is strings.CutPrefix for a prefix that the scheme may not have.
func cutPrefix(s, prefix string) (string, bool) {
	if prefix == "" {
		return "", false
	}
	return strings.CutPrefix(s, prefix)
}

// decodeSignature fills dst, exactly.
func decodeSignature(dst []byte, encoding, text string) error {
	var src, out [maxSignature * 2]byte
	if len(text) > len(src) {
		return fmt.Errorf("%w: signature too long", ErrMalformed)
	}
	in := src[:copy(src[:], text)]
	var n int
	var err error
	if encoding == "base64" {
		n, err = base64.StdEncoding.Decode(out[:], in)
	} else {
		n, err = hex.Decode(out[:], in)
	}
	if err != nil || n != len(dst) {
		return fmt.Errorf("%w: signature truncated or not %s", ErrMalformed, orHex(encoding))
	}
	copy(dst, out[:n])
	return nil
}

func orHex(encoding string) string {
	if encoding == "" {
		return "hex"
	}
	return encoding
}
