package payloadtest

import (
	"time"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/grafana"
)

// GrafanaFiring returns a message with one alert that fires.
func GrafanaFiring() *grafana.Message {
	labels := payload.Labels{{Name: "alertname", Value: "High memory usage"}, {Name: "grafana_folder", Value: "Infra"},
		{Name: "instance", Value: "node-1:9100"}, {Name: "severity", Value: "warning"}}
	annotations := payload.Labels{{Name: "summary", Value: "Memory above 90 % on node-1:9100"}}
	return &grafana.Message{
		Receiver: "ops", Status: grafana.Firing,
		Alerts: []grafana.Alert{{
			Status: grafana.Firing, Labels: labels, Annotations: annotations, StartsAt: start,
			GeneratorURL: "https://grafana.example.com/alerting/grafana/fe1a2b3c/view?orgId=1", Fingerprint: "94c30027d2d25c22",
			SilenceURL:   "https://grafana.example.com/alerting/silence/new?alertmanager=grafana",
			DashboardURL: "https://grafana.example.com/d/abcd?orgId=1", PanelURL: "https://grafana.example.com/d/abcd?orgId=1&viewPanel=7",
			RuleUID: "fe1a2b3c", Values: grafana.Values{{Ref: "B", Number: 94.2}, {Ref: "C", Number: 1}},
			ValueString: "[ var='B' labels={instance=node-1:9100} value=94.2 ]", OrgID: 1,
		}},
		GroupLabels: labels[:2:2], CommonLabels: labels, CommonAnnotations: annotations, ExternalURL: "https://grafana.example.com/",
		AppVersion: "13.2.0", Version: "1", GroupKey: `{}:{alertname="High memory usage", grafana_folder="Infra"}`, OrgID: 1,
		Title: "[FIRING:1] High memory usage Infra (node-1:9100 warning)", State: "alerting", Message: "**Firing**\n\nValue: B=94.2, C=1\n",
	}
}

// GrafanaResolved returns the message that follows [GrafanaFiring] when the
// alert has resolved.
func GrafanaResolved() *grafana.Message {
	m := GrafanaFiring()
	m.Status, m.State, m.Title = grafana.Resolved, "ok", "[RESOLVED] High memory usage Infra (node-1:9100 warning)"
	m.Message = "**Resolved**\n"
	m.Alerts[0].Status, m.Alerts[0].EndsAt = grafana.Resolved, start.Add(5*time.Minute)
	return m
}

// GrafanaTest returns what the Test button of a contact point sends.
func GrafanaTest() *grafana.Message {
	labels := payload.Labels{{Name: "alertname", Value: "TestAlert"}, {Name: "instance", Value: "Grafana"}}
	annotations := payload.Labels{{Name: "summary", Value: "Notification test"}}
	return &grafana.Message{
		Receiver: "ops", Status: grafana.Firing,
		Alerts: []grafana.Alert{{Status: grafana.Firing, Labels: labels, Annotations: annotations, StartsAt: start,
			Fingerprint: "57c6d9296de2ad39", SilenceURL: "https://grafana.example.com/alerting/silence/new"}},
		GroupLabels: labels, CommonLabels: labels, CommonAnnotations: annotations, ExternalURL: "https://grafana.example.com/",
		Version: "1", GroupKey: "test-57c6d9296de2ad39-1768473000", OrgID: 1,
		Title: "[FIRING:1] TestAlert Grafana ", State: "alerting", Message: "**Firing**\n",
	}
}
