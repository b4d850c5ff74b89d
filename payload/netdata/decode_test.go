package netdata_test

import (
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/internal/jsonscan"
	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/internal/wiretest"
	"github.com/alertwire/alertwire/payload/netdata"
	"github.com/alertwire/alertwire/payload/payloadtest"
)

// Each line of the table that tells the kinds apart, and what it is not.
func TestKindsAndForms(t *testing.T) {
	tests := []struct{ body, want string }{
		{`{"token":"t"}`, "test"},
		{`{"token":"t","alert":null,"alarm":null,"status":"x","url":"u"}`, "test"},
		{`{"token":"t","alert":"a"}`, "flat alert"},
		{`{"token":"t","alarm":"a"}`, "flat alert"},
		{`{"token":"t","alert":{}}`, "nested alert"},
		{`{"token":1,"message":"m","url":"u"}`, ""},
		{`{"alert":{},"alarm":"a","status":{}}`, "nested alert"},
		{`{"alert":"a","status":{"reachable":true}}`, "flat alert"},
		{`{"alarm":"a","url":"u","host":"h"}`, "flat alert"},
		{`{"alert":null,"alarm":"a"}`, "flat alert"},
		{`{"labels":{"alert":{"x":1}},"alert":"a"}`, "flat alert"},
		{`{"labels":{"alert":"x"},"alert" : {"name":"a"}}`, "nested alert"},
		{`{"labels":{"alert":{}},"alarm":"a"}`, "flat alert"},
		{`{"labels":{"alert":{}},"token":"t"}`, "test"},
		{`{"alert":{"name":"a"},"alert":null,"token":"t"}`, "test"},
		{`{"x":"\"alert\": {","alarm":"b"}`, "flat alert"},
		{`{"status":{}}`, "flat reachability"},
		{`{"host":"h","url":"u"}`, "flat reachability"},
		{`{"host":"h","url":"u","status":"reachable"}`, "flat reachability"},
		{`{"host":"h","status":"reachable"}`, ""},
		{`{"status":"reachable","url":"u"}`, "nested reachability"},
		{`{"status":"reachable","nodes":[]}`, "nested reachability"},
		{`{"status":"reachable","url":null,"nodes":null}`, ""},
		{`{"status":"reachable"}`, ""},
		{`{"message":"m","url":"u"}`, "flat reachability"},
		{`{"message":"m","url":"u","severity":"info"}`, "flat reachability"},
		{`{"message":"m","url":"u","other":1}`, ""},
		{`{"message":"m","url":null}`, ""},
		{`{"message":"m"}`, ""},
		{`{"alert":1}`, ""},
		{`{"alert":["a"]}`, ""},
		{`{"status":1,"url":"u"}`, ""},
		{`{}`, ""},
	}
	for _, tt := range tests {
		n, err := netdata.Decode([]byte(tt.body))
		got := ""
		if err != nil {
			require.ErrorIs(t, err, payload.ErrFormat, tt.body)
		} else {
			got = describe(n)
		}
		assert.Equal(t, tt.want, got, tt.body)
	}
	_, err := netdata.Decode([]byte(`{"message":"secret","foo":1}`))
	assert.Equal(t, `payload: unknown format: object with "message", "foo", which is no notification of Netdata`, err.Error())
}

func TestDecodeErrors(t *testing.T) {
	deep := func(n int) string { return `{"token":"t","x":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}` }
	read(t, deep(199))
	tests := []struct {
		name, body string
		want       payload.SyntaxError
	}{
		{"empty", ``, payload.SyntaxError{Reason: "unexpected end"}},
		{"text", `hello`, payload.SyntaxError{Reason: "unexpected character"}},
		{"array", `[{"alert":"a"}]`, payload.SyntaxError{Reason: "want an object, found an array"}},
		{"cut off", `{"alert":{"name":"a`, payload.SyntaxError{Field: "alert", Offset: 19, Reason: "unexpected end"}},
		{"two values", `{"token":"t"}{}`, payload.SyntaxError{Offset: 13, Reason: "something after the value"}},
		{"invalid UTF-8", "{\"token\":\"\xff\"}", payload.SyntaxError{Offset: 10, Reason: "invalid UTF-8"}},
		{"too deep", deep(200), payload.SyntaxError{Field: "x", Offset: 216, Reason: "nested too deeply"}},
		{"alarm of another type", `{"alarm":{}}`, payload.SyntaxError{Field: "alarm", Offset: 9, Reason: "want a string, found an object"}},
		{"name of another type", `{"alert":{"name":1}}`, payload.SyntaxError{Field: "alert.name", Offset: 17, Reason: "want a string, found a number"}},
		{"state of another type", `{"alert":{"state":"Critical"}}`, payload.SyntaxError{Field: "alert.state", Offset: 18, Reason: "want an object, found a string"}},
		{"status of another type", `{"alert":{"state":{"status":2}}}`, payload.SyntaxError{Field: "alert.state.status", Offset: 28, Reason: "want a string, found a number"}},
		{"space of another type", `{"alert":"a","space":[]}`, payload.SyntaxError{Field: "space", Offset: 21, Reason: "want a string, found an array"}},
		{"space with another type", `{"alert":"a","space":{"name":1}}`, payload.SyntaxError{Field: "space.name", Offset: 29, Reason: "want a string, found a number"}},
		{"count as a text", `{"alert":"a","critical_count":"1"}`, payload.SyntaxError{Field: "critical_count", Offset: 30, Reason: "want a number, found a string"}},
		{"huge count", `{"alert":"a","critical_count":1e30}`, payload.SyntaxError{Field: "critical_count", Offset: 30, Reason: "not an integer, or out of range"}},
		{"rooms", `{"alert":"a","rooms":"all"}`, payload.SyntaxError{Field: "rooms", Offset: 21, Reason: "want an object or an array"}},
		{"room", `{"alert":"a","rooms":{"all":1}}`, payload.SyntaxError{Field: "rooms.all", Offset: 28, Reason: "want a string or an object"}},
		{"room in a list", `{"alert":"a","Rooms":[{},1]}`, payload.SyntaxError{Field: "Rooms[1]", Offset: 25, Reason: "want a string or an object"}},
		{"null in a list", `{"alert":"a","rooms":[null]}`, payload.SyntaxError{Field: "rooms[0]", Offset: 22, Reason: "want a string or an object"}},
		{"url of a room", `{"alert":"a","rooms":[{"url":1}]}`, payload.SyntaxError{Field: "rooms[0].url", Offset: 29, Reason: "want a string, found a number"}},
		{"reachable as a text", `{"status":{"reachable":"yes"}}`, payload.SyntaxError{Field: "status.reachable", Offset: 23, Reason: "want a boolean, found a string"}},
		{"null node", `{"status":"reachable","nodes":[null]}`, payload.SyntaxError{Field: "nodes[0]", Offset: 31, Reason: "want an object, found null"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n, err := netdata.Decode([]byte(tt.body))
			assert.Nil(t, n)
			var got *payload.SyntaxError
			require.ErrorAs(t, err, &got)
			tt.want.Format = "netdata"
			assert.Equal(t, tt.want, *got)
		})
	}
}

// Doubts that are no errors: each body decodes, and is written as it came.
func TestDecodeTolerance(t *testing.T) {
	tests := []struct {
		name, body string
		want       netdata.Alert
	}{
		{"alert before alarm", `{"alarm":"old","alert":"new","alert_url":"u","alarm_url":"v","critical_count":1,"additional_active_critical_alerts":2}`,
			netdata.Alert{Name: "new", URL: "u", OtherCritical: 2}},
		{"rooms before Rooms", `{"Rooms":{"a":"1"},"alert":"n","rooms":{"b":"2"}}`, netdata.Alert{Name: "n", Rooms: netdata.Rooms{{Name: "b", URL: "2"}}}},
		{"alarm beside a null alert", `{"alert":null,"alarm":"n","alert_url":null,"alarm_url":"u","Rooms":["a"],"rooms":null}`,
			netdata.Alert{Name: "n", URL: "u", Rooms: netdata.Rooms{{Name: "a"}}}},
		{"ROOMS", `{"alert":"n","ROOMS":["a"]}`, netdata.Alert{Name: "n", Rooms: netdata.Rooms{{Name: "a"}}}},
		{"letter case of other names counts", `{"alert":"n","Severity":"warning"}`, netdata.Alert{Name: "n"}},
		{"the last of equal names", `{"alert":"m","alert":"n","severity":"x","severity":"clear"}`, netdata.Alert{Name: "n", Severity: "clear"}},
		{"the last of equal objects", `{"alert":{"name":"m","url":"u","state":{"status":"Critical"}},"alert":{"name":"n"}}`, netdata.Alert{Form: netdata.Nested, Name: "n"}},
		{"the last of equal objects inside", `{"alert":{"state":{"status":"Critical"},"name":"n","state":{"value":1}}}`, netdata.Alert{Form: netdata.Nested, Name: "n", Value: []byte("1")}},
		{"nulls", `{"alert":"n","alarm":null,"space":null,"rooms":null,"severity":null,"date":null,"critical_count":null,"node":null}`, netdata.Alert{Name: "n"}},
		{"nested nulls", `{"space":null,"node":null,"alert":{"name":"n","state":null,"rendered":null,"chart":null,"context":null,"duration":null,"config":null,"url":null}}`,
			netdata.Alert{Form: netdata.Nested, Name: "n"}},
		{"nested null values", `{"alert":{"name":"n","state":{"status":null,"value":null},"duration":{"value":null}}}`, netdata.Alert{Form: netdata.Nested, Name: "n"}},
		{"value as a text", `{"alert":{"name":"n","state":{"value":"91.50 %"}}}`, netdata.Alert{Form: netdata.Nested, Name: "n", Value: []byte(`"91.50 %"`)}},
		{"nested with a flat space", `{"alert":{"name":"n"},"space":"Home lab"}`, netdata.Alert{Form: netdata.Nested, Name: "n", Space: netdata.Space{Name: "Home lab"}}},
		{"flat with a nested space", `{"alert":"n","space":{"slug":"s","name":"Home lab"}}`, netdata.Alert{Name: "n", Space: netdata.Space{Name: "Home lab", Slug: "s"}}},
		{"nested with the rest of the flat", `{"alert":{"name":"n"},"date":"d","family":"/","additional_active_warning_alerts":1,"severity":"unknown here","rooms":{"a":"1"}}`,
			netdata.Alert{Form: netdata.Nested, Name: "n", Date: "d", Family: "/", OtherWarning: 1, Rooms: netdata.Rooms{{Name: "a", URL: "1"}}}},
		{"nested with Rooms", `{"Rooms":["a"],"alert":{"name":"n"}}`, netdata.Alert{Form: netdata.Nested, Name: "n", Rooms: netdata.Rooms{{Name: "a"}}}},
		{"flat with a node", `{"alert":"n","node":{"hostname":"h"}}`, netdata.Alert{Name: "n", Host: "h"}},
		{"a new word", `{"alert":"n","severity":"Silenced"}`, netdata.Alert{Name: "n", Severity: "Silenced"}},
		{"half a surrogate", `{"alert":"\udc00"}`, netdata.Alert{Name: "\uFFFD"}},
		{"empty parts", `{"node":{ },"alert":{"name":"n","chart":{ },"duration":{"x":1},"state":{},"rendered":{ } , "config" : {}}}`, netdata.Alert{Form: netdata.Nested, Name: "n"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := read(t, tt.body)
			assert.Equal(t, tt.want, *wiretest.Bare(n.Alert))
			assert.Equal(t, tt.body, encode(t, n))
		})
	}
}

func TestValidate(t *testing.T) {
	wrong := func(field, reason string) error {
		return &payload.FieldError{Format: "netdata", Field: field, Reason: reason}
	}
	for body, want := range map[string]error{
		`{"alert":"n","severity":"clear"}`:                                  nil,
		`{"alarm":"n","severity":"a new word"}`:                             nil,
		`{"alert":"","severity":"clear"}`:                                   wrong("alert", "missing or empty"),
		`{"alert":"n"}`:                                                     wrong("severity", "missing or empty"),
		`{"alert":{"name":"n","state":{"status":"Clear"}}}`:                 nil,
		`{"alert":{"state":{"status":"Clear"}}}`:                            wrong("alert.name", "missing or empty"),
		`{"alert":{"name":"n","state":{}}}`:                                 wrong("alert.state.status", "missing or empty"),
		`{"message":"m","url":"u"}`:                                         nil,
		`{"status":{}}`:                                                     wrong("url", "missing, and so is a host"),
		`{"status":{},"host":"h"}`:                                          nil,
		`{"status":"reachable","nodes":[]}`:                                 wrong("url", "missing, and so is a host"),
		`{"status":"reachable","nodes":[{"hostname":""},{"hostname":"h"}]}`: nil,
		`{"token":"t"}`:                                                     nil,
		`{"token":""}`:                                                      wrong("token", "missing or empty"),
	} {
		assert.Equal(t, want, read(t, body).Validate(), body)
	}
}

func TestFormat(t *testing.T) {
	f := netdata.Format()
	assert.Equal(t, "netdata", f.Name())
	for name, body := range bodies(t) {
		p, err := payload.Formats{f}.Decode(body)
		require.NoError(t, err, name)
		assert.IsType(t, &netdata.Notification{}, p)
	}
	for body, want := range map[string]bool{
		`{"message":"m","token":"t"}`: true, `{"token":"t"}`: false, `{"message":1,"alert":"a"}`: false, `{"message":"m","alert":"a"}`: true,
		`{"message":"m","status":"firing","url":"u","alerts":[]}`: false, `["message"]`: false,
	} {
		s, err := payload.ShapeOf([]byte(body))
		require.NoError(t, err)
		assert.Equal(t, want, f.Match(s), body)
	}
	// No other system's body is taken for a notification.
	for _, system := range payloadtest.Systems() {
		if system == "netdata" {
			continue
		}
		for _, name := range payloadtest.Names(system) {
			if s, err := payload.ShapeOf(payloadtest.Body(system, name)); err == nil {
				assert.False(t, f.Match(s), "%s %s", system, name)
			}
		}
	}
}

// A body of many small things takes no more memory than its size allows: it is
// refused, or is within the bound, as the members of an object are on 32 bits.
func TestManyElements(t *testing.T) {
	const free = 256 << 10 // whatever the size
	for _, tt := range []struct{ body, more string }{
		{`{"alert":"a","rooms":[""%s]}`, `,""`},
		{`{"alert":"a","rooms":{"":""%s}}`, `,"":""`},
	} {
		body := strings.Replace(tt.body, "%s", strings.Repeat(tt.more, 100_000), 1)
		n, err := netdata.Decode([]byte(body))
		if err == nil {
			took := cap(n.Alert.Rooms) * int(unsafe.Sizeof(netdata.Room{}))
			assert.LessOrEqual(t, took, free+jsonscan.MaxGrowth*len(body), tt.body)
			continue
		}
		var e *payload.SyntaxError
		require.ErrorAs(t, err, &e, tt.body)
		assert.Equal(t, "too many elements for the size of the text", e.Reason)
	}
}

// A status may lack either of its members.
func TestStatusInPart(t *testing.T) {
	for status, want := range map[string][2]bool{ // reachable, known
		`{"reachable":null,"text":"reachable"}`: {true, true},
		`{"reachable":false,"text":null}`:       {false, true},
		`{"text":"UNREACHABLE","since":1}`:      {false, true},
		`{}`:                                    {false, false},
		`null`:                                  {false, false},
		`"Reachable"`:                           {true, true},
	} {
		body := `{"message":"m","url":"u","host":"h","status":` + status + `}`
		n := read(t, body)
		reachable, known := n.Reachability.Reachable()
		assert.Equal(t, want, [2]bool{reachable, known}, status)
		assert.Equal(t, body, encode(t, n))
		n.Reachability.Status = netdata.StatusOf(true)
		again := read(t, encode(t, n))
		reachable, known = again.Reachability.Reachable()
		assert.True(t, reachable && known, status)
	}
	_, err := netdata.Decode([]byte(`{"message":"m","url":"u","host":"h","status":{"reachable":"yes"}}`))
	require.Error(t, err)
}

// Rooms are not collected in lists that grow and grow, before they are refused for
// their number.
func TestRoomsTakeBoundedMemory(t *testing.T) {
	for _, rooms := range []string{`{` + strings.Repeat(`"":"",`, 1<<20/6) + `"":""}`, `[` + strings.Repeat(`"",`, 1<<20/3) + `""]`} {
		body := []byte(`{"alert":"a","severity":"critical","rooms":` + rooms + `}`)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := netdata.Decode(body)
		runtime.ReadMemStats(&after)
		if err != nil { // on 32 bits the text may pay for so many
			require.ErrorContains(t, err, "too many elements")
		}
		assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(100*len(body)))
	}
}
