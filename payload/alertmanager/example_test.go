package alertmanager_test

import (
	"fmt"
	"time"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/alertmanager"
	"github.com/alertwire/alertwire/payload/payloadtest"
)

func ExampleDecode() {
	m, err := alertmanager.Decode(payloadtest.Body("alertmanager", "am034-some-alerts-resolved"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(m.ReceiverName(), m.Status, m.NotificationReason)
	for i := range m.Alerts {
		a := &m.Alerts[i]
		fmt.Println(m.StatusOf(a), a.Labels.Get("pod"), a.Fingerprint)
	}
	// Output:
	// ops-webhook firing some alerts resolved
	// firing api-0 3342e4a629e67ec4
	// resolved api-1 f17f43cdfab34b79
	// firing web-0 e0a5c784e9257759
}

// A field that was changed changes only itself.
func ExampleMessage_AppendJSON() {
	body := []byte(`{"alerts": [{"labels": {"alertname": "Down"}, "new": 1.50}], "status": "firing"}`)
	m, err := alertmanager.Decode(body)
	if err != nil {
		fmt.Println(err)
		return
	}
	m.Alerts[0].Labels = m.Alerts[0].Labels.With("team", "db")
	out, err := m.AppendJSON(nil)
	fmt.Println(string(out), err)
	// Output: {"alerts": [{"labels": {"alertname":"Down","team":"db"}, "new": 1.50}], "status": "firing"} <nil>
}

func ExampleFromEvent() {
	m := alertmanager.FromEvent(payload.Event{
		Source:   "netdata",
		Kind:     payload.KindFiring,
		Severity: payload.SeverityCritical,
		Title:    "disk_space_usage",
		Time:     time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		Labels:   payload.Labels{{Name: "host", Value: "db-3"}},
	})
	m.Receiver = "ops"
	b, err := m.Alerts[0].AppendJSON(nil)
	fmt.Println(string(b), err)
	// Output: {"status":"firing","labels":{"alertname":"disk_space_usage","host":"db-3","severity":"critical"},"annotations":{"summary":"disk_space_usage"},"startsAt":"2026-01-02T03:04:05Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"","fingerprint":"0a4b5c3878d63d00"} <nil>
}

func ExampleFingerprint() {
	fmt.Println(alertmanager.Fingerprint(payload.Labels{
		{Name: "alertname", Value: "Flap"},
		{Name: "namespace", Value: "flap"},
	}))
	// Output: 8e33b4d4a9b0a667
}

func ExampleNewReply() {
	m, err := alertmanager.Decode(payloadtest.Body("alertmanager", "oncallm-reduced"))
	if err != nil {
		fmt.Println(err)
		return
	}
	reply := alertmanager.NewReply(m, func(a *alertmanager.Alert) string {
		return "https://oncallm.example.com/report/" + a.ID()
	})
	fmt.Printf("%+v\n", reply.Reports[0])
	// Output: {Fingerprint:test123 AlertName:TestAlert Namespace:Unknown URL:https://oncallm.example.com/report/test123}
}
