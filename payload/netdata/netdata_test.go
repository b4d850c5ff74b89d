package netdata_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/internal/wiretest"
	"github.com/alertwire/alertwire/payload/netdata"
	"github.com/alertwire/alertwire/payload/payloadtest"
)

// bodies returns every body by its name.
func bodies(t testing.TB) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, name := range payloadtest.Names("netdata") {
		all[name] = payloadtest.Body("netdata", name)
	}
	require.GreaterOrEqual(t, len(all), 20)
	return all
}

func decode(t testing.TB, name string) *netdata.Notification {
	t.Helper()
	return read(t, string(payloadtest.Body("netdata", name)))
}

func read(t testing.TB, body string) *netdata.Notification {
	t.Helper()
	n, err := netdata.Decode([]byte(body))
	require.NoError(t, err, body)
	return n
}

func encode(t testing.TB, v interface {
	AppendJSON(dst []byte) ([]byte, error)
}) string {
	t.Helper()
	b, err := v.AppendJSON(nil)
	require.NoError(t, err)
	require.True(t, json.Valid(b), "%s", b)
	return string(b)
}

func TestBodiesRoundTrip(t *testing.T) {
	for name, body := range bodies(t) {
		t.Run(name, func(t *testing.T) {
			n, err := netdata.Decode(body)
			require.NoError(t, err)
			require.NoError(t, n.Validate())
			assert.Equal(t, string(body), n.Raw())
			b, err := n.AppendJSON([]byte("> "))
			require.NoError(t, err)
			assert.Equal(t, "> "+string(body), string(b))
			b, err = json.Marshal(*n)
			require.NoError(t, err)
			assert.Empty(t, wiretest.Diff(body, b))
			assert.Equal(t, strings.HasPrefix(name, "nested-"), form(n) == netdata.Nested)
		})
	}
}

func form(n *netdata.Notification) netdata.Form {
	switch {
	case n.Alert != nil:
		return n.Alert.Form
	case n.Reachability != nil:
		return n.Reachability.Form
	}
	return netdata.Flat
}

// What was made anew of a decoded body says the same, but for the names of 2023
// and what is unknown.
func TestBodiesMadeAnew(t *testing.T) {
	for name, body := range bodies(t) {
		if strings.Contains(name, "unknown") || strings.Contains(name, "alarm") || strings.Contains(name, "2023") ||
			strings.Contains(name, "rooms") || strings.Contains(name, "several") {
			continue
		}
		n := wiretest.Bare(decode(t, name))
		assert.Empty(t, n.Raw())
		assert.Empty(t, wiretest.Diff(body, []byte(encode(t, n))), name)
	}
}

func TestFlatAlert(t *testing.T) {
	want := netdata.Alert{
		Form: netdata.Flat, Message: "disk_space_usage is critical on db-3", Name: "disk_space_usage", Severity: netdata.Critical,
		Info: "Disk / space utilization", Space: netdata.Space{Name: "Home lab"},
		Rooms: netdata.Rooms{{Name: "All nodes", URL: "https://app.netdata.cloud/spaces/home-lab/rooms/all-nodes"}},
		Chart: "disk_space._", Context: "disk.space", Family: "/", Class: "Utilization",
		Date: "2026-01-02T03:04:05Z", Duration: "4 minutes", OtherCritical: 0, OtherWarning: 1,
		URL: "https://app.netdata.cloud/spaces/home-lab/rooms/all-nodes/alerts/1",
	}
	for _, name := range []string{"flat-alert", "flat-alert-alarm-names", "flat-alert-rooms-capital", "flat-alert-rooms-nested"} {
		assert.Equal(t, want, *wiretest.Bare(decode(t, name).Alert), name)
	}
	list := want
	list.Rooms = append(want.Rooms[:1:1], netdata.Room{Name: "Databases", URL: "https://app.netdata.cloud/spaces/home-lab/rooms/databases"})
	assert.Equal(t, list, *wiretest.Bare(decode(t, "flat-alert-rooms-list").Alert))
	none := want
	none.Rooms = nil
	assert.Equal(t, none, *wiretest.Bare(decode(t, "flat-alert-rooms-null").Alert))
	assert.Equal(t, none, *wiretest.Bare(decode(t, "flat-alert-2023-01").Alert))
}

func TestNestedAlert(t *testing.T) {
	assert.Equal(t, netdata.Alert{
		Form: netdata.Nested, Message: "Raised to Warning, swap = 91.5%, on db-3", Name: "used_swap", Severity: "Warning",
		Info: "Swap memory utilization", Summary: "System swap memory utilization", Host: "db-3",
		Space: netdata.Space{Name: "Home lab", Slug: "home-lab"}, Chart: "mem.swap", ChartID: "mem.swap", Context: "mem.swap", Class: "Utilization",
		Value: json.RawMessage("91.5"), ValueText: "91.5%", Duration: "4m", DurationValue: json.RawMessage("240"),
		URL: "https://app.netdata.cloud/spaces/home-lab/rooms/all-nodes/alerts/1?chart=mem.swap&alarm=used_swap&transition=00000000-0000-4000-8000-0000000000aa",
	}, *wiretest.Bare(decode(t, "nested-alert-full").Alert))

	a := decode(t, "nested-alert").Alert
	assert.True(t, a.Severity.Is(netdata.Critical) && !a.Cleared())
	assert.True(t, decode(t, "nested-alert-clear").Alert.Cleared())
	assert.Empty(t, a.Transition())
	assert.Equal(t, "00000000-0000-4000-8000-0000000000aa", decode(t, "nested-alert-full").Alert.Transition())
	assert.Equal(t, "00000000-0000-4000-8000-0000000000ab", decode(t, "nested-alert-unknown-fields").Alert.Transition())
	assert.Empty(t, (&netdata.Alert{URL: "http://a b:\x7f?transition=1"}).Transition())
}

func TestReachability(t *testing.T) {
	yes, no := true, false
	const page = "https://app.netdata.cloud/spaces/home-lab/rooms/all-nodes/nodes/1"
	assert.Equal(t, netdata.Reachability{Message: "db-3 is unreachable", URL: page, Severity: netdata.Critical, Host: "db-3",
		Status: netdata.Status{Text: "unreachable", Reachable: &no}}, *wiretest.Bare(decode(t, "flat-reachability-down").Reachability))
	assert.Equal(t, netdata.Reachability{Message: "db-3 is reachable", URL: page, Severity: netdata.Info, Host: "db-3",
		Status: netdata.Status{Text: "reachable", Reachable: &yes}}, *wiretest.Bare(decode(t, "flat-reachability-up").Reachability))
	assert.Equal(t, netdata.Reachability{Message: "db-3 is unreachable", URL: page}, *wiretest.Bare(decode(t, "flat-reachability-2023").Reachability))
	assert.Equal(t, netdata.Reachability{Form: netdata.Nested, Message: "Home lab/db-3 is reachable", URL: page, Severity: netdata.Info,
		Status: netdata.Status{Text: "reachable"}, Nodes: []netdata.Node{{Hostname: "db-3"}}}, *wiretest.Bare(decode(t, "nested-reachability-up").Reachability))

	for name, want := range map[string]bool{"flat-reachability-down": false, "flat-reachability-up": true, "flat-reachability-2023": false,
		"nested-reachability-down": false, "nested-reachability-up": true, "nested-reachability-several-nodes": false} {
		reachable, known := decode(t, name).Reachability.Reachable()
		assert.True(t, known, name)
		assert.Equal(t, want, reachable, name)
	}
	assert.Equal(t, []string{"db-3", "db-4"}, decode(t, "nested-reachability-several-nodes").Reachability.Hosts())
	assert.Equal(t, []string{"db-3"}, decode(t, "flat-reachability-up").Reachability.Hosts())
	assert.Empty(t, decode(t, "flat-reachability-2023").Reachability.Hosts())
}

// What says whether nodes are reachable, the first before the others.
func TestReachable(t *testing.T) {
	yes, no := true, false
	tests := []struct {
		name             string
		r                netdata.Reachability
		reachable, known bool
	}{
		{"the boolean", netdata.Reachability{Status: netdata.Status{Reachable: &yes, Text: "unreachable"}, Severity: "critical"}, true, true},
		{"the boolean, false", netdata.Reachability{Status: netdata.Status{Reachable: &no, Text: "reachable"}, Severity: "info"}, false, true},
		{"the word", netdata.Reachability{Status: netdata.Status{Text: "Reachable"}, Severity: "critical"}, true, true},
		{"the word, down", netdata.Reachability{Status: netdata.Status{Text: "UNREACHABLE"}, Severity: "info"}, false, true},
		{"another word", netdata.Reachability{Status: netdata.Status{Text: "stale"}, Severity: "Info"}, true, true},
		{"severity", netdata.Reachability{Severity: "CRITICAL", Message: "db-3 is reachable"}, false, true},
		{"message", netdata.Reachability{Message: "db-3 is Reachable"}, true, true},
		{"message, down", netdata.Reachability{Message: "db-3 became UNREACHABLE"}, false, true},
		{"nothing", netdata.Reachability{Severity: "warning", Message: "db-3"}, false, false},
	}
	for _, tt := range tests {
		reachable, known := tt.r.Reachable()
		assert.Equal(t, tt.reachable, reachable, tt.name)
		assert.Equal(t, tt.known, known, tt.name)
	}
	up, down := netdata.StatusOf(true), netdata.StatusOf(false)
	assert.Equal(t, "reachable true unreachable false", strings.Join([]string{up.Text, text(*up.Reachable), down.Text, text(*down.Reachable)}, " "))
}

func text(v bool) string {
	b, _ := json.Marshal(v)
	return string(b)
}

// A status keeps the form in which it came.
func TestStatusForms(t *testing.T) {
	tests := []struct{ name, from, to string }{
		{"object", `{"status":{ "text":"reachable","reachable":true,"x":1}}`, `{"status":{ "text":"unreachable","reachable":false,"x":1}}`},
		{"text in a flat body", `{"host":"h","url":"u","status":"reachable"}`, `{"host":"h","url":"u","status":"unreachable"}`},
		{"text in a nested body", `{"status":"reachable","url":"u"}`, `{"status":"unreachable","url":"u"}`},
		{"null in a flat body", `{"host":"h","url":"u","status":null}`, `{"host":"h","url":"u","status":{"reachable":false,"text":"unreachable"}}`},
		{"none", `{"message":"m","url":"u"}`, `{"message":"m","url":"u","status":{"reachable":false,"text":"unreachable"}}`},
		{"null inside", `{"status":{"reachable":null,"text":"r"}}`, `{"status":{"reachable":false,"text":"unreachable"}}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := read(t, tt.from).Reachability
			assert.Equal(t, tt.from, encode(t, r))
			down := netdata.StatusOf(false)
			r.Status.Text, r.Status.Reachable = down.Text, down.Reachable
			assert.Equal(t, tt.to, encode(t, r))
			reachable, known := read(t, encode(t, r)).Reachability.Reachable()
			assert.Equal(t, []bool{false, true}, []bool{reachable, known})
		})
	}
	assert.Nil(t, read(t, tests[5].from).Reachability.Status.Reachable)
}

func TestTestNotification(t *testing.T) {
	n := decode(t, "test-notification")
	assert.Equal(t, "00000000-0000-4000-8000-000000000000", n.Test.Token)
	assert.Equal(t, "Test Notification", n.Test.Title)
	assert.Contains(t, n.Test.Message, "configured properly!")
	assert.Nil(t, n.Alert)
	assert.Nil(t, n.Reachability)
}

var (
	roomName = regexp.MustCompile(`Rooms\[\d+\]\.Name$`)
	// notFlat are the fields that the flat form does not have, notNested those
	// that say how the nested is written.
	notFlat   = regexp.MustCompile(`^Alert\.(Form|CapitalRooms|Summary|ChartID|Value|ValueText|DurationValue|Space.Slug)$|^Reachability\.Form$`)
	notNested = regexp.MustCompile(`\.(Form|CapitalRooms)$|^Reachability\.Host$`)
)

// Each field of each body is changed by itself: in the text that follows
// nothing else differs, and it reads back.
func TestAChangedFieldChangesOnlyItself(t *testing.T) {
	fields := 0
	for name, body := range bodies(t) {
		for i := range wiretest.Leaves(decode(t, name)) {
			n := decode(t, name)
			leaf := wiretest.Leaves(n)[i]
			if form(n) == netdata.Flat && notFlat.MatchString(leaf.Path) || form(n) == netdata.Nested && notNested.MatchString(leaf.Path) {
				continue
			}
			leaf.Change()
			text := encode(t, n)
			diff := wiretest.Diff(body, []byte(text))
			if len(diff) == 2 && roomName.MatchString(leaf.Path) {
				diff = diff[1:] // one name goes, another comes
			}
			require.Len(t, diff, 1, "%s of %s: %s", leaf.Path, name, text)
			again := read(t, text)
			require.Equal(t, wiretest.Bare(n), wiretest.Bare(again), "%s of %s: %s", leaf.Path, name, text)
			fields++
		}
	}
	assert.Greater(t, fields, 250)
}

// The same to the byte.
func TestAChangedFieldKeepsTheRestOfTheText(t *testing.T) {
	tests := []struct {
		name, body string
		change     func(*netdata.Notification)
		from, to   string
	}{
		{"nested status", "nested-alert-unknown-fields", func(n *netdata.Notification) { n.Alert.Severity = "Clear" }, `"CRITICAL"`, `"Clear"`},
		{"nested value", "nested-alert-unknown-fields", func(n *netdata.Notification) { n.Alert.Value = json.RawMessage("99.90") }, `100.0`, `99.90`},
		{"nested value gone", "nested-alert-unknown-fields", func(n *netdata.Notification) { n.Alert.Value = nil }, `,"value":100.0`, ``},
		{"hostname", "nested-alert-unknown-fields", func(n *netdata.Notification) { n.Alert.Host = "db-4" }, `"hostname":"db-3"`, `"hostname":"db-4"`},
		{"space", "nested-alert-unknown-fields", func(n *netdata.Notification) { n.Alert.Space.Slug = "lab" }, `"home-lab"}`, `"lab"}`},
		{"one room of a list", "nested-alert-unknown-fields", func(n *netdata.Notification) { n.Alert.Rooms[0].Name = "Every node" }, `"All nodes"`, `"Every node"`},
		{"url", "nested-alert-unknown-fields", func(n *netdata.Notification) { n.Alert.URL = "u" },
			`https://app.netdata.cloud/spaces/home-lab/rooms/all-nodes/alerts/1?transition=00000000-0000-4000-8000-0000000000ab#metrics`, `u`},
		{"a member that was not there", "nested-alert-unknown-fields", func(n *netdata.Notification) { n.Alert.OtherWarning = 2 }, `#metrics"}}`, `#metrics"},"additional_active_warning_alerts":2}`},
		{"alarm", "flat-alert-unknown-fields", func(n *netdata.Notification) { n.Alert.Name = "swap" }, `"alarm":"disk_space_usage"`, `"alarm":"swap"`},
		{"alarm_url", "flat-alert-unknown-fields", func(n *netdata.Notification) { n.Alert.URL = "u" }, `https://app.netdata.cloud/a/1`, `u`},
		{"warning_count", "flat-alert-unknown-fields", func(n *netdata.Notification) { n.Alert.OtherWarning = 0 }, `"warning_count":3`, `"warning_count":0`},
		{"flat space object", "flat-alert-unknown-fields", func(n *netdata.Notification) { n.Alert.Space.Name = "Lab" }, `"Home lab"`, `"Lab"`},
		{"flat node", "flat-alert-unknown-fields", func(n *netdata.Notification) { n.Alert.Host = "db-4" }, `"hostname":"db-3"`, `"hostname":"db-4"`},
		{"null", "flat-alert-unknown-fields", func(n *netdata.Notification) { n.Alert.Family = "/" }, `"family":null`, `"family":"/"`},
		{"one of mixed rooms", "flat-alert-unknown-fields", func(n *netdata.Notification) { n.Alert.Rooms[2].URL = "u" }, `"https://app.netdata.cloud/r-3"`, `"u"`},
		{"Rooms", "flat-alert-rooms-capital", func(n *netdata.Notification) { n.Alert.Rooms = nil }, `{
    "All nodes": "https://app.netdata.cloud/spaces/home-lab/rooms/all-nodes"
  }`, `{}`},
		{"status text", "nested-reachability-several-nodes", func(n *netdata.Notification) { n.Reachability.Status.Text = "reachable" }, `"Unreachable"`, `"reachable"`},
		{"one node", "nested-reachability-several-nodes", func(n *netdata.Notification) { n.Reachability.Nodes[0].Hostname = "db-5" }, `"db-3","id"`, `"db-5","id"`},
		{"status object", "flat-reachability-down", func(n *netdata.Notification) { *n.Reachability.Status.Reachable = true }, `"reachable": false`, `"reachable": true`},
		{"token", "test-notification", func(n *netdata.Notification) { n.Test.Token = "t" }, `00000000-0000-4000-8000-000000000000`, `t`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			body, n := string(payloadtest.Body("netdata", tt.body)), decode(t, tt.body)
			require.Contains(t, body, tt.from)
			tt.change(n)
			assert.Equal(t, strings.Replace(body, tt.from, tt.to, 1), encode(t, n))
		})
	}
}

func TestUnknown(t *testing.T) {
	collect := func(n *netdata.Notification) map[string]string {
		got := map[string]string{}
		for name, value := range n.Unknown() {
			got[name] = string(value)
		}
		return got
	}
	nested := decode(t, "nested-alert-unknown-fields")
	assert.Equal(t, map[string]string{
		"version": "2.0", "space.id": `"5b1f"`, "node.id": `"00000000-0000-4000-8000-0000000000bb"`, "node.labels": "{ }", "alert.id": "12345678901234567890",
		"alert.role": "null", "alert.state.since": "1767323045.250", "alert.state.flags": "[ ]", "alert.rendered.silenced": "false", "alert.chart.units": `"%"`,
		"alert.duration.human": `"just now"`, "alert.config.component": `"Memory"`, "alert.config.type": `"System"`,
	}, collect(nested))
	for name, value := range nested.Alert.Rooms[0].Unknown() {
		assert.Contains(t, []string{`id "r-1"`, `slug "all-nodes"`}, name+" "+string(value))
	}
	assert.Equal(t, map[string]string{"alert_id": "1.50", "labels": `[{"a":1E+3}]`, "node.os": `"linux"`, "space.plan": `"business"`},
		collect(decode(t, "flat-alert-unknown-fields")))
	several := decode(t, "nested-reachability-several-nodes")
	assert.Equal(t, map[string]string{"count": "2"}, collect(several))
	for name, value := range several.Reachability.Nodes[0].Unknown() {
		assert.Equal(t, "id 3.0", name+" "+string(value))
	}
	assert.Equal(t, map[string]string{"status.since": "1"}, collect(read(t, `{"status":{"reachable":true,"since":1}}`)))
	assert.Equal(t, map[string]string{"extra": "[]"}, collect(read(t, `{"token":"t","extra":[]}`)))
	for _, n := range []*netdata.Notification{nested, decode(t, "flat-alert-unknown-fields"), several, read(t, `{"status":{"a":1,"b":2}}`), {}} {
		for stop := range len(collect(n)) {
			seen := 0
			for range n.Unknown() {
				if seen++; seen > stop {
					break
				}
			}
			assert.Equal(t, stop+1, seen)
		}
	}
	for name := range bodies(t) {
		if !strings.Contains(name, "unknown") && !strings.Contains(name, "several") {
			assert.Empty(t, collect(decode(t, name)), name)
		}
	}
}

func TestJSONInterfaces(t *testing.T) {
	var page struct {
		Any   netdata.Notification      `json:"any"`
		Alert *netdata.Alert            `json:"alert"`
		Reach netdata.Reachability      `json:"reach"`
		Test  *netdata.TestNotification `json:"test"`
	}
	text := `{"any":{"alert":{"name":"a","x":1.0}},"alert":{"alarm":"b","y":[]},"reach":{"status":"reachable","url":"u","z":null},"test":{"token":"t"}}`
	require.NoError(t, json.Unmarshal([]byte(text), &page))
	assert.Equal(t, "a", page.Any.Alert.Name)
	b, err := json.Marshal(page)
	require.NoError(t, err)
	assert.Equal(t, text, string(b))

	require.NoError(t, json.Unmarshal([]byte(`{"any":null,"reach":null}`), &page))
	assert.Equal(t, "a", page.Any.Alert.Name, "null changes nothing, as everywhere in encoding/json")
	assert.Equal(t, "u", page.Reach.URL)
	require.NoError(t, page.Alert.UnmarshalJSON([]byte("null")))
	require.NoError(t, page.Test.UnmarshalJSON([]byte("null")))
	assert.Equal(t, "b t", page.Alert.Name+" "+page.Test.Token)
	for _, bad := range []string{`{"any":{}}`, `{"alert":{"token":"t"}}`, `{"reach":{"alert":"a"}}`, `{"test":{"alert":"a"}}`} {
		require.ErrorIs(t, json.Unmarshal([]byte(bad), &page), payload.ErrFormat, bad)
	}
	assert.Equal(t, "b", page.Alert.Name, "an error leaves the alert alone")

	for _, n := range []netdata.Notification{{}, {Alert: page.Alert, Test: page.Test}, {Reachability: &page.Reach, Test: page.Test}, {Alert: page.Alert, Reachability: &page.Reach}} {
		_, err := json.Marshal(n)
		require.ErrorContains(t, err, "has one of Alert, Reachability and Test")
		require.ErrorContains(t, n.Validate(), "has one of Alert, Reachability and Test")
		assert.Empty(t, n.Raw()+n.DeliveryID())
		assert.Empty(t, n.Events())
	}
}
