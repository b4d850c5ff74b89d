package netpulse_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/netpulse"
	"github.com/alertwire/alertwire/payload/payloadtest"
)

func body(name string) []byte { return payloadtest.Body("netpulse", name) }

func decode(t testing.TB, body []byte) *netpulse.Message {
	t.Helper()
	m, err := netpulse.Decode(body)
	require.NoError(t, err)
	return m
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
	switch {
	case v.Kind() == reflect.Struct && v.Type() != reflect.TypeFor[time.Time]():
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fresh.Field(i).Set(made(v.Field(i)))
			}
		}
	case v.Kind() == reflect.Slice && v.Len() == 0:
	case v.Kind() == reflect.Pointer && !v.IsNil():
		fresh.Set(reflect.New(v.Type().Elem()))
		fresh.Elem().Set(made(v.Elem()))
	default:
		fresh.Set(v)
	}
	return fresh
}

func madeMessage(m *netpulse.Message) *netpulse.Message {
	return made(reflect.ValueOf(m)).Interface().(*netpulse.Message)
}

func TestBodiesRoundTrip(t *testing.T) {
	for _, name := range payloadtest.Names("netpulse") {
		t.Run(name, func(t *testing.T) {
			m := decode(t, body(name))
			require.NoError(t, m.Validate())
			assert.Equal(t, string(body(name)), encode(t, m))
			assert.Equal(t, string(body(name)), m.Raw())
			assert.Equal(t, netpulse.Generation(name[3]-'0'), m.Generation)
			for name := range m.Unknown() {
				t.Errorf("no field for %s", name)
			}
			var viaJSON netpulse.Message
			require.NoError(t, json.Unmarshal(body(name), &viaJSON))
			again, err := json.Marshal(viaJSON)
			require.NoError(t, err)
			assert.JSONEq(t, string(body(name)), string(again))
		})
	}
}

// python writes JSON as Go does: without spaces and escapes, which no text of
// the bodies contains.
var python = strings.NewReplacer(`", "`, `","`, `": `, `":`, `, "`, `,"`, `}, {`, `},{`, `\u00e9`, `é`)

// What NetPulse writes is what a message made in Go is written as, in each
// generation.
func TestMadeMessagesAreWrittenAsNetPulseDoes(t *testing.T) {
	for _, name := range payloadtest.Names("netpulse") {
		if name == "gen2-no-device" {
			continue // its "command": null cannot be told from none
		}
		m := madeMessage(decode(t, body(name)))
		assert.Equal(t, python.Replace(string(body(name))), python.Replace(encode(t, m)), name)
	}
}

func TestFields(t *testing.T) {
	m := decode(t, body("gen4-job-completed"))
	final := true
	want := &netpulse.Message{
		Generation: netpulse.Generation4, ID: "job-1", Status: netpulse.StatusFinished, EventType: netpulse.JobCompleted, Final: &final,
		Timestamp: time.Date(2026, 11, 21, 5, 59, 11, 323412000, time.UTC),
		StartedAt: time.Date(2024, 2, 23, 10, 0, 0, 0, time.UTC),
		EndedAt:   time.Date(2024, 2, 23, 10, 0, 0, 5e8, time.UTC),
		Duration:  0.5,
		Result: &netpulse.Result{Type: netpulse.ResultSuccessful,
			RetVal: json.RawMessage(`[{"command": "show version", "stdout": "Cisco IOS Software", "stderr": "", "exit_status": 0, "download_url": null, "metadata": {"host": "192.168.1.1", "duration_seconds": 0.123}, "parsed": null}]`)},
		Device:     &netpulse.Device{Host: "192.168.1.1", DeviceType: "cisco_ios"},
		DeviceName: "192.168.1.1",
		Command:    []string{"show version"},
	}
	assert.Equal(t, want, madeMessage(m))

	executions, err := m.Result.Executions()
	require.NoError(t, err)
	require.Len(t, executions, 1)
	assert.Equal(t, "show version", executions[0].Command)
	assert.Equal(t, "Cisco IOS Software", executions[0].Output())
	assert.JSONEq(t, `{"host": "192.168.1.1", "duration_seconds": 0.123}`, string(executions[0].Metadata))
	assert.Nil(t, executions[0].Parsed)

	m = decode(t, body("gen4-detached-completed"))
	assert.Equal(t, "task-7", m.TaskID)
	m = decode(t, body("gen4-job-failed"))
	assert.Equal(t, "ConnectionError", m.Result.Error.Type)
	assert.Equal(t, "Unable to connect to device", m.Result.Error.Message)

	m = decode(t, body("gen2-several-commands"))
	assert.Equal(t, []string{"show version", "show clock"}, m.Command)
	assert.Equal(t, "netmiko", m.Driver)
	assert.Contains(t, m.Text, "Command: show clock")
	m = decode(t, body("gen3-config"))
	assert.Equal(t, []string{"interface Gi0/1", "description réseau"}, m.Config)
	m = decode(t, body("gen2-no-device"))
	assert.Nil(t, m.Device)
	assert.Nil(t, m.Command)
}

func TestGeneration(t *testing.T) {
	for text, want := range map[string]netpulse.Generation{
		`{}`:                      1,
		`{"id":"a","result":"x"}`: 1,
		`{"id":"a","result":"x","status":"success"}`:                 2,
		`{"id":"a","status":"success","result":"x"}`:                 3,
		`{"id":"a","status":"success"}`:                              3,
		`{"result":null,"status":null}`:                              2,
		`{"status":"failed","result":"x","status":"a"}`:              3,
		`{"event_type":null}`:                                        4,
		`{"status":"failed","result":"x","event_type":"job.failed"}`: 4,
	} {
		m := decode(t, []byte(text))
		assert.Equal(t, want, m.Generation, text)
		assert.Equal(t, text, encode(t, m))
	}
}

func TestNullIsAcceptedEverywhere(t *testing.T) {
	for _, name := range []string{"gen1-success", "gen2-config", "gen3-success", "gen4-job-completed"} {
		var members map[string]any
		require.NoError(t, json.Unmarshal(body(name), &members))
		for name := range members {
			members[name] = nil
		}
		nulls, err := json.Marshal(members)
		require.NoError(t, err)
		m := decode(t, nulls)
		assert.Equal(t, string(nulls), encode(t, m))
		m.Generation = 0
		assert.Equal(t, new(netpulse.Message), madeMessage(m))
	}
}

const odd = ` {"id" : "j\u006f\/b", "zz":[1.50,1E+2],"final":true,"status":"canceled","event_type":"job.canceled",
	"result":{"type":"7","new":{},"retval": {"a" : 1.0} ,"error":{"type":"E","args":[]}},"duration":0.50,
	"timestamp":"2026-11-21 05:59:11","started_at":"2026-11-21T05:59:11.5+01:00","ended_at":"",
	"command":["a","b\nc",null],"device":{"host":"h","site":"s"},"id":"last" } `

func TestOddBodiesRoundTrip(t *testing.T) {
	for _, text := range []string{
		odd, "{}", ` { } `,
		`{"id":"a","event_type":"x","result":"a text","command":"one\ntwo\n"}`,
		`{"id":"a","status":"success","result":{"type":"successful"},"command":[],"config":"\u0061\n\n"}`,
		`{"id":"a","result":"","command":"","config":null,"device":{}}`,
		`{"id":"a","result":{"type":"x"},"result":"text","command":["a"],"command":"b"}`,
	} {
		assert.Equal(t, text, encode(t, decode(t, []byte(text))))
	}
	m := decode(t, []byte(odd))
	assert.Equal(t, "last", m.ID, "of two equal names the last counts")
	assert.Equal(t, []string{"a", "b\nc", ""}, m.Command)
	assert.Equal(t, time.Date(2026, 11, 21, 5, 59, 11, 0, time.UTC), m.Timestamp.UTC())
	assert.Equal(t, time.Date(2026, 11, 21, 4, 59, 11, 5e8, time.UTC), m.StartedAt.UTC())
	unknown := map[string]string{}
	for name, text := range m.Unknown() {
		unknown[name] = string(text)
	}
	assert.Equal(t, map[string]string{"zz": "[1.50,1E+2]"}, unknown)
}

func TestAChangedFieldChangesOnlyItself(t *testing.T) {
	yes := true
	tests := []struct {
		name, body string
		change     func(*netpulse.Message)
		from, to   string
	}{
		{"status", odd, func(m *netpulse.Message) { m.Status = "x" }, `"canceled"`, `"x"`},
		{"final", odd, func(m *netpulse.Message) { *m.Final = false }, `true`, `false`},
		{"type of the result", odd, func(m *netpulse.Message) { m.Result.Type = "8" }, `"7"`, `"8"`},
		{"type of the error", odd, func(m *netpulse.Message) { m.Result.Error.Type = "F" }, `"E"`, `"F"`},
		{"return value", odd, func(m *netpulse.Message) { m.Result.RetVal = json.RawMessage(`[]`) }, `{"a" : 1.0}`, `[]`},
		{"no result", odd, func(m *netpulse.Message) { m.Result = nil },
			`{"type":"7","new":{},"retval": {"a" : 1.0} ,"error":{"type":"E","args":[]}}`, `null`},
		{"commands", odd, func(m *netpulse.Message) { m.Command[0] = "z" }, `["a","b\nc",null]`, `["z","b\nc",""]`},
		{"more commands", odd, func(m *netpulse.Message) { m.Command = append(m.Command, "d") }, `null]`, `"","d"]`},
		{"fewer commands", odd, func(m *netpulse.Message) { m.Command = m.Command[:1] }, `["a","b\nc",null]`, `["a"]`},
		{"zone", odd, func(m *netpulse.Message) { m.StartedAt = m.StartedAt.UTC() }, `"2026-11-21T05:59:11.5+01:00"`, `"2026-11-21T04:59:11.500000+00:00"`},
		{"time", odd, func(m *netpulse.Message) { m.Timestamp = m.Timestamp.Add(time.Second) }, `"2026-11-21 05:59:11"`, `"2026-11-21T05:59:12+00:00"`},
		{"device", odd, func(m *netpulse.Message) { m.Device.Host = "i" }, `"h"`, `"i"`},
		{"text", `{"id":"a","result":"x", "status":"failed","n":1.0}`, func(m *netpulse.Message) { m.Text = "y" }, `"x"`, `"y"`},
		{"an object for a text", `{"id":"a","result":"x", "status":"failed","n":1.0}`,
			func(m *netpulse.Message) { m.Result = &netpulse.Result{Type: "t"} }, `"x"`, `{"type":"t","retval":null,"error":null}`},
		{"commands in a text", `{"id":"a","result":"x","status":"failed","command":"a\nb","n":1.0}`,
			func(m *netpulse.Message) { m.Command[1] = "c" }, `"a\nb"`, `"a\nc"`},
		{"configuration", `{"id":"a","result":"x","status":"failed","config":"a","n":1.0}`,
			func(m *netpulse.Message) { m.Config = append(m.Config, "b") }, `"config":"a"`, `"config":"a\nb"`},
		{"no configuration", `{"id":"a","result":"x","status":"failed","config":"a","n":1.0}`,
			func(m *netpulse.Message) { m.Config = nil }, `,"config":"a"`, ``},
		{"no device", `{"id":"a","result":"x","status":"failed","device":{"host":"h"},"n":1.0}`,
			func(m *netpulse.Message) { m.Device = nil }, `,"device":{"host":"h"}`, ``},
		{"a new member", `{"id":"a","event_type":"job.failed","n":1.0}`, func(m *netpulse.Message) { m.Final = &yes }, `1.0`, `1.0,"final":true`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.Contains(t, tt.body, tt.from)
			m := decode(t, []byte(tt.body))
			tt.change(m)
			assert.Equal(t, strings.Replace(tt.body, tt.from, tt.to, 1), encode(t, m))
		})
	}
}

func TestMadeMessages(t *testing.T) {
	assert.Equal(t, `{"id":"a","status":"finished","event_type":"job.completed","final":true,"timestamp":null,"started_at":null,"ended_at":null,`+
		`"duration":null,"result":null,"device":null,"task_id":null,"device_name":null,"command":null}`,
		encode(t, &netpulse.Message{ID: "a", Status: netpulse.StatusFinished, EventType: netpulse.JobCompleted}))
	assert.Contains(t, encode(t, &netpulse.Message{EventType: netpulse.DetachedLogPush}), `"final":false`)
	assert.Equal(t, `{"id":"a","result":""}`, encode(t, &netpulse.Message{Generation: 1, ID: "a"}))
	assert.Equal(t, `{"id":"a","result":"x","status":"failed"}`, encode(t, &netpulse.Message{Generation: 2, ID: "a", Status: "failed", Text: "x"}))
	assert.Equal(t, `{"id":"a","status":"failed","result":"x"}`, encode(t, &netpulse.Message{Generation: 3, ID: "a", Status: "failed", Text: "x"}))

	for want, at := range map[string]time.Time{
		"2026-01-02T03:04:05+00:00":        time.Date(2026, 1, 2, 3, 4, 5, 999, time.UTC), // less than a microsecond
		"2026-01-02T03:04:05.000001+00:00": time.Date(2026, 1, 2, 3, 4, 5, 1999, time.UTC),
		"2026-01-02T03:04:05.120000-03:30": time.Date(2026, 1, 2, 3, 4, 5, 12e7, time.FixedZone("", -(3*60+30)*60)),
		"0000-01-02T03:04:05+00:00":        time.Date(0, 1, 2, 3, 4, 5, 0, time.UTC),
	} {
		assert.Contains(t, encode(t, &netpulse.Message{Timestamp: at}), `"timestamp":"`+want+`"`)
	}
	_, err := (&netpulse.Message{Timestamp: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}).AppendJSON(nil)
	require.Error(t, err)
	_, err = (&netpulse.Message{Result: &netpulse.Result{RetVal: json.RawMessage(`[`)}}).AppendJSON(nil)
	require.Error(t, err)
}

func TestDecodeErrors(t *testing.T) {
	tests := []struct {
		name, body, field, reason string
		offset                    int64
	}{
		{"empty", ``, "", "want an object, found the end", 0},
		{"array", `[]`, "", "want an object, found an array", 0},
		{"number for an id", `{"id":1}`, "id", "want a string, found a number", 6},
		{"number for a result", `{"result":1}`, "result", "want a string or an object", 10},
		{"list for a result", `{"result":[]}`, "result", "want a string or an object", 10},
		{"within the result", `{"result":{"error":{"type":1}}}`, "result.error.type", "want a string, found a number", 27},
		{"text for final", `{"final":"yes"}`, "final", "want a boolean, found a string", 9},
		{"number for a status", `{"status":4}`, "status", "want a string, found a number", 10},
		{"number for an event type", `{"event_type":4}`, "event_type", "want a string, found a number", 14},
		{"command", `{"command":["a",{}]}`, "command[1]", "want a string, found an object", 16},
		{"command of another type", `{"command":{}}`, "command", "want a string, found an object", 11},
		{"configuration", `{"config":["a"]}`, "config", "want a string, found an array", 10},
		{"time", `{"timestamp":"yesterday"}`, "timestamp", "not an ISO 8601 time", 13},
		{"epoch", `{"started_at":1710000000}`, "started_at", "want a string, found a number", 14},
		{"huge", `{"duration":1e999}`, "duration", "number out of range", 12},
		{"UTF-8", "{\"id\":\"\xff\"}", "", "invalid UTF-8", 7},
		{"cut off", `{"id":"a"`, "", "unexpected end", 9},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := netpulse.Decode([]byte(tt.body))
			assert.Nil(t, m)
			var e *payload.SyntaxError
			require.ErrorAs(t, err, &e)
			assert.Equal(t, payload.SyntaxError{Format: "netpulse", Field: tt.field, Offset: tt.offset, Reason: tt.reason}, *e)
		})
	}
}

func TestLimits(t *testing.T) {
	deep := func(n int) []byte {
		return []byte(`{"result":{"retval":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}}`)
	}
	decode(t, deep(198))
	_, err := netpulse.Decode(deep(199))
	require.ErrorContains(t, err, "nested too deeply")

	executions := func(n int) *netpulse.Result {
		return &netpulse.Result{RetVal: json.RawMessage(`[{}` + strings.Repeat(",{}", n-1) + `]`)}
	}
	list, err := executions(1000).Executions()
	require.NoError(t, err)
	assert.Len(t, list, 1000)
	_, err = executions(100_000).Executions()
	require.ErrorContains(t, err, "too many elements")
}

func TestValidate(t *testing.T) {
	tests := []struct {
		name, body, field string
	}{
		{"nothing", `{}`, "id"},
		{"generation 2", `{"id":"a","result":"x","status":""}`, "status"},
		{"generation 3", `{"id":"a","status":null,"result":"x"}`, "status"},
		{"generation 4", `{"id":"a","event_type":"job.failed"}`, "status"},
		{"generation 4, no event type", `{"id":"a","status":"failed","event_type":null}`, "event_type"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var e *payload.FieldError
			require.ErrorAs(t, decode(t, []byte(tt.body)).Validate(), &e)
			assert.Equal(t, payload.FieldError{Format: "netpulse", Field: tt.field, Reason: "missing"}, *e)
		})
	}
	require.NoError(t, decode(t, []byte(`{"id":"a"}`)).Validate())
}

func TestUnmarshalKeepsOnError(t *testing.T) {
	m := netpulse.Message{ID: "a"}
	require.Error(t, m.UnmarshalJSON([]byte(`{"id":"b","status":1}`)))
	require.NoError(t, m.UnmarshalJSON([]byte(`null`)))
	assert.Equal(t, "a", m.ID)
}

func TestFormat(t *testing.T) {
	formats := payload.Formats{netpulse.Format()}
	for _, name := range payloadtest.Names("netpulse") {
		p, err := formats.Decode(body(name))
		require.NoError(t, err, name)
		assert.IsType(t, new(netpulse.Message), p)
	}
	for _, system := range payloadtest.Systems() {
		if system == "netpulse" {
			continue
		}
		for _, name := range payloadtest.Names(system) {
			_, err := formats.Decode(payloadtest.Body(system, name))
			require.Error(t, err, "%s %s", system, name)
		}
	}
	for _, text := range []string{`{}`, `[]`, `{"id":1,"result":"x"}`, `{"id":"a","result":{}}`, `{"result":"x"}`, `{"status":"a","event_type":"b"}`, `{"id":"a","event_type":"b"}`} {
		_, err := formats.Decode([]byte(text))
		require.ErrorIs(t, err, payload.ErrFormat, text)
	}
}
