package callback

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxURL bounds the URL, in bytes, before and after its templates.
const maxURL = 8 << 10

// A target is where the messages of a Config go.
type target struct {
	method   string
	url      *url.URL      // without user info; of a template, only the origin
	user     *url.Userinfo // nil if there was none
	timeout  time.Duration
	limit    int64
	sendBody bool
}

// target checks what c says about where to send. Its errors begin with the key.
func (c Config) target() (*target, error) {
	t := &target{method: c.Method, timeout: c.Timeout, limit: c.ReplyLimit}
	switch t.method {
	case "":
		t.method = defaultMethod
	case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
	default:
		return nil, errors.New("method: want GET, POST, PUT, PATCH or DELETE")
	}
	t.sendBody = t.method != http.MethodGet || c.BodyOnGet
	switch {
	case t.timeout < 0:
		return nil, errors.New("timeout: must not be negative")
	case t.timeout == 0:
		t.timeout = defaultTimeout
	}
	switch {
	case t.limit < 0:
		return nil, errors.New("reply_limit: must not be negative")
	case t.limit == 0:
		t.limit = defaultReply
	}
	if err := t.setURL(c); err != nil {
		return nil, fmt.Errorf("url: %w", err)
	}
	return t, c.checkPort(t.url)
}

// setURL reads the URL. Its errors repeat nothing of it, for it may hold a
// secret anywhere.
func (t *target) setURL(c Config) error {
	raw := c.URL
	switch {
	case raw == "":
		return errors.New("required")
	case len(raw) > maxURL:
		return fmt.Errorf("longer than %d bytes", maxURL)
	case !c.Template && strings.Contains(raw, "{{"):
		return errors.New(`holds "{{", but template is not set`)
	}
	start, rest, ok := splitOrigin(raw)
	if !ok {
		return errors.New("want scheme://host")
	}
	if !isTemplate(rest) {
		start += rest
	}
	u, err := url.Parse(start)
	if err != nil {
		return errors.New("not a valid URL")
	}
	if strings.TrimSpace(raw) != raw {
		return errors.New("ends with white space, which would be sent")
	}
	if err := checkURL(u); err != nil {
		return err
	}
	if c.HTTPSOnly && u.Scheme != "https" {
		return errors.New("want https, as https_only is set")
	}
	u.RawQuery = encodeQuery(u.RawQuery)
	t.user, u.User = u.User, nil
	t.url = u
	return nil
}

func checkURL(u *url.URL) error {
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return errors.New("want the scheme http or https")
	case u.Hostname() == "":
		return errors.New("has no host")
	case strings.ContainsFunc(u.Host, func(r rune) bool { return r > '~' || r <= ' ' }):
		return errors.New("has a host that is not ASCII: write it in its xn-- form")
	case u.Fragment != "":
		return errors.New("has a fragment, which is never sent")
	}
	if p := u.Port(); p != "" {
		if n, err := strconv.Atoi(p); err != nil || n < 1 || n > 65535 {
			return errors.New("has a port that is not between 1 and 65535")
		}
	}
	return nil
}

func (c Config) checkPort(u *url.URL) error {
	for _, p := range c.Ports {
		if p < 1 || p > 65535 {
			return errors.New("ports: want numbers between 1 and 65535")
		}
	}
	if len(c.Ports) > 0 && !slices.Contains(c.Ports, portOf(u)) {
		return errors.New("url: has a port that is not one of ports")
	}
	return nil
}

// portOf returns the port that u has, given or implied.
func portOf(u *url.URL) int {
	if n, err := strconv.Atoi(u.Port()); err == nil {
		return n
	}
	if u.Scheme == "https" {
		return 443
	}
	return 80
}

// splitOrigin splits raw behind its authority, and drops the colon of a port
// that is not there. It reports false if raw does not begin with
// scheme://authority.
func splitOrigin(raw string) (start, rest string, ok bool) {
	i := strings.Index(raw, "://")
	if i <= 0 || strings.ContainsAny(raw[:i], "/?#{") {
		return "", "", false
	}
	i += len("://")
	end := strings.IndexAny(raw[i:], "/?#")
	if end < 0 {
		end = len(raw) - i
	}
	if strings.Contains(raw[:i+end], "{{") {
		return "", "", false
	}
	return strings.TrimSuffix(raw[:i+end], ":"), raw[i+end:], end > 0
}

// encodeQuery escapes the bytes of a query that may not stand in a request
// line. net/http sends it as it is.
func encodeQuery(q string) string {
	var b strings.Builder
	for i := range len(q) {
		if q[i] > ' ' && q[i] <= '~' {
			b.WriteByte(q[i])
		} else {
			fmt.Fprintf(&b, "%%%02X", q[i])
		}
	}
	return b.String()
}
