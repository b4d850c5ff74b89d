package flashduty_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/flashduty"
	"github.com/alertwire/alertwire/payload/internal/wiretest"
	"github.com/alertwire/alertwire/payload/payloadtest"
)

// custom is the one body that is no push.
const custom = "custom-body-unreplaced-placeholder"

// bodies returns every push by its name.
func bodies(t testing.TB) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, name := range payloadtest.Names("flashduty") {
		if name != custom {
			all[name] = payloadtest.Body("flashduty", name)
		}
	}
	require.GreaterOrEqual(t, len(all), 13)
	return all
}

func decode(t testing.TB, name string) *flashduty.Push {
	t.Helper()
	p, err := flashduty.Decode(payloadtest.Body("flashduty", name))
	require.NoError(t, err)
	return p
}

func encode(t testing.TB, p *flashduty.Push) string {
	t.Helper()
	b, err := p.AppendJSON(nil)
	require.NoError(t, err)
	return string(b)
}

func TestBodiesRoundTrip(t *testing.T) {
	for name, body := range bodies(t) {
		t.Run(name, func(t *testing.T) {
			p, err := flashduty.Decode(body)
			require.NoError(t, err)
			require.NoError(t, p.Validate())
			assert.Equal(t, string(body), p.Raw())
			b, err := p.AppendJSON([]byte("> "))
			require.NoError(t, err)
			assert.Equal(t, "> "+string(body), string(b))
			b, err = json.Marshal(*p)
			require.NoError(t, err)
			assert.Empty(t, wiretest.Diff(body, b))
		})
	}
}

// What is decoded is what encoding/json decodes, and what is made anew of it is
// what encoding/json reads.
func TestBodiesMatchEncodingJSON(t *testing.T) {
	for name, body := range bodies(t) {
		t.Run(name, func(t *testing.T) {
			p := wiretest.Bare(decode(t, name))
			assert.Empty(t, p.Raw())
			var want, got plainPush
			require.NoError(t, json.Unmarshal(body, &want))
			require.NoError(t, json.Unmarshal([]byte(encode(t, p)), &got))
			assert.Equal(t, want.trimmed(), got.trimmed())
		})
	}
}

// Those that have all fields that are always there are made anew with the same
// members, neither more nor fewer.
func TestBodiesMadeAnew(t *testing.T) {
	for _, name := range []string{"incident-new", "incident-comment", "incident-responders-added", "incident-closed",
		"alert-new", "alert-update", "alert-merge", "alert-close"} {
		assert.Empty(t, wiretest.Diff(payloadtest.Body("flashduty", name), []byte(encode(t, wiretest.Bare(decode(t, name))))), name)
	}
}

// The documented fields are all known: what is left over in the bodies is what
// does not exist yet.
func TestBodiesHaveNoUnknownFields(t *testing.T) {
	for name := range bodies(t) {
		if strings.Contains(name, "unknown") {
			continue
		}
		p := decode(t, name)
		for member := range p.Unknown() {
			t.Error(name, member)
		}
		if p.Incident != nil {
			for member := range p.Incident.Unknown() {
				t.Error(name, member)
			}
			for i := range p.Incident.Alerts {
				for member := range p.Incident.Alerts[i].Unknown() {
					t.Error(name, member)
				}
			}
		}
		if p.Alert != nil {
			for member := range p.Alert.Unknown() {
				t.Error(name, member)
			}
		}
	}
}

var pairName = regexp.MustCompile(`(Labels|Fields)\[\d+\]\.Name$`)

// Each field of each body is changed by itself: in the text that follows
// nothing else differs, and it reads back.
func TestAChangedFieldChangesOnlyItself(t *testing.T) {
	fields := 0
	for name, body := range bodies(t) {
		for i := range wiretest.Leaves(decode(t, name)) {
			p := decode(t, name)
			leaf := wiretest.Leaves(p)[i]
			leaf.Change()
			text := encode(t, p)
			changed := 1
			if pairName.MatchString(leaf.Path) {
				changed = 2 // one name goes, another comes
			}
			require.Len(t, wiretest.Diff(body, []byte(text)), changed, "%s of %s: %s", leaf.Path, name, text)
			var again flashduty.Push
			require.NoError(t, json.Unmarshal([]byte(text), &again))
			require.Equal(t, wiretest.Bare(p), wiretest.Bare(&again), leaf.Path)
			fields++
		}
	}
	assert.Greater(t, fields, 500)
}

// The same to the byte.
func TestAChangedFieldKeepsTheRestOfTheText(t *testing.T) {
	body := string(payloadtest.Body("flashduty", "unknown-fields"))
	changes := []struct {
		name     string
		change   func(*flashduty.Push)
		from, to string
	}{
		{"event_time", func(p *flashduty.Push) { p.EventTime++ }, `1767225700988,"event_type"`, `1767225700989,"event_type"`},
		{"person", func(p *flashduty.Push) { p.Person.Name = "Bo" }, `"Ad\u00e0"`, `"Bo"`},
		{"no person", func(p *flashduty.Push) { p.Person = nil }, `,
 "person":{"person_id":1500000000001,"person_name":"Ad\u00e0","email":"ada@example.com","as":"oncall","locale":"en"}`, ``},
		{"title", func(p *flashduty.Push) { p.Incident.Title = "CPU > 80%" }, `"CPU idle < 20%"`, `"CPU > 80%"`},
		{"labels", func(p *flashduty.Push) { p.Incident.Labels = payload.Labels{{Name: "a", Value: "b"}} }, `"labels":{ }`, `"labels":{"a":"b"}`},
		{"assigned_to", func(p *flashduty.Push) { p.Incident.AssignedTo.LayerIndex = 2 }, `"layer_idx":1`, `"layer_idx":2`},
		{"responder", func(p *flashduty.Push) { p.Incident.Responders[0].AcknowledgedAt = 1 }, `"acknowledged_at":1767225660`, `"acknowledged_at":1`},
		{"alert", func(p *flashduty.Push) { p.Incident.Alerts[0].Incident.Progress = flashduty.Closed },
			`"progress":"Processing","num"`, `"progress":"Closed","num"`},
		{"closer", func(p *flashduty.Push) { p.Incident.Closer = &flashduty.Person{ID: 1} }, `"closer":null`, `"closer":{"person_id":1,"person_name":"","email":""}`},
		{"fields", func(p *flashduty.Push) { p.Incident.Fields[0].Value = json.RawMessage(`["P1"]`) },
			`{"priority":"P3","score":0.10,`, `{"priority":["P1"],"score":0.10,`},
		{"one field less", func(p *flashduty.Push) { p.Incident.Fields = p.Incident.Fields[:3] }, `{"priority":"P3","score":0.10,"services":[ "passport","order" ],"empty":null}`,
			`{"priority":"P3","score":0.10,"services":[ "passport","order" ]}`},
		{"a field that was not there", func(p *flashduty.Push) { p.Incident.Impact = "all" }, `"empty":null}}`, `"empty":null},"impact":"all"}`},
	}
	for _, tt := range changes {
		t.Run(tt.name, func(t *testing.T) {
			p := decode(t, "unknown-fields")
			require.Contains(t, body, tt.from)
			tt.change(p)
			assert.Equal(t, strings.Replace(body, tt.from, tt.to, 1), encode(t, p))
		})
	}
}

func TestUnknown(t *testing.T) {
	p := decode(t, "unknown-fields")
	got := map[string]string{}
	for name, value := range p.Unknown() {
		got[name] = string(value)
	}
	for name, value := range p.Incident.Unknown() {
		got["incident."+name] = string(value)
	}
	for name, value := range p.Incident.Alerts[0].Unknown() {
		got["alert."+name] = string(value)
	}
	assert.Equal(t, map[string]string{
		"future": `{"a":[1.50,1E+3,-0]}`, "trace": "12345678901234567890", "incident.frequency": "1.0", "incident.ai_summary": "null",
		"incident.links":           `[{"name":"runbook","endpoint":"https://example.com","open_type":"tab"}]`,
		"incident.integration_ids": "[1570000000001]", "alert.ever_muted": "false",
	}, got)
}

func TestKind(t *testing.T) {
	for name, want := range map[string]flashduty.Kind{
		"incident-new": flashduty.IncidentPush, "incident-unknown-code": flashduty.IncidentPush, "incident-closed": flashduty.IncidentPush,
		"alert-new": flashduty.AlertPush, "alert-merge": flashduty.AlertPush,
		"custom-action": flashduty.CustomAction, "custom-action-event-id-inside": flashduty.CustomAction,
	} {
		assert.Equal(t, want, decode(t, name).Kind(), name)
	}
	incident, alert := &flashduty.Incident{ID: "1"}, &flashduty.Alert{ID: "2"}
	tests := []struct {
		name string
		push flashduty.Push
		want flashduty.Kind
		key  string
	}{
		{"i_custom of the incident webhook", flashduty.Push{EventType: "i_custom", Incident: incident}, flashduty.IncidentPush, "incident/1"},
		{"custom action on no alerts", flashduty.Push{EventType: "i_custom", Incident: &flashduty.Incident{ID: "1", Alerts: []flashduty.Alert{}}}, flashduty.CustomAction, "incident/1"},
		{"another prefix, incident", flashduty.Push{EventType: "x_new", Incident: incident}, flashduty.IncidentPush, "incident/1"},
		{"another prefix, alert", flashduty.Push{EventType: "x_new", Alert: alert}, flashduty.AlertPush, "alert/2"},
		{"both, by the prefix", flashduty.Push{EventType: "i_new", Alert: alert, Incident: incident}, flashduty.IncidentPush, "incident/1"},
		{"both, by the other prefix", flashduty.Push{EventType: "a_new", Alert: alert, Incident: incident}, flashduty.AlertPush, "alert/2"},
		{"contradiction", flashduty.Push{EventType: "i_new", Alert: alert}, "", ""},
		{"the other contradiction", flashduty.Push{EventType: "a_new", Incident: incident}, "", ""},
		{"nothing", flashduty.Push{EventType: "i_new"}, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, tt.push.Kind())
			assert.Equal(t, tt.key, tt.push.Key())
		})
	}
}

func TestIDInEitherPlace(t *testing.T) {
	outside, inside := decode(t, "custom-action"), decode(t, "custom-action-event-id-inside")
	assert.Equal(t, "0f3c5a7e9b1d4c6f8a0b2c4d6e8f0a2c", outside.ID())
	assert.Equal(t, outside.ID(), inside.ID())
	assert.Empty(t, inside.EventID)
	assert.Equal(t, outside.DeliveryID(), inside.DeliveryID())
	assert.Equal(t, payload.ID("flashduty", outside.ID()), outside.DeliveryID())

	inside.EventID = "top"
	assert.Equal(t, "top", inside.ID(), "the top level wins")
	assert.Equal(t, "20260412XexampleA1", decode(t, "incident-comment").ID(), "opaque")
	assert.Empty(t, new(flashduty.Push).DeliveryID())
	assert.NotEqual(t, decode(t, "alert-new").DeliveryID(), decode(t, "alert-update").DeliveryID())
}

func TestJSONInterfaces(t *testing.T) {
	var page struct {
		Push       flashduty.Push        `json:"push"`
		Incident   *flashduty.Incident   `json:"incident"`
		Alert      flashduty.Alert       `json:"alert"`
		Person     flashduty.Person      `json:"person"`
		Responder  flashduty.Responder   `json:"responder"`
		Assignment flashduty.Assignment  `json:"assignment"`
		Ref        flashduty.IncidentRef `json:"ref"`
		Fields     flashduty.Fields      `json:"fields"`
	}
	text := `{"push":{"event_type":"i_new","x":1.0},"incident":{"incident_id":"1","y":[]},"alert":{"z":null},"person":{"person_id":1,"a":{}},` +
		`"responder":{"b":0.10},"assignment":{"type":"assign","c":[1.0]},"ref":{"d":1},"fields":{"e":1.50}}`
	require.NoError(t, json.Unmarshal([]byte(text), &page))
	assert.Equal(t, flashduty.IncidentNew, page.Push.EventType)
	assert.Equal(t, int64(1), page.Person.ID)
	b, err := json.Marshal(page)
	require.NoError(t, err)
	assert.Equal(t, text, string(b))

	require.NoError(t, json.Unmarshal([]byte(`{"push":null}`), &page))
	assert.Equal(t, flashduty.IncidentNew, page.Push.EventType, "null changes nothing, as everywhere in encoding/json")
	for _, bad := range []string{`{"push":{"event_type":1}}`, `{"incident":{"title":1}}`, `{"alert":{"title":1}}`, `{"person":{"person_id":"1"}}`,
		`{"responder":{"email":1}}`, `{"assignment":{"type":1}}`, `{"ref":[]}`, `{"fields":[]}`} {
		var e *payload.SyntaxError
		require.ErrorAs(t, json.Unmarshal([]byte(bad), &page), &e, bad)
		assert.Equal(t, "flashduty", e.Format)
	}
	assert.Equal(t, flashduty.IncidentNew, page.Push.EventType, "an error leaves the push alone")
}

func TestFields(t *testing.T) {
	f := decode(t, "unknown-fields").Incident.Fields
	assert.Equal(t, "P3", f.Text("priority"))
	assert.Equal(t, "0.10", string(f.Get("score")))
	assert.Equal(t, `[ "passport","order" ]`, string(f.Get("services")))
	assert.Empty(t, f.Text("score"))
	assert.Equal(t, "null", string(f.Get("empty")))
	assert.Nil(t, f.Get("nothing"))
	assert.Empty(t, f.Text("nothing"))
	twice := append(f, flashduty.Field{Name: "priority", Value: json.RawMessage(`"P1\n"`)})
	assert.Equal(t, "P1\n", twice.Text("priority"), "the last counts")

	for _, broken := range []string{`"\"`, `"a`, `P1`, `1 2`} {
		p := &flashduty.Push{Incident: &flashduty.Incident{Fields: flashduty.Fields{{Name: "a", Value: json.RawMessage(broken)}}}}
		assert.Empty(t, p.Incident.Fields.Text("a"))
		b, err := p.AppendJSON([]byte("kept"))
		require.ErrorContains(t, err, "fields: not a JSON value")
		assert.Equal(t, "kept", string(b))
	}
	b, err := json.Marshal(flashduty.Fields{{Name: "a"}})
	require.NoError(t, err)
	assert.Equal(t, `{"a":null}`, string(b))
}
