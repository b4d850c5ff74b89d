package payload_test

import (
	"context"
	"fmt"
	"io"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/alertmanager"
	"github.com/alertwire/alertwire/payload/payloadtest"
)

func ExampleHandler() {
	handler := payload.Handler(alertmanager.Decode,
		func(ctx context.Context, m *alertmanager.Message) (any, error) {
			for _, e := range m.Events() {
				fmt.Println(e.Kind, e.Severity, e.Title)
			}
			return nil, nil
		}, payload.HandlerOptions{})

	w := httptest.NewRecorder()
	handler.ServeHTTP(w, payloadtest.Request("alertmanager", "am025-group3-one-resolved"))
	fmt.Println(w.Code, w.Body)

	w = httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest("POST", "/webhook", strings.NewReader(`{"alerts":"none"}`)))
	fmt.Println(w.Code, w.Body)
	// Output:
	// firing critical Pod crash looping
	// resolved critical Pod crash looping
	// firing warning Pod crash looping
	// 200 {"status":"success"}
	// 400 {"detail":"Invalid alert format"}
}

// A receiver of several systems: the shape of the body says which it is.
func ExampleFormats() {
	formats := payload.Formats{alertmanager.Format(), payload.RawFormat()}
	for _, body := range []string{
		`{"alerts":[{"labels":{"alertname":"Down"}}]}`,
		`{"text":"a body that the operator designed"}`,
	} {
		p, err := formats.Decode([]byte(body))
		fmt.Printf("%T %d %v\n", p, len(p.Events()), err)
	}
	_, err := payload.Formats{alertmanager.Format()}.Decode([]byte(`{"text":"hello"}`))
	fmt.Println(err)
	// Output:
	// *alertmanager.Message 1 <nil>
	// payload.Raw 0 <nil>
	// payload: unknown format: object with "text"
}

// A format of our own: a type with Events and Validate, and a shape.
func ExampleNewFormat() {
	format := payload.NewFormat("note",
		func(s payload.Shape) bool { return s.KindOf("note") == "string" },
		decodeNote)

	p, err := payload.Formats{format}.Decode([]byte(`{"note":"disk full"}`))
	fmt.Println(p.Events()[0].Title, err)
	// Output: disk full <nil>
}

// Routing a body without decoding it.
func ExampleShapeOf() {
	body := payloadtest.Body("alertmanager", "am034-single-first-notification")
	s, err := payload.ShapeOf(body)
	fmt.Println(s.Text("receiver"), s.Text("status"), err)
	// Output: ops-webhook firing <nil>
}

// The sender has its answer at once, whatever the work takes.
func ExampleQueue() {
	q := payload.NewQueue(1000, func(_ context.Context, m *alertmanager.Message) {
		fmt.Println("worked on", m.GroupKey) // something slow
	})
	var workers sync.WaitGroup
	workers.Go(func() { q.Run(context.Background()) })

	handler := payload.Handler(alertmanager.Decode, q.Accept, payload.HandlerOptions{})
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, payloadtest.Request("alertmanager", "am025-single-firing"))
	b, _ := io.ReadAll(w.Result().Body)
	fmt.Println(w.Code, string(b))

	q.Close()
	workers.Wait()
	// Unordered output:
	// 200 {"status":"success"}
	// worked on {}:{alertname="HighCPUUsage", namespace="production"}
}

// A queue that is full refuses with a status after which the sender comes again,
// here that of Alertmanager: what was not taken is not lost.
func ExampleNewQueue() {
	q := payload.NewQueue(1, func(context.Context, *alertmanager.Message) {})
	handler := payload.Handler(alertmanager.Decode, q.Accept, payload.HandlerOptions{})
	for range 2 {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, payloadtest.Request("alertmanager", "am025-single-firing"))
		fmt.Println(w.Code, q.Len())
	}
	// Output:
	// 200 1
	// 503 1
}

// A body that the operator of the sender designed goes on as it is.
func ExampleRawFormat() {
	formats := payload.Formats{alertmanager.Format(), payload.RawFormat()}
	p, err := formats.Decode([]byte(`{"text": "disk full"}`))
	if raw, ok := p.(payload.Raw); ok {
		fmt.Println(string(raw), err)
	}
	// Output: {"text": "disk full"} <nil>
}

func ExampleLabels() {
	labels := payload.Labels{{Name: "pod", Value: "api-0"}, {Name: "alertname", Value: "Down"}}
	for name, value := range labels.All() {
		fmt.Println(name, value)
	}
	fmt.Println(labels.Get("pod"), labels.With("team", "db").Sorted())
	// Output:
	// pod api-0
	// alertname Down
	// api-0 [{alertname Down} {pod api-0} {team db}]
}

func ExampleLabelsOf() {
	fmt.Println(payload.LabelsOf(map[string]string{"pod": "api-0", "alertname": "Down"}))
	// Output: [{alertname Down} {pod api-0}]
}

// An identity tells its parts apart.
func ExampleID() {
	fmt.Println(payload.ID("alertmanager", "ops", "{}:{}"))
	fmt.Println(payload.ID("alertmanager", "op", "s{}:{}"))
	// Output:
	// 5b51f183068bf3900f66e9283d60b7ad
	// 3a66156881ae63d3698dcc1496787c05
}

func ExampleParseSeverity() {
	fmt.Println(payload.ParseSeverity("PAGE"), payload.ParseSeverity("warn"), payload.ParseSeverity("notice"))
	// Output: critical warning info
}

func ExampleEvent_AppendJSON() {
	e := payload.Event{
		Source:   "netdata",
		Kind:     payload.KindUnreachable,
		Severity: payload.SeverityCritical,
		Title:    "db-3 is unreachable",
		Labels:   payload.Labels{{Name: "host", Value: "db-3"}},
	}
	b, err := e.AppendJSON(nil)
	fmt.Println(string(b), err)
	// Output: {"source":"netdata","kind":"unreachable","severity":"critical","title":"db-3 is unreachable","labels":{"host":"db-3"},"annotations":{}} <nil>
}

func ExampleLatest() {
	var latest payload.Latest
	noon := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	fmt.Println(latest.Pass("incident 1", noon))
	fmt.Println(latest.Pass("incident 1", noon.Add(-time.Second))) // overtaken
	fmt.Println(latest.Pass("incident 2", noon.Add(-time.Second)))
	fmt.Printf("%+v\n", latest.Stats())
	// Output:
	// true
	// false
	// true
	// {Passed:2 Dropped:1 Forgotten:0 Keys:2}
}
