package auth

// A Scheme says, as data, where a signature is on a request, what it is made
// over and how it is written. The schemes of known senders are functions
// ([GitHub], [StandardWebhooks] and others), whose fields may be changed
// before use; one of your own is a literal:
//
//	auth.Scheme{Header: "X-Hook", Prefix: "sha256=", Signed: "{body}"}
//
// [NewHMAC] says what is wrong with a Scheme.
type Scheme struct {
	// Name stands in errors. Empty means the name of the header.
	Name string `json:"name,omitempty" yaml:"name,omitempty"`

	// Header has the signature. Required.
	Header string `json:"header,omitempty" yaml:"header,omitempty"`
	// Prefix stands before a signature, for instance "sha256=", "v0=" or "v1,".
	// In a list, what has another prefix is skipped.
	Prefix string `json:"prefix,omitempty" yaml:"prefix,omitempty"`
	// Separator, a single character, makes the header a list of several
	// signatures. With a list every live secret signs.
	Separator string `json:"separator,omitempty" yaml:"separator,omitempty"`
	// Encoding of the signature: "hex" or "base64". Empty means hex.
	Encoding string `json:"encoding,omitempty" yaml:"encoding,omitempty"`
	// Hash is "sha256", "sha384", "sha512" or "sha1". Empty means sha256.
	Hash string `json:"hash,omitempty" yaml:"hash,omitempty"`

	// Signed is what the signature is made over: "{body}", with "{timestamp}"
	// and "{id}" and text of your own before it. Required.
	Signed string `json:"signed,omitempty" yaml:"signed,omitempty"`
	// IDHeader has the id of the message, if Signed has "{id}".
	IDHeader string `json:"id_header,omitempty" yaml:"id_header,omitempty"`
	// TimestampHeader has the time, if Signed has "{timestamp}".
	TimestampHeader string `json:"timestamp_header,omitempty" yaml:"timestamp_header,omitempty"`
	// TimestampPrefix stands before the time inside the list of signatures, for
	// instance "t=", where the time has no header of its own.
	TimestampPrefix string `json:"timestamp_prefix,omitempty" yaml:"timestamp_prefix,omitempty"`
	// TimestampFormat is "unix", "unix-milli" or "rfc3339". Empty means unix,
	// which is seconds.
	TimestampFormat string `json:"timestamp_format,omitempty" yaml:"timestamp_format,omitempty"`

	// Key is how a secret is written: "text", "hex" or "base64". Empty means
	// text: the bytes of the secret are the key.
	Key string `json:"key,omitempty" yaml:"key,omitempty"`
	// KeyPrefix may stand before a secret and does not belong to the key.
	KeyPrefix string `json:"key_prefix,omitempty" yaml:"key_prefix,omitempty"`
	// KeyMin and KeyMax bound the length of a key in bytes. Zero means 1, and
	// no bound.
	KeyMin int `json:"key_min,omitempty" yaml:"key_min,omitempty"`
	KeyMax int `json:"key_max,omitempty" yaml:"key_max,omitempty"`

	// Ed25519 is the prefix of Ed25519 signatures in the list, for instance
	// "v1a,". Their keys are written in base64 behind whsk_ (secret, 32 or 64
	// bytes) and whpk_ (public, only verifies).
	Ed25519 string `json:"ed25519,omitempty" yaml:"ed25519,omitempty"`
}

// IsZero reports whether s is unset.
func (s Scheme) IsZero() bool { return s == Scheme{} }
