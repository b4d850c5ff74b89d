package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/alertwire/alertwire/examples/internal/amtest"
	"github.com/alertwire/alertwire/payload/alertmanager"
)

// TestRealAlertmanager has an Alertmanager send an alert and its resolution to
// the receiver, with one endpoint that works, one that is busy at first, and
// one that is down.
func TestRealAlertmanager(t *testing.T) {
	ops := callbacktest.NewServer(t)
	busy := callbacktest.NewServer(t, callbacktest.RetryAfter(503, 1), callbacktest.Status(204))

	address, stop, stderr := startReceiver(t, fmt.Sprintf(`[
	  {"name": "ops", "format": "raw", "callback": {"url": "%s/hook"}},
	  {"name": "busy", "format": "raw", "callback": {"url": "%s/hook"}, "endpoint": {"order": "strict"}},
	  {"name": "down", "format": "raw", "callback": {"url": "http://%s/hook"}, "endpoint": {"retry": {"attempts": 2, "base": "10ms"}}}
	]`, ops.URL, busy.URL, amtest.Nobody(t)))
	am := amtest.Start(t, "http://"+address+"/webhook")

	am.Post(t, `[{"labels":{"alertname":"HighCPU","namespace":"prod","severity":"critical"},"annotations":{"summary":"CPU is high"}}]`)
	fired := decode(t, ops.Await(1)[0].Body)
	assert.Equal(t, alertmanager.Firing, fired.Status)
	assert.Equal(t, "HighCPU", fired.Alerts[0].Labels.Get("alertname"))
	assert.Equal(t, fired.Alerts[0].Fingerprint, alertmanager.Fingerprint(fired.Alerts[0].Labels))

	am.Post(t, `[{"labels":{"alertname":"HighCPU","namespace":"prod","severity":"critical"},"endsAt":"`+time.Now().UTC().Format(time.RFC3339)+`"}]`)
	resolved := decode(t, ops.Await(2)[1].Body)
	assert.True(t, resolved.AllResolved())
	assert.Equal(t, fired.Alerts[0].Fingerprint, resolved.Alerts[0].Fingerprint)

	got := busy.Await(3) // 503 for the alert, the alert again, and only then its resolution
	assert.Equal(t, string(got[0].Body), string(got[1].Body))
	assert.Equal(t, got[0].Header.Get("Webhook-Id"), got[1].Header.Get("Webhook-Id"))

	amtest.Eventually(t, func() bool {
		var h struct {
			Queue int `json:"queue_size"`
		}
		return json.Unmarshal([]byte(get(t, "http://"+address+"/health")), &h) == nil && h.Queue == 0
	}, "it did not come to pass")

	// What a person and Prometheus see agrees with what was sent.
	report := get(t, "http://"+address+"/report/"+fired.Alerts[0].Fingerprint)
	for _, want := range []string{"CPU is high", `badge resolved`, `badge firing`, `badge delivered`, `badge failed`} {
		assert.Contains(t, report, want)
	}
	metrics := get(t, "http://"+address+"/metrics")
	for _, want := range []string{
		`oncallm_webhook_requests_total{code="200",method="post"} 2`,
		`alertwire_dispatch_messages_total{endpoint="ops",outcome="delivered"} 2`,
		`alertwire_dispatch_messages_total{endpoint="busy",outcome="delivered"} 2`,
		`alertwire_dispatch_messages_total{endpoint="down",outcome="failed"} 2`,
		`alertwire_callback_attempts_total{class="server",endpoint="busy"} 1`,
	} {
		assert.Contains(t, metrics, want)
	}
	checkMetrics(t, metrics)

	assert.Equal(t, 0, stop(), stderr)
	assert.Len(t, ops.Requests(), 2, "each message came once")
	assert.Contains(t, stderr.String(), "endpoint=down")
}

func get(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, resp.StatusCode, url)
	return string(body)
}

// checkMetrics has promtool read metrics, where it is installed.
func checkMetrics(t *testing.T, metrics string) {
	t.Helper()
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Log("promtool is not installed (Debian package prometheus): the metrics are not linted")
		return
	}
	cmd := exec.CommandContext(t.Context(), promtool, "check", "metrics")
	cmd.Stdin = strings.NewReader(metrics)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
}

func decode(t *testing.T, body []byte) *alertmanager.Message {
	t.Helper()
	m, err := alertmanager.Decode(body)
	require.NoError(t, err)
	require.NotEmpty(t, m.Alerts)
	return m
}

// startReceiver runs the program on a free port. stop tells it to stop, and
// returns its exit status.
func startReceiver(t *testing.T, endpoints string) (address string, stop func() int, stderr *amtest.Output) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "token"), []byte("s3cr3t-token\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "endpoints.json"), []byte(endpoints), 0o600))

	address = amtest.Free(t)
	stderr = &amtest.Output{}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{
			"-listen", address,
			"-token-file", filepath.Join(dir, "token"),
			"-endpoints", filepath.Join(dir, "endpoints.json"),
		}, stderr)
	}()
	t.Cleanup(cancel)
	amtest.Ready(t, "http://"+address+"/health")
	return address, func() int { cancel(); return <-ended }, stderr
}
