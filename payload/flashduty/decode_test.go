package flashduty_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/flashduty"
	"github.com/alertwire/alertwire/payload/payloadtest"
)

func TestDecodeErrors(t *testing.T) {
	deep := func(n int) string {
		return `{"event_type":"i_new","x":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}`
	}
	_, err := flashduty.Decode([]byte(deep(199)))
	require.NoError(t, err)
	tests := []struct {
		name, body string
		want       payload.SyntaxError
	}{
		{"empty", ``, payload.SyntaxError{Reason: "want an object, found the end"}},
		{"text", `hello`, payload.SyntaxError{Reason: "want an object, found something else"}},
		{"cut off", `{"event_type":"i_new","incident":{"title":"a`, payload.SyntaxError{Field: "incident.title", Offset: 44, Reason: "unexpected end"}},
		{"code of another type", `{"event_type":1}`, payload.SyntaxError{Field: "event_type", Offset: 14, Reason: "want a string, found a number"}},
		{"time as a text", `{"event_type":"i_new","event_time":"1767225600123"}`, payload.SyntaxError{Field: "event_time", Offset: 35, Reason: "want a number, found a string"}},
		{"time with a fraction", `{"event_type":"i_new","event_time":1.5}`, payload.SyntaxError{Field: "event_time", Offset: 35, Reason: "not an integer, or out of range"}},
		{"huge time", `{"event_type":"i_new","event_time":9223372036854775808}`, payload.SyntaxError{Field: "event_time", Offset: 35, Reason: "not an integer, or out of range"}},
		{"exponent", `{"event_type":"i_new","event_time":1e3}`, payload.SyntaxError{Field: "event_time", Offset: 35, Reason: "not an integer, or out of range"}},
		{"incident of another type", `{"event_type":"i_new","incident":[]}`, payload.SyntaxError{Field: "incident", Offset: 33, Reason: "want an object, found an array"}},
		{"assigned to a list", `{"event_type":"i_new","incident":{"assigned_to":[]}}`, payload.SyntaxError{Field: "incident.assigned_to", Offset: 48, Reason: "want an object, found an array"}},
		{"label that is a number", `{"event_type":"i_new","incident":{"labels":{"port":80}}}`, payload.SyntaxError{Field: "incident.labels.port", Offset: 51, Reason: "want a string, found a number"}},
		{"fields as a list", `{"event_type":"i_new","incident":{"fields":[]}}`, payload.SyntaxError{Field: "incident.fields", Offset: 43, Reason: "want an object, found an array"}},
		{"null alert", `{"event_type":"i_new","incident":{"alerts":[{},null]}}`, payload.SyntaxError{Field: "incident.alerts[1]", Offset: 47, Reason: "want an object, found null"}},
		{"responder id", `{"event_type":"i_new","incident":{"responder_ids":[1,"2"]}}`, payload.SyntaxError{Field: "incident.responder_ids[1]", Offset: 53, Reason: "want a number, found a string"}},
		{"two values", `{"event_type":"i_new"}{}`, payload.SyntaxError{Offset: 22, Reason: "something after the value"}},
		{"invalid UTF-8", "{\"event_type\":\"i_\xff\"}", payload.SyntaxError{Offset: 17, Reason: "invalid UTF-8"}},
		{"too deep", deep(200), payload.SyntaxError{Field: "x", Offset: 225, Reason: "nested too deeply"}},
		{"broken behind a placeholder", `{"event_type":"{{event_type}}"`, payload.SyntaxError{Offset: 30, Reason: "unexpected end"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := flashduty.Decode([]byte(tt.body))
			assert.Nil(t, p)
			var got *payload.SyntaxError
			require.ErrorAs(t, err, &got)
			tt.want.Format = "flashduty"
			assert.Equal(t, tt.want, *got)
		})
	}
}

// Doubts that are no errors.
func TestDecodeTolerance(t *testing.T) {
	tests := []struct {
		name, body string
		check      func(*testing.T, *flashduty.Push)
	}{
		{"the last of equal names counts", `{"event_type":"i_new","event_type":"i_ack","incident":{"title":"a"},"incident":{"num":"b"}}`, func(t *testing.T, p *flashduty.Push) {
			assert.Equal(t, flashduty.IncidentAcknowledged, p.EventType)
			assert.Empty(t, p.Incident.Title)
			assert.Equal(t, "b", p.Incident.Num)
		}},
		{"null", `{"event_type":"i_new","event_id":null,"event_time":null,"person":null,"alert":null,"incident":{"title":null,"labels":null,"fields":null,"alerts":null,"responders":null,"responder_ids":null,"assigned_to":null,"creator":null,"closer":null,"start_time":null}}`,
			func(t *testing.T, p *flashduty.Push) {
				assert.Nil(t, p.Person)
				assert.Nil(t, p.Alert)
				assert.Nil(t, p.Incident.Labels)
				assert.Nil(t, p.Incident.Fields)
				assert.Nil(t, p.Incident.Alerts)
				assert.Nil(t, p.Incident.AssignedTo)
			}},
		{"letter case", `{"event_type":"i_new","Event_ID":"x","incident":{"incident_severity":"CRITICAL","incident_status":"ok","progress":"closed"}}`, func(t *testing.T, p *flashduty.Push) {
			assert.Empty(t, p.EventID, "that of names counts")
			assert.True(t, p.Incident.Severity.Is(flashduty.Critical) && p.Incident.Severity.Known())
			assert.True(t, p.Incident.Status.Is(flashduty.Ok) && p.Incident.Progress.Is(flashduty.Closed))
			assert.Equal(t, flashduty.Severity("CRITICAL"), p.Incident.Severity, "kept as it came")
		}},
		{"new words", `{"event_type":"i_new","incident":{"incident_severity":"Fatal","progress":"Paused","group_method":"z"}}`, func(t *testing.T, p *flashduty.Push) {
			assert.False(t, p.Incident.Severity.Known() || p.Incident.Progress.Known())
		}},
		{"a placeholder that was not replaced in a text", `{"event_type":"i_new","incident":{"title":"{{incident.titel}}"}}`, func(t *testing.T, p *flashduty.Push) {
			assert.Equal(t, "{{incident.titel}}", p.Incident.Title)
		}},
		{"ids beyond 53 bits", `{"event_type":"i_new","person":{"person_id":9007199254740993},"incident":{"account_id":9223372036854775807}}`, func(t *testing.T, p *flashduty.Push) {
			assert.Equal(t, int64(9007199254740993), p.Person.ID)
			assert.Equal(t, int64(9223372036854775807), p.Incident.AccountID)
		}},
		{"half a surrogate", `{"event_type":"i_new","incident":{"title":"\ud800"}}`, func(t *testing.T, p *flashduty.Push) {
			assert.Equal(t, "\uFFFD", p.Incident.Title)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := flashduty.Decode([]byte(tt.body))
			require.NoError(t, err)
			tt.check(t, p)
			assert.Equal(t, tt.body, encode(t, p))
		})
	}
}

// The operator of an incident webhook may send any JSON at all.
func TestBodiesOfOperators(t *testing.T) {
	tests := []struct{ name, body, why string }{
		{"the example", string(payloadtest.Body("flashduty", custom)), "no event_type"},
		{"a list", `["i_new"]`, "no object"},
		{"a text", `"i_new"`, "no object"},
		{"empty", `{}`, "no event_type"},
		{"null", `{"event_type":null,"event_id":"x"}`, "no event_type"},
		{"empty code", `{"event_type":""}`, "no event_type"},
		{"placeholder for the code", `{"event_type":"{{event_typ}}","event_id":"x"}`, "a placeholder for event_type"},
		{"names of ours for something else", `{"incident":"down","alert":1}`, "no event_type"},
		{"placeholder for a number", `{"event_type":"i_new","incident":{"start_time":"{{incident.started}}"}}`, "a placeholder for incident.start_time"},
		{"placeholder for an object", `{"event_type":"i_new","person":"{{persons.0}}"}`, "a placeholder for person"},
	}
	formats := payload.Formats{flashduty.Format(), payload.RawFormat()}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := flashduty.Decode([]byte(tt.body))
			require.ErrorIs(t, err, payload.ErrFormat)
			assert.Equal(t, "payload: flashduty: unknown format: "+tt.why+", so this is not the default payload", err.Error())
			if !strings.Contains(tt.body, "i_new\",") {
				p, err := formats.Decode([]byte(tt.body))
				require.NoError(t, err)
				assert.Equal(t, payload.Raw(tt.body), p)
			}
		})
	}
}

func TestFormat(t *testing.T) {
	f := flashduty.Format()
	assert.Equal(t, "flashduty", f.Name())
	for name, body := range bodies(t) {
		p, err := payload.Formats{f}.Decode(body)
		require.NoError(t, err, name)
		assert.IsType(t, &flashduty.Push{}, p)
	}
	for body, want := range map[string]bool{
		`{"event_type":"i_new"}`: true, `{"event_type":"i_later"}`: false, `{"event_type":"i_later","event_time":1}`: true,
		`{"event_type":"i_later","event_id":"x"}`: true, `{"event_type":"x_later","incident":{}}`: true, `{"event_type":"x_later","alert":{}}`: true,
		`{"event_type":"job.completed","status":"finished","id":"job-1"}`: false, `[{"event_type":"i_new"}]`: false,
		`{"event_type":"{{x}}","event_id":"1"}`: false, `{"event_type":1,"event_id":"1"}`: false, `{"incident":{}}`: false,
	} {
		s, err := payload.ShapeOf([]byte(body))
		require.NoError(t, err)
		assert.Equal(t, want, f.Match(s), body)
	}
	// No other system's body is taken for a push.
	for _, system := range payloadtest.Systems() {
		if system == "flashduty" {
			continue
		}
		for _, name := range payloadtest.Names(system) {
			if s, err := payload.ShapeOf(payloadtest.Body(system, name)); err == nil {
				assert.False(t, f.Match(s), "%s %s", system, name)
			}
		}
	}
}

// A body of many small things takes no more memory than its size allows.
func TestManyElements(t *testing.T) {
	for _, list := range []string{"alerts", "responders"} {
		_, err := flashduty.Decode([]byte(`{"event_type":"i_custom","incident":{"` + list + `":[{}` + strings.Repeat(",{}", 100_000) + `]}}`))
		var e *payload.SyntaxError
		require.ErrorAs(t, err, &e, list)
		assert.Equal(t, "too many elements for the size of the text", e.Reason)
	}
}
