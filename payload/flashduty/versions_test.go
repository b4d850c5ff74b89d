package flashduty_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/flashduty"
)

// What Flashduty has added to its pages since May 2026 decodes, is valid, and goes
// out as it came. The values are invented.
func TestLaterPushes(t *testing.T) {
	const (
		envelope = `"event_id":"0f3c5a7e9b1d4c6f","event_time":1767225600123,"person":{"email":"ada@example.com","person_id":1500000000001,"person_name":"Ada"}`
		alert    = `{"account_id":70000000000001,"alert_id":"65a0000000000000000000a1","alert_key":"k","alert_severity":"Critical","alert_status":"Critical","channel_id":1800000000001,"channel_name":"",` +
			`"channel_status":"","close_time":0,"created_at":1767225567,"data_source_id":2300000000001,"data_source_name":"","data_source_ref_id":"","description":"idle < 20%","end_time":0,"event_cnt":1,` +
			`"ever_muted":false,"images":null,"integration_id":2300000000001,"integration_name":"","integration_type":"","labels":{"check":"cpu"},"last_time":1767225562,"progress":"Triggered",` +
			`"responder_email":"","responder_name":"","start_time":1767225562,"title":"cpu","title_rule":"$check","updated_at":1767225576}`
		incident = `"account_id":70000000000001,"account_name":"Example Ltd","ack_time":0,"active_alert_cnt":0,"alert_cnt":1,"assigned_to":{"assigned_at":1767225576,"effective_person_ids":[1500000000001],` +
			`"id":"AbCd","layer_idx":0,"person_ids":[1500000000001],"type":"assign"},"channel_id":1800000000001,"channel_name":"Payments","channel_status":"enabled","close_time":0,"closer_id":0,` +
			`"created_at":1767225576,"creator_id":0,"data_source_id":2300000000001,"data_source_ids":[2300000000001],"dedup_key":"k","description":"idle < 20%",` +
			`"detail_url":"https://console.example.com/i","end_time":0,"equals_md5":"","fields":{"services":["passport"],"priority":"P3"},"group_method":"p","has_unfinished_work_item":false,"images":null,` +
			`"impact":"","incident_id":"65a0000000000000000000ff","incident_severity":"Critical","incident_status":"Critical","integration_id":2300000000001,"integration_ids":[2300000000001],` +
			`"integration_types":["zabbix"],"labels":{"check":"cpu"},"last_time":1767225562,"links":[{"endpoint":"https://l.example","name":"l","open_type":"tab"}],"num":"0000FF","owner_id":0,` +
			`"post_mortem_id":"0","progress":"Triggered","resolution":"","responders":[],"root_cause":"","silence_url":"https://console.example.com/s","snoozed_before":0,"start_time":1767225562,` +
			`"team_id":0,"title":"cpu","updated_at":1767229113`
		detail = `"event_detail":{"integration_id":1234567890123,"integration_name":"Restart host"}`
	)
	at := time.UnixMilli(1767225600123).UTC()
	notes := func(code string, more ...payload.Label) payload.Labels {
		return append(payload.Labels{{Name: "event_type", Value: code}, {Name: "progress", Value: "Triggered"}, {Name: "status", Value: "Critical"}, {Name: "person_name", Value: "Ada"}}, more...)
	}
	channel := payload.Label{Name: "channel_name", Value: "Payments"}
	tests := []struct {
		name    string
		body    string
		kind    flashduty.Kind
		want    payload.Event // without what all have
		unknown []string
	}{
		{
			name:    "a custom action",
			body:    `{` + detail + `,` + envelope + `,"event_type":"i_custom","incident":{` + incident + `,"alerts":[` + alert + `]}}`,
			kind:    flashduty.CustomAction,
			want:    payload.Event{Key: "incident/65a0000000000000000000ff", Kind: "i_custom", Annotations: notes("i_custom", channel), URL: "https://console.example.com/i"},
			unknown: []string{`event_detail={"integration_id":1234567890123,"integration_name":"Restart host"}`},
		}, {
			name:    "a custom action on an incident without alerts",
			body:    `{` + detail + `,` + envelope + `,"event_type":"i_custom","incident":{` + incident + `}}`,
			kind:    flashduty.IncidentPush,
			want:    payload.Event{Key: "incident/65a0000000000000000000ff", Kind: "i_custom", Annotations: notes("i_custom", channel), URL: "https://console.example.com/i"},
			unknown: []string{`event_detail={"integration_id":1234567890123,"integration_name":"Restart host"}`},
		}, {
			name: "an alert under both names of its integration",
			body: `{` + envelope + `,"event_type":"a_new","alert":` + alert + `}`,
			kind: flashduty.AlertPush,
			want: payload.Event{Key: "alert/65a0000000000000000000a1", Kind: payload.KindFiring, Annotations: notes("a_new")},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			decoded, err := payload.Formats{flashduty.Format()}.Decode([]byte(tt.body))
			require.NoError(t, err)
			require.NoError(t, decoded.Validate())
			p := decoded.(*flashduty.Push)
			assert.Equal(t, tt.kind, p.Kind())
			tt.want.Source, tt.want.ID, tt.want.Severity = "flashduty", payload.ID("flashduty", "0f3c5a7e9b1d4c6f"), payload.SeverityCritical
			tt.want.Title, tt.want.Text, tt.want.Time = "cpu", "idle < 20%", at
			tt.want.Labels = payload.Labels{{Name: "check", Value: "cpu"}}
			assert.Equal(t, []payload.Event{tt.want}, p.Events())
			var unknown []string
			for name, value := range maps.Collect(p.Unknown()) {
				unknown = append(unknown, name+"="+string(value))
			}
			slices.Sort(unknown)
			assert.Equal(t, tt.unknown, unknown)
			assert.Equal(t, tt.body, encode(t, p))
			if p.Incident != nil {
				assert.Equal(t, []int64{1500000000001}, p.Incident.AssignedTo.PersonIDs)
			}
		})
	}
}
