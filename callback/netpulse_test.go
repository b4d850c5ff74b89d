package callback_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
)

func ExampleParseNetPulse() {
	c, policy, err := callback.ParseNetPulse([]byte(`{
		"url": "https://hooks.example/jobs", "auth": ["svc", "example-password"], "timeout": 2.5, "max_retries": 2
	}`))
	fmt.Println(c, c.Timeout, policy.Attempts, policy.Waits, err)
	// Output: POST https://hooks.example 2.5s 3 [10s 30s 2m0s] <nil>
}

func TestParseNetPulse(t *testing.T) {
	const url = "http://127.0.0.1:8888/webhook"
	waits := []time.Duration{10 * time.Second, 30 * time.Second, 2 * time.Minute}
	tests := []struct {
		name, text string
		config     callback.Config
		policy     callback.RetryPolicy
	}{
		{"least", `{"url": "` + url + `"}`, callback.Config{URL: url, Timeout: 5 * time.Second}, callback.RetryPolicy{Attempts: 4, Waits: waits}},
		{"nulls", `{"url": "` + url + `", "headers": null, "cookies": null, "auth": null, "retry_intervals": null}`,
			callback.Config{URL: url, Timeout: 5 * time.Second}, callback.RetryPolicy{Attempts: 4, Waits: waits}},
		{"everything", `{"name": "basic", "url": "` + url + `", "method": "PATCH", "headers": {"A": "1"}, "cookies": {"sid": "c1"},
			"auth": ["u", "p:w"], "timeout": 0.5, "max_retries": 0, "retry_intervals": [0, 1]}`,
			callback.Config{Type: "basic", URL: url, Method: "PATCH", Headers: map[string]string{"A": "1"}, Cookies: map[string]string{"sid": "c1"},
				Auth: basic("u", "p:w"), Timeout: 500 * time.Millisecond},
			callback.RetryPolicy{Attempts: 1, Waits: []time.Duration{0, time.Second}}},
		{"upper limits", `{"url": "` + url + `", "timeout": 120, "max_retries": 10, "retry_intervals": [604800]}`,
			callback.Config{URL: url, Timeout: 2 * time.Minute}, callback.RetryPolicy{Attempts: 11, Waits: []time.Duration{7 * 24 * time.Hour}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, p, err := callback.ParseNetPulse([]byte(tt.text))
			require.NoError(t, err)
			assert.Equal(t, tt.config, c)
			assert.Equal(t, tt.policy.Attempts, p.Attempts)
			assert.Equal(t, tt.policy.Waits, p.Waits)
			require.NoError(t, p.Validate())
			_, err = new(callback.Registry).New(c, callback.Options{})
			require.NoError(t, err)
		})
	}
}

func TestParseNetPulseRefuses(t *testing.T) {
	const u = `"url": "https://h.example/"`
	tests := []struct{ name, text, want string }{
		{"null", `null`, "url: required"},
		{"no url", `{"name": "basic"}`, "url: required"},
		{"unknown key", "{\n" + u + ",\n\"retries\": 1}", `line 3: unknown key "retries"`},
		{"short timeout", `{` + u + `, "timeout": 0.49}`, "timeout: want 0.5"},
		{"long timeout", `{` + u + `, "timeout": 120.01}`, "timeout: want 0.5"},
		{"timeout as a text", `{` + u + `, "timeout": "5s"}`, "timeout: want a number"},
		{"one of the pair", `{` + u + `, "auth": ["u"]}`, "auth: want a user"},
		{"three of the pair", `{` + u + `, "auth": ["u", "p", "x"]}`, "auth: want a user"},
		{"no pair", `{` + u + `, "auth": []}`, "auth: want a user"},
		{"pair of nothing", `{` + u + `, "auth": ["", ""]}`, "auth: want a user"},
		{"negative retries", `{` + u + `, "max_retries": -1}`, "max_retries: want 0 to 10"},
		{"many retries", `{` + u + `, "max_retries": 11}`, "max_retries: want 0 to 10"},
		{"no intervals", `{` + u + `, "retry_intervals": []}`, "retry_intervals: must not be empty"},
		{"negative interval", `{` + u + `, "retry_intervals": [10, -1]}`, "retry_intervals: want seconds"},
		{"interval of more than a week", `{` + u + `, "retry_intervals": [604801]}`, "retry_intervals: want seconds"},
		{"fraction", `{` + u + `, "retry_intervals": [0.5]}`, "retry_intervals[0]: want a whole number"},
		{"header that is no text", `{` + u + `, "headers": {"A": 1}}`, "headers.A: want a text"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := callback.ParseNetPulse([]byte(tt.text))
			require.ErrorContains(t, err, "callback: netpulse: ")
			require.ErrorContains(t, err, tt.want)
		})
	}
	for _, text := range []string{
		`{` + u + `, "method": "get"}`, `{"url": "ftp://h/"}`, `{` + u + `, "headers": {"A": "a\r\nb"}}`, `{` + u + `, "name": "nobody"}`,
	} {
		c, _, err := callback.ParseNetPulse([]byte(text))
		require.NoError(t, err)
		_, err = new(callback.Registry).New(c, callback.Options{})
		require.Error(t, err, text)
	}
}

func TestNetPulseSamples(t *testing.T) {
	for _, name := range []string{"config-webhook.json", "config-webhook-full.json"} {
		text, err := os.ReadFile("testdata/netpulse/" + name)
		require.NoError(t, err)
		c, p, err := callback.ParseNetPulse(text)
		require.NoError(t, err, name)
		require.NoError(t, p.Validate())
		_, err = callback.New(c, callback.Options{})
		require.NoError(t, err, name)
	}
}

func TestNetPulseOnTheWire(t *testing.T) {
	srv := callbacktest.NewServer(t, callbacktest.Statuses(503, 429, 200)...)
	c, p, err := callback.ParseNetPulse([]byte(`{"url": "` + srv.URL + `", "cookies": {"sid": "c1", "b": "2"}, "auth": ["u", "p"],
		"retry_intervals": [0]}`))
	require.NoError(t, err)
	reply, err := callback.Decorate(hook(t, c, callback.Options{}), callback.Retry(p)).Call(t.Context(), message)
	require.NoError(t, err)
	assert.Equal(t, 3, reply.Attempts)
	for _, got := range srv.Await(3) {
		assert.Equal(t, "b=2; sid=c1", got.Header.Get("Cookie"))
		assert.Equal(t, "Basic dTpw", got.Header.Get("Authorization"))
		assert.Equal(t, message.Body, got.Body)
		assert.Equal(t, "msg_1", got.Header.Get("Webhook-Id"))
	}
}

// A token for a user name, and no password, is how some services are called.
func TestNetPulseUserWithoutPassword(t *testing.T) {
	srv := callbacktest.NewServer(t)
	c, _, err := callback.ParseNetPulse([]byte(`{"url": "` + srv.URL + `", "auth": ["token", ""]}`))
	require.NoError(t, err)
	_, err = hook(t, c, callback.Options{}).Call(t.Context(), message)
	require.NoError(t, err)
	assert.Equal(t, "Basic dG9rZW46", srv.Await(1)[0].Header.Get("Authorization"))
}

// What is read is within the limits, whatever was given.
func FuzzParseNetPulse(f *testing.F) {
	f.Add([]byte(`{"url": "https://h/", "timeout": 0.5, "max_retries": 10, "retry_intervals": [1, 2], "auth": ["a", "b"]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, p, err := callback.ParseNetPulse(data)
		if err != nil {
			return
		}
		require.NoError(t, p.Validate())
		require.GreaterOrEqual(t, c.Timeout, 500*time.Millisecond)
		require.LessOrEqual(t, c.Timeout, 2*time.Minute)
		require.LessOrEqual(t, p.Attempts, 11)
	})
}
