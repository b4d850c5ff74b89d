package auth

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// HMAC signs and verifies messages under shared secrets, in the form of a
// [Scheme]; with [StandardWebhooks] under Ed25519 keys as well.
type HMAC struct {
	format    *format
	tolerance time.Duration
	jsonOnly  bool
	now       func() time.Time
	keys      live[keySet]
}

var (
	_ Strategy   = (*HMAC)(nil)
	_ prechecker = (*HMAC)(nil)
)

// HMACOptions are the options of [NewHMAC].
type HMACOptions struct {
	// Secrets are the live secrets. Each of them verifies. Where the scheme
	// has a list of signatures, each of them signs as well, otherwise the first
	// one does: so a secret can be rolled without a gap. At least one is
	// required, none may be empty, and there may be at most 16, of which 4 for
	// Ed25519.
	Secrets []Secret
	// Tolerance is how far the signed time may be from now, both ways. Zero
	// means 5 minutes.
	Tolerance time.Duration
	// AnyBody accepts bodies that are not a JSON object or array, in a scheme
	// without a timestamp. Without it such a body is refused, because the
	// answer to an ownership challenge is a signature over a text that a
	// stranger chose: if the secret also answers challenges, they can have any
	// short word signed, but no JSON document. (The rule holds as well for a
	// scheme of your own whose timestamp and body could make up such a word, or
	// whose id is followed by the body, so that bytes could change sides.)
	AnyBody bool
	// Now is the clock. Nil means time.Now.
	Now func() time.Time
}

// NewHMAC returns an HMAC of the scheme. It returns [ErrEmptySecret] if there
// is no secret or one is empty, [ErrBadSecret] if one is not in the form that
// the scheme gives to secrets, and an error that says what is wrong with the
// scheme or the options.
func NewHMAC(s Scheme, o HMACOptions) (*HMAC, error) {
	return newHMAC(s, fixed(o.Secrets), o)
}

func newHMAC(s Scheme, list secrets, o HMACOptions) (*HMAC, error) {
	f, err := s.parse()
	if err != nil {
		return nil, fmt.Errorf("auth: scheme: %w", err)
	}
	if o.Tolerance < 0 {
		return nil, errors.New("auth: hmac: tolerance is negative")
	}
	h := &HMAC{
		format:    f,
		tolerance: o.Tolerance,
		jsonOnly:  (f.opaque || f.adjoined) && !o.AnyBody,
		now:       o.Now,
	}
	if h.tolerance == 0 {
		h.tolerance = 5 * time.Minute
	}
	if h.now == nil {
		h.now = time.Now
	}
	err = watch(&h.keys, list, func(list []Secret) (*keySet, error) { return newKeySet(f, list) })
	if err != nil {
		return nil, fmt.Errorf("auth: %s: %w", f.Name, err)
	}
	return h, nil
}

// Replace replaces all secrets. A request is judged by the old ones or by the
// new ones, never by none. It returns [ErrEmptySecret] or [ErrBadSecret] and
// then changes nothing.
func (h *HMAC) Replace(secrets ...Secret) error {
	if h.format == nil {
		return errors.New("auth: hmac: replace: not constructed by NewHMAC")
	}
	keys, err := newKeySet(h.format, secrets)
	if err != nil {
		return fmt.Errorf("auth: %s: replace: %w", h.format.Name, err)
	}
	h.keys.replace(keys)
	return nil
}

// Headers returns the names of the headers that Sign sets. The header of the
// id is not among them.
func (h *HMAC) Headers() []string {
	switch {
	case h.format == nil:
		return nil
	case h.format.TimestampHeader != "":
		return []string{h.format.Header, h.format.TimestampHeader}
	}
	return []string{h.format.Header}
}

// Sign sets the signature and, where the scheme has one, the timestamp, which
// is now: a repeated attempt is signed anew. A scheme with an id, such as
// Standard Webhooks, takes it from the request: the sender must have set the
// header (webhook-id), because the id stays the same over all attempts at a
// message. Without it, or with one that the scheme cannot carry, Sign returns
// [ErrMissing] or [ErrMalformed].
func (h *HMAC) Sign(r *http.Request, body []byte) error {
	keys := h.keys.get()
	if keys == nil {
		return fmt.Errorf("auth: hmac: sign: %w", ErrEmptySecret)
	}
	if err := h.sign(keys, r, body); err != nil {
		return fmt.Errorf("auth: %s: sign: %w", h.format.Name, err)
	}
	return nil
}

func (h *HMAC) sign(keys *keySet, r *http.Request, body []byte) error {
	f := h.format
	if !keys.signs() {
		return fmt.Errorf("%w: public keys only verify", ErrBadSecret)
	}
	id, err := f.id(r)
	if err != nil {
		return err
	}
	w := keys.work()
	defer keys.done(w)

	// Time and signatures are written one behind the other and become one
	// string, of which each header has its part.
	w.out = w.out[:0]
	if f.timed() {
		w.out = appendTimestamp(w.out, f.TimestampFormat, h.now())
	}
	n := len(w.out)
	w.prefix = f.appendPrefix(w.prefix[:0], id, w.out)
	if f.TimestampPrefix != "" {
		w.out = append(w.out, f.TimestampPrefix...)
		w.out = append(w.out, w.out[:n]...)
		w.out = append(w.out, f.Separator...)
	}
	w.appendSignatures(f, keys.eds, body)

	text := string(w.out)
	if f.TimestampHeader == "" {
		setHeader(r, f.Header, text[n:])
	} else {
		setHeaders(r, f.TimestampHeader, text[:n], f.Header, text[n:])
	}
	return nil
}

// Verify accepts a request with exactly one signature header in the form of
// the scheme, of which one signature is right under one of the secrets, and,
// where the scheme has one, a time that is near enough. All secrets are tried
// on all signatures, whether one has matched or not. Where the scheme has a
// list, elements of unknown versions are skipped. A list of more than 32
// elements, 16 signatures or 4 Ed25519 signatures is refused.
func (h *HMAC) Verify(r *http.Request, body []byte) error {
	keys := h.keys.get()
	if keys == nil {
		return fmt.Errorf("auth: hmac: %w", ErrMismatch)
	}
	if err := h.verify(keys, r, body); err != nil {
		return fmt.Errorf("auth: %s: %w", h.format.Name, err)
	}
	return nil
}

func (h *HMAC) verify(keys *keySet, r *http.Request, body []byte) error {
	w := keys.work()
	defer keys.done(w)
	if err := h.readHeader(w, r); err != nil {
		return err
	}
	if h.jsonOnly && !looksLikeJSON(body) {
		return ErrBodyShape
	}
	switch {
	case w.matches(keys.eds, body):
		return nil
	case w.signatures.unreadable != nil:
		return w.signatures.unreadable
	}
	return ErrMismatch
}

// precheck refuses what no body can make right.
func (h *HMAC) precheck(r *http.Request) error {
	keys := h.keys.get()
	if keys == nil {
		return fmt.Errorf("auth: hmac: %w", ErrMismatch)
	}
	w := keys.work()
	defer keys.done(w)
	if err := h.readHeader(w, r); err != nil {
		return fmt.Errorf("auth: %s: %w", h.format.Name, err)
	}
	return nil
}

// readHeader decodes the signatures, checks id and time, and prepares what is
// hashed before the body.
func (h *HMAC) readHeader(w *work, r *http.Request) error {
	f := h.format
	value, err := single(r.Header, f.Header)
	if err != nil {
		return err
	}
	if err := w.signatures.parse(f, value); err != nil {
		return err
	}
	timestamp := w.signatures.timestamp
	if f.TimestampHeader != "" {
		if timestamp, err = single(r.Header, f.TimestampHeader); err != nil {
			return err
		}
	}
	if f.timed() {
		if timestamp == "" {
			return fmt.Errorf("%w: no time", ErrMissing)
		}
		t, err := parseTimestamp(f.TimestampFormat, timestamp)
		if err != nil {
			return err
		}
		if !near(t, h.now(), h.tolerance) {
			return ErrStale
		}
	}
	id, err := f.id(r)
	if err != nil {
		return err
	}
	w.out = append(w.out[:0], timestamp...)
	w.prefix = f.appendPrefix(w.prefix[:0], id, w.out)
	return nil
}

// looksLikeJSON reports whether body begins as a JSON object or array does.
func looksLikeJSON(body []byte) bool {
	for _, c := range body {
		switch c {
		case ' ', '\t', '\r', '\n':
			continue
		}
		return c == '{' || c == '['
	}
	return false
}
