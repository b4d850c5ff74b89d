package nightingale_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/nightingale"
	"github.com/alertwire/alertwire/payload/payloadtest"
)

func Example() {
	h := payload.Handler(nightingale.Decode, func(_ context.Context, m *nightingale.Message) (any, error) {
		for _, e := range m.Events() {
			fmt.Println(e.Kind, e.Severity, e.Title, e.Labels.Get("ident"))
		}
		return nil, nil
	}, payload.HandlerOptions{})

	w := httptest.NewRecorder()
	h.ServeHTTP(w, payloadtest.Request("nightingale", "events-array"))
	fmt.Println(w.Code == http.StatusOK)
	// Output:
	// firing warning CPU < 10% & rising host-01
	// resolved warning CPU < 10% & rising host-01
	// true
}

func ExampleDecode() {
	m, err := nightingale.Decode(payloadtest.Body("nightingale", "event-recovered"))
	if err != nil {
		fmt.Println(err)
		return
	}
	e := &m.Alerts[0]
	fmt.Println(e.RuleName, e.Severity, e.TriggerValue)
	fmt.Println(e.TriggerTime.Time().Format(time.TimeOnly), e.IsRecovered, e.RecoveredAt().Format(time.TimeOnly))
	// Output:
	// CPU < 10% & rising warning 6.7
	// 16:00:00 true 16:10:15
}

// A body in which one event is broken.
func ExampleEach() {
	body := []byte(`[{"rule_name":"CPU","severity":1},{"rule_name":"Disk","severity":"high"},{"rule_name":"Load","severity":3}]`)
	for e, err := range nightingale.Each(body, 1<<20) {
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(e.RuleName, e.Severity)
	}
	// Output:
	// CPU emergency
	// payload: nightingale: [1].severity: want a number, found a string (offset 65)
	// Load notice
}

// What is not changed stays as it came: the members that no field is there for,
// the digits, the white space.
func ExampleAlertEvent_SetLabels() {
	m, err := nightingale.Decode([]byte(`{"rule_name": "CPU", "tags": ["env=prod"], "tags_map": {"env": "prod"}, "new": 1.50}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	e := &m.Alerts[0]
	e.SetLabels(e.Labels().With("team", "db"))
	out, err := m.AppendJSON(nil)
	fmt.Println(string(out), err)
	// Output: {"rule_name": "CPU", "tags": ["env=prod","team=db"], "tags_map": {"env":"prod","team":"db"}, "new": 1.50} <nil>
}

func ExampleAlertEvent_Validate() {
	fmt.Println((&nightingale.AlertEvent{RuleName: "CPU"}).Validate())
	// Output: payload: nightingale: severity: want 1, 2 or 3
}

func ExampleFromEvent() {
	e := nightingale.FromEvent(payload.Event{
		Source: "netdata", Key: "node-1/disk", Kind: payload.KindResolved, Severity: payload.SeverityCritical,
		Title: "disk_space_usage", Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		Labels: payload.Labels{{Name: "host", Value: "db-3"}},
	})
	fmt.Println(e.RuleName, e.Severity, e.IsRecovered, e.RecoverTime, e.Tags, e.Hash)
	// Output: disk_space_usage emergency true 1767323045 [host=db-3] 9331def47ce27012f1165b0a465e4000
}

func ExampleFormat() {
	formats := payload.Formats{nightingale.Format()}
	p, err := formats.Decode(payloadtest.Body("nightingale", "event-product-page-example"))
	fmt.Println(p.Events()[0].Labels, err)
	// Output: [{host server01} {service web}] <nil>
}

func ExampleUnix() {
	e := nightingale.AlertEvent{TriggerTime: nightingale.Unix(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))}
	fmt.Println(e.TriggerTime, e.TriggerTime.Time())
	fmt.Println(e.RecoverTime.Time().IsZero()) // 0 means that it is not set
	// Output:
	// 1767323045 2026-01-02 03:04:05 +0000 UTC
	// true
}
