package grafana_test

import (
	"context"
	"encoding/json"
	"math"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/alertmanager"
	"github.com/alertwire/alertwire/payload/grafana"
	"github.com/alertwire/alertwire/payload/payloadtest"
)

func decode(t testing.TB, name string) *grafana.Message {
	t.Helper()
	m, err := grafana.Decode(payloadtest.Body("grafana", name))
	require.NoError(t, err)
	return m
}

func TestBodiesRoundTrip(t *testing.T) {
	names := payloadtest.Names("grafana")
	require.GreaterOrEqual(t, len(names), 8)
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			body := string(payloadtest.Body("grafana", name))
			m := decode(t, name)
			require.NoError(t, m.Validate())
			assert.Equal(t, body, m.Raw())
			b, err := m.AppendJSON([]byte("> "))
			require.NoError(t, err)
			assert.Equal(t, "> "+body, string(b))
			b, err = json.Marshal(*m)
			require.NoError(t, err)
			assert.JSONEq(t, body, string(b))
		})
	}
}

func TestDecode(t *testing.T) {
	m := decode(t, "all-fields")
	unknown := map[string]string{}
	for name, value := range m.Unknown() {
		unknown[name] = string(value)
	}
	assert.Equal(t, map[string]string{"later": `{"x":1E2}`}, unknown)
	for name, value := range m.Alerts[0].Unknown() {
		assert.Equal(t, "later=[1]", name+"="+string(value))
	}
	assert.Equal(t, "ops team (eu)", decode(t, "grafana-default-firing2").ReceiverName())

	b, err := remade(m).AppendJSON(nil)
	require.NoError(t, err)
	assert.Equal(t, withoutUnknown(payloadtest.Body("grafana", "all-fields")), string(b))
	b, err = remade(decode(t, "values-null")).AppendJSON(nil)
	require.NoError(t, err)
	assert.Equal(t, strings.Replace(string(payloadtest.Body("grafana", "values-null")), "1.50", "1.5", 1), string(b))
}

func withoutUnknown(body []byte) string {
	return strings.NewReplacer(`,"later":[1]`, ``, `,"later":{"x":1E2}`, ``).Replace(string(body))
}

// remade returns m without the text it came from.
func remade(m *grafana.Message) *grafana.Message {
	n := &grafana.Message{
		Receiver: m.Receiver, Status: m.Status, GroupLabels: m.GroupLabels, CommonLabels: m.CommonLabels, CommonAnnotations: m.CommonAnnotations,
		ExternalURL: m.ExternalURL, AppVersion: m.AppVersion, Version: m.Version, GroupKey: m.GroupKey, TruncatedAlerts: m.TruncatedAlerts,
		OrgID: m.OrgID, Title: m.Title, State: m.State, Message: m.Message,
	}
	for _, a := range m.Alerts {
		n.Alerts = append(n.Alerts, grafana.Alert{
			Status: a.Status, Labels: a.Labels, Annotations: a.Annotations, StartsAt: a.StartsAt, EndsAt: a.EndsAt, GeneratorURL: a.GeneratorURL,
			Fingerprint: a.Fingerprint, SilenceURL: a.SilenceURL, DashboardURL: a.DashboardURL, PanelURL: a.PanelURL, RuleUID: a.RuleUID,
			Values: a.Values, ValueString: a.ValueString, ImageURL: a.ImageURL, EmbeddedImage: a.EmbeddedImage, OrgID: a.OrgID, Enrichments: a.Enrichments,
		})
	}
	return n
}

func TestValues(t *testing.T) {
	m := decode(t, "values-null")
	assert.Nil(t, m.Alerts[0].Values)
	assert.Equal(t, grafana.Values{{Ref: "A", Null: true}, {Ref: "B", Number: 1.5}}, m.Alerts[1].Values)
	number, ok := m.Alerts[1].Values.Get("B")
	assert.True(t, ok)
	assert.InDelta(t, 1.5, number, 0)
	_, ok = m.Alerts[1].Values.Get("A")
	assert.False(t, ok, "null is no number")
	_, ok = m.Alerts[0].Values.Get("A")
	assert.False(t, ok)

	body := string(payloadtest.Body("grafana", "values-null"))
	m.Alerts[0].Values = grafana.Values{{Ref: "A", Number: 0.1}}
	b, err := m.AppendJSON(nil)
	require.NoError(t, err)
	assert.Equal(t, strings.Replace(body, `"values":null`, `"values":{"A":0.1}`, 1), string(b))
	m.Alerts[0].Values = nil
	m.Alerts[1].Values = nil
	b, err = m.AppendJSON(nil)
	require.NoError(t, err)
	assert.Equal(t, strings.Replace(body, `{"A":null,"B":1.50}`, `null`, 1), string(b))
	m.Alerts[1].Values = grafana.Values{{Ref: "A", Number: math.NaN()}}
	_, err = m.AppendJSON(nil)
	require.ErrorContains(t, err, "values: not a finite number")
}

func TestDecodeErrors(t *testing.T) {
	tests := []struct {
		name, body string
		want       payload.SyntaxError
	}{
		{"array", `[]`, payload.SyntaxError{Reason: "want an object, found an array"}},
		{"value that is text", `{"alerts":[{"values":{"A":1,"B":"x"}}]}`, payload.SyntaxError{Field: "alerts[0].values.B", Offset: 32, Reason: "want a number, found a string"}},
		{"values that are a list", `{"alerts":[{"values":[1]}]}`, payload.SyntaxError{Field: "alerts[0].values", Offset: 21, Reason: "want an object, found an array"}},
		{"organisation", `{"orgId":1.5}`, payload.SyntaxError{Field: "orgId", Offset: 9, Reason: "not an integer, or out of range"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := grafana.Decode([]byte(tt.body))
			var got *payload.SyntaxError
			require.ErrorAs(t, err, &got)
			tt.want.Format = "grafana"
			assert.Equal(t, tt.want, *got)
		})
	}
	_, err := grafana.Decode([]byte(`{"ruleId":1,"ruleName":"old","evalMatches":[],"state":"alerting","title":"t"}`))
	require.ErrorIs(t, err, payload.ErrFormat, "the alerting before Grafana 9")
}

func TestValidate(t *testing.T) {
	assert.Equal(t, &payload.FieldError{Format: "grafana", Field: "alerts", Reason: "missing"}, new(grafana.Message).Validate())
	m := decode(t, "values-null")
	m.Alerts[1].Labels = nil
	assert.Equal(t, &payload.FieldError{Format: "grafana", Field: "alerts[1].labels", Reason: "missing or empty"}, m.Validate())
}

func TestFormatTellsGrafanaFromAlertmanager(t *testing.T) {
	formats := payload.Formats{grafana.Format(), alertmanager.Format()}
	for _, system := range []string{"grafana", "alertmanager"} {
		for _, name := range payloadtest.Names(system) {
			body := payloadtest.Body(system, name)
			if len(body) == 0 {
				continue
			}
			p, err := formats.Decode(body)
			require.NoError(t, err, name)
			require.NotEmpty(t, p.Events(), name)
			assert.Equal(t, system, p.Events()[0].Source, name)
		}
	}
}

func TestFormat(t *testing.T) {
	for body, want := range map[string]bool{
		`{"alerts":[],"orgId":1}`:                true,
		`{"alerts":[],"title":"","state":""}`:    true,
		`{"alerts":[],"orgId":1,"version":"1"}`:  true,
		`{"alerts":[],"orgId":1,"version":"4"}`:  false,
		`{"alerts":[],"title":""}`:               false,
		`{"alerts":{},"orgId":1}`:                false,
		`{"alerts":[],"title":"","version":"1"}`: true,
		`{"alerts":[],"state":"","version":"1"}`: true,
		`{"alerts":[],"version":"1"}`:            false,
		`{"alerts":[],"title":"","version":"3"}`: false,
		`[{"alerts":[],"orgId":1}]`:              false,
	} {
		s, err := payload.ShapeOf([]byte(body))
		require.NoError(t, err)
		assert.Equal(t, want, grafana.Format().Match(s), body)
	}
}

func TestDeliveryID(t *testing.T) {
	m := decode(t, "grafana-default-firing2")
	same := m.DeliveryID()
	m.Message, m.Title, m.Alerts[0].PanelURL = "sent at another time", "x", "y"
	assert.Equal(t, same, m.DeliveryID())
	for name, change := range map[string]func(){
		"organisation": func() { m.OrgID++ },
		"start":        func() { m.Alerts[0].StartsAt = m.Alerts[0].StartsAt.Add(1) },
		"status":       func() { m.Alerts[0].Status = grafana.Resolved },
		"receiver":     func() { m.Receiver = "other" },
		"group":        func() { m.GroupKey = "other" },
		"fingerprint":  func() { m.Alerts[1].Fingerprint = "other" },
	} {
		m = decode(t, "grafana-default-firing2")
		change()
		assert.NotEqual(t, same, m.DeliveryID(), name)
	}
	m.Alerts[1].Fingerprint = ""
	assert.Empty(t, m.DeliveryID())
	assert.Empty(t, m.Events()[1].ID)
	assert.Empty(t, m.Events()[1].Key)
	assert.Empty(t, new(grafana.Message).DeliveryID())
}

func TestEvents(t *testing.T) {
	e := decode(t, "all-fields").Events()
	require.Len(t, e, 1)
	assert.Equal(t, payload.Event{
		Source:      "grafana",
		ID:          payload.ID("grafana", "7", "ops", `{}:{alertname="High load"}`, "1a2b3c4d5e6f7081", "firing", "2026-01-15T10:30:00.157076Z"),
		Key:         "7/1a2b3c4d5e6f7081",
		Kind:        payload.KindFiring,
		Title:       "High load on db-3",
		Text:        "load is high",
		Time:        time.Date(2026, 1, 15, 10, 30, 0, 157076000, time.UTC),
		Labels:      payload.Labels{{Name: "alertname", Value: "High load"}, {Name: "team", Value: "infra"}},
		Annotations: payload.Labels{{Name: "description", Value: "load is high"}, {Name: "summary", Value: "High load on db-3"}},
		URL:         "http://127.0.0.1:3000/d/abcd?viewPanel=7",
	}, e[0])

	event := func(a grafana.Alert) payload.Event {
		return (&grafana.Message{ExternalURL: "http://g", Status: grafana.Resolved, Alerts: []grafana.Alert{a}}).Events()[0]
	}
	end := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	assert.Equal(t, payload.KindResolved, event(grafana.Alert{}).Kind, "of the message")
	assert.Equal(t, end, event(grafana.Alert{Status: "resolved", EndsAt: end}).Time)
	assert.Equal(t, payload.SeverityWarning, event(grafana.Alert{Labels: payload.Labels{{Name: "severity", Value: "warning"}}}).Severity)
	assert.Equal(t, "v", event(grafana.Alert{ValueString: "v"}).Text)
	assert.Equal(t, "d", event(grafana.Alert{DashboardURL: "d", GeneratorURL: "gen"}).URL)
	assert.Equal(t, "gen", event(grafana.Alert{GeneratorURL: "gen"}).URL)
	assert.Equal(t, "http://g", event(grafana.Alert{}).URL)
	assert.Equal(t, payload.KindTest, decode(t, "test-notification").Events()[0].Kind)

	m := decode(t, "grafana-default-resolved")
	assert.Equal(t, payload.KindResolved, m.Events()[0].Kind)
	assert.True(t, m.AllResolved())
	m.TruncatedAlerts = 1
	assert.False(t, m.AllResolved())
}

// The options that the package recommends take every captured request.
func TestHandler(t *testing.T) {
	h := payload.Handler(grafana.Decode, func(context.Context, *grafana.Message) (any, error) { return nil, nil },
		payload.HandlerOptions{Methods: []string{"POST", "PUT"}, ContentTypes: []string{"*"}})
	for _, method := range []string{"POST", "PUT"} {
		for _, name := range payloadtest.Names("grafana") {
			r := payloadtest.Request("grafana", name)
			r.Method = method
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			assert.Equal(t, 200, w.Code, name)
		}
	}
}

func TestJSONInterfaces(t *testing.T) {
	m := decode(t, "values-null")
	b, err := json.Marshal(m.Alerts)
	require.NoError(t, err)
	var alerts []grafana.Alert
	require.NoError(t, json.Unmarshal(b, &alerts))
	assert.Equal(t, m.Alerts[1].Values, alerts[1].Values)
	var again grafana.Message
	require.NoError(t, json.Unmarshal([]byte(m.Raw()), &again))
	assert.Equal(t, m.Events(), again.Events())
	require.Error(t, json.Unmarshal([]byte(`{"orgId":"1"}`), &again))
}
