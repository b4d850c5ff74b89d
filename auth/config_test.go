package auth_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/assert/yaml"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/auth"
)

func parseConfig(t *testing.T, text string) auth.Config {
	t.Helper()
	var c auth.Config
	require.NoError(t, json.Unmarshal([]byte(text), &c))
	return c
}

func TestConfigForms(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		return filepath.ToSlash(path) // it goes into JSON as it is
	}
	one, two := file("one", "from-file\n"), file("two", "\r\nfirst\r\n\r\nsecond")
	t.Setenv("ALERTWIRE_TEST_TOKEN", "from-env")

	tests := []struct {
		name, text string
		want       http.Header // what Sign sets
		accepts    []string    // further headers that verify, name and value in turn
	}{
		{"pair", `{"basic": ["u", "p"]}`, http.Header{"Authorization": {basicHeader("u:p")}}, nil},
		{"pair, password in a file", `{"basic": ["u", {"file": "` + one + `"}]}`, http.Header{"Authorization": {basicHeader("u:from-file")}}, nil},
		{"pair, several passwords", `{"basic": ["u", {"file": "` + two + `"}]}`, http.Header{"Authorization": {basicHeader("u:first")}}, []string{"Authorization", basicHeader("u:second")}},
		{"object", `{"basic": {"user": "u", "password": {"env": "ALERTWIRE_TEST_TOKEN"}}}`, http.Header{"Authorization": {basicHeader("u:from-env")}}, nil},
		{"no password", `{"basic": {"user": "key", "allow_empty_password": true}}`, http.Header{"Authorization": {basicHeader("key:")}}, nil},
		{"no user", `{"basic": ["", "p"]}`, http.Header{"Authorization": {basicHeader(":p")}}, nil},
		{"bearer", `{"bearer": "tok"}`, http.Header{"Authorization": {"Bearer tok"}}, nil},
		{"bearers", `{"bearer": ["new", "old"]}`, http.Header{"Authorization": {"Bearer new"}}, []string{"Authorization", "Bearer old"}},
		{"bearer from a file", `{"bearer": {"file": "` + one + `"}}`, http.Header{"Authorization": {"Bearer from-file"}}, nil},
		{"bearers from everywhere", `{"bearer": ["inline", {"file": "` + two + `"}, {"env": "ALERTWIRE_TEST_TOKEN"}]}`,
			http.Header{"Authorization": {"Bearer inline"}}, []string{"Authorization", "Bearer from-env"}},
		{"header", `{"header": {"name": "x-api-key", "value": "k"}}`, http.Header{"X-Api-Key": {"k"}}, nil},
		{"bearer and header", `{"bearer": "tok", "header": {"name": "X-Key", "value": "k"}}`,
			http.Header{"Authorization": {"Bearer tok"}, "X-Key": {"k"}}, nil},
		{"github", `{"hmac": {"scheme": "github", "secret": "It's a Secret to Everybody"}}`,
			http.Header{"X-Hub-Signature-256": {"sha256=50b0123e6e44430d2c43ecca0ee520d961ffd326425c07859f70a57161c3ebcd"}}, nil},
		{"custom", `{"hmac": {"scheme": "custom", "custom": {"header": "X-Sig", "signed": "{body}"}, "secret": "s"}}`,
			http.Header{"X-Sig": {"143ca8d517ba1b181025d732b1cf275d90104fca57bb02a565542978aa18c4b6"}}, nil},
		{"null", `{"basic": null, "bearer": null, "header": null}`, http.Header{}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := parseConfig(t, tt.text)
			s := must(c.Strategy())
			r := get()
			require.NoError(t, s.Sign(r, []byte("{}")))
			assert.Equal(t, tt.want, r.Header)
			if !c.IsZero() {
				require.NoError(t, s.Verify(r, []byte("{}")))
			}
			if tt.accepts != nil {
				require.NoError(t, s.Verify(get(tt.accepts...), nil))
			}
			again := parseConfig(t, string(must(json.Marshal(c))))
			assert.Equal(t, c.IsZero(), again.IsZero())
		})
	}
}

// Editors put a byte order mark in front, and shells a line end behind. As a part
// of a key both would only show in that no signature ever matches.
func TestSecretsHaveNothingOfTheirFileInThem(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(path, []byte("\ufeffs3cret\r\n"), 0o600))
	t.Setenv("ALERTWIRE_TEST_SECRET", "s3cret\n")
	want := must(auth.NewHMAC(auth.GitHub(), auth.HMACOptions{Secrets: []auth.Secret{"s3cret"}}))
	for _, source := range []auth.Source{{File: path}, {Env: "ALERTWIRE_TEST_SECRET"}} {
		s := must(auth.Config{HMAC: auth.HMACConfig{Scheme: "github", Secret: auth.Sources{source}}}.Strategy())
		r := get()
		require.NoError(t, s.Sign(r, []byte("{}")))
		require.NoError(t, want.Verify(r, []byte("{}")))
	}
	t.Setenv("ALERTWIRE_TEST_SECRET", "\r\n")
	_, err := auth.Config{Bearer: auth.Sources{{Env: "ALERTWIRE_TEST_SECRET"}}}.Strategy()
	require.ErrorIs(t, err, auth.ErrEmptySecret)
}

func TestConfigErrors(t *testing.T) {
	dir := filepath.ToSlash(t.TempDir())
	path := func(name string, content []byte) string {
		p := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(p, content, 0o600))
		return filepath.ToSlash(p)
	}
	empty, large := path("empty", []byte("\n\n")), path("large", bytes.Repeat([]byte("a\n"), 32<<10+1))
	tests := []struct {
		name, text string
		wantErr    error
	}{
		{"empty bearer", `{"bearer": ""}`, auth.ErrEmptySecret},
		{"empty one of them", `{"bearer": ["a", ""]}`, auth.ErrEmptySecret},
		{"empty password", `{"basic": ["u", ""]}`, auth.ErrEmptySecret},
		{"header without a value", `{"header": {"name": "X-Key", "value": []}}`, auth.ErrEmptySecret},
		{"hmac without a secret", `{"hmac": {"scheme": "github", "secret": []}}`, auth.ErrEmptySecret},
		{"variable that is not set", `{"bearer": {"env": "ALERTWIRE_TEST_UNSET"}}`, auth.ErrEmptySecret},
		{"file that is not there", `{"bearer": {"file": "` + dir + `/none"}}`, os.ErrNotExist},
		{"file that is empty", `{"bearer": {"file": "` + empty + `"}}`, auth.ErrEmptySecret},
		{"file that is too large", `{"bearer": {"file": "` + large + `"}}`, auth.ErrBadSecret},
		{"file of 64 KiB", `{"bearer": {"file": "` + path("limit", bytes.Repeat([]byte("a\n"), 32<<10)) + `"}}`, nil},
		{"placeholder", `{"bearer": "[redacted]"}`, auth.ErrEmptySecret},
		{"key not base64", `{"hmac": {"scheme": "standard-webhooks", "secret": "whsec_?"}}`, auth.ErrBadSecret},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parseConfig(t, tt.text).Strategy()
			require.ErrorIs(t, err, tt.wantErr)
		})
	}

	full := path("full", []byte("s3cret"))
	for _, text := range []string{
		`{"hmac": {"scheme": "gitbuh", "secret": "s"}}`,
		`{"hmac": {"scheme": "", "secret": "s"}}`,
		`{"hmac": {"scheme": "custom", "secret": "s"}}`,
		`{"hmac": {"scheme": "github", "secret": "s", "custom": {"header": "X-Sig", "signed": "{body}"}}}`,
		`{"hmac": {"scheme": "github", "secret": "s", "timestamp_header": "X-Time"}}`,
		`{"hmac": {"scheme": "slack", "secret": "s", "tolerance": "-5m"}}`,
		`{"header": {"name": "Host", "value": "s"}}`,
		`{"query": {"name": "", "value": "s"}}`,
		`{"basic": ["a:b", "p"]}`,
		`{"basic": ["u", "p"], "bearer": "tok"}`,
		`{"bearer": "tok", "header": {"name": "authorization", "value": "Token t"}}`,
		`{"bearer": {"file": "` + full + `", "env": "HOME"}}`,
	} {
		_, err := parseConfig(t, text).Strategy()
		assert.Error(t, err, text)
	}
}

// What was meant to be credentials, but is empty, is not taken for none.
func TestEmptyCredentialsAreNotNone(t *testing.T) {
	for _, text := range []string{
		`{"basic": ["", ""]}`, `{"basic": {}}`, `{"basic": {"user": "", "password": ""}}`, `{"bearer": []}`,
		`{"bearer": ""}`, `{"header": {"value": []}}`, `{"query": {"name": ""}, "bearer": [""]}`, `{"hmac": {"secret": []}, "basic": ["", ""]}`,
	} {
		var c auth.Config
		err := json.Unmarshal([]byte(text), &c)
		if err == nil {
			assert.Equal(t, false, c.IsZero(), text)
			assert.NotEqual(t, "{}", string(must(json.Marshal(c))), text)
			_, err = c.Strategy()
		}
		require.Error(t, err, text)
	}
	var b struct{ Basic, Other auth.BasicConfig }
	require.ErrorIs(t, json.Unmarshal([]byte(`{"Basic": ["", ""]}`), &b), auth.ErrEmptySecret)

	data := must(json.Marshal(b)) // what is not set comes back as such
	assert.JSONEq(t, `{"Basic": null, "Other": null}`, string(data))
	require.NoError(t, json.Unmarshal(data, &b))
}

// A key that is not known would leave a webhook without credentials.
func TestConfigIsReadStrictly(t *testing.T) {
	for _, text := range []string{
		`{"bearrer": "` + canary + `"}`,
		`{"Bearer": "` + canary + `"}`,
		`{"bearer": {"path": "` + canary + `"}}`,
		`{"bearer": 5}`,
		`{"bearer": {"file": 5}}`,
		`{"bearer": [["` + canary + `"]]}`,
		`{"basic": ["u"]}`,
		`{"basic": ["u", "` + canary + `", "x"]}`,
		`{"basic": [{"file": "x"}, "` + canary + `"]}`,
		`{"basic": "` + canary + `"}`,
		`{"basic": {"username": "u", "password": "` + canary + `"}}`,
		`{"hmac": {"scheme": "slack", "secret": "` + canary + `", "tolerance": 300}}`,
		`{"hmac": {"secrets": "` + canary + `"}}`,
		`{"header": {"name": "X-Key", "values": "` + canary + `"}}`,
		`[]`,
	} {
		var c auth.Config
		err := json.Unmarshal([]byte(text), &c)
		if assert.Error(t, err, text) {
			assert.NotContains(t, err.Error(), canary)
		}
	}
}

func TestConfigPrintsNoSecret(t *testing.T) {
	c := auth.Config{
		Basic:  auth.BasicConfig{User: "u", Password: auth.Source{Value: canary}},
		Bearer: auth.Sources{{Value: canary}, {File: "/run/secrets/token"}, {Env: "TOKEN"}},
		Header: auth.NamedConfig{Name: "X-Key", Value: auth.Sources{{Value: canary}}},
		Query:  auth.NamedConfig{Name: "token", Value: auth.Sources{{Value: canary}}},
		HMAC:   auth.HMACConfig{Scheme: "slack", Secret: auth.Sources{{Value: canary}}, Tolerance: time.Minute},
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		assert.NotContains(t, fmt.Sprintf(verb, c), canary)
	}
	data, err := json.Marshal(c)
	require.NoError(t, err)
	assert.JSONEq(t, `{
		"basic": ["u", "[redacted]"],
		"bearer": ["[redacted]", {"file": "/run/secrets/token"}, {"env": "TOKEN"}],
		"header": {"name": "X-Key", "value": "[redacted]"},
		"query": {"name": "token", "value": "[redacted]"},
		"hmac": {"scheme": "slack", "secret": "[redacted]", "tolerance": "1m0s"}
	}`, string(data))

	var again auth.Config
	require.NoError(t, json.Unmarshal(data, &again))
	_, err = auth.Config{Header: again.Header}.Strategy()
	require.ErrorIs(t, err, auth.ErrEmptySecret, "what was redacted does not come back")
}

func TestZeroConfig(t *testing.T) {
	assert.Equal(t, true, auth.Config{}.IsZero())
	assert.Equal(t, "{}", string(must(json.Marshal(auth.Config{}))))
	s := must(auth.Config{}.Strategy())
	r := get()
	require.NoError(t, s.Sign(r, nil))
	assert.Empty(t, r.Header)
	for _, c := range []auth.Config{
		{Basic: auth.BasicConfig{User: "u"}}, {Bearer: auth.Sources{{}}}, {Header: auth.NamedConfig{Name: "X"}},
		{Query: auth.NamedConfig{Value: auth.Sources{{}}}}, {HMAC: auth.HMACConfig{AnyBody: true}},
	} {
		assert.Equal(t, false, c.IsZero())
		_, err := c.Strategy()
		assert.Error(t, err)
	}
}

// Several schemes are one signer: it declares all their headers, and signs with
// all of them or with none.
func TestConfigOfSeveralSchemes(t *testing.T) {
	s := must(auth.Config{
		Bearer: auth.Sources{{Value: "tok"}},
		Query:  auth.NamedConfig{Name: "key", Value: auth.Sources{{Value: "k"}}},
		HMAC:   auth.HMACConfig{Scheme: "standard-webhooks", Secret: auth.Sources{{Value: whsec}}},
	}.Strategy())
	signer, ok := s.(interface{ Headers() []string })
	require.Equal(t, true, ok)
	assert.ElementsMatch(t, []string{"Authorization", "Webhook-Timestamp", "Webhook-Signature"}, signer.Headers())

	require.ErrorIs(t, s.Sign(get(), []byte("{}")), auth.ErrMissing, "no id")
	r := get("Webhook-Id", "msg_1")
	require.NoError(t, s.Sign(r, []byte("{}")))
	require.NoError(t, s.Verify(r, []byte("{}")))
	r.URL.RawQuery = ""
	require.ErrorIs(t, s.Verify(r, []byte("{}")), auth.ErrMissing)
}

// What a YAML library does with the methods: it calls UnmarshalYAML with a
// function that decodes the node, and encodes what MarshalYAML returns.
func TestConfigYAMLMethods(t *testing.T) {
	node := func(text string) func(any) error {
		return func(v any) error { return json.Unmarshal([]byte(text), v) }
	}
	var list auth.Sources
	require.NoError(t, list.UnmarshalYAML(node(`"s"`)))
	assert.Equal(t, auth.Sources{{Value: "s"}}, list)
	require.NoError(t, list.UnmarshalYAML(node(`["s", {"file": "f"}]`)))
	assert.Equal(t, auth.Sources{{Value: "s"}, {File: "f"}}, list)
	require.Error(t, list.UnmarshalYAML(node(`5`)))

	var one auth.Source
	require.NoError(t, one.UnmarshalYAML(node(`{"env": "E"}`)))
	assert.Equal(t, auth.Source{Env: "E"}, one)
	assert.Equal(t, false, one.IsZero())

	var basic auth.BasicConfig
	require.NoError(t, basic.UnmarshalYAML(node(`["u", {"file": "f"}]`)))
	assert.Equal(t, auth.BasicConfig{User: "u", Password: auth.Source{File: "f"}}, basic)

	var whole auth.Config
	require.NoError(t, whole.UnmarshalYAML(node(`{"bearer": "s", "basic": null}`)))
	assert.Equal(t, auth.Config{Bearer: auth.Sources{{Value: "s"}}}, whole)
	require.ErrorContains(t, whole.UnmarshalYAML(node(`{"bearrer": "s"}`)), "bearrer")
	require.Error(t, whole.UnmarshalYAML(node(`["s"]`)))

	for _, v := range []interface{ MarshalYAML() (any, error) }{
		auth.Source{Value: canary}, auth.Sources{{Value: canary}}, auth.BasicConfig{User: "u", Password: auth.Source{Value: canary}},
	} {
		form, err := v.MarshalYAML()
		require.NoError(t, err)
		assert.NotContains(t, fmt.Sprint(form), canary)
		assert.NotContains(t, string(must(json.Marshal(form))), canary)
	}
}

// A YAML library that is not strict passes over what it does not know, at every
// depth, and one that is quotes what stands where a mapping should.
func TestConfigYAMLIsReadStrictly(t *testing.T) {
	lax := func(text string) func(any) error {
		return func(v any) error {
			if err := json.Unmarshal([]byte(text), v); err != nil {
				return fmt.Errorf("cannot unmarshal %s: %w", text, err)
			}
			return nil
		}
	}
	for text, want := range map[string]string{
		`{"hmac": {"scheme": "github", "secret": "` + canary + `", "anybody": true}}`:            `auth: hmac: unknown key "anybody"`,
		`{"hmac": {"scheme": "custom", "secret": "` + canary + `", "custom": {"headers": "X"}}}`: `auth: hmac.custom: unknown key "headers"`,
		`{"hmac": "` + canary + `"}`:                                "auth: hmac: want a mapping",
		`{"header": {"name": "X-Key", "values": "` + canary + `"}}`: `auth: header: unknown key "values"`,
		`{"header": "` + canary + `"}`:                              "auth: header: want a mapping",
		`{"query": ["` + canary + `"]}`:                             "auth: query: want a mapping",
		`"` + canary + `"`:                                          "auth: want a mapping",
		`{"bearer": "` + canary + `"`:                               "auth: not readable",
	} {
		var c auth.Config
		assert.EqualError(t, c.UnmarshalYAML(lax(text)), want, text)
	}

	var c auth.Config
	require.NoError(t, c.UnmarshalYAML(lax(`{"hmac": {"scheme": "github", "secret": "s", "any_body": true}, "header": null}`)))
	assert.Equal(t, auth.HMACConfig{Scheme: "github", Secret: auth.Sources{{Value: "s"}}, AnyBody: true}, c.HMAC)
	var b auth.BasicConfig
	require.Error(t, b.UnmarshalYAML(lax(`{"user": "u", "pasword": "p", "allow_empty_password": true}`)))
	var s auth.Source
	require.Error(t, s.UnmarshalYAML(lax(`{"file": "f", "fallback": "`+canary+`"}`)))

	// There are libraries whose mappings have keys of any type.
	anyKeys := func(v any) error {
		if tree, ok := v.(*any); ok {
			*tree = map[any]any{"header": map[any]any{"name": "X", 5: "x"}}
		}
		return nil
	}
	require.EqualError(t, c.UnmarshalYAML(anyKeys), `auth: header: unknown key "5"`)
}

// With a library that tells lines, a mistake is as easy to find as in JSON.
func TestConfigYAMLNamesTheLine(t *testing.T) {
	for text, want := range map[string]string{
		"bearrer: " + canary:                                        `auth: line 1: unknown key "bearrer"`,
		"hmac:\n  scheme: github\n  secrets: " + canary:             `auth: line 3: hmac: unknown key "secrets"`,
		"hmac:\n  scheme: github\n  tolerance: " + canary:           `auth: line 3: hmac.tolerance: want a duration with its unit, such as "10s"`,
		"header:\n  name: [" + canary + "]":                         "auth: line 2: header.name: want a text, got a list",
		"bearer: s\nheader: " + canary:                              "auth: line 2: header: want a mapping",
		"bearer: " + canary + "\nbearer: " + canary:                 `auth: line 2: key "bearer" is given twice`,
		"query: {name: q, value: {file: f, value: " + canary + "}}": "auth: line 1: query.value: auth: a secret is a string, an object with file or env, or a list of these",
	} {
		var c auth.Config
		err := yaml.Unmarshal([]byte(text), &c)
		require.Error(t, err, text)
		assert.Equal(t, want, err.Error(), text)
	}
	var c auth.Config
	require.ErrorIs(t, yaml.Unmarshal([]byte("basic: ['', '']"), &c), auth.ErrEmptySecret)
	c = auth.Config{}
	require.NoError(t, yaml.Unmarshal([]byte("basic: [u, {file: f}]\nhmac: {scheme: github, secret: 12345}"), &c))
	assert.Equal(t, auth.Config{
		Basic: auth.BasicConfig{User: "u", Password: auth.Source{File: "f"}},
		HMAC:  auth.HMACConfig{Scheme: "github", Secret: auth.Sources{{Value: "12345"}}},
	}, c)
}

func TestConfigSchemes(t *testing.T) {
	for name := range schemes() {
		secret := auth.Secret(canary)
		if name == "standard-webhooks" {
			secret = whsec
		}
		c := auth.Config{HMAC: auth.HMACConfig{Scheme: name, Secret: auth.Sources{{Value: secret}}, Header: "X-Renamed"}}
		s, err := c.Strategy()
		require.NoError(t, err, name)
		r := get("Webhook-Id", "msg_1")
		require.NoError(t, s.Sign(r, []byte("{}")), name)
		assert.NotEmpty(t, r.Header.Get("X-Renamed"), name)
		require.NoError(t, s.Verify(r, []byte("{}")), name)
	}
}
