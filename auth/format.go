package auth

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"hash"
	"net/http"
	"strings"
)

const (
	idPlace        = "{id}"
	timestampPlace = "{timestamp}"
	bodyPlace      = "{body}"
)

// A format is a Scheme that was checked, in the form in which it is used.
type format struct {
	Scheme
	newHash func() hash.Hash
	size    int       // of a signature, in bytes
	parts   []segment // of what is signed before the body
	idBytes [256]bool // what an id may be made of
	// opaque says that what is signed could be a token: a text without any
	// character that tells it from the answer of somebody's challenge.
	opaque bool
	// adjoined says that the body follows the id with nothing between them.
	adjoined bool
}

// A segment is a piece of what is signed: a literal, or a place.
type segment struct {
	literal string
	place   string
}

// parse checks s and returns it ready for use.
func (s Scheme) parse() (*format, error) {
	f := &format{Scheme: s}
	steps := []func() error{f.parseHeaders, f.parseList, f.parseEncodings, f.parseSigned, f.parseTimeFormat}
	for _, step := range steps {
		if err := step(); err != nil {
			return nil, err
		}
	}
	if f.Name == "" {
		f.Name = f.Header
	}
	return f, nil
}

// parseHeaders makes the names canonical. Each header has one meaning.
func (f *format) parseHeaders() error {
	var err error
	if f.Header, err = headerName(f.Header); err != nil {
		return fmt.Errorf("signature: %w", err)
	}
	seen := map[string]bool{f.Header: true}
	for _, name := range []*string{&f.IDHeader, &f.TimestampHeader} {
		if *name == "" {
			continue
		}
		if *name, err = headerName(*name); err != nil {
			return err
		}
		if seen[*name] {
			return fmt.Errorf("header %s is used twice", *name)
		}
		seen[*name] = true
	}
	return nil
}

// parseList demands that each element of a list can be read in one way only.
func (f *format) parseList() error {
	if sep := f.Separator; len(sep) > 1 || sep != "" && (sep < " " || sep > "~" || strings.Contains(opaqueAlphabet, sep)) {
		return errors.New("separator is not a single character that stands in no signature and can be sent")
	}
	var prefixes []string
	for _, p := range []string{f.Prefix, f.TimestampPrefix, f.Ed25519} {
		if strings.ContainsFunc(p, func(c rune) bool { return c < ' ' || c > '~' }) || strings.HasPrefix(p, " ") {
			return errors.New("a prefix cannot be sent in a header")
		}
		if f.Separator != "" && strings.Contains(p, f.Separator) {
			return errors.New("a prefix has the separator in it")
		}
		if p != "" {
			prefixes = append(prefixes, p)
		}
	}
	second := f.TimestampPrefix != "" || f.Ed25519 != ""
	if second && (f.Separator == "" || f.Prefix == "") {
		return errors.New("a second prefix needs a separator and a first one")
	}
	for i, p := range prefixes {
		for k, q := range prefixes {
			if i != k && strings.HasPrefix(p, q) {
				return errors.New("elements of the list cannot be told apart by their prefixes")
			}
		}
	}
	return nil
}

// parseEncodings knows the words of Encoding, Key and Hash.
func (f *format) parseEncodings() error {
	switch f.Encoding {
	case "", "hex", "base64":
	default:
		return fmt.Errorf("unknown encoding %q", f.Encoding)
	}
	switch f.Key {
	case "", "text", "hex", "base64":
	default:
		return fmt.Errorf("unknown form of key %q", f.Key)
	}
	switch f.Hash {
	case "", "sha256":
		f.newHash, f.size = sha256.New, sha256.Size
	case "sha384":
		f.newHash, f.size = sha512.New384, sha512.Size384
	case "sha512":
		f.newHash, f.size = sha512.New, sha512.Size
	case "sha1":
		f.newHash, f.size = sha1.New, sha1.Size
	default:
		return fmt.Errorf("unknown hash %q", f.Hash)
	}
	if f.KeyMin < 0 || f.KeyMax < 0 || f.KeyMax > 0 && f.KeyMax < f.KeyMin {
		return errors.New("bounds of the key length are impossible")
	}
	return nil
}

// parseSigned cuts the template. The body is its end, so that it can be hashed
// as it is and nothing can be moved between it and what follows.
func (f *format) parseSigned() error {
	rest, ok := strings.CutSuffix(f.Signed, bodyPlace)
	if !ok {
		return fmt.Errorf("signed text does not end with %s", bodyPlace)
	}
	places := make(map[string]bool)
	f.opaque = true
	for rest != "" {
		open := strings.IndexByte(rest, '{')
		if open < 0 {
			open = len(rest)
		}
		if open > 0 {
			f.parts = append(f.parts, segment{literal: rest[:open]})
			f.opaque = f.opaque && strings.Trim(rest[:open], opaqueAlphabet) == ""
			rest = rest[open:]
			continue
		}
		end := strings.IndexByte(rest, '}')
		place := rest[:end+1]
		if place != idPlace && place != timestampPlace || places[place] {
			return errors.New("signed text has an unknown place, or one twice")
		}
		places[place] = true
		f.parts = append(f.parts, segment{place: place})
		rest = rest[end+1:]
	}
	f.parseID()
	if places[idPlace] != (f.IDHeader != "") {
		return errors.New("an id is signed but has no header, or has one and is not signed")
	}
	if f.TimestampHeader != "" && f.TimestampPrefix != "" {
		return errors.New("the time is in two places")
	}
	if places[timestampPlace] != f.timed() {
		return errors.New("a time is signed but has no place in the header, or has one and is not signed")
	}
	return nil
}

// parseID fills idBytes: visible ASCII characters without the one that stands
// behind the id in the signed text, or else the same bytes could be read as
// another id with another time. If nothing stands there, an id is a word, and
// if that is followed by the body, the body must not begin like one.
func (f *format) parseID() {
	after := ""
	for i, p := range f.parts {
		switch {
		case p.place != idPlace:
		case i+1 < len(f.parts):
			after = f.parts[i+1].literal
		default:
			f.adjoined = true
		}
	}
	for c := byte('!'); c <= '~'; c++ {
		f.idBytes[c] = after != "" && c != after[0] ||
			after == "" && strings.IndexByte(opaqueAlphabet, c) >= 0
	}
}

// parseTimeFormat knows the words of TimestampFormat.
func (f *format) parseTimeFormat() error {
	switch f.TimestampFormat {
	case "", unixFormat, milliFormat:
	case rfc3339Format:
		if f.TimestampPrefix != "" && f.Separator == ":" {
			return errors.New("the time has the separator in it")
		}
		f.opaque = f.opaque && !f.timed() // its colons stand in no token
	default:
		return fmt.Errorf("unknown timestamp format %q", f.TimestampFormat)
	}
	return nil
}

// timed reports whether a time is signed.
func (f *format) timed() bool { return f.TimestampHeader != "" || f.TimestampPrefix != "" }

// appendPrefix writes what is signed before the body.
func (f *format) appendPrefix(dst []byte, id string, timestamp []byte) []byte {
	for _, p := range f.parts {
		switch p.place {
		case idPlace:
			dst = append(dst, id...)
		case timestampPlace:
			dst = append(dst, timestamp...)
		default:
			dst = append(dst, p.literal...)
		}
	}
	return dst
}

// maxID bounds the length of an id in bytes.
const maxID = 512

// id returns the id of the message, if the scheme has one.
func (f *format) id(r *http.Request) (string, error) {
	if f.IDHeader == "" {
		return "", nil
	}
	id, err := single(r.Header, f.IDHeader)
	if err != nil {
		return "", fmt.Errorf("id: %w", err)
	}
	if id == "" || len(id) > maxID {
		return "", fmt.Errorf("%w: id", ErrMalformed)
	}
	for i := range len(id) {
		if !f.idBytes[id[i]] {
			return "", fmt.Errorf("%w: id", ErrMalformed)
		}
	}
	return id, nil
}

// opaqueAlphabet is what the tokens of ownership challenges are made of. Who
// answers such a challenge with the secret of a signature signs any text of
// this alphabet for a stranger.
const opaqueAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=_-"
