package dispatchnats

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

const (
	maxPrefix   = 32
	maxEndpoint = 64 // bytes of a name; each may become three of a token
)

// names are the names of everything under one prefix.
//
//	<p>_OUT    <p>.out.<endpoint>.<key>          waits to be delivered
//	<p>_RETRY  <p>.wait.<endpoint>.<message>     is a schedule
//	           <p>.due.<endpoint>.<key>          what a schedule turns into
//	           <p>.hold.<endpoint>.<key>         why the head of a key waits
//	<p>_DEAD   <p>.dead.<endpoint>.<key>         was given up
//	<p>_SLOT   <p>.slot.<n>                      a permit to make one call
//	           <p>.gone.<endpoint>               was removed
type names struct{ prefix string }

func (n names) stream(which string) string { return n.prefix + "_" + which }

// each matches the subjects of a kind that end with one token, and all those that
// end with two.
func (n names) each(kind string) string { return n.prefix + "." + kind + ".*" }

func (n names) all(kind string) string { return n.prefix + "." + kind + ".*.*" }

func (n names) endpoint(kind, token string) string { return n.prefix + "." + kind + "." + token + ".*" }

func (n names) subject(kind, token, last string) string {
	return n.prefix + "." + kind + "." + token + "." + last
}

func (n names) slot(i int) string { return n.prefix + ".slot." + strconv.Itoa(i) }

func (n names) gone(token string) string { return n.prefix + ".gone." + token }

// endpointOf returns the token of the endpoint in a subject.
func (n names) endpointOf(subject string) (token string, ok bool) {
	parts := strings.Split(strings.TrimPrefix(subject, n.prefix+"."), ".")
	if len(parts) < 2 || !strings.HasPrefix(subject, n.prefix+".") {
		return "", false
	}
	return parts[1], true
}

// checkPrefix returns an error if p cannot begin a subject and the name of a
// stream.
func checkPrefix(p string) error {
	if p == "" || len(p) > maxPrefix {
		return fmt.Errorf("dispatchnats: prefix must have 1 to %d letters", maxPrefix)
	}
	for _, c := range []byte(p) {
		if !plain(c) && (c < 'A' || c > 'Z') && c != '_' {
			return errors.New("dispatchnats: prefix must consist of letters, digits, - and _")
		}
	}
	return nil
}

func plain(c byte) bool { return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' }

// endpointToken writes the name of an endpoint so that it is a token of a
// subject and the name of a consumer. Different names have different tokens,
// also where the names of files do not tell upper case from lower case.
func endpointToken(name string) (string, error) {
	if name == "" {
		return "", errors.New("dispatchnats: the endpoint has no name")
	}
	if len(name) > maxEndpoint {
		return "", fmt.Errorf("dispatchnats: the name of the endpoint has %d bytes, the most is %d", len(name), maxEndpoint)
	}
	var b strings.Builder
	for _, c := range []byte(name) {
		if plain(c) {
			b.WriteByte(c)
		} else {
			b.WriteByte('_')
			b.WriteString(hex.EncodeToString([]byte{c}))
		}
	}
	return b.String(), nil
}

// endpointName is the inverse of endpointToken.
func endpointName(token string) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(token); i++ {
		c := token[i]
		switch {
		case plain(c):
			b.WriteByte(c)
		case c == '_' && i+2 < len(token):
			raw, err := hex.DecodeString(token[i+1 : i+3])
			if err != nil || plain(raw[0]) {
				return "", false
			}
			b.WriteByte(raw[0])
			i += 2
		default:
			return "", false
		}
	}
	back, err := endpointToken(b.String())
	return b.String(), err == nil && back == token
}

var keyEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// keyToken is the token of a key of a message. A key may be anything and of any
// length, so it is hashed. Messages without one share "-".
func keyToken(key string) string {
	if key == "" {
		return "-"
	}
	sum := sha256.Sum256([]byte(key))
	return keyEncoding.EncodeToString(sum[:15])
}
