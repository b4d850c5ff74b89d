package nightingale_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/nightingale"
	"github.com/alertwire/alertwire/payload/payloadtest"
)

func decode(t testing.TB, body []byte) *nightingale.Message {
	t.Helper()
	m, err := nightingale.Decode(body)
	require.NoError(t, err)
	return m
}

func decodeOne(t testing.TB, name string) *nightingale.AlertEvent {
	t.Helper()
	m := decode(t, payloadtest.Body("nightingale", name))
	require.Len(t, m.Alerts, 1)
	return &m.Alerts[0]
}

func encode(t testing.TB, v interface {
	AppendJSON(dst []byte) ([]byte, error)
}) string {
	t.Helper()
	b, err := v.AppendJSON(nil)
	require.NoError(t, err)
	return string(b)
}

// made copies the exported fields of v, at every level: what a program would
// have that made the value in Go. Empty lists become nil ones, which say the
// same.
func made(v reflect.Value) reflect.Value {
	fresh := reflect.New(v.Type()).Elem()
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fresh.Field(i).Set(made(v.Field(i)))
			}
		}
	case reflect.Slice:
		if v.Len() > 0 {
			fresh.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
			for i := range v.Len() {
				fresh.Index(i).Set(made(v.Index(i)))
			}
		}
	case reflect.Pointer:
		if !v.IsNil() {
			fresh.Set(reflect.New(v.Type().Elem()))
			fresh.Elem().Set(made(v.Elem()))
		}
	default:
		fresh.Set(v)
	}
	return fresh
}

func madeEvent(e *nightingale.AlertEvent) *nightingale.AlertEvent {
	return made(reflect.ValueOf(e)).Interface().(*nightingale.AlertEvent)
}

// unescaped undoes the escapes of HTML characters that Go's encoder makes.
var unescaped = strings.NewReplacer(`\u003c`, `<`, `\u003e`, `>`, `\u0026`, `&`)

func TestBodiesRoundTrip(t *testing.T) {
	for _, name := range payloadtest.Names("nightingale") {
		t.Run(name, func(t *testing.T) {
			body := payloadtest.Body("nightingale", name)
			m := decode(t, body)
			require.NoError(t, m.Validate())
			assert.Equal(t, string(body), encode(t, m))
			assert.Equal(t, string(body), m.Raw())
			assert.Equal(t, body[0] == '[', m.Array)
			for i := range m.Alerts {
				for name := range m.Alerts[i].Unknown() {
					t.Errorf("no field for %s", name)
				}
			}

			var viaJSON nightingale.Message
			require.NoError(t, json.Unmarshal(body, &viaJSON))
			again, err := json.Marshal(viaJSON)
			require.NoError(t, err)
			assert.JSONEq(t, string(body), string(again))
		})
	}
}

// What Nightingale writes is what an event made in Go is written as.
func TestMadeEventsAreWrittenAsNightingaleDoes(t *testing.T) {
	for _, name := range []string{
		"event-firing", "event-recovered", "event-all-56-keys", "event-nulls", "event-rule-level-tick",
	} {
		body := payloadtest.Body("nightingale", name)
		assert.Equal(t, unescaped.Replace(string(body)), unescaped.Replace(encode(t, madeEvent(decodeOne(t, name)))), name)
	}
}

// Every one of the 56 members has a field of its own: setting all the fields to
// something else changes the value of each member.
func TestAllMembers(t *testing.T) {
	body := payloadtest.Body("nightingale", "event-all-56-keys")
	var members map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(body, &members))
	require.Len(t, members, 56)

	var empty map[string]json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(encode(t, new(nightingale.AlertEvent))), &empty))
	assert.Len(t, empty, 52)
	for _, name := range []string{"notify_channels", "notify_groups", "notify_groups_obj", "notify_users_obj"} {
		assert.NotContains(t, empty, name)
	}

	e := decodeOne(t, "event-all-56-keys")
	v := reflect.ValueOf(e).Elem()
	exported := 0
	for i := range v.NumField() {
		if !v.Type().Field(i).IsExported() {
			continue
		}
		exported++
		was := reflect.New(v.Field(i).Type()).Elem()
		was.Set(v.Field(i))
		var other reflect.Value
		if was.IsZero() {
			other = nonZero(was.Type())
		} else {
			other = reflect.Zero(was.Type())
		}
		v.Field(i).Set(other)
		var changed map[string]json.RawMessage
		require.NoError(t, json.Unmarshal([]byte(encode(t, e)), &changed))
		var names []string
		for name := range members {
			if string(changed[name]) != string(members[name]) {
				names = append(names, name)
			}
		}
		want := 1
		if f := v.Type().Field(i).Name; f == "Tags" || f == "TagsMap" {
			want = 2 // each follows the other
		}
		assert.Len(t, names, want, "%s changed %v", v.Type().Field(i).Name, names)
		v.Field(i).Set(was)
	}
	assert.Equal(t, 56, exported)
	assert.Equal(t, string(body), encode(t, e))
}

func nonZero(t reflect.Type) reflect.Value {
	v := reflect.New(t).Elem()
	switch t.Kind() {
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	default:
		v.SetInt(1)
	}
	return v
}

func TestNestedObjects(t *testing.T) {
	e := decodeOne(t, "event-all-56-keys")
	assert.Equal(t, nightingale.Severity(1), e.Severity)
	assert.Equal(t, "6.7", e.TriggerValue)
	require.Len(t, e.TriggerValuesJSON.WithUnit, 1)
	v := e.TriggerValuesJSON.WithUnit[0]
	assert.Equal(t, []any{"A", 6.7, "%", "6.70%", 6.7}, []any{v.Name, v.Value, v.Unit, v.Text, v.Stat})
	assert.Equal(t, "ops", e.NotifyGroupsObj[0].Name)
	assert.Nil(t, e.NotifyGroupsObj[0].Users)
	person := e.NotifyUsersObj[0]
	assert.Equal(t, "ada@example.com", person.Email)
	assert.Equal(t, []string{"Standard"}, person.Roles)
	assert.JSONEq(t, `{"dingtalk_robot_token":"example-token"}`, string(person.Contacts))
	assert.Equal(t, int64(1710000000), int64(person.LastActiveTime))
	assert.Equal(t, "rack", e.Target.TagsMaps[0].Name)
	assert.InDelta(t, 93.3, e.Target.CPUUtil, 0)
	assert.Equal(t, 2, e.RecoverConfig.JudgeType)
	assert.Equal(t, "ops", e.NotifyRules[0].Name)
	assert.Equal(t, []payload.Labels{{{Name: "a", Value: "b"}}}, e.ExtraInfoMap)
	assert.Equal(t, "iVBORw0KGgo=", e.ShotImageBase64.Get("panel-1"))
	assert.JSONEq(t, `{"k":"v"}`, string(e.ExtraConfig))
}

func TestNullIsAcceptedEverywhere(t *testing.T) {
	var members map[string]any
	require.NoError(t, json.Unmarshal(payloadtest.Body("nightingale", "event-all-56-keys"), &members))
	for name := range members {
		members[name] = nil
	}
	body, err := json.Marshal(members)
	require.NoError(t, err)
	m := decode(t, body)
	assert.Equal(t, string(body), encode(t, m))
	assert.Equal(t, new(nightingale.AlertEvent), madeEvent(&m.Alerts[0]))
}

const odd = ` {"zz":{"deep":[1.50,1E+2,-0]}, "rule_name" : "a\u003c\/b", "severity":2, "id":9007199254740993,
	"target":{"ident":"h","gpu":[1.0],"cpu_util":1.10},"tags":["a=1", "x", ""],"tags_map":{"a":"1"},
	"trigger_values_json":{"values_with_unit":{"A": {"value":6.70,"new":1} , "B":null,"\u0043":{}},"more":1},
	"extra_info_map":[ {"k" : "v","k":"w"} , null],"notify_users_obj":[{"id":1,"team":"t"}],"rule_name":"last" } `

func TestOddBodiesRoundTrip(t *testing.T) {
	for _, body := range []string{odd, "[" + odd + "," + odd + "]\n", "{}", " [ ] ", "\n[]", "\t\r[]", `{"severity":null}`} {
		assert.Equal(t, body, encode(t, decode(t, []byte(body))))
	}
	e := &decode(t, []byte(odd)).Alerts[0]
	assert.Equal(t, "last", e.RuleName, "of two equal names the last counts")
	assert.Equal(t, int64(9007199254740993), e.ID)
	assert.Equal(t, []string{"A", "B", "C"}, []string{
		e.TriggerValuesJSON.WithUnit[0].Name, e.TriggerValuesJSON.WithUnit[1].Name, e.TriggerValuesJSON.WithUnit[2].Name,
	})
	unknown := map[string]string{}
	for name, text := range e.Unknown() {
		unknown[name] = string(text)
	}
	assert.Equal(t, map[string]string{"zz": `{"deep":[1.50,1E+2,-0]}`}, unknown)
}

func TestAChangedFieldChangesOnlyItself(t *testing.T) {
	tests := []struct {
		name     string
		change   func(*nightingale.AlertEvent)
		from, to string
	}{
		{"a text", func(e *nightingale.AlertEvent) { e.TriggerValue = "1" }, `"rule_name":"last" }`, `"rule_name":"last","trigger_value":"1" }`},
		{"the severity", func(e *nightingale.AlertEvent) { e.Severity = 1 }, `"severity":2`, `"severity":1`},
		{"in the host", func(e *nightingale.AlertEvent) { e.Target.Ident = "i" }, `"h"`, `"i"`},
		{"in a person", func(e *nightingale.AlertEvent) { e.NotifyUsersObj[0].ID = 2 }, `"id":1,`, `"id":2,`},
		{"people away", func(e *nightingale.AlertEvent) { e.Strip() }, `[{"id":1,"team":"t"}]`, `[]`},
		{"a value", func(e *nightingale.AlertEvent) { e.TriggerValuesJSON.WithUnit[0].Value = 7 },
			`{"A": {"value":6.70,"new":1} , "B":null,"\u0043":{}}`, `{"A":{"value":7,"new":1},"B":null,"C":{}}`},
		{"no value", func(e *nightingale.AlertEvent) { e.TriggerValuesJSON.WithUnit = nil },
			`{"A": {"value":6.70,"new":1} , "B":null,"\u0043":{}}`, `null`},
		{"a value more", func(e *nightingale.AlertEvent) {
			e.TriggerValuesJSON.WithUnit = append(e.TriggerValuesJSON.WithUnit, nightingale.TriggerValue{Name: "D", Stat: 1})
		}, `{"A": {"value":6.70,"new":1} , "B":null,"\u0043":{}}`,
			`{"A":{"value":6.70,"new":1},"B":null,"C":{},"D":{"value":0,"unit":"","text":"","stat":1}}`},
		{"a value from elsewhere", func(e *nightingale.AlertEvent) {
			e.TriggerValuesJSON.WithUnit[1] = decode(t, []byte(`{"trigger_values_json":{"values_with_unit":{"B":{"z":1}}}}`)).
				Alerts[0].TriggerValuesJSON.WithUnit[0]
		}, `{"A": {"value":6.70,"new":1} , "B":null,"\u0043":{}}`, `{"A":{"value":6.70,"new":1},"B":{"z":1},"C":{}}`},
		{"a map beside null", func(e *nightingale.AlertEvent) { e.ExtraInfoMap[0] = nil }, `[ {"k" : "v","k":"w"} , null]`, `[null,null]`},
		{"a map", func(e *nightingale.AlertEvent) { e.ExtraInfoMap[1] = payload.Labels{{Name: "n", Value: "1"}} },
			`[ {"k" : "v","k":"w"} , null]`, `[{"k":"v","k":"w"},{"n":"1"}]`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.Contains(t, odd, tt.from)
			m := decode(t, []byte("["+odd+"]"))
			tt.change(&m.Alerts[0])
			assert.Equal(t, "["+strings.Replace(odd, tt.from, tt.to, 1)+"]", encode(t, m))
		})
	}
}

func TestForms(t *testing.T) {
	one := nightingale.AlertEvent{RuleName: "a", Severity: 1}
	assert.Equal(t, byte('{'), encode(t, &nightingale.Message{Alerts: []nightingale.AlertEvent{one}})[0])
	assert.Equal(t, byte('['), encode(t, &nightingale.Message{Alerts: []nightingale.AlertEvent{one}, Array: true})[0])
	assert.Equal(t, "[]", encode(t, new(nightingale.Message)))

	m := decode(t, []byte(`{"rule_name":"a", "new":1}`))
	m.Alerts = append(m.Alerts, nightingale.AlertEvent{RuleName: "b"})
	var list []map[string]any
	require.NoError(t, json.Unmarshal([]byte(encode(t, m)), &list))
	require.Len(t, list, 2)
	assert.Contains(t, list[0], "new")

	m = decode(t, []byte(`[{"rule_name":"a", "new":1}]`))
	m.Array = false
	assert.Equal(t, `{"rule_name":"a", "new":1}`, encode(t, m))
}

// An event of a list can be taken out of it, as it came.
func TestEventsAreValuesOfTheirOwn(t *testing.T) {
	const event = `{"rule_name":"b", "severity":2,"new":1.0}`
	m := decode(t, []byte(`[{"rule_name":"a"}, `+event+` ]`))
	e := m.Alerts[1]
	assert.Equal(t, event, e.Raw())
	assert.Equal(t, event, encode(t, &e))
	b, err := json.Marshal(e)
	require.NoError(t, err)
	assert.Equal(t, strings.ReplaceAll(event, " ", ""), string(b))
	assert.Empty(t, new(nightingale.AlertEvent).Raw())
}
