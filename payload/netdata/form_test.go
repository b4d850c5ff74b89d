package netdata_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/alertwire/alertwire/payload/internal/wiretest"
	"github.com/alertwire/alertwire/payload/netdata"
)

func TestForm(t *testing.T) {
	assert.Equal(t, "flat nested flat", netdata.Flat.String()+" "+netdata.Nested.String()+" "+netdata.Form(7).String())
	assert.Equal(t, netdata.Flat, netdata.Alert{}.Form)
}

func TestSeverity(t *testing.T) {
	for _, s := range []netdata.Severity{"critical", "Warning", "CLEAR", "info"} {
		assert.True(t, s.Known(), s)
	}
	assert.False(t, netdata.Severity("").Known() || netdata.Severity("removed").Known())
	assert.False(t, netdata.Critical.Is(netdata.Warning))
}

// An alert made in Go is written as the documentation has it, and as receivers
// have seen it.
func TestMadeInGo(t *testing.T) {
	a := netdata.Alert{Name: "used_swap", Severity: netdata.Critical, Space: netdata.Space{Name: "Home lab", Slug: "home-lab"}, Host: "db-3"}
	assert.Equal(t, `{"message":"","alert":"used_swap","info":"","chart":"","context":"","space":"Home lab","rooms":{},"family":"","class":"",`+
		`"severity":"critical","date":"","duration":"","additional_active_critical_alerts":0,"additional_active_warning_alerts":0,"alert_url":"","node":{"hostname":"db-3"}}`, encode(t, &a))
	a.Form = netdata.Nested
	assert.Equal(t, `{"message":"","space":{"name":"Home lab","slug":"home-lab"},"node":{"hostname":"db-3"},"alert":{"name":"used_swap",`+
		`"state":{"status":"critical"},"rendered":{"info":""},"config":{"classification":""},"url":""}}`, encode(t, &a))

	a.Chart, a.Duration, a.Context, a.ValueText = "mem.swap", "4m", "swap", "100%"
	assert.Contains(t, encode(t, &a), `"state":{"status":"critical","value_str":"100%"},"rendered":{"info":""},"chart":{"name":"mem.swap"},"context":"swap",`+
		`"duration":{"value_str":"4m"},"config"`)

	r := netdata.Reachability{Host: "db-3", Status: netdata.StatusOf(false), Severity: netdata.Critical}
	assert.Equal(t, `{"message":"","url":"","host":"db-3","severity":"critical","status":{"reachable":false,"text":"unreachable"}}`, encode(t, &r))
	r = netdata.Reachability{Form: netdata.Nested, Nodes: []netdata.Node{{Hostname: "db-3"}}, Status: netdata.StatusOf(true), Severity: netdata.Info}
	assert.Equal(t, `{"message":"","url":"","severity":"info","status":"reachable","nodes":[{"hostname":"db-3"}]}`, encode(t, &r))
	assert.Equal(t, `{"message":"","url":"","host":"","severity":"","status":{"text":""}}`, encode(t, &netdata.Reachability{}))

	broken := &netdata.Alert{Form: netdata.Nested, Value: json.RawMessage("{")}
	b, err := broken.AppendJSON([]byte("kept"))
	assert.ErrorContains(t, err, "value: not a JSON value")
	assert.Equal(t, "kept", string(b))
}

// A space keeps the form in which it came, as far as that can say it.
func TestSpaceForms(t *testing.T) {
	tests := []struct{ name, from, renamed, slugged string }{
		{"text in a flat body", `{"alert":"n","space":"a"}`, `{"alert":"n","space":"b"}`, `{"alert":"n","space":"a"}`},
		{"object in a flat body", `{"alert":"n","space":{ "name":"a"}}`, `{"alert":"n","space":{ "name":"b"}}`, `{"alert":"n","space":{ "name":"a","slug":"s"}}`},
		{"null in a flat body", `{"alert":"n","space":null}`, `{"alert":"n","space":"b"}`, `{"alert":"n","space":null}`},
		{"text in a nested body", `{"alert":{},"space":"a"}`, `{"alert":{},"space":"b"}`, `{"alert":{},"space":{"name":"a","slug":"s"}}`},
		{"object in a nested body", `{"alert":{},"space":{"slug":"", "name":"a"}}`, `{"alert":{},"space":{"slug":"", "name":"b"}}`, `{"alert":{},"space":{"slug":"s", "name":"a"}}`},
		{"null in a nested body", `{"alert":{},"space":null}`, `{"alert":{},"space":{"name":"b"}}`, `{"alert":{},"space":{"name":"","slug":"s"}}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.from, encode(t, read(t, tt.from)))
			renamed, slugged := read(t, tt.from).Alert, read(t, tt.from).Alert
			renamed.Space.Name, slugged.Space.Slug = "b", "s"
			assert.Equal(t, tt.renamed, encode(t, renamed))
			assert.Equal(t, tt.slugged, encode(t, slugged))
		})
	}
}

// What came in one form can be written in the other: what both have is the same, but
// for the capital that severities have in the nested form.
func TestOtherForm(t *testing.T) {
	for name := range bodies(t) {
		n := decode(t, name)
		switch {
		case n.Alert != nil:
			n.Alert.Form = 1 - n.Alert.Form
		case n.Reachability != nil:
			n.Reachability.Form = 1 - n.Reachability.Form
		default:
			continue
		}
		again := read(t, encode(t, n))
		for member := range again.Unknown() {
			t.Error(name, member)
		}
		if a, b := n.Alert, again.Alert; a != nil {
			assert.Equal(t, []any{a.Form, a.Message, a.Name, strings.ToLower(string(a.Severity)), a.Info, a.Host, a.Space.Name, a.Chart, a.Context, a.Family, a.Class, a.Date, a.Duration,
				a.OtherCritical, a.OtherWarning, a.URL, len(a.Rooms)}, []any{b.Form, b.Message, b.Name, strings.ToLower(string(b.Severity)), b.Info, b.Host, b.Space.Name, b.Chart, b.Context,
				b.Family, b.Class, b.Date, b.Duration, b.OtherCritical, b.OtherWarning, b.URL, len(b.Rooms)}, name)
			assert.Equal(t, b.Form == netdata.Nested, string(b.Severity) != strings.ToLower(string(b.Severity)), "%s: %s", name, b.Severity)
			for i := range a.Rooms {
				assert.Equal(t, wiretest.Bare(a.Rooms[i]), wiretest.Bare(b.Rooms[i]))
			}
		}
		if a, b := n.Reachability, again.Reachability; a != nil {
			assert.Equal(t, a.Form, b.Form, name)
			assert.Equal(t, a.Hosts(), b.Hosts(), name)
			assert.Equal(t, []any{a.Message, a.URL, a.Severity, a.Status.Text}, []any{b.Message, b.URL, b.Severity, b.Status.Text}, name)
			up, known := a.Reachable()
			upAgain, knownAgain := b.Reachable()
			assert.Equal(t, []bool{up, known}, []bool{upAgain, knownAgain}, name)
		}
		assert.Equal(t, n.DeliveryID(), again.DeliveryID(), name)
	}
	// Writing it in the other form, and setting it back, is as if nothing had
	// happened.
	for _, name := range []string{"nested-alert-unknown-fields", "flat-alert-unknown-fields", "nested-reachability-several-nodes"} {
		n := decode(t, name)
		for range 2 {
			if n.Alert != nil {
				n.Alert.Form = 1 - n.Alert.Form
			} else {
				n.Reachability.Form = 1 - n.Reachability.Form
			}
			assert.NotEmpty(t, encode(t, n))
		}
		assert.Equal(t, n.Raw(), encode(t, n))
	}
}
