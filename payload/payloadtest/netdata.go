package payloadtest

import (
	"encoding/json"
	"time"

	"github.com/alertwire/alertwire/payload/netdata"
)

// netdataURL is where the notifications lead to.
const netdataURL = "https://app.netdata.cloud/spaces/home-lab/rooms/all-nodes"

// NetdataAlert returns an alert in a form, always the same one: raised at first
// with the severity critical or warning, then clear.
func NetdataAlert(f netdata.Form, s netdata.Severity) *netdata.Notification {
	a := &netdata.Alert{
		Form: f, Message: "disk_space_usage is " + string(s) + " on db-3", Name: "disk_space_usage", Severity: s,
		Info: "Disk / space utilization", Space: netdata.Space{Name: "Home lab"}, Chart: "disk_space._", Context: "disk.space", Class: "Utilization",
		Duration: "4 minutes", URL: netdataURL + "/alerts/1",
	}
	at := start
	if s.Is(netdata.Clear) {
		at, a.Duration = start.Add(10*time.Minute), "14 minutes"
	}
	if f == netdata.Nested {
		a.Space.Slug, a.Host, a.Summary = "home-lab", "db-3", "Disk / space usage"
		a.Value, a.ValueText = json.RawMessage("97.5"), "97.5%"
		a.URL += "?transition=00000000-0000-4000-8000-" + at.Format("150405000000")
	} else {
		a.Family, a.Date = "/", at.Format(time.RFC3339)
		a.Rooms = netdata.Rooms{{Name: "All nodes", URL: netdataURL}}
	}
	return &netdata.Notification{Alert: a}
}

// NetdataReachability returns the notification that a node is reachable, or is
// not, in a form.
func NetdataReachability(f netdata.Form, reachable bool) *netdata.Notification {
	r := &netdata.Reachability{Form: f, URL: netdataURL + "/nodes/1", Severity: netdata.Critical, Status: netdata.StatusOf(reachable)}
	if reachable {
		r.Severity = netdata.Info
	}
	r.Message = "db-3 is " + r.Status.Text
	if f == netdata.Nested {
		r.Nodes = []netdata.Node{{Hostname: "db-3"}}
	} else {
		r.Host = "db-3"
	}
	return &netdata.Notification{Reachability: r}
}

// NetdataTest returns a test notification with a token.
func NetdataTest(token string) *netdata.Notification {
	return &netdata.Notification{Test: &netdata.TestNotification{
		Message: "This is a Test Notification. If you're receiving it, your Webhook integration is configured properly!",
		Title:   "Test Notification",
		Token:   token,
	}}
}
