package callback_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/auth"
	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
)

func ExampleProbe() {
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println("a test:", r.Header.Get("Webhook-Test"))
		w.WriteHeader(http.StatusUnauthorized)
	}))
	defer receiver.Close()

	config := callback.Config{URL: receiver.URL + "/hooks/8d1f"}
	report := callback.Probe(context.Background(), config, callback.Message{Body: []byte(`{}`)}, callback.ProbeOptions{})
	fmt.Println(report.OK, report.Status, report.Class)
	fmt.Println(report.Advice)
	fmt.Println(strings.Replace(report.Request.URL, receiver.URL, "http://receiver", 1))
	// Output:
	// a test: true
	// false 401 auth
	// Check the credentials, and that the receiver expects them in this form.
	// http://receiver/[redacted]
}

func TestProbe(t *testing.T) {
	ca := callbacktest.NewAuthority(t)
	srv := callbacktest.NewTLSServer(t, callbacktest.TLSOptions{Authority: ca, Name: "hook.example"}, callbacktest.JSON("{\"ok\":\r\ntrue}"))
	resolveWith(t, map[string][][]string{"hook.example": {{"127.0.0.1"}}})
	c := callback.Config{
		URL: "https://hook.example:" + port(srv.URL) + "/c4n4ry?c4n4ry=c4n4ry", Headers: map[string]string{"X-Key": "c4n4ry"},
		Auth: basic("c4n4ry", "c4n4ry"), Cookies: map[string]string{"a": "c4n4ry"}, TLS: callback.TLSConfig{CA: string(ca.PEM())},
	}
	// Neither a warm pool nor the time line of an earlier call is used.
	_, err := hook(t, c, callback.Options{}).Call(t.Context(), message)
	require.NoError(t, err)
	r := callback.Probe(t.Context(), c, message, callback.ProbeOptions{Options: callback.Options{Name: "ops"}})
	require.NoError(t, r.Err)
	assert.True(t, r.OK)
	assert.Equal(t, "ops", r.Endpoint)
	assert.Equal(t, 200, r.Status)
	assert.Equal(t, `{"ok": true}`, r.Reply)
	for name, took := range map[string]time.Duration{
		"dns": r.Timeline.DNS, "connect": r.Timeline.Connect, "tls": r.Timeline.TLS, "first byte": r.Timeline.FirstByte, "total": r.Timeline.Total,
	} {
		assert.Positive(t, took, name)
	}
	sum := r.Timeline.DNS + r.Timeline.Connect + r.Timeline.TLS + r.Timeline.FirstByte + r.Timeline.Body
	assert.LessOrEqual(t, sum, r.Timeline.Total)
	require.NotNil(t, r.TLS)
	assert.Equal(t, "TLS 1.3", r.TLS.Version)
	assert.Equal(t, []string{"hook.example", "127.0.0.1", "::1"}, r.TLS.Names)
	assert.Equal(t, "callbacktest", r.TLS.Issuer)
	assert.True(t, r.TLS.NotAfter.After(time.Now()))
	assert.Equal(t, "http/1.1", r.TLS.Protocol)
	assert.Equal(t, callback.RequestReport{
		Method: "POST", URL: "https://hook.example:" + port(srv.URL) + "/[redacted]?[redacted]", Size: 12,
		Header: map[string]string{
			"Content-Type": "application/json", "Webhook-Id": "msg_1", "Idempotency-Key": "msg_1", "Webhook-Test": "true", "User-Agent": "alertwire", "Accept-Encoding": "gzip",
			"X-Key": "[redacted]", "Authorization": "[redacted]", "Cookie": "[redacted]",
		},
	}, r.Request)
	text, err := json.Marshal(r)
	require.NoError(t, err)
	assert.NotContains(t, string(text), "c4n4ry")
	assert.Regexp(t, `"total":"[0-9.]+(µs|ms|s)"`, string(text))

	got := srv.Await(2)
	assert.Empty(t, got[0].Header.Get("Webhook-Test"))
	assert.Equal(t, "true", got[1].Header.Get("Webhook-Test"))
	assert.NotEqual(t, got[0].Remote, got[1].Remote)
}

func TestProbeSaysWhatToDo(t *testing.T) {
	ca := callbacktest.NewAuthority(t)
	expired := time.Now().Add(-time.Hour)
	secure := callbacktest.NewTLSServer(t, callbacktest.TLSOptions{Authority: ca, Until: expired, Name: "old.example"})
	dead := nobody(t)
	resolveWith(t, nil)
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	srv := callbacktest.NewServer(t)
	tests := []struct {
		class callback.Class
		c     callback.Config
		step  http.HandlerFunc
	}{
		{callback.ClassDNS, callback.Config{URL: "http://nobody.example"}, nil},
		{callback.ClassRefused, callback.Config{URL: "http://" + dead}, nil},
		{callback.ClassReset, callback.Config{}, callbacktest.Garbage()},
		{callback.ClassTimeout, callback.Config{Timeout: 20 * time.Millisecond}, callbacktest.Hang()},
		{callback.ClassTLS, callback.Config{URL: secure.URL, TLS: callback.TLSConfig{CA: string(ca.PEM())}}, nil},
		{callback.ClassThrottled, callback.Config{}, callbacktest.Status(429)},
		{callback.ClassServer, callback.Config{}, callbacktest.Status(500)},
		{callback.ClassGone, callback.Config{}, callbacktest.Status(410)},
		{callback.ClassAuth, callback.Config{}, callbacktest.Status(403)},
		{callback.ClassClient, callback.Config{}, callbacktest.Status(404)},
		{callback.ClassRedirect, callback.Config{}, callbacktest.Redirect(302, "/")},
		{callback.ClassBlocked, callback.Config{Network: callback.NetworkPublic}, nil},
		{callback.ClassProxy, callback.Config{Proxy: "http://" + dead}, nil},
		{callback.ClassTemplate, callback.Config{URL: srv.URL + "/{{ $event.nope }}", Template: true}, nil},
		{callback.ClassRequest, callback.Config{Method: "NONE"}, nil},
	}
	seen := map[string]bool{}
	for _, tt := range tests {
		t.Run(string(tt.class), func(t *testing.T) {
			if tt.c.URL == "" {
				tt.c.URL = srv.URL
			}
			if tt.step != nil {
				srv.Play(tt.step)
			}
			r := callback.Probe(t.Context(), tt.c, message, callback.ProbeOptions{})
			assert.False(t, r.OK)
			assert.Equal(t, tt.class, r.Class, r.Error)
			assert.Equal(t, r.Err.Error(), r.Error)
			assert.Regexp(t, `^[A-Z][^.]+( [a-z_]+\.[a-z_]+[^.]*)*\.$`, r.Advice, "one sentence")
			assert.False(t, seen[r.Advice], "of its own")
			seen[r.Advice] = true
		})
	}
	r := callback.Probe(t.Context(), callback.Config{URL: secure.URL, TLS: callback.TLSConfig{CA: string(ca.PEM())}}, message, callback.ProbeOptions{})
	require.NotNil(t, r.TLS, "a certificate that was refused is shown")
	assert.Equal(t, expired.Unix(), r.TLS.NotAfter.Unix())
	assert.Contains(t, r.TLS.Names, "old.example")

	r = callback.Probe(canceled, callback.Config{URL: srv.URL}, message, callback.ProbeOptions{})
	assert.Equal(t, callback.ClassCancelled, r.Class)
	assert.NotEmpty(t, r.Advice)
}

func TestDryRunSendsNothing(t *testing.T) {
	srv := callbacktest.NewServer(t)
	resolveWith(t, nil)
	c := callback.Config{URL: "http://hook.example/{{ .Type }}", Template: true, Auth: auth.Config{Bearer: auth.Sources{{Value: "c4n4ry"}}}}
	r := callback.Probe(t.Context(), c, message, callback.ProbeOptions{DryRun: true})
	assert.True(t, r.OK, r.Error)
	assert.True(t, r.DryRun)
	assert.Equal(t, "http://hook.example/[redacted]", r.Request.URL)
	assert.Equal(t, "[redacted]", r.Request.Header["Authorization"])
	assert.Equal(t, "true", r.Request.Header["Webhook-Test"])
	assert.Zero(t, r.Timeline)

	r = callback.Probe(t.Context(), c, callback.Message{ID: "a.b"}, callback.ProbeOptions{DryRun: true})
	assert.False(t, r.OK)
	assert.Equal(t, callback.ClassRequest, r.Class)
	assert.Empty(t, srv.Requests())
}

func TestADryRunHasTheTimeoutOfACall(t *testing.T) {
	slow := signer(func(r *http.Request, _ []byte) error {
		<-r.Context().Done()
		return r.Context().Err()
	})
	c := callback.Config{URL: "http://hook.example", Timeout: 20 * time.Millisecond}
	r := callback.Probe(t.Context(), c, message, callback.ProbeOptions{Options: callback.Options{Signer: slow}, DryRun: true})
	assert.False(t, r.OK)
	assert.Equal(t, callback.ClassRequest, r.Class)
	require.ErrorIs(t, r.Err, callback.ErrGaveUp)
}

func TestProbeLeavesNothingBehind(t *testing.T) {
	srv := callbacktest.NewServer(t)
	before := runtime.NumGoroutine()
	for range 20 {
		callback.Probe(t.Context(), callback.Config{URL: srv.URL}, message, callback.ProbeOptions{})
	}
	eventually(t, func() bool {
		_, open := srv.Connections()
		return open == 0 && runtime.NumGoroutine() <= before
	})
}
