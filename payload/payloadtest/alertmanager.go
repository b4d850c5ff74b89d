package payloadtest

import (
	"fmt"
	"time"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/alertmanager"
)

// start is when the alerts of the builders begin: a fixed time, so that what a
// test sees is the same every day.
var start = time.Date(2026, time.January, 15, 10, 30, 0, 157_000_000, time.UTC)

// AlertmanagerFiring returns a message with one alert that fires.
func AlertmanagerFiring() *alertmanager.Message { return AlertmanagerGroup(1, 0) }

// AlertmanagerResolved returns the message that follows [AlertmanagerFiring]
// when the alert has resolved.
func AlertmanagerResolved() *alertmanager.Message { return AlertmanagerGroup(0, 1) }

// AlertmanagerGroup returns a message with so many alerts that fire, and so many
// that have resolved. Alerts at the same place of messages of the same size are
// the same alert, whatever their status.
func AlertmanagerGroup(firing, resolved int) *alertmanager.Message {
	group := payload.Labels{{Name: "alertname", Value: "PodCrashLooping"}, {Name: "namespace", Value: "payments"}}
	annotations := payload.Labels{
		{Name: "description", Value: "A pod of checkout has restarted more than 5 times in 10 minutes."},
		{Name: "runbook_url", Value: "https://runbooks.example.com/PodCrashLooping"},
		{Name: "summary", Value: "Pod crash looping"},
	}
	m := &alertmanager.Message{
		Receiver: "ops-webhook", Status: alertmanager.Resolved, Alerts: []alertmanager.Alert{},
		GroupLabels: group, CommonLabels: group.With("severity", "critical"), CommonAnnotations: annotations,
		ExternalURL: "http://alertmanager.example.com:9093", Version: "4",
		GroupKey: `{}:{alertname="PodCrashLooping", namespace="payments"}`,
	}
	for i := range firing + resolved {
		labels := append(group[:2:2], payload.Label{Name: "pod", Value: fmt.Sprintf("checkout-%d", i)}, payload.Label{Name: "severity", Value: "critical"})
		a := alertmanager.Alert{
			Status: alertmanager.Firing, Labels: labels, Annotations: annotations, StartsAt: start,
			GeneratorURL: "http://prometheus.example.com:9090/graph?g0.expr=up+%3D%3D+0", Fingerprint: alertmanager.Fingerprint(labels),
		}
		if i < firing {
			m.Status = alertmanager.Firing
		} else {
			a.Status, a.EndsAt = alertmanager.Resolved, start.Add(5*time.Minute)
		}
		m.Alerts = append(m.Alerts, a)
	}
	return m
}
