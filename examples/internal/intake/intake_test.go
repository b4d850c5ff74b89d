package intake_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/alertwire/alertwire/callback/dispatch"
	"github.com/alertwire/alertwire/examples/internal/amtest"
	"github.com/alertwire/alertwire/examples/internal/intake"
)

const manual = `{
  "alerts": [{
    "labels": {"alertname": "TestAlert", "severity": "warning"},
    "annotations": {"summary": "Test alert for integration"},
    "startsAt": "2024-01-15T10:30:00.000Z",
    "fingerprint": "test123"
  }]
}`

// logs is a place for log records of several goroutines, for a megabyte of them.
type logs struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.buf.Len() > 1<<20 {
		return len(p), nil
	}
	return l.buf.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// start returns a receiver that runs with the given flags and endpoints.
func start(t *testing.T, endpoints string, args ...string) (*httptest.Server, *dispatch.Memory, *logs) {
	t.Helper()
	out := &logs{}
	log := slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelDebug}))

	fs := flag.NewFlagSet(t.Name(), flag.ContinueOnError)
	o := intake.Flags(fs)
	require.NoError(t, fs.Parse(append([]string{
		"-token-file", file(t, "s3cr3t-token\n"),
		"-challenge-secret-file", file(t, "crc-secret\n"),
		"-endpoints", file(t, endpoints),
	}, args...)))
	require.NoError(t, o.Complete())

	var calls *dispatch.Memory
	r, err := intake.New(t.Context(), *o, func(_ context.Context, _ *slog.Logger, outcome func(dispatch.Outcome)) (dispatch.Dispatcher, error) {
		var err error
		calls, err = dispatch.NewMemory(dispatch.MemoryOptions{Observe: outcome})
		return calls, err
	}, log)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel() // what is left is not of interest any more
		_, _ = calls.Shutdown(ctx)
	})
	srv := httptest.NewServer(r)
	t.Cleanup(srv.Close)
	return srv, calls, out
}

func file(t *testing.T, content string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(name, []byte(content), 0o600))
	return name
}

func do(t *testing.T, method, url, body string, header ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer s3cr3t-token")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
		if header[i+1] == "" {
			r.Header.Del(header[i])
		}
	}
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp, string(answer)
}

func endpoint(name, url, options string) string {
	return fmt.Sprintf(`{"name":%q,"format":"raw","callback":{"url":%q,"timeout":"2m"},"endpoint":{%s}}`, name, url, options)
}

func TestAnswers(t *testing.T) {
	srv, _, _ := start(t, `[]`, "-base-url", "https://oncallm.example.com/", "-max-body", "1000")
	good := `{"status":"success","message":"Alerts queued for analysis","report_urls":[` +
		`{"fingerprint":"test123","alert_name":"TestAlert","namespace":"Unknown","report_url":"https://oncallm.example.com/report/test123"}]}`
	invalid := `{"detail":"Invalid alert format"}`

	tests := []struct {
		name       string
		method     string
		path       string
		body       string
		header     []string
		wantStatus int
		wantBody   string
	}{
		{"the manual test of the document", "POST", "/webhook", manual, nil, 200, good},
		{"charset", "POST", "/webhook", manual, []string{"Content-Type", "application/json; charset=utf-8"}, 200, good},
		{"no content type", "POST", "/webhook", manual, []string{"Content-Type", ""}, 200, good},
		{"no alerts", "POST", "/webhook", `{"alerts":[]}`, nil, 200, `{"status":"success","message":"Alerts queued for analysis","report_urls":[]}`},
		{"wrong token", "POST", "/webhook", manual, []string{"Authorization", "Bearer nope"}, 401, `{"detail":"Unauthorized"}`},
		{"no token", "POST", "/webhook", manual, []string{"Authorization", ""}, 401, `{"detail":"Unauthorized"}`},
		{"not JSON", "POST", "/webhook", `{"alerts":`, nil, 400, invalid},
		{"not an object", "POST", "/webhook", `[]`, nil, 400, invalid},
		{"no member alerts", "POST", "/webhook", `{}`, nil, 400, invalid},
		{"alert without labels", "POST", "/webhook", `{"alerts":[{"fingerprint":"x"}]}`, nil, 400, invalid},
		{"empty body", "POST", "/webhook", ``, nil, 400, invalid},
		{"over the cap", "POST", "/webhook", manual + strings.Repeat(" ", 1000), nil, 413, ""},
		{"other type", "POST", "/webhook", manual, []string{"Content-Type", "text/plain"}, 415, ""},
		{"other method", "PUT", "/webhook", manual, nil, 405, ""},
		{"GET without a challenge", "GET", "/webhook", "", nil, 405, ""},
		{"bad challenge", "GET", "/webhook?crc_token=", "", nil, 400, ""},
		{"challenge", "GET", "/webhook?crc_token=token", "", []string{"Authorization", ""}, 200,
			// openssl dgst -sha256 -hmac crc-secret
			`{"response_token":"sha256=mJ2j0GO/hpO7PPdw28lFak930RoezwwRT4i57zsoqbw="}`},
		{"health", "GET", "/health", "", nil, 200, `{"queue_size":0,"status":"healthy","webhook_endpoint":"available"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			resp, body := do(t, tt.method, srv.URL+tt.path, tt.body, tt.header...)
			assert.Equal(t, tt.wantStatus, resp.StatusCode, body)
			if tt.wantBody != "" {
				assert.JSONEq(t, tt.wantBody, body)
			}
			if tt.wantStatus == http.StatusMethodNotAllowed {
				assert.Equal(t, "POST", resp.Header.Get("Allow"))
			}
		})
	}
}

func TestBytesArriveAsTheyCame(t *testing.T) {
	hook := callbacktest.NewServer(t)
	srv, _, _ := start(t, "["+endpoint("ops", hook.URL, "")+"]")

	resp, body := do(t, "POST", srv.URL+"/webhook", manual)
	require.Equal(t, 200, resp.StatusCode, body)
	assert.Equal(t, manual, string(hook.Await(1)[0].Body))
}

func TestRepeatsAreForwardedOnce(t *testing.T) {
	hook := callbacktest.NewServer(t)
	srv, calls, _ := start(t, "["+endpoint("ops", hook.URL, "")+"]")

	for range 3 {
		resp, body := do(t, "POST", srv.URL+"/webhook", manual)
		require.Equal(t, 200, resp.StatusCode, body)
	}
	resolved := strings.Replace(manual, `"startsAt"`, `"endsAt": "2024-01-15T10:40:00Z", "startsAt"`, 1)
	resp, body := do(t, "POST", srv.URL+"/webhook", resolved)
	require.Equal(t, 200, resp.StatusCode, body)

	hook.Await(2)
	left, err := calls.Shutdown(t.Context())
	require.NoError(t, err)
	assert.Empty(t, left)
	assert.Len(t, hook.Requests(), 2, "the alert, and its resolution")
}

// A dispatcher that cannot take a message for one endpoint must not make the
// others receive it twice.
func TestFullQueueAsksForARepeatAndGetsItAlone(t *testing.T) {
	held, release := callbacktest.Hold(callbacktest.Status(200))
	slow := callbacktest.NewServer(t, held)
	fast := callbacktest.NewServer(t)
	srv, _, _ := start(t, "["+endpoint("slow", slow.URL, `"concurrency":1,"queue":1`)+","+endpoint("fast", fast.URL, "")+"]")

	send := func(i int) int {
		body := strings.Replace(manual, "test123", fmt.Sprint("alert", i), 1)
		resp, _ := do(t, "POST", srv.URL+"/webhook", body)
		return resp.StatusCode
	}
	require.Equal(t, 200, send(1)) // in flight
	slow.Await(1)
	require.Equal(t, 200, send(2)) // queued
	require.Equal(t, 503, send(3)) // refused by slow, accepted by fast
	fast.Await(3)
	release()
	amtest.Eventually(t, func() bool { return send(3) == 200 }, "it did not come to pass")

	slow.Await(3)
	assert.Len(t, fast.Requests(), 3, "none came twice")
}

func TestOverload(t *testing.T) {
	tests := []struct {
		name  string
		flags []string
		want  int
	}{
		{"503 unless told otherwise", []string{"-per-ip", "2/1h"}, 503},
		{"429", []string{"-per-ip", "2/1h", "-overload-status", "429"}, 429},
		{"all together", []string{"-per-ip", "off", "-global", "2/1h", "-overload-status", "429"}, 429},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			srv, _, _ := start(t, `[]`, tt.flags...)
			for range 2 {
				resp, _ := do(t, "POST", srv.URL+"/webhook", manual)
				require.Equal(t, 200, resp.StatusCode)
			}
			resp, body := do(t, "POST", srv.URL+"/webhook", manual)
			assert.Equal(t, tt.want, resp.StatusCode)
			assert.Contains(t, body, "Rate limit exceeded. Try again in ")
			assert.NotEmpty(t, resp.Header.Get("Retry-After"))
			assert.Equal(t, "2", resp.Header.Get("X-RateLimit-Limit"))
			assert.Equal(t, "0", resp.Header.Get("X-RateLimit-Remaining"))
		})
	}
}

// Whatever goes wrong, no secret of the configuration or of a request is logged.
func TestNoSecretIsLogged(t *testing.T) {
	const canary = "CANARY-7f3a"
	failing := callbacktest.NewServer(t, callbacktest.Answer(400, "no: "+canary))
	url := strings.Replace(failing.URL, "http://", "http://user:"+canary+"@", 1) + "/hook/" + canary + "?key=" + canary
	endpoints := fmt.Sprintf(`[
	  {"name":"failing","callback":{"url":%q,"headers":{"X-Key":"%s","Cookie":"session=%[2]s"}},"endpoint":{"retry":{"attempts":1}}},
	  {"name":"refused","callback":{"url":"http://%s/%[2]s?key=%[2]s","auth":{"bearer":"%[2]s"}},"endpoint":{"retry":{"attempts":1}}}]`,
		url, canary, amtest.Nobody(t))
	srv, calls, out := start(t, endpoints, "-token-file", file(t, canary))

	for _, token := range []string{"Bearer " + canary + "x", "Bearer " + canary} {
		do(t, "POST", srv.URL+"/webhook?token="+canary, manual, "Authorization", token, "Cookie", canary)
		do(t, "POST", srv.URL+"/webhook", `{"alerts":"`+canary+`"}`, "Authorization", token)
	}
	do(t, "GET", srv.URL+"/webhook?crc_token="+canary+"{", "")
	failing.Await(1)
	_, err := calls.Shutdown(t.Context())
	require.NoError(t, err)

	assert.Contains(t, out.String(), "request rejected")
	assert.Contains(t, out.String(), "callback failed")
	assert.NotContains(t, out.String(), canary)
}

// serve returns the URL of a server for h that keeps nothing.
func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.URL
}
