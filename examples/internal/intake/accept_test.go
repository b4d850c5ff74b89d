package intake_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback/callbacktest"
)

// With the order latest a message replaces what waits about the same alerts, and
// nothing that tells of others: Alertmanager would not tell it again.
func TestLatestReplacesNoOtherAlerts(t *testing.T) {
	nightingaleEvent := func(hashes ...string) string {
		var all []string
		for _, h := range hashes {
			all = append(all, fmt.Sprintf(`{"hash":%q,"rule_name":"r","severity":1,"trigger_time":1710000000,"first_trigger_time":1710000000,"tags":[],"cate":"prometheus"}`, h))
		}
		return "[" + strings.Join(all, ",") + "]"
	}
	tests := []struct {
		name   string
		bodies []string // that wait behind another one
		want   int      // of them come
	}{
		{"no group", []string{`{"alerts":[{"labels":{"alertname":"a"}}]}`, `{"alerts":[{"labels":{"alertname":"b"}}]}`}, 2},
		{"no group, several", []string{
			`{"alerts":[{"labels":{"alertname":"a"}},{"labels":{"alertname":"b"}}]}`,
			`{"alerts":[{"labels":{"alertname":"a"},"status":"resolved"},{"labels":{"alertname":"c"}}]}`}, 2},
		{"one group, in which an alert had resolved", []string{
			`{"receiver":"r","groupKey":"{}:{}","alerts":[{"labels":{"alertname":"a"},"status":"resolved"},{"labels":{"alertname":"b"}}]}`,
			`{"receiver":"r","groupKey":"{}:{}","alerts":[{"labels":{"alertname":"b"},"status":"resolved"}]}`}, 2},
		{"the same alerts", []string{
			`{"receiver":"r","groupKey":"{}:{}","alerts":[{"labels":{"alertname":"a"}},{"labels":{"alertname":"b"}}]}`,
			`{"receiver":"r","groupKey":"{}:{}","alerts":[{"labels":{"alertname":"b"}},{"labels":{"alertname":"a"},"status":"resolved"}]}`}, 1},
		{"lists of Nightingale", []string{nightingaleEvent("a", "b"), nightingaleEvent("a", "c")}, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			held, release := callbacktest.Hold(callbacktest.Status(200))
			hook := callbacktest.NewServer(t, held)
			srv, calls, _ := start(t, "["+endpoint("ops", hook.URL, `"concurrency":1,"order":"latest"`)+"]")
			do(t, "POST", srv.URL+"/webhook", manual)
			hook.Await(1)
			for _, body := range tt.bodies {
				resp, answer := do(t, "POST", srv.URL+"/webhook", body)
				require.Equal(t, 200, resp.StatusCode, answer)
			}
			release()
			_, err := calls.Shutdown(t.Context())
			require.NoError(t, err)
			assert.Len(t, hook.Requests(), 1+tt.want)
		})
	}
}

// A message that tells the same twice is worked on once, and not refused for
// ever. Events without an ID are never taken for each other's repeats.
func TestOddIDs(t *testing.T) {
	same := `{"alerts":[{"labels":{"alertname":"x"}},{"labels":{"alertname":"x"}}]}`
	anonymous := `[{"rule_name":"r","severity":1,"trigger_time":0},{"rule_name":"s","severity":1,"trigger_time":0}]`
	tests := []struct {
		name, format string
		bodies       []string
		want         int
	}{
		{"the same twice, whole", "raw", []string{same, same}, 1},
		{"the same twice, each", "slack", []string{same, same}, 1},
		{"no IDs, whole", "raw", []string{anonymous, anonymous}, 2},
		{"no IDs, each", "slack", []string{anonymous, anonymous}, 4},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			hook := callbacktest.NewServer(t)
			srv, calls, _ := start(t, fmt.Sprintf(`[{"name":"ops","format":%q,"callback":{"url":%q}}]`, tt.format, hook.URL))
			for _, body := range tt.bodies {
				resp, answer := do(t, "POST", srv.URL+"/webhook", body)
				require.Equal(t, 200, resp.StatusCode, answer)
			}
			_, err := calls.Shutdown(t.Context())
			require.NoError(t, err)
			assert.Len(t, hook.Requests(), tt.want)
		})
	}
}
