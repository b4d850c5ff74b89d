package auth

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/alertwire/alertwire/internal/confjson"
)

// Config is a Strategy as data, with the same keys in JSON and YAML. The zero
// value means no credentials.
//
//	{"basic": ["user", {"file": "/run/secrets/password"}]}
//	{"bearer": {"env": "OPS_TOKEN"}}
//	{"header": {"name": "X-Api-Key", "value": ["new", "old"]}}
//	{"hmac": {"scheme": "standard-webhooks", "secret": {"file": "/run/secrets/hook"}}}
//
// Several of them together are all put on a request, and all demanded.
// Config is plain data: it can be copied, and it prints no secret.
type Config struct {
	// Basic is a user name and a password.
	Basic BasicConfig `json:"basic,omitzero" yaml:"basic,omitempty"`
	// Bearer are live tokens: the first signs, each verifies. Nil means none; a
	// list without a token is an error.
	Bearer Sources `json:"bearer,omitzero" yaml:"bearer,omitempty"`
	// Header is a secret in a header of its own.
	Header NamedConfig `json:"header,omitzero" yaml:"header,omitempty"`
	// Query is a secret in the query of the URL, where logs will have it.
	Query NamedConfig `json:"query,omitzero" yaml:"query,omitempty"`
	// HMAC is a signature over the body.
	HMAC HMACConfig `json:"hmac,omitzero" yaml:"hmac,omitempty"`
}

// NamedConfig is a secret that is sent under a name.
type NamedConfig struct {
	// Name is the name of the header or of the parameter of the query.
	Name string `json:"name" yaml:"name"`
	// Value are live values: the first signs, each verifies.
	Value Sources `json:"value" yaml:"value"`
}

// HMACConfig is an [HMAC] as data.
type HMACConfig struct {
	// Scheme is the name of a scheme: standard-webhooks, github, slack, stripe,
	// pagerduty, grafana, grafana-untimed, zoom, x or dropbox; or custom.
	Scheme string `json:"scheme" yaml:"scheme"`
	// Secret are the live secrets: see [HMACOptions].Secrets.
	Secret Sources `json:"secret" yaml:"secret"`
	// Tolerance is how far the signed time may be from now, both ways, written
	// as a Go duration such as "5m". Zero means 5 minutes.
	Tolerance time.Duration `json:"tolerance,omitzero" yaml:"tolerance,omitempty"`
	// AnyBody accepts bodies that are not a JSON object or array: see
	// [HMACOptions].AnyBody.
	AnyBody bool `json:"any_body,omitempty" yaml:"any_body,omitempty"`
	// Header, if set, replaces the name of the header with the signature.
	Header string `json:"header,omitempty" yaml:"header,omitempty"`
	// TimestampHeader, if set, replaces the name of the header with the time.
	TimestampHeader string `json:"timestamp_header,omitempty" yaml:"timestamp_header,omitempty"`
	// Custom is the scheme where Scheme is custom.
	Custom Scheme `json:"custom,omitzero" yaml:"custom,omitempty"`
}

// IsZero reports whether n is unset.
func (n NamedConfig) IsZero() bool { return n.Name == "" && n.Value == nil }

// IsZero reports whether h is unset.
func (h HMACConfig) IsZero() bool {
	return h.Scheme == "" && h.Secret == nil && h.Tolerance == 0 && !h.AnyBody &&
		h.Header == "" && h.TimestampHeader == "" && h.Custom == (Scheme{})
}

// IsZero reports whether c names no credentials.
func (c Config) IsZero() bool {
	return c.Basic.IsZero() && c.Bearer == nil && c.Header.IsZero() && c.Query.IsZero() && c.HMAC.IsZero()
}

// UnmarshalJSON reads a Config and refuses what it does not know: a misspelled
// key must not mean that there are no credentials.
func (c *Config) UnmarshalJSON(data []byte) error {
	type plain Config
	return confjson.Decode(data, (*plain)(c))
}

// UnmarshalYAML reads a Config and refuses what it does not know, whether the
// library is told to or not.
func (c *Config) UnmarshalYAML(decode func(any) error) error {
	type plain Config
	return strictYAML(decode)((*plain)(c))
}

// MarshalJSON writes a Config; inline secrets are redacted.
func (c Config) MarshalJSON() ([]byte, error) {
	type plain Config
	return confjson.Encode(plain(c))
}

// Strategy returns what c describes. It reads the files and variables that c
// names, the files again while it is in use, and nothing else. The Strategy of
// the zero Config signs nothing and accepts nothing.
//
// It returns [ErrEmptySecret] or [ErrBadSecret], the errors of the operating
// system for a file, or an error that says what is wrong with c.
func (c Config) Strategy() (Strategy, error) {
	var parts []Strategy
	add := func(s Strategy, err error) error {
		parts = append(parts, s)
		return err
	}
	var errs []error
	if !c.Basic.IsZero() {
		errs = append(errs, add(c.Basic.strategy()))
	}
	if c.Bearer != nil {
		errs = append(errs, add(newBearer(c.Bearer.secrets())))
	}
	if !c.Header.IsZero() {
		errs = append(errs, add(newHeader(c.Header.Name, c.Header.Value.secrets())))
	}
	if !c.Query.IsZero() {
		errs = append(errs, add(newQuery(c.Query.Name, c.Query.Value.secrets())))
	}
	if !c.HMAC.IsZero() {
		errs = append(errs, add(c.HMAC.strategy()))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	switch len(parts) {
	case 0:
		return none{}, nil
	case 1:
		return parts[0], nil
	}
	return newSeveral(parts)
}

func (h HMACConfig) strategy() (Strategy, error) {
	s, err := h.scheme()
	if err != nil {
		return nil, fmt.Errorf("auth: hmac: %w", err)
	}
	return newHMAC(s, h.Secret.secrets(), HMACOptions{Tolerance: h.Tolerance, AnyBody: h.AnyBody})
}

func (h HMACConfig) scheme() (Scheme, error) {
	s := h.Custom
	if h.Scheme != "custom" {
		if h.Custom != (Scheme{}) {
			return Scheme{}, errors.New("a custom scheme needs the scheme to be custom")
		}
		var ok bool
		if s, ok = namedScheme(h.Scheme); !ok {
			return Scheme{}, fmt.Errorf("unknown scheme %q", h.Scheme)
		}
	}
	if h.Header != "" {
		s.Header = h.Header
	}
	if h.TimestampHeader != "" {
		s.TimestampHeader = h.TimestampHeader
	}
	return s, nil
}

// several is more than one scheme on one request. The verifier beside it may
// do without the body or not: see usable.
type several struct {
	parts   []Strategy
	headers []string
	Verifier
}

func newSeveral(parts []Strategy) (Strategy, error) {
	s := several{parts: parts}
	seen := make(map[string]bool)
	verifiers := make([]Verifier, 0, len(parts))
	for _, p := range parts {
		verifiers = append(verifiers, p)
		h, ok := p.(interface{ Headers() []string })
		if !ok {
			continue
		}
		for _, name := range h.Headers() {
			if seen[name] {
				return nil, fmt.Errorf("auth: two schemes set the header %s", name)
			}
			seen[name] = true
			s.headers = append(s.headers, name)
		}
	}
	s.Verifier = All(verifiers...)
	return s, nil
}

func (s several) Sign(r *http.Request, body []byte) error {
	for _, p := range s.parts {
		if err := p.Sign(r, body); err != nil {
			return err
		}
	}
	return nil
}

func (s several) Headers() []string { return s.headers }

// none is the Strategy of no credentials.
type none struct{ refuser }

func (none) Sign(*http.Request, []byte) error { return nil }
