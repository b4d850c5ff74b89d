package netdata_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/netdata"
	"github.com/alertwire/alertwire/payload/payloadtest"
)

func ExampleDecode() {
	for _, name := range []string{"flat-alert", "nested-alert", "nested-reachability-down", "test-notification"} {
		n, err := netdata.Decode(payloadtest.Body("netdata", name))
		if err != nil {
			fmt.Println(err)
			return
		}
		switch {
		case n.Alert != nil:
			fmt.Println(n.Alert.Form, n.Alert.Name, n.Alert.Severity, n.Alert.Space.Name)
		case n.Reachability != nil:
			reachable, known := n.Reachability.Reachable()
			fmt.Println(n.Reachability.Form, n.Reachability.Hosts(), reachable, known)
		case n.Test != nil:
			fmt.Println("copy this into the console:", n.Test.Token)
		}
	}
	// Output:
	// flat disk_space_usage critical Home lab
	// nested used_swap Critical Home lab
	// nested [db-3] false true
	// copy this into the console: 00000000-0000-4000-8000-000000000000
}

// The token of a test notification goes to a person, by whatever shows it; the
// answer does not repeat it.
func ExampleDecode_handler() {
	show := func(token string) { fmt.Println("Netdata token for the box Verification:", token) }
	h := payload.Handler(netdata.Decode, func(_ context.Context, n *netdata.Notification) (any, error) {
		if n.Test != nil {
			show(n.Test.Token)
		}
		return nil, nil
	}, payload.HandlerOptions{})

	w := httptest.NewRecorder()
	h.ServeHTTP(w, payloadtest.Request("netdata", "test-notification"))
	fmt.Println(w.Code, w.Body)
	// Output:
	// Netdata token for the box Verification: 00000000-0000-4000-8000-000000000000
	// 200 {"status":"success"}
}

// Whatever the form, the events are alike.
func ExampleNotification_Events() {
	for _, name := range []string{"flat-alert-clear", "nested-alert-clear", "flat-reachability-up"} {
		n, err := netdata.Decode(payloadtest.Body("netdata", name))
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, e := range n.Events() {
			fmt.Println(e.Kind, e.Labels.Get("alertname"), e.Title)
		}
	}
	// Output:
	// resolved disk_space_usage disk_space_usage is clear on db-3
	// resolved used_swap Recovered from Critical, swap = 10%, on db-3
	// reachable reachability db-3 is reachable
}

// An alert made in Go is written in either form.
func ExampleAlert_AppendJSON() {
	a := netdata.Alert{
		Form:     netdata.Nested,
		Message:  "Raised to Critical, on db-3",
		Name:     "used_swap",
		Severity: "Critical",
		Host:     "db-3",
		Space:    netdata.Space{Name: "Home lab"},
	}
	b, err := a.AppendJSON(nil)
	fmt.Println(string(b), err)
	// Output: {"message":"Raised to Critical, on db-3","space":{"name":"Home lab"},"node":{"hostname":"db-3"},"alert":{"name":"used_swap","state":{"status":"Critical"},"rendered":{"info":""},"config":{"classification":""},"url":""}} <nil>
}

func ExampleStatusOf() {
	r := netdata.Reachability{Host: "db-3", Message: "db-3 is reachable", Severity: netdata.Info, Status: netdata.StatusOf(true)}
	b, err := r.AppendJSON(nil)
	fmt.Println(string(b), err)
	// Output: {"message":"db-3 is reachable","url":"","host":"db-3","severity":"info","status":{"reachable":true,"text":"reachable"}} <nil>
}

func ExampleFormat() {
	formats := payload.Formats{netdata.Format()}
	_, err := formats.Decode([]byte(`{"message":"hello"}`))
	fmt.Println(err)
	// Output: payload: unknown format: object with "message"
}
