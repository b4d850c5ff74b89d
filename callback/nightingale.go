package callback

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/alertwire/alertwire/auth"
	"github.com/alertwire/alertwire/internal/confjson"
)

// ParseNightingale reads the settings of a webhook in Nightingale's JSON: those
// of the pipeline processors callback and event_update (timeout in milliseconds,
// header as an object or a list of {key, value}), of the global webhook (timeout
// in seconds, headers or headers_str), and of the first web form. No timeout, or
// 0, is 10 s. A URL with {{ }} is a template.
//
// Where Nightingale drops a setting in silence, this is an error: an unknown
// key, keys of two families that contradict each other, a body, the retry and
// batch settings of the global webhook (they belong to a [RetryPolicy] and a
// dispatcher), a webhook that is not enabled. The method is used.
func ParseNightingale(config []byte) (Config, error) {
	var n nightingale
	err := confjson.Decode(config, &n)
	if err == nil {
		var c Config
		if c, err = n.config(); err == nil {
			return c, nil
		}
	}
	return Config{}, fmt.Errorf("callback: nightingale: %w", err)
}

// nightingale has the keys of all families.
type nightingale struct {
	URL    *string `json:"url"`
	Method string  `json:"method"`
	Body   string  `json:"body"`

	// Of the processors.
	Header        nightingaleHeader `json:"header"`
	AuthUsername  string            `json:"auth_username"`
	AuthPassword  string            `json:"auth_password"`
	SkipSSLVerify bool              `json:"skip_ssl_verify"`
	Proxy         string            `json:"proxy"`
	Timeout       int64             `json:"timeout"` // its unit depends on the family

	// Of the first web form.
	BasicAuthUser      string `json:"basic_auth_user"`
	BasicAuthPass      string `json:"basic_auth_pass"`
	InsecureSkipVerify bool   `json:"insecure_skip_verify"`

	// Of the global webhook, which has basic_auth_user too.
	Type          int               `json:"type"`
	Enable        *bool             `json:"enable"`
	Note          string            `json:"note"`
	Headers       map[string]string `json:"headers"`
	HeadersStr    []string          `json:"headers_str"`
	SkipVerify    *bool             `json:"skip_verify"`
	RetryCount    int               `json:"retry_count"`
	RetryInterval int               `json:"retry_interval"`
	Batch         int               `json:"batch"`
}

// isGlobal reports whether n has a key that only the global webhook has.
func (n *nightingale) isGlobal() bool {
	return n.Enable != nil || n.Headers != nil || n.HeadersStr != nil || n.SkipVerify != nil
}

func (n *nightingale) config() (Config, error) {
	if err := n.check(); err != nil {
		return Config{}, err
	}
	headers, err := n.headers()
	if err != nil {
		return Config{}, err
	}
	unit := time.Millisecond
	if n.isGlobal() {
		unit = time.Second
	}
	c := Config{
		URL:     strings.TrimSpace(*n.URL), // as Nightingale does
		Method:  n.Method,
		Headers: headers,
		Timeout: time.Duration(n.Timeout) * unit,
		Proxy:   n.Proxy,
		TLS: TLSConfig{
			InsecureSkipVerify: n.SkipSSLVerify || n.InsecureSkipVerify || n.SkipVerify != nil && *n.SkipVerify,
		},
		Template: isTemplate(*n.URL),
	}
	user, pass := n.AuthUsername, n.AuthPassword
	if user == "" && pass == "" {
		user, pass = n.BasicAuthUser, n.BasicAuthPass
	}
	if user != "" || pass != "" {
		c.Auth.Basic = auth.BasicConfig{User: user, Password: auth.Source{Value: auth.Secret(pass)}}
	}
	if c.Template {
		// Nightingale's headers are never templates.
		for name, value := range c.Headers {
			c.Headers[name] = strings.ReplaceAll(value, "{{", `{{"{{"}}`)
		}
	}
	return c, nil
}

func (n *nightingale) check() error {
	const aDay = 24 * 60 * 60
	switch {
	case n.URL == nil:
		return errors.New("url: required")
	case n.Timeout < 0:
		return errors.New("timeout: must not be negative")
	case n.Timeout > aDay*1000:
		return errors.New("timeout: is longer than a day")
	case n.Body != "":
		return errors.New("body: is not used; the message is the body")
	case n.Enable != nil && !*n.Enable:
		return errors.New("enable: the webhook is not enabled")
	case n.RetryCount != 0 || n.RetryInterval != 0:
		return errors.New("retry_count, retry_interval: belong to a RetryPolicy")
	case n.Batch != 0:
		return errors.New("batch: is not used; each message is one event")
	case n.isGlobal() && (n.Header != nil || n.AuthUsername != "" || n.AuthPassword != "" || n.SkipSSLVerify || n.Proxy != "" || n.InsecureSkipVerify):
		return errors.New("has keys of the global webhook and of a processor: the unit of the timeout cannot be told")
	case (n.AuthUsername != "" || n.AuthPassword != "") && (n.BasicAuthUser != "" || n.BasicAuthPass != ""):
		return errors.New("auth_username, basic_auth_user: exclude each other")
	case len(n.Headers) > 0 && len(n.HeadersStr) > 0:
		return errors.New("headers, headers_str: exclude each other")
	case len(n.HeadersStr)%2 != 0:
		return errors.New("headers_str: wants a value for each name")
	}
	return nil
}

// headers returns the headers, whichever of the three forms they have.
func (n *nightingale) headers() (map[string]string, error) {
	switch {
	case n.Header != nil:
		return n.Header, nil
	case n.Headers != nil:
		return n.Headers, nil
	}
	var headers map[string]string
	for i := 0; i+1 < len(n.HeadersStr); i += 2 {
		if headers == nil {
			headers = make(map[string]string)
		}
		if _, twice := headers[n.HeadersStr[i]]; twice {
			return nil, errors.New("headers_str: names a header twice")
		}
		headers[n.HeadersStr[i]] = n.HeadersStr[i+1]
	}
	return headers, nil
}

// nightingaleHeader is an object, or a list of {key, value} as web forms have
// stored it.
type nightingaleHeader map[string]string

func (h *nightingaleHeader) UnmarshalJSON(data []byte) error {
	if len(data) == 0 || data[0] != '[' {
		return confjson.Decode(data, (*map[string]string)(h))
	}
	var list []struct {
		Key   string `json:"key"`
		Value string `json:"value"`
	}
	if err := confjson.Decode(data, &list); err != nil {
		return err
	}
	*h = make(nightingaleHeader, len(list))
	for _, e := range list {
		if _, twice := (*h)[e.Key]; twice {
			return errors.New("names a header twice")
		}
		(*h)[e.Key] = e.Value
	}
	return nil
}
