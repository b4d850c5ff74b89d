package nightingale_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/nightingale"
	"github.com/alertwire/alertwire/payload/payloadtest"
)

func TestDecodeErrors(t *testing.T) {
	tests := []struct {
		name, body, field, reason string
		offset                    int64
	}{
		{"empty", ``, "", "want an object, found the end", 0},
		{"text", `"x"`, "", "want an object, found a string", 0},
		{"null", `null`, "", "want an object, found null", 0},
		{"number", `1`, "", "want an object, found a number", 0},
		{"null in the list", `[{},null]`, "[1]", "want an object, found null", 4},
		{"text for a number", `{"severity":"1"}`, "severity", "want a number, found a string", 12},
		{"number for a text", `{"trigger_value":6.7}`, "trigger_value", "want a string, found a number", 17},
		{"text for an id", `{"id":"event-id"}`, "id", "want a number, found a string", 6},
		{"in a list", `[{},{},{"severity":true}]`, "[2].severity", "want a number, found a boolean", 19},
		{"fraction", `{"trigger_time":1.5}`, "trigger_time", "not an integer, or out of range", 16},
		{"huge", `{"rule_id":9223372036854775808}`, "rule_id", "not an integer, or out of range", 11},
		{"tag", `{"tags":["a=b",1]}`, "tags[1]", "want a string, found a number", 15},
		{"value", `{"trigger_values_json":{"values_with_unit":{"A":{"value":"x"}}}}`,
			"trigger_values_json.values_with_unit.A.value", "want a number, found a string", 57},
		{"value of another type", `{"trigger_values_json":{"values_with_unit":{"A":1}}}`,
			"trigger_values_json.values_with_unit.A", "want an object, found a number", 48},
		{"map", `{"extra_info_map":[{},{"k":1}]}`, "extra_info_map[1].k", "want a string, found a number", 27},
		{"people", `{"notify_groups_obj":[{"users":[{"admin":1}]}]}`, "notify_groups_obj[0].users[0].admin", "want a boolean, found a number", 41},
		{"UTF-8", "{\"hash\":\"\xff\"}", "", "invalid UTF-8", 9},
		{"behind", `[] []`, "", "something after the value", 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := nightingale.Decode([]byte(tt.body))
			assert.Nil(t, m)
			var e *payload.SyntaxError
			require.ErrorAs(t, err, &e)
			assert.Equal(t, payload.SyntaxError{Format: "nightingale", Field: tt.field, Offset: tt.offset, Reason: tt.reason}, *e)
		})
	}
}

func TestMemoryIsBounded(t *testing.T) {
	list := func(n int, each string) []byte { return []byte("[" + each + strings.Repeat(","+each, n-1) + "]") }
	decode(t, list(200, `{}`))
	_, err := nightingale.Decode(list(5000, `{}`))
	require.ErrorContains(t, err, "too many elements")

	values := func(n int) []byte {
		return []byte(`{"trigger_values_json":{"values_with_unit":{"":{}` + strings.Repeat(`,"":{}`, n-1) + `}}}`)
	}
	decode(t, values(1000))
	if strconv.IntSize == 64 { // on 32 bits a value is no larger than its text may pay for
		_, err = nightingale.Decode(values(18_000))
		require.ErrorContains(t, err, "too many elements")
	}

	maps := func(n int) []byte { return []byte(`{"extra_info_map":` + string(list(n, `{}`)) + `}`) }
	decode(t, maps(5000))

	deep := func(n int) []byte {
		return []byte(`{"rule_config":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}`)
	}
	decode(t, deep(199))
	_, err = nightingale.Decode(deep(200))
	require.ErrorContains(t, err, "nested too deeply")
}

func TestValidate(t *testing.T) {
	good := nightingale.AlertEvent{RuleName: "CPU", Severity: 3}
	require.NoError(t, good.Validate())
	tests := []struct {
		name          string
		change        func(*nightingale.AlertEvent)
		field, reason string
	}{
		{"nothing", func(e *nightingale.AlertEvent) { *e = nightingale.AlertEvent{} }, "rule_name", "missing, and so is hash"},
		{"no name", func(e *nightingale.AlertEvent) { e.RuleName = "" }, "rule_name", "missing, and so is hash"},
		{"severity 0", func(e *nightingale.AlertEvent) { e.Severity = 0 }, "severity", "want 1, 2 or 3"},
		{"severity 4", func(e *nightingale.AlertEvent) { e.Severity = 4 }, "severity", "want 1, 2 or 3"},
		{"trigger time", func(e *nightingale.AlertEvent) { e.TriggerTime = -1 }, "trigger_time", "negative"},
		{"evaluation time", func(e *nightingale.AlertEvent) { e.LastEvalTime = -1 }, "last_eval_time", "negative"},
		{"recovery time", func(e *nightingale.AlertEvent) { e.RecoverTime = -1 }, "recover_time", "negative"},
		{"trigger time in milliseconds", func(e *nightingale.AlertEvent) { e.TriggerTime = 1710000000000 }, "trigger_time", "beyond the year 9999"},
		{"evaluation time in the year 10000", func(e *nightingale.AlertEvent) { e.LastEvalTime = 253402300800 }, "last_eval_time", "beyond the year 9999"},
		{"recovery time at the end of numbers", func(e *nightingale.AlertEvent) { e.RecoverTime = 1<<63 - 1 }, "recover_time", "beyond the year 9999"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bad := good
			tt.change(&bad)
			var e *payload.FieldError
			require.ErrorAs(t, bad.Validate(), &e)
			assert.Equal(t, payload.FieldError{Format: "nightingale", Field: tt.field, Reason: tt.reason}, *e)

			require.ErrorAs(t, (&nightingale.Message{Alerts: []nightingale.AlertEvent{bad}}).Validate(), &e)
			assert.Equal(t, tt.field, e.Field)
			require.ErrorAs(t, (&nightingale.Message{Alerts: []nightingale.AlertEvent{bad}, Array: true}).Validate(), &e)
			assert.Equal(t, "[0]."+tt.field, e.Field)
			require.ErrorAs(t, (&nightingale.Message{Alerts: []nightingale.AlertEvent{good, bad}, Array: true}).Validate(), &e)
			assert.Equal(t, "[1]."+tt.field, e.Field)
		})
	}
	require.NoError(t, (&nightingale.AlertEvent{Hash: "h", Severity: 1}).Validate(), "a hash is enough")
	require.NoError(t, (&nightingale.AlertEvent{Hash: "h", Severity: 1, TriggerTime: 253402300799, LastEvalTime: 253402300799, RecoverTime: 253402300799}).Validate(), "the last second")
	require.NoError(t, new(nightingale.Message).Validate(), "an empty list means nothing to do")
}

func TestUnmarshalKeepsOnError(t *testing.T) {
	e := nightingale.AlertEvent{RuleName: "a"}
	require.Error(t, e.UnmarshalJSON([]byte(`{"rule_name":"b","severity":"1"}`)))
	assert.Equal(t, "a", e.RuleName)
	require.NoError(t, e.UnmarshalJSON([]byte(`null`)))
	assert.Equal(t, "a", e.RuleName)

	m := nightingale.Message{Alerts: []nightingale.AlertEvent{e}}
	require.Error(t, m.UnmarshalJSON([]byte(`[null]`)))
	require.NoError(t, m.UnmarshalJSON([]byte(`null`)))
	assert.Len(t, m.Alerts, 1)
}

func TestFormat(t *testing.T) {
	formats := payload.Formats{nightingale.Format()}
	for _, name := range payloadtest.Names("nightingale") {
		p, err := formats.Decode(payloadtest.Body("nightingale", name))
		require.NoError(t, err, name)
		assert.IsType(t, new(nightingale.Message), p)
	}
	for _, system := range payloadtest.Systems() {
		if system == "nightingale" {
			continue
		}
		for _, name := range payloadtest.Names(system) {
			_, err := formats.Decode(payloadtest.Body(system, name))
			require.Error(t, err, "%s %s", system, name)
		}
	}
	for _, body := range []string{`{}`, `{"rule_name":"a"}`, `[null]`, `[[]]`, `"a"`, `{"err":"boom"}`} {
		_, err := formats.Decode([]byte(body))
		require.ErrorIs(t, err, payload.ErrFormat, body)
	}
}
