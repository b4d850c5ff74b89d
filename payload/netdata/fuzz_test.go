package netdata_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/internal/wiretest"
	"github.com/alertwire/alertwire/payload/netdata"
)

// FuzzDecode demands of every body that is accepted: encoding/json accepts it,
// it is written as it came, and a change survives together with the rest.
func FuzzDecode(f *testing.F) {
	for _, body := range bodies(f) {
		f.Add(body)
	}
	for _, body := range []string{
		`{"alert":{"name":"a","state":{"status":"x"}},"alert":{"state":null,"url":"u"},"space":"s","rooms":{"a":{"name":"b"},"a":null}}`,
		`{"alarm":"a","alert":"b","space":{"name":"c"},"Rooms":["a",{"url":"b"}],"rooms":[],"node":{"x":1},"node":{"hostname":"h"}}`,
		`{"labels":{"alert":{"x":1}},"alert":"a","alarm":{},"token":"t"}`,
		`{"alert":{"name":"a"},"alert":null,"alarm":"b","token":"t"}`, `{"x":"\"alert\": {","alarm":"b"}`, `{"alert" :{},"alert":"b"}`,
		`{"status":"reachable","status":{"text":"a"},"nodes":[{"hostname":"a"}],"host":"h","url":"u"}`, `{"url":"","nodes":[]}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		n, err := netdata.Decode(body)
		if err != nil {
			return
		}
		require.True(t, json.Valid(body))
		out, err := n.AppendJSON(nil)
		require.NoError(t, err)
		require.Equal(t, string(body), string(out))
		_, _, _ = n.Events(), n.Validate(), n.DeliveryID()
		require.Equal(t, byShape(t, body), describe(n))

		switch {
		case n.Alert != nil:
			a := n.Alert
			a.Name, a.Severity, a.Host, a.Class, a.Space.Name = "changed", "changed", "changed", "changed", "changed"
			a.Rooms = append(a.Rooms, netdata.Room{Name: "new", URL: "new"})
			a.Rooms[0].Name = "changed"
		case n.Reachability != nil:
			n.Reachability.Status.Text = "changed"
			if n.Reachability.URL != "" { // where there was none, it changes the shape
				n.Reachability.URL = "changed"
			}
			n.Reachability.Nodes = append(n.Reachability.Nodes, netdata.Node{Hostname: "new"})
			n.Reachability.Nodes[0].Hostname = "changed"
		default:
			n.Test.Title = "changed"
		}
		out, err = n.AppendJSON(nil)
		require.NoError(t, err)
		again, err := netdata.Decode(out)
		require.NoError(t, err, "%s", out)
		require.Equal(t, wiretest.Bare(n), wiretest.Bare(again), "%s", out)
	})
}

// byShape tells what a body is by the table of the package, step by step.
func byShape(t *testing.T, body []byte) string {
	s, err := payload.ShapeOf(body)
	require.NoError(t, err)
	absent := func(name string) bool { return s.KindOf(name) == "" || s.KindOf(name) == "null" }
	switch {
	case s.KindOf("token") == "string" && absent("alert") && absent("alarm"):
		return "test"
	case s.KindOf("alert") == "object":
		return "nested alert"
	case s.KindOf("alert") == "string" || !absent("alarm"):
		return "flat alert"
	case s.KindOf("status") == "object" || !absent("host") && !absent("url"):
		return "flat reachability"
	case s.KindOf("status") == "string" && (!absent("url") || !absent("nodes")),
		s.KindOf("nodes") == "array" && !absent("url"):
		return "nested reachability"
	}
	return "flat reachability"
}

func describe(n *netdata.Notification) string {
	switch {
	case n.Alert != nil:
		return n.Alert.Form.String() + " alert"
	case n.Reachability != nil:
		return n.Reachability.Form.String() + " reachability"
	}
	return "test"
}

// FuzzOtherForm demands that what was written in the other form is of that
// form, and means the same thing.
func FuzzOtherForm(f *testing.F) {
	for _, body := range bodies(f) {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		n, err := netdata.Decode(body)
		if err != nil || n.Alert == nil {
			return
		}
		n.Alert.Form = 1 - n.Alert.Form
		out, err := n.AppendJSON(nil)
		require.NoError(t, err)
		again, err := netdata.Decode(out)
		require.NoError(t, err, "%s", out)
		require.NotNil(t, again.Alert)
		require.Equal(t, n.Alert.Form, again.Alert.Form)
		require.Equal(t, n.Alert.Name, again.Alert.Name)
		require.Equal(t, strings.ToLower(string(n.Alert.Severity)), strings.ToLower(string(again.Alert.Severity)))
		require.Equal(t, n.DeliveryID(), again.DeliveryID())
		require.Len(t, again.Alert.Rooms, len(n.Alert.Rooms))
	})
}
