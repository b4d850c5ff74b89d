package callback_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/auth"
	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
)

func ExampleParseNightingale() {
	c, err := callback.ParseNightingale([]byte(`{
		"url": "https://alerts.example.com/hook?s={{ $event.Severity }}",
		"header": [{"key": "X-API-Key", "value": "example-key"}],
		"timeout": 3000
	}`))
	fmt.Println(c, c.Timeout, c.Template, len(c.Headers), err)
	// Output: POST https://alerts.example.com 3s true 1 <nil>
}

func basic(user, password string) auth.Config {
	return auth.Config{Basic: auth.BasicConfig{User: user, Password: auth.Source{Value: auth.Secret(password)}}}
}

func TestParseNightingale(t *testing.T) {
	const url = "https://h.example/p"
	skip := callback.TLSConfig{InsecureSkipVerify: true}
	tests := []struct {
		name, text string
		want       callback.Config
	}{
		{"processor, all keys", `{"url": "https://h.example/p?s={{ $event.Severity }}", "method": "POST", "body": "", "header": {"X-API-Key": "k"},
			"auth_username": "svc", "auth_password": "pw", "timeout": 10000, "skip_ssl_verify": true, "proxy": "http://p:3128"}`,
			callback.Config{URL: "https://h.example/p?s={{ $event.Severity }}", Method: "POST", Headers: map[string]string{"X-API-Key": "k"},
				Auth: basic("svc", "pw"), Timeout: 10 * time.Second, TLS: skip, Proxy: "http://p:3128", Template: true}},
		{"header as a list", `{"url": "https://h.example/p", "header": [{"key": "A", "value": "1"}, {"key": "B", "value": "2"}]}`,
			callback.Config{URL: url, Headers: map[string]string{"A": "1", "B": "2"}}},
		{"empty header list", `{"url": "https://h.example/p", "header": []}`, callback.Config{URL: url, Headers: map[string]string{}}},
		{"nulls", `{"url": "https://h.example/p", "header": null, "timeout": null}`, callback.Config{URL: url}},
		{"no timeout", `{"url": "https://h.example/p", "timeout": 0}`, callback.Config{URL: url}},
		{"white space around the URL", `{"url": " https://h.example/p\n"}`, callback.Config{URL: url}},
		{"milliseconds", `{"url": "https://h.example/p", "timeout": 1}`, callback.Config{URL: url, Timeout: time.Millisecond}},
		{"first form", `{"url": "https://h.example/p", "basic_auth_user": "u", "basic_auth_pass": "p", "insecure_skip_verify": true, "timeout": 500}`,
			callback.Config{URL: url, Auth: basic("u", "p"), TLS: skip, Timeout: 500 * time.Millisecond}},
		{"global webhook", `{"type": 1, "enable": true, "url": "https://h.example/p", "basic_auth_user": "u", "basic_auth_pass": "p", "timeout": 5,
			"headers_str": ["A", "1", "B", "2"], "headers": {}, "skip_verify": true, "note": "n", "retry_count": 0, "retry_interval": 0, "batch": 0}`,
			callback.Config{URL: url, Auth: basic("u", "p"), Timeout: 5 * time.Second, Headers: map[string]string{"A": "1", "B": "2"}, TLS: skip}},
		{"global webhook with headers", `{"url": "https://h.example/p", "headers": {"A": "1"}, "headers_str": [], "timeout": 1}`,
			callback.Config{URL: url, Timeout: time.Second, Headers: map[string]string{"A": "1"}}},
		{"headers are no templates", `{"url": "https://h.example/{{ .Key }}", "header": {"A": "{{ x }} {{{"}}`,
			callback.Config{URL: "https://h.example/{{ .Key }}", Template: true, Headers: map[string]string{"A": `{{"{{"}} x }} {{"{{"}}{`}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := callback.ParseNightingale([]byte(tt.text))
			require.NoError(t, err)
			if len(c.Headers) == 0 {
				c.Headers = tt.want.Headers
			}
			assert.Equal(t, tt.want, c)
			_, err = callback.New(c, callback.Options{})
			require.NoError(t, err)
		})
	}
}

func TestParseNightingaleRefuses(t *testing.T) {
	const u = `"url": "https://h.example/"`
	tests := []struct{ name, text, want string }{
		{"null", `null`, "url: required"},
		{"nothing", ``, "line 1: empty"},
		{"no url", `{}`, "url: required"},
		{"unknown key", "{\n" + u + ",\n\"heders\": {}}", `line 3: unknown key "heders"`},
		{"timeout as a text", `{` + u + `, "timeout": "10000"}`, "timeout: want a whole number, got a text"},
		{"negative timeout", `{` + u + `, "timeout": -1}`, "timeout: must not be negative"},
		{"huge timeout", `{` + u + `, "timeout": 9223372036854775807}`, "timeout: is longer"},
		{"body", `{` + u + `, "body": "{}"}`, "body: is not used"},
		{"header as a text", `{` + u + `, "header": "A: 1"}`, "header: want an object, got a text"},
		{"header twice", `{` + u + `, "header": [{"key": "A", "value": "1"}, {"key": "A", "value": "2"}]}`, "header: names a header twice"},
		{"unknown key in a header", `{` + u + `, "header": [{"name": "A"}]}`, `header[0]: unknown key "name"`},
		{"two families of credentials", `{` + u + `, "auth_username": "a", "basic_auth_user": "b"}`, "exclude each other"},
		{"two families of settings", `{` + u + `, "header": {"A": "1"}, "skip_verify": false, "timeout": 5}`, "the unit of the timeout cannot be told"},
		{"odd headers_str", `{` + u + `, "headers_str": ["A"]}`, "headers_str: wants a value"},
		{"double headers_str", `{` + u + `, "headers_str": ["A", "1", "A", "2"]}`, "headers_str: names"},
		{"both headers", `{` + u + `, "headers": {"A": "1"}, "headers_str": ["B", "2"]}`, "exclude each other"},
		{"not enabled", `{` + u + `, "enable": false}`, "not enabled"},
		{"retries", `{` + u + `, "enable": true, "retry_count": 3}`, "RetryPolicy"},
		{"batch", `{` + u + `, "enable": true, "batch": 1000}`, "batch"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := callback.ParseNightingale([]byte(tt.text))
			require.ErrorContains(t, err, "callback: nightingale: ")
			require.ErrorContains(t, err, tt.want)
		})
	}
	// What the values mean is for New to say.
	for _, text := range []string{
		`{"url": ""}`, `{` + u + `, "proxy": "nonsense"}`, `{` + u + `, "header": {"Host": "x"}}`, `{` + u + `, "method": "TRACE"}`,
		`{` + u + `, "auth_username": "u", "auth_password": "p", "header": {"Authorization": "x"}}`, `{` + u + `, "auth_username": "u"}`,
	} {
		c, err := callback.ParseNightingale([]byte(text))
		require.NoError(t, err)
		_, err = callback.New(c, callback.Options{})
		require.Error(t, err, text)
	}
}

// A label with an ampersand and a hash adds no parameter and drops none, and one
// that is missing sends no "<no value>".
func TestNightingaleTemplateOnTheWire(t *testing.T) {
	srv := callbacktest.NewServer(t)
	c, err := callback.ParseNightingale([]byte(`{"url": "` + srv.URL + `?i={{ $labels.ident }}&s={{ $event.Severity }}&v={{ $value }}",
		"header": {"X-A": "{{1}}"}, "auth_username": "u", "auth_password": "p"}`))
	require.NoError(t, err)
	w := hook(t, c, callback.Options{})
	_, err = w.Call(t.Context(), eventMessage(nasty))
	require.NoError(t, err)
	got := srv.Await(1)[0]
	assert.Equal(t, "/?i=a%26admin%3D1%23frag&s=2&v=6.70", got.URI)
	assert.Equal(t, "{{1}}", got.Header.Get("X-A"))
	assert.Equal(t, "Basic dTpw", got.Header.Get("Authorization"))
	_, err = w.Call(t.Context(), eventMessage(`{"severity": 2, "tags_map": {}}`))
	require.Equal(t, callback.ClassTemplate, failed(t, err).Class)
	assert.Len(t, srv.Requests(), 1)
}

// What is read is what New takes, or is refused; nothing is lost on the way.
func FuzzParseNightingale(f *testing.F) {
	f.Add([]byte(`{"url": "https://h/", "header": [{"key": "A", "value": "b"}], "timeout": 5}`))
	f.Add([]byte(`{"url": "https://h/{{ .Key }}", "headers_str": ["A", "b"], "skip_verify": true}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := callback.ParseNightingale(data)
		if err != nil {
			return
		}
		require.GreaterOrEqual(t, c.Timeout, time.Duration(0))
		text, err := c.MarshalJSON()
		require.NoError(t, err)
		again, err := callback.ParseConfig(text)
		require.NoError(t, err)
		again.Auth, c.Auth = auth.Config{}, auth.Config{} // is redacted
		if len(c.Headers) == 0 {
			c.Headers = nil
		}
		require.Equal(t, c, again)
	})
}
