package netpulse_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/netpulse"
	"github.com/alertwire/alertwire/payload/payloadtest"
)

func Example() {
	h := payload.Handler(netpulse.Decode, func(_ context.Context, m *netpulse.Message) (any, error) {
		for _, x := range m.FailedCommands() {
			fmt.Println(m.Host(), x.Command, x.ExitStatus, x.Stderr)
		}
		return nil, nil
	}, payload.HandlerOptions{Methods: []string{http.MethodPost, http.MethodPut}})

	w := httptest.NewRecorder()
	h.ServeHTTP(w, payloadtest.Request("netpulse", "gen4-nonzero-exit"))
	fmt.Println(w.Code == http.StatusOK)
	// Output:
	// 192.168.1.1 ping 192.0.2.1 1 unreachable
	// true
}

// One call for the four forms of the body.
func ExampleDecode() {
	for _, name := range []string{"gen1-failure", "gen2-failure", "gen3-failure", "gen4-job-failed"} {
		m, err := netpulse.Decode(payloadtest.Body("netpulse", name))
		if err != nil {
			fmt.Println(err)
			return
		}
		o := m.Outcome()
		fmt.Printf("%d: failed %t, guessed %t, %s: %s\n", m.Generation, o.Failed, o.Guessed, o.Type, o.Message)
	}
	// Output:
	// 1: failed true, guessed true, ConnectionError: Unable to connect
	// 2: failed true, guessed false, ConnectionError: Unable to connect
	// 3: failed true, guessed false, ConnectionError: Unable to connect
	// 4: failed true, guessed false, ConnectionError: Unable to connect to device
}

func ExampleResult_Executions() {
	m, err := netpulse.Decode(payloadtest.Body("netpulse", "gen4-structured-stdout"))
	if err != nil {
		fmt.Println(err)
		return
	}
	list, err := m.Result.Executions()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(list[0].Command, list[0].Output())
	// Output: show version {"version": "4.25.4M", "model": "vEOS"}
}

// A field that was changed changes only itself.
func ExampleMessage_AppendJSON() {
	m, err := netpulse.Decode([]byte(`{"id": "job-1", "status": "success", "result": "ok", "site": 1.50, "command": "show version\nshow clock"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	m.Command = m.Command[:1]
	out, err := m.AppendJSON(nil)
	fmt.Println(string(out), err)
	// Output: {"id": "job-1", "status": "success", "result": "ok", "site": 1.50, "command": "show version"} <nil>
}

func ExampleMessage_Events() {
	m, err := netpulse.Decode(payloadtest.Body("netpulse", "gen4-job-failed"))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range m.Events() {
		fmt.Println(e.Kind, e.Severity, e.Title, "/", e.Text)
	}
	// Output: task_failed critical show version / ConnectionError: Unable to connect to device
}

func ExampleFormat() {
	formats := payload.Formats{netpulse.Format()}
	_, err := formats.Decode([]byte(`{"job": "job-1"}`))
	fmt.Println(err)
	// Output: payload: unknown format: object with "job"
}
