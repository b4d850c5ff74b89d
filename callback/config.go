package callback

import (
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"time"

	"github.com/alertwire/alertwire/auth"
	"github.com/alertwire/alertwire/internal/confjson"
)

// A Config says where and how messages go. It is plain data, the same in JSON,
// YAML and code; durations are texts such as "10s" in the first two. The zero
// value of each field is a default, and only the URL is required. [New] checks
// it all. Printed with fmt or slog it names scheme and host only.
type Config struct {
	// Type is the name under which a [Registry] finds the maker of the Caller.
	// Empty means "basic", which is [New].
	Type string `json:"type,omitempty" yaml:"type,omitempty"`
	// URL is where to send. The scheme is http or https. A user and password in
	// it are sent as Basic authentication, and stand in the URL no more.
	URL string `json:"url" yaml:"url"`
	// Method is GET, POST, PUT, PATCH or DELETE. Empty means POST.
	Method string `json:"method,omitempty" yaml:"method,omitempty"`
	// BodyOnGet sends the body of the message with GET too. Without it a GET
	// has none, as receivers expect.
	BodyOnGet bool `json:"body_on_get,omitempty" yaml:"body_on_get,omitempty"`
	// Headers are sent with every message. Refused are names that the sender or
	// its Auth sets itself, and those that steer the connection.
	Headers map[string]string `json:"headers,omitempty" yaml:"headers,omitempty"`
	// Cookies are sent with every message, in the order of their names.
	Cookies map[string]string `json:"cookies,omitempty" yaml:"cookies,omitempty"`
	// Auth are the credentials.
	Auth auth.Config `json:"auth,omitzero" yaml:"auth,omitempty"`
	// Timeout bounds one attempt, from dialling to the last byte of the reply
	// that is read. Zero means 10 s.
	Timeout time.Duration `json:"timeout,omitempty" yaml:"timeout,omitempty"`
	// HTTPSOnly refuses a URL with the scheme http.
	HTTPSOnly bool `json:"https_only,omitempty" yaml:"https_only,omitempty"`
	// Ports are the ports that the URL may have, given or implied. Empty means
	// all.
	Ports []int `json:"ports,omitempty" yaml:"ports,omitempty"`
	// Network says which addresses may be dialled. Empty means NetworkPrivate.
	Network Network `json:"network,omitempty" yaml:"network,omitempty"`
	// Allow lists prefixes, such as 10.1.0.0/16, of private addresses that may be
	// dialled although Network is NetworkPublic.
	Allow []netip.Prefix `json:"allow,omitempty" yaml:"allow,omitempty"`
	// Proxy is the URL of a proxy, with the scheme http, https, socks5 or socks5h,
	// or "env", which means that HTTP_PROXY, HTTPS_PROXY and NO_PROXY decide.
	// Empty means none: the environment is not consulted.
	Proxy string `json:"proxy,omitempty" yaml:"proxy,omitempty"`
	// ProxyTrusted says that the proxy keeps private addresses from being
	// reached, which this side cannot see through it. NetworkPublic with a Proxy
	// demands it. The address of the proxy itself may then be private.
	ProxyTrusted bool `json:"proxy_trusted,omitempty" yaml:"proxy_trusted,omitempty"`
	// TLS are the settings for https.
	TLS TLSConfig `json:"tls,omitzero" yaml:"tls,omitempty"`
	// ReplyLimit is how many bytes of a reply are kept, decoded. Zero means
	// 64 KiB.
	ReplyLimit int64 `json:"reply_limit,omitempty" yaml:"reply_limit,omitempty"`
	// Template says that the path and query of URL and the values of Headers are
	// templates: what stands in {{ }} is filled in from each message.
	//
	//	https://ops.example/teams/{{ $labels.team }}?rule={{ $event.rule_name }}
	//
	// The variables are $event, which is the body decoded from JSON; $labels, its
	// tags_map, labels or commonLabels; $value, its trigger_value or value; and
	// $message with ID, Type, Key and Time, which is written in UTC as of RFC 3339
	// and has the methods Format, UTC, Unix and UnixMilli of package time: Format
	// alone keeps the zone that the Message has. Members go by their JSON name,
	// those of $event also by the name of a Go field (RuleName for rule_name).
	//
	// The language is that of text/template with if and with, and the functions
	// and, or, not, eq, ne, lt, le, gt, ge, len, index, slice, print, printf,
	// lower, upper and default. Each value is escaped for the place in which it
	// stands: it can add no parameter, leave no folder and end no header. A value
	// that is missing, or that is empty in the path, is an error of ClassTemplate,
	// and nothing is sent. {{ if index $labels "team" }} asks whether there is one,
	// and {{ index $labels "team" | default "none" }} does without.
	Template bool `json:"template,omitempty" yaml:"template,omitempty"`
}

// A Network says which addresses may be dialled. Addresses that are link-local,
// of a cloud's metadata service, multicast, reserved or for documentation never
// are. The address is judged after the name was resolved, on every dial.
type Network string

// The networks.
const (
	// NetworkPrivate permits the public network and private addresses:
	// loopback, RFC 1918, unique local and carrier-grade NAT. It is for URLs
	// that the operator wrote, and the default.
	NetworkPrivate Network = "private"
	// NetworkPublic permits public addresses and those in Config.Allow. Every
	// program that takes URLs from its users sets it.
	NetworkPublic Network = "public"
)

// A TLSConfig are the settings for https. Files are read by [New] and again
// when they change. Each thing is given by a file or inline, not both.
type TLSConfig struct {
	// CAFile and CA are certificates in PEM to trust in place of the system's.
	CAFile string `json:"ca_file,omitempty" yaml:"ca_file,omitempty"`
	CA     string `json:"ca,omitempty" yaml:"ca,omitempty"`
	// CertFile and Cert are the client certificate in PEM, leaf first.
	CertFile string `json:"cert_file,omitempty" yaml:"cert_file,omitempty"`
	Cert     string `json:"cert,omitempty" yaml:"cert,omitempty"`
	// KeyFile and Key are the key of the client certificate in PEM.
	KeyFile string      `json:"key_file,omitempty" yaml:"key_file,omitempty"`
	Key     auth.Secret `json:"key,omitempty" yaml:"key,omitempty"`
	// ServerName is asked for and verified in place of the host of the URL.
	ServerName string `json:"server_name,omitempty" yaml:"server_name,omitempty"`
	// MinVersion is "1.2" or "1.3". Empty means "1.2".
	MinVersion string `json:"min_version,omitempty" yaml:"min_version,omitempty"`
	// InsecureSkipVerify accepts every certificate, of the receiver and of a
	// proxy: whoever sits on the path can read and change what is sent. New logs
	// it at level Warn.
	InsecureSkipVerify bool `json:"insecure_skip_verify,omitempty" yaml:"insecure_skip_verify,omitempty"`
}

// ParseConfig reads a Config from JSON. An unknown key, a key that is given
// twice and a value of the wrong type are errors that name the key and the line.
// What the values mean is checked by [New]. YAML is read as strictly by the
// Unmarshal of yaml.v3 and those that call UnmarshalYAML likewise.
//
// A Config is the operator's. It names files and environment variables of this
// machine, whose content is sent to the URL, and says itself which network is
// open: from a user take the URL, and what else you mean to let them set, and
// put that into a Config of your own.
func ParseConfig(data []byte) (Config, error) {
	var c Config
	if err := c.UnmarshalJSON(data); err != nil {
		return Config{}, configError(err)
	}
	return c, nil
}

// UnmarshalJSON reads c as [ParseConfig] does.
func (c *Config) UnmarshalJSON(data []byte) error {
	type plain Config // without this method
	return confjson.Decode(data, (*plain)(c))
}

// UnmarshalYAML refuses keys that it does not know, as UnmarshalJSON does and most
// YAML libraries do not: a misspelt network must not leave addresses unjudged.
func (c *Config) UnmarshalYAML(decode func(any) error) error {
	type plain Config
	if err := confjson.DecodeYAML(decode, (*plain)(c)); err != nil {
		return configError(err)
	}
	return nil
}

// MarshalJSON returns what ParseConfig reads, but that inline secrets of Auth
// and TLS are replaced by "[redacted]". URL, Headers, Cookies and Proxy, which
// may hold secrets too, are not.
func (c Config) MarshalJSON() ([]byte, error) {
	type plain Config
	return confjson.Encode(plain(c))
}

// String returns method, scheme and host, and nothing that may be secret.
func (c Config) String() string {
	method := c.Method
	if method == "" {
		method = defaultMethod
	}
	return method + " " + origin(c.URL)
}

// GoString returns what String does.
func (c Config) GoString() string { return "callback.Config{" + c.String() + "}" }

// LogValue returns what String does.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }

// origin returns the scheme and host of a URL that may be a template, or
// "invalid URL".
func origin(raw string) string {
	start, _, ok := splitOrigin(raw)
	if u, err := url.Parse(start); ok && err == nil && u.Host != "" {
		return u.Scheme + "://" + u.Host
	}
	return "invalid URL"
}

// configError says that err is about a Config.
func configError(err error) error { return fmt.Errorf("callback: config: %w", err) }
