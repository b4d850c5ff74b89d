package alertmanager_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/alertmanager"
	"github.com/alertwire/alertwire/payload/payloadtest"
)

// bodies returns every captured or composed body by its name.
func bodies(t testing.TB) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, name := range payloadtest.Names("alertmanager") {
		if b := payloadtest.Body("alertmanager", name); len(b) > 0 {
			all[name] = b
		}
	}
	require.Greater(t, len(all), 25)
	return all
}

func decode(t testing.TB, name string) *alertmanager.Message {
	t.Helper()
	m, err := alertmanager.Decode(payloadtest.Body("alertmanager", name))
	require.NoError(t, err)
	return m
}

// remade returns m without the text it came from.
func remade(m *alertmanager.Message) *alertmanager.Message {
	n := &alertmanager.Message{
		Receiver: m.Receiver, Status: m.Status, NotificationReason: m.NotificationReason, GroupLabels: m.GroupLabels,
		CommonLabels: m.CommonLabels, CommonAnnotations: m.CommonAnnotations, RouteLabels: m.RouteLabels, ExternalURL: m.ExternalURL,
		Version: m.Version, GroupKey: m.GroupKey, TruncatedAlerts: m.TruncatedAlerts,
	}
	for _, a := range m.Alerts {
		n.Alerts = append(n.Alerts, alertmanager.Alert{Status: a.Status, Labels: a.Labels, Annotations: a.Annotations,
			StartsAt: a.StartsAt, EndsAt: a.EndsAt, GeneratorURL: a.GeneratorURL, Fingerprint: a.Fingerprint})
	}
	return n
}

func TestBodiesRoundTrip(t *testing.T) {
	for name, body := range bodies(t) {
		t.Run(name, func(t *testing.T) {
			m, err := alertmanager.Decode(body)
			require.NoError(t, err)
			require.NoError(t, m.Validate())
			assert.Equal(t, string(body), m.Raw())
			b, err := m.AppendJSON([]byte("> "))
			require.NoError(t, err)
			assert.Equal(t, "> "+string(body), string(b))
			b, err = json.Marshal(*m)
			require.NoError(t, err)
			assert.JSONEq(t, string(body), string(b))
		})
	}
}

// What is decoded is what encoding/json decodes, and what is made anew is what
// encoding/json reads.
func TestBodiesMatchEncodingJSON(t *testing.T) {
	for name, body := range bodies(t) {
		t.Run(name, func(t *testing.T) {
			m, err := alertmanager.Decode(body)
			require.NoError(t, err)
			var want, again plainMessage
			require.NoError(t, json.Unmarshal(body, &want))
			assert.Equal(t, want, plain(m))
			b, err := remade(m).AppendJSON(nil)
			require.NoError(t, err)
			require.NoError(t, json.Unmarshal(b, &again))
			assert.Equal(t, filled(want), filled(again))
		})
	}
}

func plain(m *alertmanager.Message) plainMessage {
	p := plainMessage{
		Receiver: m.Receiver, Status: string(m.Status), Reason: m.NotificationReason, GroupLabels: plainLabels(m.GroupLabels),
		CommonLabels: plainLabels(m.CommonLabels), CommonAnnotations: plainLabels(m.CommonAnnotations), RouteLabels: plainLabels(m.RouteLabels),
		ExternalURL: m.ExternalURL, Version: m.Version, GroupKey: m.GroupKey, TruncatedAlerts: m.TruncatedAlerts,
	}
	for _, a := range m.Alerts {
		p.Alerts = append(p.Alerts, plainAlert{string(a.Status), plainLabels(a.Labels), plainLabels(a.Annotations),
			a.StartsAt, a.EndsAt, a.GeneratorURL, a.Fingerprint})
	}
	return p
}

func plainLabels(l payload.Labels) map[string]string {
	if l == nil {
		return nil
	}
	return l.Map()
}

// filled returns p with empty maps for missing ones.
func filled(p plainMessage) plainMessage {
	for _, m := range []*map[string]string{&p.GroupLabels, &p.CommonLabels, &p.CommonAnnotations} {
		if *m == nil {
			*m = map[string]string{}
		}
	}
	return p
}

// A message that Alertmanager sends is the same message when we make it, byte
// for byte but for its escapes of < > &.
func TestMadeMessageIsWrittenAsAlertmanagerWritesIt(t *testing.T) {
	body := payloadtest.Body("alertmanager", "am034-some-alerts-resolved")
	b, err := remade(decode(t, "am034-some-alerts-resolved")).AppendJSON(nil)
	require.NoError(t, err)
	assert.Equal(t, strings.TrimSuffix(string(body), "\n"), string(b))
}

func TestAChangedFieldChangesOnlyItself(t *testing.T) {
	body := string(payloadtest.Body("alertmanager", "unknown-fields"))
	changes := []struct {
		name     string
		change   func(*alertmanager.Message)
		from, to string
	}{
		{"status", func(m *alertmanager.Message) { m.Status = alertmanager.Resolved }, `"status":"firing","alerts"`, `"status":"resolved","alerts"`},
		{"alert status", func(m *alertmanager.Message) { m.Alerts[0].Status = "resolved" }, `"status":"firing","silenced"`, `"status":"resolved","silenced"`},
		{"annotations", func(m *alertmanager.Message) { m.Alerts[0].Annotations = payload.Labels{{Name: "a", Value: "b"}} }, `"annotations":{},"startsAt"`, `"annotations":{"a":"b"},"startsAt"`},
		{"startsAt", func(m *alertmanager.Message) { m.Alerts[0].StartsAt = time.Date(2031, 5, 6, 7, 8, 9, 1, time.UTC) }, `09.100Z`, `09.000000001Z`},
		{"truncated", func(m *alertmanager.Message) { m.TruncatedAlerts = 3 }, `"truncatedAlerts":0`, `"truncatedAlerts":3`},
		{"route labels", func(m *alertmanager.Message) { m.RouteLabels = payload.Labels{{Name: "a", Value: ""}} }, `67890}`, `67890,"routeLabels":{"a":""}}`},
	}
	for _, tt := range changes {
		t.Run(tt.name, func(t *testing.T) {
			m := decode(t, "unknown-fields")
			require.Contains(t, body, tt.from)
			tt.change(m)
			b, err := m.AppendJSON(nil)
			require.NoError(t, err)
			assert.Equal(t, strings.Replace(body, tt.from, tt.to, 1), string(b))
		})
	}
}

func TestUnknown(t *testing.T) {
	m := decode(t, "unknown-fields")
	got := map[string]string{}
	for name, value := range m.Unknown() {
		got[name] = string(value)
	}
	assert.Equal(t, map[string]string{"future": `{"a":[1.50,1E+3,-0]}`, "notification_id": "12345678901234567890"}, got)
	for name, value := range m.Alerts[0].Unknown() {
		assert.Equal(t, "silenced", name)
		assert.Equal(t, "null", string(value))
		break
	}
	for name := range new(alertmanager.Message).Unknown() {
		t.Error(name)
	}
}

func TestJSONInterfaces(t *testing.T) {
	var page struct {
		Message alertmanager.Message  `json:"message"`
		Alert   *alertmanager.Alert   `json:"alert"`
		None    *alertmanager.Message `json:"none"`
		Null    alertmanager.Alert    `json:"null"`
	}
	text := `{"message":{"receiver":"r","alerts":[],"x":1.0},"alert":{"labels":{"a":"b"},"y":[]},"none":null,"null":null}`
	page.Null.Fingerprint = "kept"
	require.NoError(t, json.Unmarshal([]byte(text), &page))
	assert.Equal(t, "kept", page.Null.Fingerprint, "null changes nothing, as everywhere in encoding/json")
	page.Null = alertmanager.Alert{}
	b, err := json.Marshal(page)
	require.NoError(t, err)
	assert.Equal(t, strings.Replace(text, `"null":null`,
		`"null":{"status":"","labels":{},"annotations":{},"startsAt":"0001-01-01T00:00:00Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"","fingerprint":""}`, 1), string(b))

	require.Error(t, json.Unmarshal([]byte(`{"message":{"receiver":1}}`), &page))
	assert.Equal(t, "r", page.Message.Receiver, "an error leaves the message alone")
}

func TestDecodeErrors(t *testing.T) {
	tests := []struct {
		name, body string
		want       payload.SyntaxError
	}{
		{"empty", ``, payload.SyntaxError{Reason: "want an object, found the end"}},
		{"array", `[{"labels":{}}]`, payload.SyntaxError{Reason: "want an object, found an array"}},
		{"text", `hello`, payload.SyntaxError{Reason: "want an object, found something else"}},
		{"cut off", `{"alerts":[{"labels":{"a":"b`, payload.SyntaxError{Field: "alerts[0].labels.a", Offset: 28, Reason: "unexpected end"}},
		{"alerts of another type", `{"alerts":{}}`, payload.SyntaxError{Field: "alerts", Offset: 10, Reason: "want an array, found an object"}},
		{"null alert", `{"alerts":[null]}`, payload.SyntaxError{Field: "alerts[0]", Offset: 11, Reason: "want an object, found null"}},
		{"label that is a number", `{"alerts":[{"labels":{"port":80}}]}`, payload.SyntaxError{Field: "alerts[0].labels.port", Offset: 29, Reason: "want a string, found a number"}},
		{"time", `{"alerts":[{"startsAt":"now"}]}`, payload.SyntaxError{Field: "alerts[0].startsAt", Offset: 23, Reason: "not an RFC 3339 time"}},
		{"negative", `{"truncatedAlerts":-1,"alerts":[]}`, payload.SyntaxError{Field: "truncatedAlerts", Offset: 19, Reason: "not an unsigned integer, or out of range"}},
		{"too large for its type", `{"truncatedAlerts":18446744073709551616,"alerts":[]}`, payload.SyntaxError{Field: "truncatedAlerts", Offset: 19, Reason: "not an unsigned integer, or out of range"}},
		{"fraction", `{"truncatedAlerts":1.0,"alerts":[]}`, payload.SyntaxError{Field: "truncatedAlerts", Offset: 19, Reason: "not an unsigned integer, or out of range"}},
		{"invalid UTF-8", "{\"receiver\":\"\xff\",\"alerts\":[]}", payload.SyntaxError{Offset: 13, Reason: "invalid UTF-8"}},
		{"nested too deeply", `{"x":` + nested(200) + `,"alerts":[]}`, payload.SyntaxError{Field: "x", Offset: 204, Reason: "nested too deeply"}},
		{"two values", `{"alerts":[]}{}`, payload.SyntaxError{Offset: 13, Reason: "something after the value"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := alertmanager.Decode([]byte(tt.body))
			assert.Nil(t, m)
			var got *payload.SyntaxError
			require.ErrorAs(t, err, &got)
			tt.want.Format = "alertmanager"
			assert.Equal(t, tt.want, *got)
		})
	}
}

func nested(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }

// What is odd and yet accepted has one meaning, and is written as it came.
func TestOddBodies(t *testing.T) {
	tests := []struct {
		name, body string
		want       func(*alertmanager.Message) any
		value      any
	}{
		{"the last of a name counts", `{"status":"firing","status":"resolved","alerts":[]}`, func(m *alertmanager.Message) any { return m.Status }, alertmanager.Resolved},
		{"the last list counts", `{"alerts":[{"labels":{"a":"b"}}],"alerts":[]}`, func(m *alertmanager.Message) any { return len(m.Alerts) }, 0},
		{"the last label counts", `{"alerts":[{"labels":{"a":"b","a":"c"}}]}`, func(m *alertmanager.Message) any { return m.Alerts[0].Labels.Get("a") }, "c"},
		{"names match exactly", `{"Status":"firing","alerts":[]}`, func(m *alertmanager.Message) any { return m.Status }, alertmanager.Status("")},
		{"escaped names match", `{"st\u0061tus":"firing","alerts":[]}`, func(m *alertmanager.Message) any { return m.Status }, alertmanager.Firing},
		{"null is nothing", `{"status":null,"truncatedAlerts":null,"groupLabels":null,"alerts":[{"startsAt":null,"labels":{"a":null}}]}`,
			func(m *alertmanager.Message) any { return m.Alerts[0].Labels }, payload.Labels{{Name: "a"}}},
		{"an empty time is none", `{"alerts":[{"endsAt":""}]}`, func(m *alertmanager.Message) any { return m.Alerts[0].EndsAt.IsZero() }, true},
		{"huge numbers where nothing is known", `{"x":1e999,"y":123456789012345678901234567890,"alerts":[]}`, func(m *alertmanager.Message) any { return len(m.Alerts) }, 0},
		{"half of a surrogate pair", `{"receiver":"\ud83d","alerts":[]}`, func(m *alertmanager.Message) any { return m.Receiver }, "\ufffd"},
		{"as deep as may be", `{"x":` + nested(199) + `,"alerts":[]}`, func(m *alertmanager.Message) any { return len(m.Alerts) }, 0},
		{"an unknown status", `{"status":"expired","alerts":[]}`, func(m *alertmanager.Message) any { return m.Status }, alertmanager.Status("expired")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := alertmanager.Decode([]byte(tt.body))
			require.NoError(t, err)
			assert.Equal(t, tt.value, tt.want(m))
			b, err := m.AppendJSON(nil)
			require.NoError(t, err)
			assert.Equal(t, tt.body, string(b))
		})
	}
}

// The operator of an Alertmanager may send any JSON at all.
func TestCustomPayload(t *testing.T) {
	for _, body := range []string{`{}`, `{"text":"hello"}`, `{"alerts":null}`, `{"s":1,"count":3}`} {
		_, err := alertmanager.Decode([]byte(body))
		require.ErrorIs(t, err, payload.ErrFormat, body)
		require.ErrorContains(t, err, "not the default payload")
	}
	formats := payload.Formats{alertmanager.Format(), payload.RawFormat()}
	for body, want := range map[string]payload.Payload{
		`{"text":"hello"}`: payload.Raw(`{"text":"hello"}`),
		`["alerts"]`:       payload.Raw(`["alerts"]`),
		`{"alerts":{}}`:    payload.Raw(`{"alerts":{}}`),
	} {
		p, err := formats.Decode([]byte(body))
		require.NoError(t, err)
		assert.Equal(t, want, p)
	}
	p, err := formats.Decode([]byte(`{"alerts":[]}`))
	require.NoError(t, err)
	assert.IsType(t, &alertmanager.Message{}, p)
}

func TestValidate(t *testing.T) {
	tests := []struct {
		name, body string
		want       error
	}{
		{"no alerts at all", `{"alerts":[]}`, nil},
		{"reduced", `{"alerts":[{"labels":{"a":"b"}}]}`, nil},
		{"no labels", `{"alerts":[{"labels":{"a":"b"}},{}]}`, &payload.FieldError{Format: "alertmanager", Field: "alerts[1].labels", Reason: "missing or empty"}},
		{"empty labels", `{"alerts":[{"labels":{}}]}`, &payload.FieldError{Format: "alertmanager", Field: "alerts[0].labels", Reason: "missing or empty"}},
		{"null labels", `{"alerts":[{"labels":null}]}`, &payload.FieldError{Format: "alertmanager", Field: "alerts[0].labels", Reason: "missing or empty"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := alertmanager.Decode([]byte(tt.body))
			require.NoError(t, err)
			assert.Equal(t, tt.want, m.Validate())
		})
	}
	assert.Equal(t, &payload.FieldError{Format: "alertmanager", Field: "alerts", Reason: "missing"}, new(alertmanager.Message).Validate())
}
