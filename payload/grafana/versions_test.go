package grafana_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/alertmanager"
	"github.com/alertwire/alertwire/payload/grafana"
)

// What each release of Grafana posts decodes. The members are those of the page
// of the release; the values are invented.
func TestReleases(t *testing.T) {
	began := time.Date(2024, 1, 15, 9, 51, 3, 157076000, time.FixedZone("", 2*60*60))
	labels := payload.Labels{{Name: "alertname", Value: "High memory"}, {Name: "severity", Value: "critical"}}
	event := payload.Event{
		Source: "grafana", Key: "1/c6eadffa33fcdf37", Kind: payload.KindFiring, Severity: payload.SeverityCritical,
		Title: "too much", Text: "[ metric='' labels={} value=14151.33 ]", Time: began, Labels: labels,
		Annotations: payload.Labels{{Name: "summary", Value: "too much"}}, URL: "https://g.example/edit",
	}
	with := func(change func(*payload.Event)) payload.Event {
		e := event
		change(&e)
		return e
	}
	const (
		base = `"labels":{"alertname":"High memory","severity":"critical"},"annotations":{"summary":"too much"},"startsAt":"2024-01-15T09:51:03.157076+02:00",` +
			`"endsAt":"0001-01-01T00:00:00Z","generatorURL":"https://g.example/edit","fingerprint":"c6eadffa33fcdf37"`
		group = `"groupLabels":{},"commonLabels":{"severity":"critical"},"commonAnnotations":{},"externalURL":"https://g.example/"`
	)
	tests := []struct {
		name    string
		body    string
		want    payload.Event
		unknown []string
		check   func(t *testing.T, m *grafana.Message)
	}{
		{
			name: "8, values as text only, orgId in another place",
			body: `{"receiver":"My Super Webhook","status":"firing","orgId":1,"alerts":[{"status":"firing",` + base + `,"silenceURL":"https://g.example/silence","dashboardURL":"","panelURL":"",` +
				`"valueString":"[ metric='' labels={} value=14151.33 ]"}],` + group + `,"version":"1","groupKey":"{}:{}","truncatedAlerts":0,"title":"[FIRING:1]  (critical)","state":"alerting","message":"**Firing**"}`,
			want: event,
			check: func(t *testing.T, m *grafana.Message) {
				assert.Nil(t, m.Alerts[0].Values)
				assert.Equal(t, []any{"My Super Webhook", "alerting", "[FIRING:1]  (critical)", int64(1)}, []any{m.ReceiverName(), m.State, m.Title, m.OrgID})
			},
		}, {
			name: "9, with numbers and pictures",
			body: `{"receiver":"","status":"firing","alerts":[{"status":"firing",` + base + `,"silenceURL":"","dashboardURL":"https://g.example/d/x","panelURL":"https://g.example/d/x?viewPanel=1",` +
				`"values":{"B":44.23943737541908,"C":1},"valueString":"","imageURL":"https://g.example/i.png","embeddedImage":"aGk="}],` + group +
				`,"version":"1","groupKey":"{}:{}","truncatedAlerts":0,"orgId":1,"title":"t","state":"alerting","message":"m"}`,
			want: with(func(e *payload.Event) { e.Text, e.URL = "", "https://g.example/d/x?viewPanel=1" }),
			check: func(t *testing.T, m *grafana.Message) {
				b, ok := m.Alerts[0].Values.Get("B")
				assert.Equal(t, []any{44.23943737541908, true, "aGk="}, []any{b, ok, m.Alerts[0].EmbeddedImage})
			},
		}, {
			name: "resolved, with null for what is none",
			body: `{"receiver":"","status":"resolved","alerts":[{"status":"resolved","labels":{"alertname":"High memory","severity":"critical"},"annotations":{"summary":"too much"},` +
				`"startsAt":"2024-01-15T09:51:03.157076+02:00","endsAt":"2024-01-15T10:51:03.157076+02:00","generatorURL":"https://g.example/edit","fingerprint":"c6eadffa33fcdf37","silenceURL":null,` +
				`"dashboardURL":null,"panelURL":null,"values":null,"valueString":"","orgId":null}],"groupLabels":null,"commonLabels":null,"commonAnnotations":null,"externalURL":"https://g.example/",` +
				`"version":"1","groupKey":"{}:{}","truncatedAlerts":0,"orgId":1,"title":"t","state":"ok","message":"m"}`,
			want: with(func(e *payload.Event) {
				e.Kind, e.Text, e.Time = payload.KindResolved, "", began.Add(time.Hour)
			}),
			check: func(t *testing.T, m *grafana.Message) { assert.True(t, m.AllResolved()) },
		}, {
			name: "a value that is none, and one of a release to come",
			body: `{"receiver":"","status":"firing","alerts":[{"status":"firing",` + base + `,"values":{"B":null,"C":1e300},"valueString":"","labelsHash":5}],` + group +
				`,"version":"1","groupKey":"{}:{}","truncatedAlerts":2,"orgId":1,"title":"t","state":"alerting","message":"m","notificationId":"n"}`,
			want:    with(func(e *payload.Event) { e.Text = "" }),
			unknown: []string{"notificationId"},
			check: func(t *testing.T, m *grafana.Message) {
				_, ok := m.Alerts[0].Values.Get("B")
				assert.False(t, ok)
				assert.True(t, m.Truncated())
			},
		}, {
			name: "without an organisation, as programs write that imitate it",
			body: `{"status":"firing","alerts":[{"status":"firing",` + base + `}],"version":"1","title":"t","state":"alerting","message":"m"}`,
			want: with(func(e *payload.Event) { e.Key, e.Text = "0/c6eadffa33fcdf37", "" }),
		}, {
			name: "the Test button",
			body: `{"receiver":"TestReceiver","status":"firing","alerts":[{"status":"firing","labels":{"alertname":"TestAlert","instance":"Grafana"},"annotations":{"summary":"Notification test"},` +
				`"startsAt":"2024-01-15T09:51:03.157076+02:00","endsAt":"0001-01-01T00:00:00Z","generatorURL":"?orgId=1","fingerprint":"c6eadffa33fcdf37","silenceURL":"","dashboardURL":"","panelURL":"",` +
				`"values":null,"valueString":"[ metric='foo' labels={instance=bar} value=10 ]","orgId":1}],"groupLabels":{"alertname":"TestAlert"},"commonLabels":{},"commonAnnotations":{},` +
				`"externalURL":"https://g.example/","version":"1","groupKey":"test","truncatedAlerts":0,"orgId":1,"title":"[FIRING:1] TestAlert","state":"alerting","message":"m"}`,
			want: payload.Event{
				Source: "grafana", Key: "1/c6eadffa33fcdf37", Kind: payload.KindTest, Title: "Notification test", Text: "[ metric='foo' labels={instance=bar} value=10 ]", Time: began,
				Labels:      payload.Labels{{Name: "alertname", Value: "TestAlert"}, {Name: "instance", Value: "Grafana"}},
				Annotations: payload.Labels{{Name: "summary", Value: "Notification test"}}, URL: "?orgId=1",
			},
		}, {
			name: "13, the Test button with labels that its user chose",
			body: `{"receiver":"ops team \\(eu\\)","status":"firing","alerts":[{"status":"firing",` + base + `,"silenceURL":"","dashboardURL":"","panelURL":"","values":null,"valueString":""}],` + group +
				`,"appVersion":"13.0.1","version":"1","groupKey":"ops team (eu)-c6eadffa33fcdf37-1782478380","truncatedAlerts":0,"orgId":1,"title":"t","state":"alerting","message":"m"}`,
			want: with(func(e *payload.Event) { e.Kind, e.Text = payload.KindTest, "" }),
			check: func(t *testing.T, m *grafana.Message) {
				assert.False(t, m.Alerts[0].Test(), "by its labels")
				assert.Equal(t, "13.0.1", m.AppVersion)
			},
		}, {
			name: "the example of a payload of one's own, without fingerprints",
			body: `{"alerts":[{"endsAt":"2024-01-15T08:51:03Z","labels":{"alertname":"High memory","severity":"critical"},"startsAt":"2024-01-15T07:51:03.157Z","status":"resolved"}],"allVariables":{},` +
				`"commonAnnotations":{},"commonLabels":{},"externalURL":"https://g.example/","groupKey":"","groupLabels":{},"message":"m","orgId":1,"receiver":"r","state":"ok","status":"resolved",` +
				`"title":"t","truncatedAlerts":null,"version":"1"}`,
			want: payload.Event{
				Source: "grafana", Kind: payload.KindResolved, Severity: payload.SeverityCritical, Title: "High memory", Time: time.Date(2024, 1, 15, 8, 51, 3, 0, time.UTC), Labels: labels,
				URL: "https://g.example/",
			},
			unknown: []string{"allVariables"},
			check:   func(t *testing.T, m *grafana.Message) { assert.Empty(t, m.DeliveryID()) },
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := payload.Formats{grafana.Format(), alertmanager.Format()}.Decode([]byte(tt.body))
			require.NoError(t, err)
			require.NoError(t, p.Validate())
			require.IsType(t, (*grafana.Message)(nil), p)
			m := p.(*grafana.Message)
			events := m.Events()
			require.Len(t, events, 1)
			assert.Equal(t, events[0].Key == "", events[0].ID == "")
			assert.True(t, events[0].Time.Equal(tt.want.Time))
			tt.want.ID, tt.want.Time = events[0].ID, events[0].Time
			assert.Equal(t, tt.want, events[0])
			assert.Equal(t, tt.unknown, slices.Sorted(maps.Keys(maps.Collect(m.Unknown()))))
			if tt.check != nil {
				tt.check(t, m)
			}
			b, err := m.AppendJSON(nil)
			require.NoError(t, err)
			assert.Equal(t, tt.body, string(b))
		})
	}
}

// The alerting before Grafana 9 posted another object, of which nothing would be
// left in a Message: it is refused rather than taken for an empty one.
func TestLegacyAlertingIsRefused(t *testing.T) {
	for _, body := range []string{
		`{"dashboardId":1,"evalMatches":[{"value":1,"metric":"Count","tags":{}}],"imageUrl":"https://g.example/i.png","message":"m","orgId":1,"panelId":2,"ruleId":1,` +
			`"ruleName":"Panel Title alert","ruleUrl":"https://g.example/d/x","state":"alerting","tags":{"a":"b"},"title":"[Alerting] Panel Title alert"}`,
		`{"evalMatches":[{"value":100,"metric":"High value","tags":null}],"imageUrl":"https://g.example/i.png","message":"Someone is testing","ruleId":0,"ruleName":"Test notification",` +
			`"ruleUrl":"https://g.example/","state":"alerting","title":"[Alerting] Test notification"}`,
	} {
		_, err := grafana.Decode([]byte(body))
		require.ErrorIs(t, err, payload.ErrFormat)
		_, err = payload.Formats{grafana.Format(), alertmanager.Format()}.Decode([]byte(body))
		require.ErrorIs(t, err, payload.ErrFormat)
	}
}

// A group is that of the Test button only if all of its name is.
func TestGroupsOfTheTestButton(t *testing.T) {
	for groupKey, want := range map[string]payload.Kind{
		"webhook-57c6d9296de2ad39-1704985443":                 payload.KindTest,
		"webhook-57c6d9296de2ad39-":                           payload.KindFiring,
		"webhook-57c6d9296de2ad39":                            payload.KindFiring,
		"webhook-57c6d9296de2ad39-1704985443-1":               payload.KindFiring,
		"webhook-57c6d9296de2ad39-17049854430000000000000":    payload.KindFiring,
		"webhook-00c6d9296de2ad39-1704985443":                 payload.KindFiring,
		"webhook--1704985443":                                 payload.KindFiring,
		"webhook57c6d9296de2ad39-1704985443":                  payload.KindFiring,
		"other-57c6d9296de2ad39-1704985443":                   payload.KindFiring,
		`{}:{alertname="webhook-57c6d9296de2ad39-170498544"}`: payload.KindFiring,
		"": payload.KindFiring,
	} {
		m := &grafana.Message{Receiver: "webhook", GroupKey: groupKey, Alerts: []grafana.Alert{{}, {Fingerprint: "57c6d9296de2ad39"}}}
		for _, e := range m.Events() {
			assert.Equal(t, want, e.Kind, groupKey)
		}
	}
}
