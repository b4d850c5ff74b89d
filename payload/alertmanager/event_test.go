package alertmanager_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/alertmanager"
)

func TestEvents(t *testing.T) {
	e := decode(t, "oncallm-example").Events()
	require.Len(t, e, 1)
	assert.NotEmpty(t, e[0].ID)
	e[0].ID = ""
	assert.Equal(t, payload.Event{
		Source:   "alertmanager",
		Key:      "abc123def456",
		Kind:     payload.KindFiring,
		Severity: payload.SeverityWarning,
		Title:    "CPU usage is above 80%",
		Text:     "CPU usage on node-1 has been above 80% for more than 5 minutes",
		Time:     time.Date(2024, 1, 15, 10, 30, 0, 0, time.UTC),
		Labels: payload.Labels{{Name: "alertname", Value: "HighCPUUsage"}, {Name: "instance", Value: "node-1:9100"},
			{Name: "job", Value: "node-exporter"}, {Name: "severity", Value: "warning"}, {Name: "namespace", Value: "production"}},
		Annotations: payload.Labels{{Name: "summary", Value: "CPU usage is above 80%"},
			{Name: "description", Value: "CPU usage on node-1 has been above 80% for more than 5 minutes"}},
		URL: "http://prometheus:9090/graph?g0.expr=...",
	}, e[0])
}

// Each line of the mapping table, with its fallbacks.
func TestEventFields(t *testing.T) {
	start, end := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), time.Date(2026, 1, 2, 4, 0, 0, 0, time.UTC)
	labels := func(pairs ...string) (l payload.Labels) {
		for i := 0; i < len(pairs); i += 2 {
			l = append(l, payload.Label{Name: pairs[i], Value: pairs[i+1]})
		}
		return l
	}
	event := func(a alertmanager.Alert) payload.Event {
		return (&alertmanager.Message{ExternalURL: "http://am", Alerts: []alertmanager.Alert{a}}).Events()[0]
	}
	assert.Equal(t, payload.KindFiring, event(alertmanager.Alert{}).Kind)
	assert.Equal(t, payload.KindResolved, event(alertmanager.Alert{Status: "resolved"}).Kind)
	assert.Equal(t, payload.Kind("expired"), event(alertmanager.Alert{Status: "expired"}).Kind)

	assert.Equal(t, "cbf29ce484222325", event(alertmanager.Alert{}).Key)

	assert.Equal(t, payload.SeverityCritical, event(alertmanager.Alert{Labels: labels("severity", "page", "priority", "info")}).Severity)
	assert.Equal(t, payload.SeverityInfo, event(alertmanager.Alert{Labels: labels("priority", "info", "level", "warning")}).Severity)
	assert.Equal(t, payload.SeverityWarning, event(alertmanager.Alert{Labels: labels("level", "warning")}).Severity)
	assert.Empty(t, event(alertmanager.Alert{Labels: labels("severity", "purple")}).Severity)

	assert.Equal(t, "s", event(alertmanager.Alert{Labels: labels("alertname", "n"), Annotations: labels("title", "t", "summary", "s")}).Title)
	assert.Equal(t, "t", event(alertmanager.Alert{Labels: labels("alertname", "n"), Annotations: labels("title", "t")}).Title)
	assert.Equal(t, "n", event(alertmanager.Alert{Labels: labels("alertname", "n")}).Title)
	assert.Equal(t, "d", event(alertmanager.Alert{Annotations: labels("message", "m", "description", "d")}).Text)
	assert.Equal(t, "m", event(alertmanager.Alert{Annotations: labels("message", "m")}).Text)

	assert.Equal(t, start, event(alertmanager.Alert{Status: "firing", StartsAt: start, EndsAt: end}).Time)
	assert.Equal(t, end, event(alertmanager.Alert{Status: "resolved", StartsAt: start, EndsAt: end}).Time)
	assert.Equal(t, start, event(alertmanager.Alert{Status: "resolved", StartsAt: start}).Time)

	assert.Equal(t, "http://p", event(alertmanager.Alert{GeneratorURL: "http://p"}).URL)
	assert.Equal(t, "http://am", event(alertmanager.Alert{}).URL)
}

func TestFromEvent(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	m := alertmanager.FromEvent(payload.Event{
		Source: "netdata", Key: "k", Kind: payload.KindFiring, Severity: payload.SeverityCritical, Title: `disk "full"`, Text: "on db-3",
		Time: at, Labels: payload.Labels{{Name: "host", Value: "db-3"}}, URL: "https://example.com/1",
	})
	require.NoError(t, m.Validate())
	b, err := json.Marshal(m)
	require.NoError(t, err)
	assert.JSONEq(t, `{"receiver":"netdata","status":"firing","alerts":[{"status":"firing",
		"labels":{"alertname":"disk \"full\"","host":"db-3","severity":"critical"},"annotations":{"description":"on db-3","summary":"disk \"full\""},
		"startsAt":"2026-01-02T03:04:05Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"https://example.com/1","fingerprint":"`+m.Alerts[0].Fingerprint+`"}],
		"groupLabels":{"alertname":"disk \"full\""},"commonLabels":{"alertname":"disk \"full\"","host":"db-3","severity":"critical"},
		"commonAnnotations":{"description":"on db-3","summary":"disk \"full\""},"externalURL":"","version":"4",
		"groupKey":"{}/{source=\"netdata\"}:{alertname=\"disk \\\"full\\\"\", key=\"k\"}","truncatedAlerts":0}`, string(b))
	assert.Regexp(t, "^[0-9a-f]{16}$", m.Alerts[0].Fingerprint)

	for kind, want := range map[payload.Kind]alertmanager.Status{
		payload.KindFiring: "firing", payload.KindAcknowledged: "firing", payload.KindUnreachable: "firing", payload.KindTaskFailed: "firing", "new": "firing",
		payload.KindResolved: "resolved", payload.KindReachable: "resolved", payload.KindTaskSucceeded: "resolved",
	} {
		m := alertmanager.FromEvent(payload.Event{Kind: kind, Time: at, Title: "t"})
		assert.Equal(t, want, m.Status, kind)
		assert.Equal(t, want, m.Alerts[0].Status, kind)
		assert.Equal(t, want == "resolved", !m.Alerts[0].EndsAt.IsZero(), kind)
	}
	assert.False(t, alertmanager.FromEvent(payload.Event{Kind: payload.KindResolved}).Alerts[0].EndsAt.IsZero())
	for want, e := range map[string]payload.Event{"k": {Source: "s", Key: "k"}, "s": {Source: "s"}, "event": {}} {
		m := alertmanager.FromEvent(e)
		require.NoError(t, m.Validate(), "there is always a label")
		assert.Equal(t, want, m.Alerts[0].Labels.Get("alertname"))
	}
}

// Receivers pair a resolution with its firing by the fingerprint, and the two
// seldom have equal labels: a cleared alert has no severity.
func TestFromEventKeepsTheFingerprintOverTheLifeOfAnAlert(t *testing.T) {
	of := func(e payload.Event) string { return alertmanager.FromEvent(e).Alerts[0].Fingerprint }
	firing := payload.Event{Source: "netdata", Key: "k", Kind: payload.KindFiring, Severity: payload.SeverityCritical, Title: "critical"}
	resolved := payload.Event{Source: "netdata", Key: "k", Kind: payload.KindResolved, Title: "fine"}
	assert.Equal(t, of(firing), of(resolved))
	resolved.Key = "l"
	assert.NotEqual(t, of(firing), of(resolved))
	resolved.Key, resolved.Source = "k", "netpulse"
	assert.NotEqual(t, of(firing), of(resolved))
	assert.Equal(t, "k", of(payload.Event{Source: "alertmanager", Key: "k"}), "which made it")

	m := alertmanager.FromEvent(payload.Event{Title: "no key"})
	assert.Equal(t, alertmanager.Fingerprint(m.Alerts[0].Labels), m.Alerts[0].Fingerprint)
}

func TestFromEventWithoutTimeStartsNow(t *testing.T) {
	before := time.Now().Truncate(time.Millisecond)
	for _, kind := range []payload.Kind{payload.KindFiring, payload.KindResolved} {
		a := alertmanager.FromEvent(payload.Event{Kind: kind, Title: "t"}).Alerts[0]
		assert.False(t, a.StartsAt.Before(before), "not the year 1")
		assert.False(t, a.StartsAt.After(time.Now()))
		assert.Equal(t, kind == payload.KindResolved, a.EndsAt.Equal(a.StartsAt))
	}
}

// What an event says survives the way through a message and back.
func TestFromEventAndBack(t *testing.T) {
	for name, body := range bodies(t) {
		m, err := alertmanager.Decode(body)
		require.NoError(t, err)
		for _, e := range m.Events() {
			back := alertmanager.FromEvent(e).Events()[0]
			assert.Equal(t, e.Kind, back.Kind, name)
			assert.Equal(t, e.Severity, back.Severity, name)
			assert.Equal(t, e.Title, back.Title, name)
			assert.Equal(t, e.Text, back.Text, name)
			assert.Equal(t, e.URL, back.URL, name)
			assert.True(t, e.Time.Equal(back.Time), name)
			for label, value := range e.Labels.All() {
				assert.Equal(t, value, back.Labels.Get(label), name)
			}
		}
	}
}

func TestNewReply(t *testing.T) {
	m := decode(t, "oncallm-reduced")
	m.Alerts = append(m.Alerts, alertmanager.Alert{Labels: payload.Labels{{Name: "namespace", Value: ""}}})
	b, err := json.Marshal(alertmanager.NewReply(m, func(a *alertmanager.Alert) string { return "http://localhost:8001/report/" + a.ID() }))
	require.NoError(t, err)
	id := alertmanager.Fingerprint(m.Alerts[1].Labels)
	assert.Equal(t, `{"status":"success","message":"Alerts queued for analysis","report_urls":[`+
		`{"fingerprint":"test123","alert_name":"TestAlert","namespace":"Unknown","report_url":"http://localhost:8001/report/test123"},`+
		`{"fingerprint":"`+id+`","alert_name":"","namespace":"","report_url":"http://localhost:8001/report/`+id+`"}]}`, string(b))

	b, err = alertmanager.NewReply(&alertmanager.Message{}, nil).AppendJSON(nil)
	require.NoError(t, err)
	assert.Equal(t, `{"status":"success","message":"Alerts queued for analysis","report_urls":[]}`, string(b))
}
