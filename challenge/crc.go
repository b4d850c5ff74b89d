package challenge

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
)

// CRCOptions are the options of [NewCRC].
type CRCOptions struct {
	// EventSecrets are the secrets with which events of this endpoint are
	// signed. NewCRC refuses a challenge secret that is one of them, also if
	// that is written in base64 or hex: see the package comment for what it
	// would give away. They are not printed.
	EventSecrets []string `json:"-"`
	// AllowSharedSecret permits it all the same, for X, whose protocol has one
	// secret for both. Verify its events with a verifier that accepts JSON
	// objects and arrays only, as package auth does without AnyBody.
	AllowSharedSecret bool
	// UnsafeTokenChars are characters that a token may have besides letters,
	// digits and "+/=_-". Each of them widens what a stranger may have signed:
	// with "{" any JSON body, with ":" or "." the input of signatures with a
	// timestamp. NewCRC refuses it for a secret that is shared with events.
	UnsafeTokenChars string
}

// Format writes the name of the type, whatever the verb: the options hold secrets.
func (CRCOptions) Format(f fmt.State, _ rune) { io.WriteString(f, "challenge.CRCOptions") }

// CRC is the challenge-response check of Netdata and X:
//
//	GET /webhook?crc_token=T  ->  {"response_token":"sha256=" + base64(HMAC-SHA256(secret, T))}
//
// The token is the decoded value of the parameter, at most 512 characters of
// an opaque alphabet; other parameters, such as X's nonce, are ignored. A
// request without crc_token is no challenge, and a POST goes to the next
// handler even with one. A token that is empty, malformed or given twice is
// answered with 400, a method other than GET (HEAD too) with 405.
//
// A CRC is safe for concurrent use. The zero CRC refuses every challenge.
type CRC struct {
	key   *key
	extra string
}

// NewCRC returns a CRC that answers under secret, which may hold any bytes.
// Use one secret per endpoint, and none that does anything else. NewCRC
// returns [ErrEmptySecret] or [ErrSharedSecret].
func NewCRC(secret string, o CRCOptions) (*CRC, error) {
	if secret == "" {
		return nil, fmt.Errorf("challenge: CRC: %w", ErrEmptySecret)
	}
	for _, s := range o.EventSecrets {
		if s == "" {
			return nil, fmt.Errorf("challenge: CRC: EventSecrets: %w", ErrEmptySecret)
		}
		if sameKey(secret, s) && (!o.AllowSharedSecret || o.UnsafeTokenChars != "") {
			return nil, fmt.Errorf("challenge: CRC: %w", ErrSharedSecret)
		}
	}
	return &CRC{key: newKey(secret), extra: o.UnsafeTokenChars}, nil
}

// WantsBody reports false: the challenge is in the query.
func (*CRC) WantsBody(*http.Request) bool { return false }

// Answer implements [Scheme].
func (c *CRC) Answer(r *http.Request, _ []byte) (Reply, bool, error) {
	token, times := parameter(r.URL.RawQuery, "crc_token")
	if times == 0 || r.Method == http.MethodPost {
		return Reply{}, false, nil
	}
	if r.Method != http.MethodGet {
		reply, ok, err := refuse(http.StatusMethodNotAllowed, "CRC", ErrMethod)
		reply.Header = http.Header{"Allow": {"GET, POST"}}
		return reply, ok, err
	}
	if c.key == nil {
		return refuse(http.StatusInternalServerError, "CRC", ErrEmptySecret)
	}
	if times > 1 || !opaque(token, c.extra) {
		return refuse(http.StatusBadRequest, "CRC", ErrMalformed)
	}
	return Reply{ContentType: typeJSON, Body: c.key.appendCRC(nil, token)}, true, nil
}

const crcPrefix = "sha256="

// appendCRC appends the JSON answer to token. A nil b makes one allocation.
func (k *key) appendCRC(b []byte, token string) []byte {
	const head, tail = `{"response_token":"` + crcPrefix, `"}`
	mac := k.sum(token)
	if b == nil {
		b = make([]byte, 0, len(head)+base64.StdEncoding.EncodedLen(len(mac))+len(tail))
	}
	b = append(b, head...)
	b = base64.StdEncoding.AppendEncode(b, mac[:])
	return append(b, tail...)
}
