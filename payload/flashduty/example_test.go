package flashduty_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"time"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/flashduty"
	"github.com/alertwire/alertwire/payload/payloadtest"
)

func ExampleDecode() {
	for _, name := range []string{"incident-new", "incident-closed", "alert-merge", "custom-action"} {
		p, err := flashduty.Decode(payloadtest.Body("flashduty", name))
		if err != nil {
			fmt.Println(err)
			return
		}
		switch p.Kind() {
		case flashduty.AlertPush:
			fmt.Println(p.EventType, p.Alert.Title, p.Alert.Status, "in", p.Alert.Incident.Title)
		case flashduty.CustomAction:
			fmt.Println(p.EventType, "by", p.Person.Name, "with priority", p.Incident.Fields.Text("priority"))
		case flashduty.IncidentPush:
			fmt.Println(p.EventType, p.Incident.Title, p.Incident.Progress, p.EventTime.Time().Format(time.RFC3339Nano))
		}
	}
	// Output:
	// i_new CPU idle low Triggered 2026-01-01T00:00:00.123Z
	// i_rslv CPU idle low Closed 2026-01-01T00:20:00.001Z
	// a_merge error rate Warning in Orders failing
	// i_custom by Ada with priority P3
}

// Flashduty waits for one second. A queue takes the push and answers 200 at
// once, whatever the work takes.
func ExampleDecode_handler() {
	q := payload.NewQueue(1000, func(_ context.Context, p *flashduty.Push) {
		fmt.Println("working on", p.Key())
	})
	h := payload.Handler(flashduty.Decode, q.Accept, payload.HandlerOptions{})

	w := httptest.NewRecorder()
	h.ServeHTTP(w, payloadtest.Request("flashduty", "incident-new"))
	fmt.Println(w.Code, w.Body)

	q.Close()
	if err := q.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 200 {"status":"success"}
	// working on incident/65a0000000000000000000ff
}

// Pushes may overtake each other. As each has the full state, what is older
// than what was seen of the same incident is of no use.
func ExamplePush_Key() {
	var latest payload.Latest
	for _, name := range []string{"incident-new", "incident-closed", "incident-comment", "alert-new"} {
		p, err := flashduty.Decode(payloadtest.Body("flashduty", name))
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(p.EventType, latest.Pass(p.Key(), p.EventTime.Time()))
	}
	// Output:
	// i_new true
	// i_rslv true
	// i_comm false
	// a_new true
}

// The operator of an incident webhook may design the body. What is not the
// default payload is left as it is.
func ExampleFormat() {
	formats := payload.Formats{flashduty.Format(), payload.RawFormat()}
	for _, name := range []string{"incident-new", "custom-body-unreplaced-placeholder"} {
		p, err := formats.Decode(payloadtest.Body("flashduty", name))
		if err != nil {
			fmt.Println(err)
			return
		}
		switch p := p.(type) {
		case *flashduty.Push:
			fmt.Println("a push:", p.EventType)
		case payload.Raw:
			fmt.Println("something else:", len(p), "bytes")
		}
	}
	// Output:
	// a push: i_new
	// something else: 194 bytes
}

func ExamplePush_Validate() {
	p, err := flashduty.Decode([]byte(`{"event_type":"i_new","event_id":"1","event_time":1767225600123,"incident":{"title":"CPU"}}`))
	fmt.Println(err)
	fmt.Println(p.Validate())
	// Output:
	// <nil>
	// payload: flashduty: incident.incident_id: missing or empty
}

func ExampleEventType_Known() {
	for _, t := range []flashduty.EventType{flashduty.IncidentRespondersAdded, "i_future_code"} {
		fmt.Println(t, t.Known())
	}
	// Output:
	// i_a_rspd true
	// i_future_code false
}

func ExampleFromEvent() {
	p := flashduty.FromEvent(payload.Event{
		Source:   "netdata",
		ID:       "7d1f",
		Key:      "db-3/disk_space_usage",
		Kind:     payload.KindAcknowledged,
		Severity: payload.SeverityWarning,
		Title:    "disk_space_usage is critical on db-3",
		Time:     time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
	})
	fmt.Println(p.EventType, p.EventTime, p.Incident.ID, p.Incident.Progress, p.Incident.AckTime)
	// Output: i_ack 1767323045000 264de7e2ef1b5dde1f4f8e1a Processing 1767323045
}

func ExampleUnix() {
	at := time.Date(2026, 1, 1, 0, 0, 0, 123_000_000, time.UTC)
	fmt.Println(flashduty.Unix(at), flashduty.Unix(at).Time())
	// Output: 1767225600 2026-01-01 00:00:00 +0000 UTC
}

// Of the times of a push, only its own is in milliseconds.
func ExampleUnixMilli() {
	at := time.Date(2026, 1, 1, 0, 0, 0, 123_000_000, time.UTC)
	p := flashduty.Push{EventTime: flashduty.UnixMilli(at), Incident: &flashduty.Incident{StartTime: flashduty.Unix(at)}}
	fmt.Println(p.EventTime, p.Incident.StartTime)
	// Output: 1767225600123 1767225600
}
