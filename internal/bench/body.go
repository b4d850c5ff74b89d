package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/alertmanager"
	"github.com/prometheus/alertmanager/notify/webhook"
)

var startsAt = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// message returns an Alertmanager message of n ordinary Kubernetes alerts, about
// a kilobyte each.
func message(n int) *alertmanager.Message {
	common := payload.Labels{{Name: "alertname", Value: "KubePodCrashLooping"}, {Name: "cluster", Value: "prod-eu-1"},
		{Name: "namespace", Value: "payments"}, {Name: "severity", Value: "critical"}}
	m := &alertmanager.Message{
		Receiver: "ops-webhook", Status: alertmanager.Firing, Version: "4",
		GroupLabels: common[:1], CommonLabels: common,
		ExternalURL: "http://alertmanager.monitoring.svc:9093", GroupKey: `{}/{team="payments"}:{alertname="KubePodCrashLooping"}`,
	}
	for i := range n {
		labels := common.With("pod", fmt.Sprintf("api-7d9c5b6f4-%05d", i)).With("container", "api").With("endpoint", "http").
			With("instance", fmt.Sprintf("10.2.%d.%d:8080", i/250, i%250)).With("job", "kube-state-metrics").With("prometheus", "monitoring/k8s").
			With("reason", "CrashLoopBackOff").With("service", "kube-state-metrics").Sorted()
		m.Alerts = append(m.Alerts, alertmanager.Alert{
			Status: alertmanager.Firing, Labels: labels,
			Annotations: payload.Labels{
				{Name: "description", Value: fmt.Sprintf("Pod payments/api-7d9c5b6f4-%05d (api) is in waiting state (reason: \"CrashLoopBackOff\") on cluster prod-eu-1 for more than 15 minutes.", i)},
				{Name: "runbook_url", Value: "https://runbooks.example.com/kubernetes/kubepodcrashlooping"},
				{Name: "summary", Value: "Pod is crash looping."},
			},
			StartsAt: startsAt.Add(time.Duration(i) * time.Second), Fingerprint: alertmanager.Fingerprint(labels),
			GeneratorURL: "http://prometheus.monitoring.svc:9090/graph?g0.expr=max_over_time%28kube_pod_container_status_waiting_reason%7Bjob%3D%22kube-state-metrics%22%7D%5B5m%5D%29+%3E%3D+1&g0.tab=1",
		})
	}
	return m
}

// wire returns the bytes of message(n).
func wire(n int) []byte {
	b, err := message(n).AppendJSON(nil)
	if err != nil {
		panic(err)
	}
	return b
}

// theirs returns the same message in Alertmanager's own type.
func theirs(n int) *webhook.Message {
	var m webhook.Message
	if err := json.Unmarshal(wire(n), &m); err != nil {
		panic(err)
	}
	return &m
}

// body returns n bytes of JSON.
func body(n int) []byte {
	const frame = `{"text":""}`
	return []byte(`{"text":"` + strings.Repeat("x", n-len(frame)) + `"}`)
}
