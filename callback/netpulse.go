package callback

import (
	"errors"
	"fmt"
	"time"

	"github.com/alertwire/alertwire/auth"
	"github.com/alertwire/alertwire/internal/confjson"
)

// What NetPulse does unless its settings say otherwise.
const (
	netPulseTimeout    = 5.0 // seconds
	netPulseMinTimeout = 0.5
	netPulseMaxTimeout = 120
	netPulseRetries    = 3
	netPulseMaxRetries = 10
	netPulseMaxWait    = 7 * 24 * 60 * 60 // ours: a week, in seconds
)

// ParseNetPulse reads the webhook object of a NetPulse request: name, which
// becomes Config.Type, url, method, headers, cookies, auth as a pair, timeout in
// seconds from 0.5 to 120 (5 if absent), max_retries from 0 to 10 (3), and
// retry_intervals in seconds (10, 30, 120), of which the last repeats. Whether
// somebody makes callers of that name is checked by [Registry.New].
//
// The retries are those of the policy: what cannot succeed is not tried again,
// and a Retry-After can make a wait longer. An unknown key, an empty list of
// intervals and a negative interval are errors.
func ParseNetPulse(config []byte) (Config, RetryPolicy, error) {
	n := netPulse{Timeout: netPulseTimeout, MaxRetries: netPulseRetries, RetryIntervals: []int64{10, 30, 120}}
	err := confjson.Decode(config, &n)
	if err == nil {
		err = n.check()
	}
	if err != nil {
		return Config{}, RetryPolicy{}, fmt.Errorf("callback: netpulse: %w", err)
	}
	c := Config{
		Type:    n.Name,
		URL:     *n.URL,
		Method:  n.Method,
		Headers: n.Headers,
		Cookies: n.Cookies,
		Timeout: time.Duration(n.Timeout * float64(time.Second)),
	}
	if n.Auth != nil {
		user, pass := n.Auth[0], n.Auth[1]
		c.Auth.Basic = auth.BasicConfig{User: user, Password: auth.Source{Value: auth.Secret(pass)}, AllowEmptyPassword: pass == ""}
	}
	p := RetryPolicy{Attempts: n.MaxRetries + 1}
	for _, s := range n.RetryIntervals {
		p.Waits = append(p.Waits, time.Duration(s)*time.Second)
	}
	return c, p, nil
}

type netPulse struct {
	Name           string            `json:"name"`
	URL            *string           `json:"url"`
	Method         string            `json:"method"`
	Headers        map[string]string `json:"headers"`
	Cookies        map[string]string `json:"cookies"`
	Auth           []string          `json:"auth"`
	Timeout        float64           `json:"timeout"`
	MaxRetries     int               `json:"max_retries"`
	RetryIntervals []int64           `json:"retry_intervals"`
}

func (n *netPulse) check() error {
	switch {
	case n.URL == nil:
		return errors.New("url: required")
	case n.Auth != nil && (len(n.Auth) != 2 || n.Auth[0]+n.Auth[1] == ""):
		return errors.New("auth: want a user and a password")
	case n.Timeout < netPulseMinTimeout || n.Timeout > netPulseMaxTimeout:
		return errors.New("timeout: want 0.5 to 120 seconds")
	case n.MaxRetries < 0 || n.MaxRetries > netPulseMaxRetries:
		return errors.New("max_retries: want 0 to 10")
	case len(n.RetryIntervals) == 0:
		return errors.New("retry_intervals: must not be empty")
	}
	for _, s := range n.RetryIntervals {
		if s < 0 || s > netPulseMaxWait {
			return errors.New("retry_intervals: want seconds, from 0 to a week")
		}
	}
	return nil
}
