package payload_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/payloadtest"
)

// recognised returns the names of the formats that match a body.
func recognised(t *testing.T, body []byte) []string {
	t.Helper()
	s, err := payload.ShapeOf(body)
	require.NoError(t, err)
	var names []string
	for _, f := range everyFormat() {
		if f.Match(s) {
			names = append(names, f.Name())
		}
	}
	return names
}

// indispensable says which member a body cannot do without, so that it is no
// longer recognised when that is absent or null.
func indispensable(system, name, member string, null bool) bool {
	switch system {
	case "alertmanager", "grafana":
		return member == "alerts"
	case "flashduty":
		return member == "event_type"
	case "nightingale":
		return !null && (member == "rule_name" || name == "event-product-page-example" && member == "severity")
	case "netpulse":
		generation, _, _ := strings.Cut(name, "-")
		failed := strings.Contains(name, "failed") || name == "gen4-all-null" // as in generations 2 and 3
		return member == "id" ||
			generation == "gen1" && member == "result" ||
			generation == "gen4" && !null && (member == "status" || member == "event_type" && !failed)
	case "netdata":
		return slices.Contains([]string{"alert", "alarm", "token"}, member) ||
			name == "flat-reachability-2023" && (member == "message" || member == "url")
	}
	return false
}

// Each body is recognised without any one of its members, or with null for it,
// but for those that make it what it is; and whatever else is in it.
func TestBodiesAreRecognisedWithoutTheirOptionalMembers(t *testing.T) {
	for _, system := range payloadtest.Systems() {
		for _, name := range payloadtest.Names(system) {
			body := payloadtest.Body(system, name)
			array := len(body) > 0 && body[0] == '['
			if array {
				body = bytes.TrimSuffix(bytes.TrimPrefix(body, []byte("[")), []byte("]"))
			}
			var whole map[string]json.RawMessage
			if name == "custom-body-unreplaced-placeholder" || name == "events-array" || json.Unmarshal(body, &whole) != nil {
				continue
			}
			check := func(members map[string]json.RawMessage, what string, want bool) {
				b, err := json.Marshal(members)
				require.NoError(t, err)
				if array {
					b = slices.Concat([]byte("["), b, []byte("]"))
				}
				got := recognised(t, b)
				switch {
				case !want:
					assert.Empty(t, got, "%s/%s %s", system, name, what)
				case system == "grafana":
					assert.Equal(t, []string{"grafana", "alertmanager"}, got, "%s/%s %s", system, name, what)
				default:
					assert.Equal(t, []string{system}, got, "%s/%s %s", system, name, what)
				}
			}
			for member := range whole {
				without := maps.Clone(whole)
				delete(without, member)
				check(without, "without "+member, !indispensable(system, name, member, false))
				without[member] = json.RawMessage("null")
				check(without, "with null for "+member, !indispensable(system, name, member, true))
			}
			more := maps.Clone(whole)
			more["x_future"], more["x_more"] = json.RawMessage(`{"a": [1, null, {"b": true}]}`), json.RawMessage("1e3")
			check(more, "with more", name != "flat-reachability-2023")
		}
	}
}

// What other systems send, and what is sent to a webhook to try it, is of none of
// the six.
func TestBodiesOfOthersAreNotRecognised(t *testing.T) {
	for name, body := range map[string]string{
		"legacy alerting of Grafana 8": `{"dashboardId":1,"evalMatches":[{"value":1,"metric":"Count","tags":{}}],"imageUrl":"https://grafana.example/i.png","message":"Notification Message",` +
			`"orgId":1,"panelId":2,"ruleId":1,"ruleName":"Panel Title alert","ruleUrl":"http://localhost:3000/d/x","state":"alerting","tags":{"tag name":"tag value"},"title":"[Alerting] Panel Title alert"}`,
		"handshake of Slack":    `{"token":"t","challenge":"c","type":"url_verification"}`,
		"alert of Opsgenie":     `{"action":"Create","alert":{"alertId":"1","message":"m","tags":[]},"source":{"name":""},"integrationId":"i"}`,
		"event of PagerDuty":    `{"routing_key":"k","event_action":"trigger","dedup_key":"d","payload":{"summary":"s","source":"h","severity":"critical"}}`,
		"V3 of PagerDuty":       `{"event":{"id":"01","event_type":"incident.triggered","resource_type":"incident","data":{}}}`,
		"Uptime Kuma":           `{"heartbeat":{"status":0,"msg":"down"},"monitor":{"name":"n","url":"https://h.example"},"msg":"[n] down"}`,
		"some monitor":          `{"message":"h is down","url":"https://h.example","status":"down","duration":3}`,
		"answer of JSON-RPC":    `{"jsonrpc":"2.0","id":"1","result":"ok"}`,
		"answer of some API":    `{"id":"1","status":"ok","result":null}`,
		"device of some API":    `{"id":"1","status":"online","device":{"host":"h"}}`,
		"task of some API":      `{"id":"1","status":"success"}`,
		"ping of GitHub":        `{"zen":"Design for failure.","hook_id":1,"hook":{"type":"Repository","id":1}}`,
		"CloudEvent":            `{"specversion":"1.0","id":"1","source":"/s","type":"t","data":{"alert":"x"}}`,
		"alert of some program": `{"alert":"disk full","severity":"high"}`,
		"Sentry":                `{"action":"triggered","data":{"event":{},"triggered_rule":"r"},"installation":{"uuid":"u"}}`,
		"Alerta":                `{"resource":"r","event":"e","environment":"Production","severity":"major","service":["s"],"text":"t","value":"1"}`,
		"letters":               `{"title":"t","text":"x","token":"y","message":null}`,
	} {
		assert.Empty(t, recognised(t, []byte(body)), name)
	}
}
