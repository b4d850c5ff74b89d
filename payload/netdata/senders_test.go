package netdata_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/netdata"
)

// What Netdata Cloud is known and documented to post over the years, with as
// little and as much in it as may be. The values are invented.
func TestSenders(t *testing.T) {
	tests := []struct {
		name       string
		body       string
		want       payload.Event // without Key
		identified bool
		form       netdata.Form
		unknown    []string
	}{
		{
			name: "the least of a flat alert",
			body: `{"message":"Disk 80% full","alert":"disk_space","severity":"warning","space":"web-01"}`,
			want: payload.Event{
				Kind: payload.KindFiring, Severity: payload.SeverityWarning, Title: "Disk 80% full",
				Labels: payload.Labels{{Name: "alertname", Value: "disk_space"}, {Name: "space", Value: "web-01"}},
			},
		}, {
			name: "without a message, capitals in the words, rooms in a list under the name of the page",
			body: `{"alert":"cpu","info":"CPU","chart":"system.cpu","context":"system.cpu","space":"s","Rooms":[{"name":"Apps","url":"https://h/apps"}],"family":"cpu","class":"Error",` +
				`"severity":"CRITICAL","date":"2026-04-07T18:03:00Z","duration":"4 minutes","additional_active_critical_alerts":1,"additional_active_warning_alerts":0,"alert_url":"https://h/alerts/1?x=1"}`,
			want: payload.Event{
				Kind: payload.KindFiring, Severity: payload.SeverityCritical, Title: "cpu", Text: "CPU", Time: time.Date(2026, 4, 7, 18, 3, 0, 0, time.UTC), URL: "https://h/alerts/1?x=1",
				Labels: payload.Labels{{Name: "alertname", Value: "cpu"}, {Name: "space", Value: "s"}, {Name: "chart", Value: "system.cpu"}, {Name: "context", Value: "system.cpu"},
					{Name: "family", Value: "cpu"}, {Name: "class", Value: "Error"}},
				Annotations: payload.Labels{{Name: "info", Value: "CPU"}, {Name: "duration", Value: "4 minutes"}, {Name: "rooms", Value: "Apps"}},
			},
			identified: true,
		}, {
			name: "everything null that may be",
			body: `{"message":"m","alert":"cpu","info":null,"chart":null,"context":null,"space":null,"rooms":null,"family":null,"class":null,"severity":"Clear","date":null,"duration":null,` +
				`"additional_active_critical_alerts":null,"additional_active_warning_alerts":null,"alert_url":null}`,
			want: payload.Event{Kind: payload.KindResolved, Title: "m", Labels: payload.Labels{{Name: "alertname", Value: "cpu"}}},
		}, {
			name: "a word for the severity that is not documented",
			body: `{"message":"m","alert":"cpu","severity":"Removed"}`,
			want: payload.Event{Kind: "removed", Title: "m", Labels: payload.Labels{{Name: "alertname", Value: "cpu"}}},
		}, {
			name: "the least of a nested alert",
			body: `{"message":"m","alert":{"name":"used_swap","state":{"status":"Warning"}}}`,
			want: payload.Event{Kind: payload.KindFiring, Severity: payload.SeverityWarning, Title: "m", Labels: payload.Labels{{Name: "alertname", Value: "used_swap"}}},
			form: netdata.Nested,
		}, {
			name: "a nested alert without a message, with a number for a value, and more",
			body: `{"space":{"id":"x","name":"s","slug":"s-1"},"node":{"id":"y","hostname":"h1"},"alert":{"name":"ram","state":{"status":"CRITICAL","value":99.5,"value_str":"99.5%","since":1},` +
				`"rendered":{"info":"RAM","summary":"too much"},"chart":{"id":"system.ram","name":"ram"},"context":"system.ram","duration":{"value":60,"value_str":"1m"},` +
				`"config":{"classification":"Utilization"},"url":"https://h/a?transition=0a1b","labels":{}}}`,
			want: payload.Event{
				Kind: payload.KindFiring, Severity: payload.SeverityCritical, Title: "ram", Text: "RAM", URL: "https://h/a?transition=0a1b",
				Labels: payload.Labels{{Name: "alertname", Value: "ram"}, {Name: "host", Value: "h1"}, {Name: "space", Value: "s"}, {Name: "chart", Value: "ram"},
					{Name: "context", Value: "system.ram"}, {Name: "class", Value: "Utilization"}},
				Annotations: payload.Labels{{Name: "info", Value: "RAM"}, {Name: "summary", Value: "too much"}, {Name: "value", Value: "99.5%"}, {Name: "duration", Value: "1m"}},
			},
			identified: true,
			form:       netdata.Nested,
			unknown:    []string{"alert.labels", "alert.state.since", "node.id", "space.id"},
		}, {
			name: "reachability with nodes and no status",
			body: `{"message":"s/h1 is unreachable","url":"https://h/nodes","severity":"critical","nodes":[{"hostname":"h1"}]}`,
			want: payload.Event{
				Kind: payload.KindUnreachable, Severity: payload.SeverityCritical, Title: "s/h1 is unreachable", URL: "https://h/nodes",
				Labels: payload.Labels{{Name: "alertname", Value: "reachability"}, {Name: "host", Value: "h1"}},
			},
			form: netdata.Nested,
		}, {
			name: "reachability that says it in the text alone",
			body: `{"message":"h1 is reachable","url":"https://h/nodes","host":"h1","severity":null,"status":{"reachable":null,"text":"REACHABLE"}}`,
			want: payload.Event{
				Kind: payload.KindReachable, Title: "h1 is reachable", URL: "https://h/nodes",
				Labels: payload.Labels{{Name: "alertname", Value: "reachability"}, {Name: "host", Value: "h1"}},
			},
		}, {
			name: "reachability without a message",
			body: `{"url":"https://h/nodes","host":"h1","severity":"info","status":{"reachable":true,"text":"reachable"}}`,
			want: payload.Event{
				Kind: payload.KindReachable, Severity: payload.SeverityInfo, URL: "https://h/nodes",
				Labels: payload.Labels{{Name: "alertname", Value: "reachability"}, {Name: "host", Value: "h1"}},
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := payload.Formats{netdata.Format()}.Decode([]byte(tt.body))
			require.NoError(t, err)
			require.NoError(t, p.Validate())
			n := p.(*netdata.Notification)
			events := n.Events()
			require.Len(t, events, 1)
			assert.Equal(t, tt.identified, events[0].ID != "")
			assert.Equal(t, n.DeliveryID(), events[0].ID)
			assert.NotEmpty(t, events[0].Key)
			if len(events[0].Annotations) == 0 {
				events[0].Annotations = nil
			}
			tt.want.Source, tt.want.ID, tt.want.Key = "netdata", events[0].ID, events[0].Key
			assert.Equal(t, tt.want, events[0])
			if n.Alert != nil {
				assert.Equal(t, tt.form, n.Alert.Form)
			} else {
				assert.Equal(t, tt.form, n.Reachability.Form)
			}
			assert.Equal(t, tt.unknown, slices.Sorted(maps.Keys(maps.Collect(n.Unknown()))))
			b, err := n.AppendJSON(nil)
			require.NoError(t, err)
			assert.Equal(t, tt.body, string(b))
		})
	}
}

// Test notifications, with and without their texts.
func TestTestNotifications(t *testing.T) {
	const token = "00000000-0000-4000-8000-000000000000"
	for _, body := range []string{
		`{"message":"This is a Test Notification.","title":"Test Notification","token":"` + token + `"}`,
		`{"title":"Test Notification","token":"` + token + `"}`,
		`{"message":"m","token":"` + token + `"}`,
		`{"message":"m","token":"` + token + `","alert":null,"space":{"name":"s"}}`,
	} {
		p, err := payload.Formats{netdata.Format()}.Decode([]byte(body))
		require.NoError(t, err, body)
		require.NoError(t, p.Validate(), body)
		require.NotNil(t, p.(*netdata.Notification).Test, body)
		assert.Equal(t, token, p.(*netdata.Notification).Test.Token)
		events := p.Events()
		require.Len(t, events, 1)
		assert.Equal(t, payload.KindTest, events[0].Kind)
		b, err := p.(*netdata.Notification).AppendJSON(nil)
		require.NoError(t, err)
		assert.Equal(t, body, string(b))
	}
}

// Nobody documents the nested form: what it has besides the name and the state is
// read if it is of the type that was seen, and is left alone if it is not.
func TestNestedMembersOfOtherTypes(t *testing.T) {
	const body = `{"message":{"text":"m"},"space":["s"],"node":"h1","rooms":3,"family":["f"],"date":1767323045,"additional_active_critical_alerts":"1","additional_active_warning_alerts":null,` +
		`"alert":{"name":"ram","state":{"status":"Critical","value":"much","value_str":99.5},"rendered":"RAM","chart":"system.ram","context":{"name":"system.ram"},"duration":60,` +
		`"config":["Utilization"],"url":{"href":"https://h/a"}}}`
	n, err := netdata.Decode([]byte(body))
	require.NoError(t, err)
	require.NoError(t, n.Validate())
	a := n.Alert
	require.NotNil(t, a)
	assert.Equal(t, []any{netdata.Nested, "ram", netdata.Severity("Critical"), `"much"`}, []any{a.Form, a.Name, a.Severity, string(a.Value)})
	events := n.Events()
	require.Len(t, events, 1)
	assert.Equal(t, payload.Event{
		Source: "netdata", Key: events[0].Key, Kind: payload.KindFiring, Severity: payload.SeverityCritical, Title: "ram",
		Labels: payload.Labels{{Name: "alertname", Value: "ram"}}, Annotations: payload.Labels{},
	}, events[0])
	assert.Equal(t, []string{"additional_active_critical_alerts", "alert.chart", "alert.config", "alert.context", "alert.duration", "alert.rendered", "alert.state.value_str",
		"alert.url", "date", "family", "message", "node", "rooms", "space"}, slices.Sorted(maps.Keys(maps.Collect(n.Unknown()))))
	b, err := n.AppendJSON(nil)
	require.NoError(t, err)
	assert.Equal(t, body, string(b))

	a.Host, a.Info = "h1", "RAM"
	b, err = n.AppendJSON(nil)
	require.NoError(t, err)
	again, err := netdata.Decode(b)
	require.NoError(t, err)
	assert.Equal(t, []string{"h1", "RAM", "ram"}, []string{again.Alert.Host, again.Alert.Info, again.Alert.Name})

	for body, want := range map[string]string{
		`{"message":"m","alert":{"name":5,"state":{"status":"Critical"}}}`: "alert.name: want a string",
		`{"message":"m","alert":{"name":"n","state":"Critical"}}`:          "alert.state: want an object",
		`{"message":"m","alert":{"name":"n","state":{"status":2}}}`:        "alert.state.status: want a string",
	} {
		_, err := netdata.Decode([]byte(body))
		require.ErrorContains(t, err, want)
	}
}

// The page knows no node of a flat alert.
func TestFlatAlertWithAnotherNode(t *testing.T) {
	const body = `{"message":"m","alert":"cpu","severity":"warning","node":"h1"}`
	n, err := netdata.Decode([]byte(body))
	require.NoError(t, err)
	assert.Equal(t, []any{netdata.Flat, "cpu", ""}, []any{n.Alert.Form, n.Alert.Name, n.Alert.Host})
	b, err := n.AppendJSON(nil)
	require.NoError(t, err)
	assert.Equal(t, body, string(b))
}

// Nor does a page say what the nodes of nested reachability are like.
func TestReachabilityWithOtherNodes(t *testing.T) {
	for body, want := range map[string]netdata.Form{
		`{"message":"m","url":"https://h/n","severity":"critical","status":"unreachable","nodes":{"hostname":"h1"}}`:                                           netdata.Nested,
		`{"message":"m","url":"https://h/n","severity":"critical","status":"unreachable","nodes":[{"hostname":{"name":"h1"}}]}`:                                netdata.Nested,
		`{"message":"m","url":"https://h/n","host":"h1","severity":"critical","status":{"reachable":false,"text":"unreachable"},"nodes":3,"space":{"id":"s"}}`: netdata.Flat,
	} {
		n, err := netdata.Decode([]byte(body))
		require.NoError(t, err, body)
		require.NoError(t, n.Validate(), body)
		assert.Equal(t, want, n.Reachability.Form, body)
		events := n.Events()
		require.Len(t, events, 1, body)
		assert.Equal(t, payload.KindUnreachable, events[0].Kind, body)
		b, err := n.AppendJSON(nil)
		require.NoError(t, err, body)
		assert.Equal(t, body, string(b))
	}
}
