package netpulse_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/netpulse"
	"github.com/alertwire/alertwire/payload/payloadtest"
)

func TestOutcome(t *testing.T) {
	connection := netpulse.Outcome{Failed: true, Type: "ConnectionError", Message: "Unable to connect"}
	guessed := connection
	guessed.Guessed = true
	for name, want := range map[string]netpulse.Outcome{
		"gen1-success":               {Guessed: true},
		"gen1-failure":               guessed,
		"gen2-success":               {},
		"gen2-several-commands":      {},
		"gen2-failure":               connection,
		"gen3-success":               {},
		"gen3-failure":               connection,
		"gen3-failure-unknown-error": {Failed: true, Message: "Unknown Error"},
		"gen4-job-completed":         {},
		"gen4-nonzero-exit":          {},
		"gen4-job-failed":            {Failed: true, Type: "ConnectionError", Message: "Unable to connect to device"},
		"gen4-job-failed-no-cause":   {Failed: true, Message: "Unknown Error"},
		"gen4-all-null":              {Failed: true},
		"gen4-detached-log-push":     {},
		"gen4-detached-completed":    {},
	} {
		assert.Equal(t, want, decode(t, body(name)).Outcome(), name)
	}
}

func TestOutcomeOfOtherTexts(t *testing.T) {
	tests := []struct {
		name string
		m    netpulse.Message
		want netpulse.Outcome
	}{
		{"1, a quote in the message", netpulse.Message{Text: `('E', "can't")`}, netpulse.Outcome{Failed: true, Guessed: true, Type: "E", Message: "can't"}},
		{"1, escapes", netpulse.Message{Text: `('E', 'a\n\'b\' \\ \x00 \t')`},
			netpulse.Outcome{Failed: true, Guessed: true, Type: "E", Message: "a\n'b' \\ \\x00 \t"}},
		{"1, an empty message", netpulse.Message{Text: `('E', '')`}, netpulse.Outcome{Failed: true, Guessed: true, Type: "E"}},
		{"1, three texts", netpulse.Message{Text: `('a', 'b', 'c')`}, netpulse.Outcome{Failed: true, Guessed: true, Message: `('a', 'b', 'c')`}},
		{"1, one text", netpulse.Message{Text: `('a')`}, netpulse.Outcome{Failed: true, Guessed: true, Message: `('a')`}},
		{"1, no end", netpulse.Message{Text: `('a', 'b`}, netpulse.Outcome{Guessed: true}},
		{"1, a list", netpulse.Message{Text: `['a']`}, netpulse.Outcome{Guessed: true}},
		{"1, nothing", netpulse.Message{}, netpulse.Outcome{Guessed: true}},
		{"2, the shape does not count", netpulse.Message{Status: "success", Text: `('E', 'm')`}, netpulse.Outcome{}},
		{"2, a comma in the message", netpulse.Message{Status: "failed", Text: `(E, a, b)`}, netpulse.Outcome{Failed: true, Type: "E", Message: "a, b"}},
		{"2, no message", netpulse.Message{Status: "failed", Text: `(E, )`}, netpulse.Outcome{Failed: true, Type: "E"}},
		{"2, no type", netpulse.Message{Status: "failed", Text: `(no type, x)`}, netpulse.Outcome{Failed: true, Message: `(no type, x)`}},
		{"3, a module", netpulse.Message{Status: "failed", Text: `a.b_1.E: x: y`}, netpulse.Outcome{Failed: true, Type: "a.b_1.E", Message: "x: y"}},
		{"3, no type", netpulse.Message{Status: "failed", Text: `it went wrong: x`}, netpulse.Outcome{Failed: true, Message: "it went wrong: x"}},
		{"3, an empty type", netpulse.Message{Status: "failed", Text: `: x`}, netpulse.Outcome{Failed: true, Message: ": x"}},
		{"2, an empty type", netpulse.Message{Status: "failed", Text: `(, x)`}, netpulse.Outcome{Failed: true, Message: "(, x)"}},
		{"1, something behind", netpulse.Message{Text: `('a', 'b' 'c')`}, netpulse.Outcome{Failed: true, Guessed: true, Message: `('a', 'b' 'c')`}},
		{"3, nothing", netpulse.Message{Status: "failed"}, netpulse.Outcome{Failed: true}},
		{"4, unknown status", netpulse.Message{Status: "stopped", EventType: "job.stopped"}, netpulse.Outcome{}},
		{"4, failed by event type", netpulse.Message{Status: "stopped", EventType: "job.failed"}, netpulse.Outcome{Failed: true}},
		{"4, failed by result", netpulse.Message{Status: "x", Result: &netpulse.Result{Type: netpulse.ResultStopped}}, netpulse.Outcome{Failed: true}},
		{"4, the status decides", netpulse.Message{Status: "finished", EventType: "job.failed", Result: &netpulse.Result{Type: netpulse.ResultFailed}}, netpulse.Outcome{}},
		{"4, another return value", netpulse.Message{Status: "failed", Result: &netpulse.Result{RetVal: json.RawMessage(`{}`)}}, netpulse.Outcome{Failed: true}},
		{"4, no JSON", netpulse.Message{Status: "failed", Result: &netpulse.Result{RetVal: json.RawMessage(`"\"`)}}, netpulse.Outcome{Failed: true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { assert.Equal(t, tt.want, tt.m.Outcome()) })
	}
}

func TestMore(t *testing.T) {
	for _, name := range payloadtest.Names("netpulse") {
		assert.Equal(t, name == "gen4-detached-log-push", decode(t, body(name)).More(), name)
	}
	yes, no := true, false
	assert.True(t, (&netpulse.Message{EventType: netpulse.DetachedLogPush}).More())
	assert.False(t, (&netpulse.Message{EventType: netpulse.JobCompleted}).More())
	assert.True(t, (&netpulse.Message{EventType: "new", Final: &no}).More())
	assert.False(t, (&netpulse.Message{EventType: netpulse.DetachedLogPush, Final: &yes}).More())
}

func TestCommandLines(t *testing.T) {
	for name, want := range map[string][]string{
		"gen1-success":          nil,
		"gen2-several-commands": {"show version", "show clock"},
		"gen2-config":           {"interface Gi0/1", "description réseau"},
		"gen4-job-completed":    {"show version"},
		"gen4-all-null":         nil,
	} {
		assert.Equal(t, want, decode(t, body(name)).CommandLines(), name)
	}
}

func TestHost(t *testing.T) {
	assert.Equal(t, "192.168.1.1", decode(t, body("gen2-success")).Host())
	assert.Equal(t, "a", (&netpulse.Message{DeviceName: "a", Device: &netpulse.Device{}}).Host())
	assert.Empty(t, decode(t, body("gen1-success")).Host())
}

func TestExecutions(t *testing.T) {
	failed := decode(t, body("gen4-nonzero-exit")).FailedCommands()
	require.Len(t, failed, 1)
	assert.Equal(t, "ping 192.0.2.1", failed[0].Command)
	assert.Equal(t, 1, failed[0].ExitStatus)
	for _, name := range []string{"gen1-failure", "gen3-success", "gen4-job-completed", "gen4-job-failed-no-cause", "gen4-all-null"} {
		assert.Empty(t, decode(t, body(name)).FailedCommands(), name)
	}

	m := decode(t, body("gen4-structured-stdout"))
	list, err := m.Result.Executions()
	require.NoError(t, err)
	assert.JSONEq(t, `{"version": "4.25.4M", "model": "vEOS"}`, list[0].Output())
	assert.JSONEq(t, `{"version": "4.25.4M"}`, string(list[0].Parsed))
	assert.Empty(t, (&netpulse.Execution{}).Output())

	list, err = decode(t, body("gen4-job-failed")).Result.Executions()
	require.NoError(t, err)
	assert.Nil(t, list)
	_, err = decode(t, body("gen4-job-failed-no-cause")).Result.Executions()
	var e *payload.SyntaxError
	require.ErrorAs(t, err, &e)
	assert.Equal(t, "want an array, found a string", e.Reason)
}

func TestSetExecutions(t *testing.T) {
	r := netpulse.Result{RetVal: json.RawMessage(`[{"command": "a", "new": 1.0}, {"command": "b", "exit_status": 1}]`)}
	list, err := r.Executions()
	require.NoError(t, err)
	list[1].ExitStatus = 0
	require.NoError(t, r.SetExecutions(list))
	assert.Equal(t, `[{"command": "a", "new": 1.0},{"command": "b", "exit_status": 0}]`, string(r.RetVal))
	require.Error(t, r.SetExecutions([]netpulse.Execution{{Stdout: json.RawMessage(`{`)}}))

	var x netpulse.Execution
	require.NoError(t, json.Unmarshal([]byte(`{"command":"a","new":1.0}`), &x))
	b, err := json.Marshal(x)
	require.NoError(t, err)
	assert.JSONEq(t, `{"command":"a","new":1.0}`, string(b))
	require.Error(t, x.UnmarshalJSON([]byte(`{"exit_status":"1"}`)))
	assert.Equal(t, `{"command":"","stdout":null,"stderr":"","exit_status":0,"download_url":null,"metadata":null,"parsed":null}`, encode(t, new(netpulse.Execution)))
}

// The table of the package, row by row.
func TestEvents(t *testing.T) {
	events := decode(t, body("gen4-job-failed")).Events()
	require.Len(t, events, 1)
	assert.Equal(t, payload.Event{
		Source:   "netpulse",
		ID:       payload.ID("netpulse", "job-1", "job.failed"),
		Key:      "job-1",
		Kind:     payload.KindTaskFailed,
		Severity: payload.SeverityCritical,
		Title:    "show version",
		Text:     "ConnectionError: Unable to connect to device",
		Time:     time.Date(2024, 2, 23, 10, 0, 0, 5e8, time.UTC),
		Labels: payload.Labels{{Name: "host", Value: "192.168.1.1"}, {Name: "device_type", Value: "cisco_ios"},
			{Name: "event_type", Value: "job.failed"}, {Name: "status", Value: "failed"}, {Name: "result_type", Value: "failed"}},
	}, events[0])

	tests := []struct {
		name        string
		kind        payload.Kind
		severity    payload.Severity
		title, text string
		at          time.Time
		label       payload.Label
	}{
		{"gen1-success", payload.KindTaskSucceeded, payload.SeverityInfo, "job-1", "{'show version': 'Cisco IOS Software'}", time.Time{}, payload.Label{}},
		{"gen1-failure", payload.KindTaskFailed, payload.SeverityCritical, "job-1", "ConnectionError: Unable to connect", time.Time{}, payload.Label{}},
		{"gen2-success", payload.KindTaskSucceeded, payload.SeverityInfo, "show version", "Cisco IOS Software", time.Time{}, payload.Label{Name: "driver", Value: "netmiko"}},
		{"gen2-config", payload.KindTaskSucceeded, payload.SeverityInfo, "interface Gi0/1", "configured", time.Time{}, payload.Label{Name: "status", Value: "success"}},
		{"gen3-failure", payload.KindTaskFailed, payload.SeverityCritical, "show version", "ConnectionError: Unable to connect", time.Time{}, payload.Label{Name: "status", Value: "failed"}},
		{"gen3-failure-unknown-error", payload.KindTaskFailed, payload.SeverityCritical, "show version", "Unknown Error", time.Time{}, payload.Label{}},
		{"gen4-job-completed", payload.KindTaskSucceeded, payload.SeverityInfo, "show version", "Cisco IOS Software",
			time.Date(2024, 2, 23, 10, 0, 0, 5e8, time.UTC), payload.Label{Name: "result_type", Value: "successful"}},
		{"gen4-nonzero-exit", payload.KindTaskSucceeded, payload.SeverityWarning, "ping 192.0.2.1", "unreachable",
			time.Date(2024, 2, 23, 10, 0, 0, 5e8, time.UTC), payload.Label{Name: "status", Value: "finished"}},
		{"gen4-detached-log-push", payload.KindUpdated, payload.SeverityInfo, "long-job", "line 11\nline 12",
			time.Date(2026, 11, 21, 5, 59, 11, 323412000, time.UTC), payload.Label{Name: "task_id", Value: "task-7"}},
		{"gen4-all-null", payload.KindTaskFailed, payload.SeverityCritical, "job-8", "",
			time.Date(2026, 11, 21, 5, 59, 11, 323412000, time.UTC), payload.Label{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := decode(t, body(tt.name)).Events()[0]
			assert.Equal(t, []any{tt.kind, tt.severity, tt.title, tt.text}, []any{e.Kind, e.Severity, e.Title, e.Text})
			assert.True(t, tt.at.Equal(e.Time), e.Time)
			if tt.label.Name != "" {
				assert.Contains(t, e.Labels, tt.label)
			}
		})
	}

	for _, tt := range []struct {
		m    netpulse.Message
		want payload.Kind
	}{
		{netpulse.Message{Status: "canceled", EventType: "job.canceled"}, payload.KindUpdated},
		{netpulse.Message{Status: "canceled", EventType: netpulse.JobCompleted}, payload.KindTaskSucceeded},
		{netpulse.Message{Status: "canceled", EventType: netpulse.DetachedFailed}, payload.KindTaskFailed},
	} {
		assert.Equal(t, tt.want, tt.m.Events()[0].Kind)
	}
	for _, text := range []string{"TimeoutError: ", "('TimeoutError', '')", "(TimeoutError, )"} {
		m := netpulse.Message{ID: "a", Generation: netpulse.Generation3, Status: netpulse.StatusFailed, Text: text}
		assert.Equal(t, "TimeoutError", m.Events()[0].Text, "many exceptions have no message")
	}
	assert.Equal(t, "b", (&netpulse.Message{ID: "a", Command: []string{"", " b "}}).Events()[0].Title)
}

func TestDeliveryID(t *testing.T) {
	m := decode(t, body("gen4-job-completed"))
	first := m.DeliveryID()
	assert.Len(t, first, 32)
	m.Timestamp = m.Timestamp.Add(time.Minute)
	assert.Equal(t, first, m.DeliveryID(), "a retry has another timestamp")
	m.EventType = netpulse.JobFailed
	assert.NotEqual(t, first, m.DeliveryID())
	m.EventType, m.ID = netpulse.JobCompleted, "job-2"
	assert.NotEqual(t, first, m.DeliveryID())

	assert.Empty(t, decode(t, body("gen4-detached-log-push")).DeliveryID())
	assert.NotEmpty(t, decode(t, body("gen4-detached-completed")).DeliveryID())
	assert.NotEmpty(t, decode(t, body("gen1-success")).DeliveryID())
	assert.NotEqual(t, decode(t, body("gen2-success")).DeliveryID(), decode(t, body("gen2-failure")).DeliveryID())
	yes := true
	assert.Empty(t, (&netpulse.Message{Status: "finished", EventType: netpulse.JobCompleted}).DeliveryID())
	assert.Empty(t, (&netpulse.Message{ID: "a", EventType: "new"}).DeliveryID())
	assert.NotEmpty(t, (&netpulse.Message{ID: "a", EventType: "new", Final: &yes}).DeliveryID())
}

// Up to 0.4.1 the pushes of the log of a detached task look like jobs, with the id of
// the task and a status of success each time: none may be taken for a repeat of
// another.
func TestDeliveryIDOfLogsInGeneration3(t *testing.T) {
	push := func(text string) string {
		return decode(t, []byte(`{"id": "task-7", "status": "success", "result": "Command: tail -f log\nOutput:\n`+text+`\nExit Status: 0", "driver": "paramiko", "command": "tail -f log"}`)).DeliveryID()
	}
	assert.NotEmpty(t, push("line 1"))
	assert.Equal(t, push("line 1"), push("line 1"))
	assert.NotEqual(t, push("line 1"), push("line 2"))
	rich := func(result string) string {
		return decode(t, []byte(`{"id": "task-7", "status": "success", "result": `+result+`}`)).DeliveryID()
	}
	assert.Equal(t, rich(`{"show log": "1"}`), rich(`{"show log": "1"}`))
	assert.NotEqual(t, rich(`{"show log": "1"}`), rich(`{"show log": "2"}`))
}

func TestKnown(t *testing.T) {
	for _, e := range []netpulse.EventType{netpulse.JobCompleted, netpulse.JobFailed, netpulse.DetachedLogPush, netpulse.DetachedCompleted, netpulse.DetachedFailed} {
		assert.True(t, e.Known(), e)
	}
	assert.False(t, netpulse.EventType("job.canceled").Known())
	assert.False(t, netpulse.EventType("").Known())
}

func TestLogsShowNoOutput(t *testing.T) {
	for _, name := range []string{"gen2-success", "gen4-job-completed"} {
		m := decode(t, body(name))
		var out bytes.Buffer
		fmt.Fprintf(&out, "%v %+v %s %v\n", m, m, m, *m)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("got", "message", m)
		slog.New(slog.NewTextHandler(&out, nil)).Info("got", "message", *m)
		assert.NotContains(t, out.String(), "Cisco")
		assert.Contains(t, out.String(), "job-1")
	}
	assert.Equal(t, "netpulse message job-1: generation 4, job.completed", decode(t, body("gen4-job-completed")).String())
	assert.Equal(t, "netpulse message job-1: generation 1, no status", decode(t, body("gen1-success")).String())
}
