package flashduty_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/flashduty"
	"github.com/alertwire/alertwire/payload/payloadtest"
)

// without returns a body in which the member at a path is missing, or is value
// if there is one.
func without(t *testing.T, name string, path []string, value ...any) []byte {
	t.Helper()
	var body map[string]any
	require.NoError(t, json.Unmarshal(payloadtest.Body("flashduty", name), &body))
	at := body
	for _, member := range path[:len(path)-1] {
		at = at[member].(map[string]any)
	}
	last := path[len(path)-1]
	require.Contains(t, at, last)
	delete(at, last)
	if len(value) > 0 {
		at[last] = value[0]
	}
	b, err := json.Marshal(body)
	require.NoError(t, err)
	return b
}

func validate(t *testing.T, body []byte) error {
	t.Helper()
	p := new(flashduty.Push)
	require.NoError(t, json.Unmarshal(body, p))
	return p.Validate()
}

func wrong(field, reason string) error {
	return &payload.FieldError{Format: "flashduty", Field: field, Reason: reason}
}

// A required field must be there; most may be empty.
func TestValidateRequired(t *testing.T) {
	full := []struct {
		body string
		path []string
		zero any
	}{
		{"incident-minimal", []string{"event_type"}, ""},
		{"incident-minimal", []string{"event_id"}, ""},
		{"incident-minimal", []string{"event_time"}, 0},
		{"incident-minimal", []string{"incident"}, nil},
		{"incident-minimal", []string{"incident", "incident_id"}, ""},
		{"alert-new", []string{"alert"}, nil},
		{"alert-new", []string{"alert", "alert_id"}, ""},
	}
	for _, tt := range full {
		want := wrong(join(tt.path), "missing or empty")
		assert.Equal(t, want, validate(t, without(t, tt.body, tt.path)))
		assert.Equal(t, want, validate(t, without(t, tt.body, tt.path, tt.zero)))
		assert.Equal(t, want, validate(t, without(t, tt.body, tt.path, nil)))
	}

	there := map[string]map[string]any{
		"incident": {"title": "", "incident_severity": "", "incident_status": "", "progress": "", "created_at": 0, "updated_at": 0, "start_time": 0, "detail_url": ""},
		"alert": {"alert_key": "", "title": "", "alert_severity": "", "alert_status": "", "progress": "", "created_at": 0, "updated_at": 0, "start_time": 0,
			"last_time": 0, "data_source_id": 0, "data_source_name": "", "data_source_type": "", "channel_id": 0, "channel_name": ""},
	}
	for object, fields := range there {
		body := map[string]string{"incident": "incident-minimal", "alert": "alert-new"}[object]
		for field, zero := range fields {
			path := []string{object, field}
			assert.Equal(t, wrong(join(path), "missing"), validate(t, without(t, body, path)))
			assert.Equal(t, wrong(join(path), "missing"), validate(t, without(t, body, path, nil)))
			require.NoError(t, validate(t, without(t, body, path, zero)), field)
		}
	}
	for _, optional := range []string{"labels", "event_cnt", "end_time", "close_time", "description", "title_rule", "data_source_ref_id"} {
		require.NoError(t, validate(t, without(t, "alert-new", []string{"alert", optional})))
	}
}

// Flashduty's API calls the data source an integration, and marks the old names as
// deprecated: a push may have the one or the other.
func TestValidateIntegration(t *testing.T) {
	var body struct {
		EventID   string         `json:"event_id"`
		EventTime int64          `json:"event_time"`
		EventType string         `json:"event_type"`
		Alert     map[string]any `json:"alert"`
	}
	require.NoError(t, json.Unmarshal(payloadtest.Body("flashduty", "alert-new"), &body))
	check := func() error {
		b, err := json.Marshal(body)
		require.NoError(t, err)
		return validate(t, b)
	}
	for _, what := range []string{"id", "name", "type"} {
		body.Alert["integration_"+what] = body.Alert["data_source_"+what]
		delete(body.Alert, "data_source_"+what)
	}
	require.NoError(t, check())
	for _, what := range []string{"id", "name", "type"} {
		value := body.Alert["integration_"+what]
		body.Alert["integration_"+what] = nil
		assert.Equal(t, wrong("alert.data_source_"+what, "missing"), check())
		body.Alert["data_source_"+what] = value
		require.NoError(t, check())
		delete(body.Alert, "data_source_"+what)
		body.Alert["integration_"+what] = value
	}
	body.Alert["integration_key"] = body.Alert["alert_key"]
	delete(body.Alert, "alert_key")
	assert.Equal(t, wrong("alert.alert_key", "missing"), check(), "other fields have one name")
}

func join(path []string) string {
	if len(path) == 1 {
		return path[0]
	}
	return path[0] + "." + path[1]
}

func TestValidate(t *testing.T) {
	incident, alert := &flashduty.Incident{ID: "1"}, &flashduty.Alert{ID: "1"}
	push := func(t flashduty.EventType, at flashduty.UnixMilliTime, i *flashduty.Incident, a *flashduty.Alert) flashduty.Push {
		return flashduty.Push{EventID: "x", EventTime: at, EventType: t, Incident: i, Alert: a}
	}
	tests := []struct {
		name string
		push flashduty.Push
		want error
	}{
		{"made in Go", push("i_new", 1, incident, nil), nil},
		{"made in Go, alert", push("a_new", 1, nil, alert), nil},
		{"a code not known", push("i_later", 1, incident, nil), nil},
		{"another prefix", push("x_new", 1, nil, alert), nil},
		{"both", push("i_new", 1, incident, alert), nil},
		{"the id inside", flashduty.Push{EventTime: 1, EventType: "i_custom", Incident: &flashduty.Incident{ID: "1", EventID: "x"}}, nil},
		{"contradiction", push("i_new", 1, nil, alert), wrong("event_type", "contradicts the object that is there")},
		{"contradiction, alert", push("a_close", 1, incident, nil), wrong("event_type", "contradicts the object that is there")},
		{"nothing", push("i_new", 1, nil, nil), wrong("incident", "missing or empty")},
		{"no alert", push("a_new", 1, nil, nil), wrong("alert", "missing or empty")},
		{"neither", push("x_new", 1, nil, nil), wrong("incident", "missing or empty")},
		{"before 1970", push("i_new", -1, incident, nil), wrong("event_time", "negative")},
		{"the last millisecond", push("i_new", 253402300799999, incident, nil), nil},
		{"the year 10000", push("i_new", 253402300800000, incident, nil), wrong("event_time", "beyond the year 9999")},
		{"alert inside without id", push("i_custom", 1, &flashduty.Incident{ID: "1", Alerts: []flashduty.Alert{{ID: "2"}, {}}}, nil),
			wrong("incident.alerts[1].alert_id", "missing or empty")},
		{"empty", flashduty.Push{}, wrong("event_type", "missing or empty")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { assert.Equal(t, tt.want, tt.push.Validate()) })
	}
	var e error = wrong("alert.title", "missing")
	assert.Equal(t, "payload: flashduty: alert.title: missing", e.Error())
}

// Of equal names the last counts here too.
func TestValidateRepeatedField(t *testing.T) {
	head := `{"event_id":"x","event_time":1,"event_type":"i_new","incident":{"incident_id":"1","incident_severity":"","incident_status":"","progress":"",
		"created_at":0,"updated_at":0,"start_time":0,"detail_url":"",`
	require.NoError(t, validate(t, []byte(head+`"title":null,"title":""}}`)))
	assert.Equal(t, wrong("incident.title", "missing"), validate(t, []byte(head+`"title":"","title":null}}`)))
}
