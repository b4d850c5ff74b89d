package callback_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/assert/yaml"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/auth"
	"github.com/alertwire/alertwire/callback"
)

func ExampleParseConfig() {
	c, err := callback.ParseConfig([]byte(`{
		"url": "https://ops.example/alerts",
		"headers": {"X-Team": "storage"},
		"auth": {"bearer": "t0ken"},
		"timeout": "5s",
		"network": "public"
	}`))
	fmt.Println(c, c.Timeout, err)

	_, err = callback.ParseConfig([]byte("{\n\"url\": \"https://ops.example\",\n\"time_out\": \"5s\"\n}"))
	fmt.Println(err)
	// Output:
	// POST https://ops.example 5s <nil>
	// callback: config: line 3: unknown key "time_out"
}

// full has every key that does not exclude another.
const full = `{
	"type": "basic", "url": "https://h.example/p", "method": "PUT", "body_on_get": true,
	"headers": {"X-A": "1"}, "cookies": {"a": "b"}, "auth": {"basic": ["u", {"env": "ALERTWIRE_TEST_PASSWORD"}]},
	"timeout": "1m30s", "https_only": true, "ports": [443], "network": "public", "allow": ["10.1.0.0/16", "fd00::/8"],
	"proxy": "http://proxy.example:3128", "proxy_trusted": true,
	"tls": {"ca_file": "ca.pem", "cert_file": "c.pem", "key_file": "k.pem", "server_name": "s.example", "min_version": "1.3",
		"insecure_skip_verify": true},
	"reply_limit": 1024, "template": true
}`

func fullConfig() callback.Config {
	return callback.Config{
		Type: "basic", URL: "https://h.example/p", Method: "PUT", BodyOnGet: true,
		Headers: map[string]string{"X-A": "1"}, Cookies: map[string]string{"a": "b"},
		Auth:    auth.Config{Basic: auth.BasicConfig{User: "u", Password: auth.Source{Env: "ALERTWIRE_TEST_PASSWORD"}}},
		Timeout: 90 * time.Second, HTTPSOnly: true, Ports: []int{443}, Network: callback.NetworkPublic,
		Allow: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("fd00::/8")},
		Proxy: "http://proxy.example:3128", ProxyTrusted: true,
		TLS: callback.TLSConfig{
			CAFile: "ca.pem", CertFile: "c.pem", KeyFile: "k.pem", ServerName: "s.example", MinVersion: "1.3",
			InsecureSkipVerify: true,
		},
		ReplyLimit: 1024, Template: true,
	}
}

func TestConfigFormsAreTheSame(t *testing.T) {
	c, err := callback.ParseConfig([]byte(full))
	require.NoError(t, err)
	assert.Equal(t, fullConfig(), c)

	var fromJSON, fromYAML, again callback.Config
	require.NoError(t, json.Unmarshal([]byte(full), &fromJSON))
	assert.Equal(t, c, fromJSON)
	require.NoError(t, yaml.Unmarshal([]byte(strings.ReplaceAll(full, "\t", "  ")), &fromYAML))
	assert.Equal(t, c, fromYAML)

	text, err := json.Marshal(c)
	require.NoError(t, err)
	again, err = callback.ParseConfig(text)
	require.NoError(t, err)
	assert.Equal(t, c, again)

	text, err = json.Marshal(callback.Config{URL: "u"})
	require.NoError(t, err)
	assert.JSONEq(t, `{"url":"u"}`, string(text))
}

func TestConfigPrintsNoSecret(t *testing.T) {
	const canary = "c4n4ry"
	c := callback.Config{
		URL: "https://" + canary + ":" + canary + "@h.example/" + canary + "?" + canary, Headers: map[string]string{"A": canary},
		Cookies: map[string]string{"A": canary}, Proxy: "http://u:" + canary + "@p", TLS: callback.TLSConfig{Key: canary},
		Auth: auth.Config{Bearer: auth.Sources{{Value: canary}}},
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("made", "config", c, "pointer", &c)
	for _, text := range []string{
		c.String(), fmt.Sprint(c), fmt.Sprintf("%+v %#v %s %q %x", c, c, c, c, c.TLS.Key), fmt.Sprintf("%v", &c), log.String(),
		fmt.Sprintf("%+v", struct{ C callback.Config }{c}),
	} {
		assert.NotContains(t, text, canary)
		assert.Contains(t, text, "https://h.example")
	}
	assert.Equal(t, "POST invalid URL", callback.Config{URL: canary}.String())
	assert.Equal(t, "POST https://h.example", callback.Config{URL: "https://h.example/{{ .Key }}"}.String())
}

func TestParseConfigRefuses(t *testing.T) {
	for text, want := range map[string]string{
		`{"url": "u", "timeout": 10}`:                    "timeout: want a duration",
		`{"url": "u", "timeout": "10"}`:                  "timeout: want a duration",
		`{"url": "u", "tls": {"ca": "x", "cafile": ""}}`: `tls: unknown key "cafile"`,
		`{"url": "u", "auth": {"bearr": "x"}}`:           "auth",
		`{"url": "u", "allow": ["10.0.0.1"]}`:            "allow[0]",
		`{"url": "u", "url": "v"}`:                       "given twice",
		`{"URL": "u"}`:                                   `it is spelled "url"`,
		`[]`:                                             "want an object",
		``:                                               "empty",
	} {
		_, err := callback.ParseConfig([]byte(text))
		require.ErrorContains(t, err, want, text)
		require.ErrorContains(t, err, "callback: config: line 1")
	}
}

// A YAML library passes over what it does not know, unless it is told not to.
func TestYAMLIsReadAsStrictlyAsJSON(t *testing.T) {
	for text, want := range map[string]string{
		"url: u\nnetwrok: public":            `callback: config: line 2: unknown key "netwrok"`,
		"url: u\nURL: v":                     `unknown key "URL"`,
		"url: u\ntls: {ca_fle: x}":           `line 2: tls: unknown key "ca_fle"`,
		"url: u\nauth: {bearr: x}":           "bearr",
		"url: u\nurl: v":                     `line 2: key "url" is given twice`,
		"url: u\ntimeout: 10":                "line 2: timeout: want a duration",
		"url: u\nallow: [10.0.0.1]":          "line 2: allow[0]: want a prefix such as 10.0.0.0/8",
		"- url: u":                           "want a mapping",
		"url: u\ninsecure_skip_verify: true": `unknown key "insecure_skip_verify"`,
	} {
		var c callback.Config
		require.ErrorContains(t, yaml.Unmarshal([]byte(text), &c), want, text)
	}
	var retry callback.RetryPolicy
	require.ErrorContains(t, yaml.Unmarshal([]byte("attempt: 3"), &retry), `unknown key "attempt"`)
	var breaker callback.BreakerPolicy
	require.ErrorContains(t, yaml.Unmarshal([]byte("cool: 3s"), &breaker), `unknown key "cool"`)
}

// Each mistake is found by New, which names the key and repeats no value.
func TestNewRefuses(t *testing.T) {
	const canary = "c4n4ry"
	const ok = "https://h.example/"
	tests := []struct {
		name string
		c    callback.Config
		want string
	}{
		{"no URL", callback.Config{}, "url: required"},
		{"no scheme", callback.Config{URL: canary + ".example/"}, "url: want scheme://host"},
		{"other scheme", callback.Config{URL: "ftp://" + canary}, "url: want the scheme"},
		{"no host", callback.Config{URL: "https:///" + canary}, "url"},
		{"only a port", callback.Config{URL: "https://:80/"}, "url: has no host"},
		{"space before", callback.Config{URL: " " + ok}, "url: not a valid URL"},
		{"space behind", callback.Config{URL: ok + canary + " "}, "url: ends with white space"},
		{"bad escape", callback.Config{URL: ok + "%zz" + canary}, "url: not a valid URL"},
		{"control character", callback.Config{URL: ok + canary + "\n"}, "url: not a valid URL"},
		{"fragment", callback.Config{URL: ok + "#" + canary}, "url: has a fragment"},
		{"port 0", callback.Config{URL: "https://h.example:0/"}, "url: has a port"},
		{"port 65536", callback.Config{URL: "https://h.example:65536/"}, "url: has a port"},
		{"host beyond ASCII", callback.Config{URL: "https://\uff11\uff12\uff17.0.0.1/"}, "url: has a host that is not ASCII"},
		{"template without leave", callback.Config{URL: ok + "{{ .Key }}"}, "url: holds"},
		{"long URL", callback.Config{URL: ok + strings.Repeat("a", 8<<10)}, "url: longer than"},
		{"user info and credentials", callback.Config{URL: "https://u:" + canary + "@h/", Auth: auth.Config{Bearer: auth.Sources{{Value: "t"}}}}, "url: has user info"},
		{"user info with a control character", callback.Config{URL: "https://u:%00" + canary + "@h/"}, "url: user info"},
		{"http under https_only", callback.Config{URL: "http://h/", HTTPSOnly: true}, "url: want https"},
		{"port not listed", callback.Config{URL: ok, Ports: []int{8443}}, "url: has a port that is not one of ports"},
		{"port list", callback.Config{URL: ok, Ports: []int{443, 65536}}, "ports: want numbers"},
		{"method", callback.Config{URL: ok, Method: "post"}, "method: want"},
		{"negative timeout", callback.Config{URL: ok, Timeout: -1}, "timeout: must not be negative"},
		{"negative limit", callback.Config{URL: ok, ReplyLimit: -1}, "reply_limit: must not be negative"},
		{"type", callback.Config{URL: ok, Type: "other"}, "type: want"},
		{"network", callback.Config{URL: ok, Network: "all"}, "network: want"},
		{"allow without need", callback.Config{URL: ok, Allow: prefixes("10.0.0.0/8")}, "allow: means something"},
		{"allow nothing", callback.Config{URL: ok, Network: "public", Allow: []netip.Prefix{{}}}, "allow: want prefixes"},
		{"allow mapped", callback.Config{URL: ok, Network: "public", Allow: prefixes("::ffff:10.0.0.0/104")}, "allow: want prefixes"},
		{"header twice", callback.Config{URL: ok, Headers: map[string]string{"a": "1", "A": "2"}}, "headers: A is given twice"},
		{"header value", callback.Config{URL: ok, Headers: map[string]string{"A": canary + "\r\nB: c"}}, `headers: "A": the value has a control character`},
		{"header of the credentials", callback.Config{URL: ok, Headers: map[string]string{"authorization": canary}, Auth: auth.Config{Bearer: auth.Sources{{Value: "t"}}}}, `headers: "authorization": refused`},
		{"cookie name", callback.Config{URL: ok, Cookies: map[string]string{"a b": canary}}, "cookies:"},
		{"cookie value", callback.Config{URL: ok, Cookies: map[string]string{"a": canary + ";b=c"}}, "cookies: a: has a character"},
		{"cookies twice", callback.Config{URL: ok, Cookies: map[string]string{"a": "b"}, Headers: map[string]string{"Cookie": "c=d"}}, "cookies: there is a header"},
		{"empty secret", callback.Config{URL: ok, Auth: auth.Config{Bearer: auth.Sources{{Value: ""}}}}, "auth: auth: bearer"},
		{"missing variable", callback.Config{URL: ok, Auth: auth.Config{Bearer: auth.Sources{{Env: "ALERTWIRE_TEST_UNSET"}}}}, "ALERTWIRE_TEST_UNSET"},
		{"proxy scheme", callback.Config{URL: ok, Proxy: "ftp://p"}, "proxy: want the scheme"},
		{"proxy without host", callback.Config{URL: ok, Proxy: canary}, "proxy: not a valid URL"},
		{"proxy with a path", callback.Config{URL: ok, Proxy: "http://p/" + canary}, "proxy: has more than"},
		{"proxy under public", callback.Config{URL: ok, Proxy: "http://p", Network: "public"}, "proxy: whether an address is public"},
		{"private literal behind a proxy", callback.Config{URL: "https://10.0.0.1/", Proxy: "http://p", ProxyTrusted: true, Network: "public"}, "10.0.0.1"},
		{"metadata behind a proxy", callback.Config{URL: "http://169.254.169.254/", Proxy: "http://p"}, "no setting permits"},
		{"TLS version", callback.Config{URL: ok, TLS: callback.TLSConfig{MinVersion: "1.1"}}, "tls.min_version: want"},
		{"CA twice", callback.Config{URL: ok, TLS: callback.TLSConfig{CA: "x", CAFile: "y"}}, "tls.ca: is given"},
		{"certificate twice", callback.Config{URL: ok, TLS: callback.TLSConfig{Cert: "x", CertFile: "y", Key: "z"}}, "tls.cert: is given"},
		{"key twice", callback.Config{URL: ok, TLS: callback.TLSConfig{Cert: "x", Key: "y", KeyFile: "z"}}, "tls.key: is given"},
		{"certificate without key", callback.Config{URL: ok, TLS: callback.TLSConfig{Cert: "x"}}, "tls.cert: certificate and key"},
		{"key without certificate", callback.Config{URL: ok, TLS: callback.TLSConfig{Key: canary}}, "tls.cert: certificate and key"},
		{"CA is no PEM", callback.Config{URL: ok, TLS: callback.TLSConfig{CA: canary}}, "tls.ca: no certificate"},
		{"certificate is no PEM", callback.Config{URL: ok, TLS: callback.TLSConfig{Cert: canary, Key: canary}}, "tls.cert:"},
		{"no CA file", callback.Config{URL: ok, TLS: callback.TLSConfig{CAFile: "testdata/none"}}, "tls.ca_file:"},
		{"no certificate file", callback.Config{URL: ok, TLS: callback.TLSConfig{CertFile: "testdata/none", Key: "x"}}, "tls.cert_file:"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w, err := callback.New(tt.c, callback.Options{})
			require.ErrorContains(t, err, "callback: config: ")
			require.ErrorContains(t, err, tt.want)
			assert.NotContains(t, err.Error(), canary)
			assert.Nil(t, w)
		})
	}
}

func TestOptionsThatContradictTheConfig(t *testing.T) {
	for name, c := range map[string]callback.Config{
		"network": {Network: callback.NetworkPrivate},
		"allow":   {Allow: prefixes("10.0.0.0/8")},
		"proxy":   {Proxy: "http://p"},
		"tls":     {TLS: callback.TLSConfig{ServerName: "x"}},
	} {
		c.URL = "https://h/"
		_, err := callback.New(c, callback.Options{Client: http.DefaultClient})
		assert.ErrorContains(t, err, name+": has no effect on Options.Client")
	}
	_, err := callback.New(callback.Config{URL: "https://h/"}, callback.Options{
		Wrap: func(http.RoundTripper) http.RoundTripper { return nil },
	})
	assert.ErrorContains(t, err, "Options.Wrap")
	key, err := auth.NewBearer("t")
	require.NoError(t, err)
	_, err = callback.New(callback.Config{URL: "https://u:p@h/"}, callback.Options{Signer: key})
	assert.ErrorContains(t, err, "url: has user info")
}

func prefixes(texts ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, s := range texts {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

// What New accepts names a host, and has none of it in its name but that.
func FuzzParseConfig(f *testing.F) {
	f.Add([]byte(full))
	f.Add([]byte(`{"url": "https://user:c4n4ry@h.example:8443/c4n4ry?c4n4ry", "headers": {"A": "c4n4ry"}}`))
	f.Add([]byte(`{"url": "http://[::1]:80/{{ $labels.a }}?b={{ .Key }}", "template": true}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := callback.ParseConfig(data)
		if err != nil {
			require.NotContains(t, err.Error(), "c4n4ry")
			return
		}
		c.Auth, c.TLS = auth.Config{}, callback.TLSConfig{} // no files, no variables
		w, err := callback.New(c, callback.Options{})
		if err != nil {
			require.NotContains(t, err.Error(), "c4n4ry/") // a key may have the name
			return
		}
		require.Regexp(t, `^https?://[!-~]+$`, w.Endpoint())
		require.NotContains(t, w.Endpoint(), "@")
	})
}
