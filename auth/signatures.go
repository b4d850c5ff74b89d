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
	// maxElements is how many elements a header may list, with those of
	// unknown versions.
	maxElements = 32
)

// signatures are what a header lists, decoded.
type signatures struct {
	macs      [][maxSignature]byte
	eds       [][ed25519.SignatureSize]byte
	timestamp string
	macArray  [maxSignatures][maxSignature]byte
	edArray   [maxSignatures][ed25519.SignatureSize]byte
}

// parse reads the value of the signature header. What has an unknown prefix is
// skipped in a list; everything else has to be right.
func (s *signatures) parse(f *format, value string) error {
	s.macs, s.eds, s.timestamp = s.macArray[:0], s.edArray[:0], ""
	if f.Separator == "" {
		return s.element(f, value)
	}
	for n := 0; ; n++ {
		if n == maxElements {
			return fmt.Errorf("%w: more than %d elements", ErrMalformed, maxElements)
		}
		element, rest, more := strings.Cut(value, f.Separator)
		if f.Separator != " " {
			element = strings.Trim(element, " ")
		}
		if element == "" {
			return fmt.Errorf("%w: empty element", ErrMalformed)
		}
		if err := s.element(f, element); err != nil {
			return err
		}
		if value = rest; !more {
			break
		}
	}
	if len(s.macs)+len(s.eds) == 0 {
		return fmt.Errorf("%w: no signature of a known version", ErrMissing)
	}
	return nil
}

func (s *signatures) element(f *format, element string) error {
	if text, ok := strings.CutPrefix(element, f.Prefix); ok {
		if len(s.macs) == maxSignatures {
			return fmt.Errorf("%w: more than %d signatures", ErrMalformed, maxSignatures)
		}
		s.macs = s.macs[:len(s.macs)+1]
		return decodeSignature(s.macs[len(s.macs)-1][:f.size], f.Encoding, text)
	}
	if f.Separator == "" {
		return fmt.Errorf("%w: no signature of a known version", ErrMissing)
	}
	if text, ok := cutPrefix(element, f.TimestampPrefix); ok {
		if s.timestamp != "" || text == "" {
			return fmt.Errorf("%w: more than one time, or an empty one", ErrMalformed)
		}
		s.timestamp = text
		return nil
	}
	if text, ok := cutPrefix(element, f.Ed25519); ok {
		if len(s.eds) == maxSignatures {
			return fmt.Errorf("%w: more than %d signatures", ErrMalformed, maxSignatures)
		}
		s.eds = s.eds[:len(s.eds)+1]
		return decodeSignature(s.eds[len(s.eds)-1][:], "base64", text)
	}
	return nil
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
