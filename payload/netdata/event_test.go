package netdata_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/netdata"
)

const alertPage = "https://app.netdata.cloud/spaces/home-lab/rooms/all-nodes/alerts/1"

func TestEventsOfAlerts(t *testing.T) {
	key := payload.ID("netdata", "alert", "Home lab", alertPage, "disk_space_usage", "disk_space._")
	flat := payload.Event{
		Source: "netdata", ID: payload.ID("netdata", "alert", key, "critical", "2026-01-02T03:04:05Z"), Key: key,
		Kind: payload.KindFiring, Severity: payload.SeverityCritical, Title: "disk_space_usage is critical on db-3", Text: "Disk / space utilization",
		Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), URL: alertPage,
		Labels: payload.Labels{{Name: "alertname", Value: "disk_space_usage"}, {Name: "space", Value: "Home lab"}, {Name: "chart", Value: "disk_space._"},
			{Name: "context", Value: "disk.space"}, {Name: "family", Value: "/"}, {Name: "class", Value: "Utilization"}},
		Annotations: payload.Labels{{Name: "info", Value: "Disk / space utilization"}, {Name: "duration", Value: "4 minutes"}, {Name: "rooms", Value: "All nodes"}},
	}
	assert.Equal(t, []payload.Event{flat}, decode(t, "flat-alert").Events())
	assert.Equal(t, []payload.Event{flat}, decode(t, "flat-alert-alarm-names").Events())

	clear := decode(t, "flat-alert-clear").Events()[0]
	assert.Equal(t, payload.KindResolved, clear.Kind)
	assert.Empty(t, clear.Severity)
	assert.Equal(t, flat.Key, clear.Key)
	assert.NotEqual(t, flat.ID, clear.ID)
	assert.Equal(t, flat.Labels, clear.Labels, "what a receiver tells alerts apart by stays")

	key = payload.ID("netdata", "alert", "Home lab", "db-3", "used_swap", "mem.swap")
	assert.Equal(t, []payload.Event{{
		Source: "netdata", ID: payload.ID("netdata", "alert", key, "warning", "00000000-0000-4000-8000-0000000000aa"), Key: key,
		Kind: payload.KindFiring, Severity: payload.SeverityWarning, Title: "Raised to Warning, swap = 91.5%, on db-3", Text: "Swap memory utilization",
		URL: alertPage + "?chart=mem.swap&alarm=used_swap&transition=00000000-0000-4000-8000-0000000000aa",
		Labels: payload.Labels{{Name: "alertname", Value: "used_swap"}, {Name: "host", Value: "db-3"}, {Name: "space", Value: "Home lab"},
			{Name: "chart", Value: "mem.swap"}, {Name: "context", Value: "mem.swap"}, {Name: "class", Value: "Utilization"}},
		Annotations: payload.Labels{{Name: "info", Value: "Swap memory utilization"}, {Name: "summary", Value: "System swap memory utilization"},
			{Name: "value", Value: "91.5%"}, {Name: "duration", Value: "4m"}},
	}}, decode(t, "nested-alert-full").Events())
	assert.Equal(t, decode(t, "nested-alert").Events()[0].Key, decode(t, "nested-alert-clear").Events()[0].Key)
	assert.Equal(t, "All nodes, Databases", decode(t, "flat-alert-rooms-list").Events()[0].Annotations.Get("rooms"))
	assert.Equal(t, "a, b", read(t, `{"alert":"n","rooms":["a","",{"url":"u"},"b"]}`).Events()[0].Annotations.Get("rooms"), "no name, nothing to list")
}

// Each line of the mapping table, with its fallbacks.
func TestEventFieldsOfAlerts(t *testing.T) {
	event := func(a netdata.Alert) payload.Event { return a.Events()[0] }
	for word, want := range map[netdata.Severity]payload.Event{
		"critical": {Kind: payload.KindFiring, Severity: payload.SeverityCritical}, "Warning": {Kind: payload.KindFiring, Severity: payload.SeverityWarning},
		"info": {Kind: payload.KindFiring, Severity: payload.SeverityInfo}, "emergency": {Kind: payload.KindFiring, Severity: payload.SeverityCritical},
		"": {Kind: payload.KindFiring}, "clear": {Kind: payload.KindResolved}, "CLEAR": {Kind: payload.KindResolved}, "Removed": {Kind: "removed"},
	} {
		e := event(netdata.Alert{Severity: word})
		assert.Equal(t, want, payload.Event{Kind: e.Kind, Severity: e.Severity}, word)
	}
	assert.Equal(t, "m", event(netdata.Alert{Message: "m", Name: "n"}).Title)
	assert.Equal(t, "n", event(netdata.Alert{Name: "n"}).Title)
	assert.Equal(t, "i", event(netdata.Alert{Info: "i", Summary: "s"}).Text)
	assert.Equal(t, "s", event(netdata.Alert{Summary: "s"}).Text)
	assert.Empty(t, event(netdata.Alert{}).Labels)
	assert.Empty(t, event(netdata.Alert{}).Annotations)

	key := func(a netdata.Alert) string { return event(a).Key }
	base := netdata.Alert{Name: "n", Host: "h", URL: "u?transition=1", Chart: "c", Space: netdata.Space{Name: "s"}}
	changed := func(change func(*netdata.Alert)) string {
		a := base
		change(&a)
		return key(a)
	}
	assert.Equal(t, key(base), changed(func(a *netdata.Alert) { a.Severity, a.Message, a.Date, a.URL = "clear", "m", "d", "v" }))
	assert.NotEqual(t, key(base), changed(func(a *netdata.Alert) { a.Name = "m" }))
	assert.NotEqual(t, key(base), changed(func(a *netdata.Alert) { a.Host = "g" }))
	assert.NotEqual(t, key(base), changed(func(a *netdata.Alert) { a.Space.Name = "t" }))
	assert.NotEqual(t, key(base), changed(func(a *netdata.Alert) { a.Chart = "d" }))
	assert.Equal(t, key(base), changed(func(a *netdata.Alert) { a.Chart, a.ChartID = "", "c" }))
	base.Host = ""
	assert.Equal(t, key(base), changed(func(a *netdata.Alert) { a.URL = "u?transition=2#x" }), "query and fragment differ from state to state")
	assert.NotEqual(t, key(base), changed(func(a *netdata.Alert) { a.URL = "v?transition=1" }))
}

func TestAlertTime(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, date := range []string{"2026-01-02T03:04:05Z", "2026-01-02T05:04:05+02:00", "2026-01-02T05:04:05+0200", "2026-01-02T03:04:05.000Z",
		"2026-01-02T03:04:05", "2026-01-02 03:04:05", "2026-01-02 03:04:05Z", "2026-01-02 05:04:05+02:00", "2026-01-02 05:04:05 +0200", "20260102T030405Z", "2026-01-02T03:04:05+00", "2026-01-02T05:04:05.000+02", "2026-01-02 03:04:05 +0000 UTC", "2026-01-02 05:04:05.000 +0200 EET",
		"2026-01-02T03:04:05,000Z"} {
		assert.True(t, (&netdata.Alert{Date: date}).Time().Equal(at), date)
	}
	day := time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC)
	assert.True(t, (&netdata.Alert{Date: "2026-01-02T03:04Z"}).Time().Equal(day))
	assert.True(t, (&netdata.Alert{Date: "2026-01-02"}).Time().Equal(day.Truncate(24*time.Hour)))
	for _, date := range []string{"", "yesterday", "2026-13-02T03:04:05Z", "1767323045"} {
		assert.True(t, (&netdata.Alert{Date: date}).Time().IsZero(), date)
	}
}

func TestEventsOfReachability(t *testing.T) {
	const page = "https://app.netdata.cloud/spaces/home-lab/rooms/all-nodes/nodes/1"
	down := payload.Event{
		Source: "netdata", Key: payload.ID("netdata", "reachability", "db-3"), Kind: payload.KindUnreachable, Severity: payload.SeverityCritical,
		Title: "db-3 is unreachable", URL: page,
		Labels: payload.Labels{{Name: "alertname", Value: "reachability"}, {Name: "host", Value: "db-3"}},
	}
	assert.Equal(t, []payload.Event{down}, decode(t, "flat-reachability-down").Events())
	up := down
	up.Kind, up.Severity, up.Title = payload.KindReachable, payload.SeverityInfo, "db-3 is reachable"
	assert.Equal(t, []payload.Event{up}, decode(t, "flat-reachability-up").Events())
	up.Title = "Home lab/db-3 is reachable"
	assert.Equal(t, []payload.Event{up}, decode(t, "nested-reachability-up").Events())

	old := down
	old.Key, old.Severity, old.Labels = payload.ID("netdata", "reachability", page), "", old.Labels[:1]
	assert.Equal(t, []payload.Event{old}, decode(t, "flat-reachability-2023").Events())

	several := decode(t, "nested-reachability-several-nodes").Events()
	require.Len(t, several, 2)
	assert.Equal(t, down.Key, several[0].Key)
	assert.Equal(t, payload.ID("netdata", "reachability", "db-4"), several[1].Key)
	assert.Equal(t, "db-4", several[1].Labels.Get("host"))

	assert.Equal(t, payload.Kind("stale"), (&netdata.Reachability{Status: netdata.Status{Text: "Stale"}}).Events()[0].Kind)
	assert.Equal(t, payload.KindUpdated, (&netdata.Reachability{}).Events()[0].Kind)
}

func TestEventsOfTest(t *testing.T) {
	n := decode(t, "test-notification")
	e := n.Events()
	assert.Equal(t, []payload.Event{{Source: "netdata", ID: payload.ID("netdata", "test", n.Test.Token), Key: payload.ID("netdata", "test"), Kind: payload.KindTest,
		Title: "Test Notification", Text: "This is a Test Notification. If you're receiving it, your Webhook integration is configured properly!"}}, e)
	b, err := e[0].AppendJSON(nil)
	require.NoError(t, err)
	assert.NotContains(t, string(b), n.Test.Token, "events go to strangers")
}

func TestDeliveryID(t *testing.T) {
	of := func(name string) string { return decode(t, name).DeliveryID() }
	assert.Equal(t, of("flat-alert"), of("flat-alert-alarm-names"))
	assert.NotEqual(t, of("flat-alert"), of("flat-alert-clear"))
	assert.NotEmpty(t, of("nested-alert-full"))
	assert.NotEmpty(t, of("test-notification"))
	for _, cannotTell := range []string{"nested-alert", "nested-alert-clear", "flat-reachability-down", "nested-reachability-up", "flat-reachability-2023"} {
		assert.Empty(t, of(cannotTell), cannotTell)
	}
	assert.Empty(t, new(netdata.TestNotification).DeliveryID())

	nowhere := netdata.Alert{Name: "n", Severity: "critical", Date: "d", Message: "n is critical on db-3"}
	onAnother := nowhere
	onAnother.Message = "n is critical on db-4"
	assert.NotEqual(t, nowhere.DeliveryID(), onAnother.DeliveryID(), "the message alone says which node it is")

	a := netdata.Alert{Name: "n", Severity: "Critical", Date: "d", URL: "u"}
	same := a.DeliveryID()
	a.Severity = "critical"
	assert.Equal(t, same, a.DeliveryID())
	a.Severity = "warning"
	assert.NotEqual(t, same, a.DeliveryID())
	a.Severity, a.Date = "critical", "e"
	assert.NotEqual(t, same, a.DeliveryID())
	a.URL = "u?transition=1"
	transition := a.DeliveryID()
	a.Date = "d"
	assert.Equal(t, transition, a.DeliveryID(), "the transition counts more than the date")
	assert.NotEqual(t, same, transition)

	r := netdata.Reachability{Host: "h", URL: "u?transition=1", Status: netdata.StatusOf(true)}
	reachable := r.DeliveryID()
	assert.NotEmpty(t, reachable)
	assert.Equal(t, reachable, r.Events()[0].ID)
	r.Status = netdata.StatusOf(false)
	assert.NotEqual(t, reachable, r.DeliveryID())
	r.Nodes = []netdata.Node{{Hostname: "g"}}
	assert.Len(t, map[string]bool{r.DeliveryID(): true, r.Events()[0].ID: true, r.Events()[1].ID: true}, 3)
}
