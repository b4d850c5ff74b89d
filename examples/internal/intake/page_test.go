package intake_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/alertwire/alertwire/examples/internal/amtest"
	"github.com/alertwire/alertwire/payload/netdata"
	"github.com/alertwire/alertwire/payload/payloadtest"
)

func TestPagesTellWhatBecameOfAnAlert(t *testing.T) {
	works := callbacktest.NewServer(t)
	fails := callbacktest.NewServer(t, callbacktest.Status(400))
	srv, _, _ := start(t, "["+endpoint("works", works.URL, "")+","+endpoint("fails", fails.URL, "")+"]")

	_, page := do(t, "GET", srv.URL+"/", "")
	assert.Contains(t, page, "No alert has come in")

	nasty := strings.Replace(manual, "Test alert for integration", `<script>alert(1)</script> & \"x\"`, 1)
	resp, body := do(t, "POST", srv.URL+"/webhook", nasty)
	require.Equal(t, 200, resp.StatusCode, body)
	works.Await(1)
	fails.Await(1)
	amtest.Eventually(t, func() bool {
		_, page = do(t, "GET", srv.URL+"/report/test123", "")
		return strings.Contains(page, `badge delivered">delivered`) && strings.Contains(page, `badge failed">failed`)
	}, "%s", page)
	assert.Contains(t, page, "status 400")
	assert.Contains(t, page, "&lt;script&gt;alert(1)&lt;/script&gt;")
	assert.NotContains(t, page, "<script>")

	do(t, "POST", srv.URL+"/webhook", nasty)
	_, page = do(t, "GET", srv.URL+"/report/test123", "")
	assert.Contains(t, page, "repeated 1 time")

	_, page = do(t, "GET", srv.URL+"/", "")
	assert.Contains(t, page, `href="/report/test123"`)
	assert.Contains(t, page, "1 delivered · 1 failed")

	resp, page = do(t, "GET", srv.URL+"/report/nope", "")
	assert.Equal(t, 404, resp.StatusCode)
	assert.Contains(t, page, "Nothing is known of nope")
	assert.Contains(t, resp.Header.Get("Content-Security-Policy"), "default-src 'none'")
}

func TestHistoryIsBounded(t *testing.T) {
	srv, _, _ := start(t, `[]`, "-per-ip", "off", "-global", "off")
	alerts := make([]string, 0, 1500)
	for i := range 1500 {
		alerts = append(alerts, fmt.Sprintf(`{"labels":{"alertname":"A"},"fingerprint":"f%d"}`, i))
	}
	resp, _ := do(t, "POST", srv.URL+"/webhook", `{"alerts":[`+strings.Join(alerts, ",")+`]}`)
	require.Equal(t, 200, resp.StatusCode)
	resp, _ = do(t, "GET", srv.URL+"/report/f0", "")
	assert.Equal(t, 404, resp.StatusCode, "the oldest is forgotten")
	resp, _ = do(t, "GET", srv.URL+"/report/f1499", "")
	assert.Equal(t, 200, resp.StatusCode)
}

func TestMetrics(t *testing.T) {
	hook := callbacktest.NewServer(t)
	srv, calls, _ := start(t, "["+endpoint("ops", hook.URL, "")+"]", "-metrics-prefix", "relay")
	do(t, "POST", srv.URL+"/webhook", manual)
	do(t, "POST", srv.URL+"/webhook", `{}`)
	do(t, "POST", srv.URL+"/webhook", manual, "Authorization", "Bearer wrong")
	hook.Await(1)
	_, err := calls.Shutdown(t.Context())
	require.NoError(t, err)

	_, text := do(t, "GET", srv.URL+"/metrics", "")
	for _, want := range []string{
		`relay_webhook_requests_total{code="200",method="post"} 1`,
		`relay_webhook_errors_total{code="400"} 1`,
		`relay_webhook_errors_total{code="401"} 1`,
		`relay_webhook_duration_seconds_count{code="200"} 1`,
		`alertwire_callback_attempts_total{class="ok",endpoint="ops"} 1`,
		`alertwire_dispatch_messages_total{endpoint="ops",outcome="delivered"} 1`,
		`alertwire_rejected_requests_total{by="auth",reason="mismatch"} 1`,
	} {
		assert.Contains(t, text, want)
	}
}

func TestFormatsOfEndpoints(t *testing.T) {
	hook := callbacktest.NewServer(t)
	tests := []struct {
		format string
		want   string
	}{
		{"alertmanager", manual}, // it is that already
		{"nightingale", `"rule_name"`},
		{"flashduty", `"event_type":"i_new"`},
		{"slack", `{"text":"*FIRING* Test alert for integration (warning)"}`},
	}
	for i, tt := range tests {
		t.Run(tt.format, func(t *testing.T) {
			e := strings.Replace(endpoint("ops", hook.URL, ""), `"raw"`, `"`+tt.format+`"`, 1)
			srv, _, _ := start(t, "["+e+"]")
			resp, body := do(t, "POST", srv.URL+"/webhook", manual)
			require.Equal(t, 200, resp.StatusCode, body)
			assert.Contains(t, string(hook.Await(i + 1)[i].Body), tt.want)
		})
	}
}

// TestEverySystemIsUnderstood posts a body of each system and looks for it on
// the page.
func TestEverySystemIsUnderstood(t *testing.T) {
	hook := callbacktest.NewServer(t)
	srv, _, _ := start(t, "["+endpoint("raw", hook.URL, "")+"]")
	for i, tt := range []struct{ system, name string }{
		{"alertmanager", "am034-group3-first-notification"},
		{"grafana", "grafana-default-firing2"},
		{"nightingale", "event-firing"},
		{"netpulse", "gen4-job-failed"},
		{"flashduty", "incident-new"},
		{"netdata", "flat-alert"},
	} {
		body := payloadtest.Body(tt.system, tt.name)
		resp, answer := do(t, "POST", srv.URL+"/webhook", string(body))
		require.Equal(t, 200, resp.StatusCode, "%s: %s", tt.system, answer)
		_, page := do(t, "GET", srv.URL+"/", "")
		assert.Contains(t, page, ">"+tt.system+" ·")
		assert.Equal(t, string(body), string(hook.Await(i + 1)[i].Body), tt.system)
	}
}

// The token of a test notification is for the operator, and goes to nobody else.
func TestNetdataTestTokenIsNotHandedOn(t *testing.T) {
	hook := callbacktest.NewServer(t)
	srv, calls, out := start(t, "["+endpoint("raw", hook.URL, "")+"]")
	body := payloadtest.Body("netdata", "test-notification")
	resp, answer := do(t, "POST", srv.URL+"/webhook", string(body))
	require.Equal(t, 200, resp.StatusCode, answer)
	_, err := calls.Shutdown(t.Context())
	require.NoError(t, err)
	assert.Empty(t, hook.Requests())

	n, err := netdata.Decode(body)
	require.NoError(t, err)
	assert.Contains(t, out.String(), n.Test.Token)
	_, page := do(t, "GET", srv.URL+"/", "")
	assert.NotContains(t, page+answer, n.Test.Token)
}
