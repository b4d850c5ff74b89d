package alertmanager_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/alertmanager"
)

// plainMessage is what a program with nothing but encoding/json would use. The
// goals are ratios to it, measured in one run: decode and encode at most 0.30,
// shape at most 0.08 of its decoding.
type plainMessage struct {
	Receiver          string            `json:"receiver"`
	Status            string            `json:"status"`
	Alerts            []plainAlert      `json:"alerts"`
	Reason            string            `json:"notification_reason,omitempty"`
	GroupLabels       map[string]string `json:"groupLabels"`
	CommonLabels      map[string]string `json:"commonLabels"`
	CommonAnnotations map[string]string `json:"commonAnnotations"`
	RouteLabels       map[string]string `json:"routeLabels,omitempty"`
	ExternalURL       string            `json:"externalURL"`
	Version           string            `json:"version"`
	GroupKey          string            `json:"groupKey"`
	TruncatedAlerts   uint64            `json:"truncatedAlerts"`
}

type plainAlert struct {
	Status       string            `json:"status"`
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     time.Time         `json:"startsAt"`
	EndsAt       time.Time         `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL"`
	Fingerprint  string            `json:"fingerprint"`
}

// storm returns the body of a message with n ordinary Kubernetes alerts of about
// 940 bytes.
func storm(n int) []byte {
	start := time.Date(2026, 1, 15, 10, 30, 0, 157076123, time.UTC)
	m := plainMessage{
		Receiver: "ops-webhook", Status: "firing", Reason: "first notification", Alerts: make([]plainAlert, n),
		GroupLabels:       map[string]string{"alertname": "KubePodCrashLooping", "namespace": "payments"},
		CommonLabels:      map[string]string{"alertname": "KubePodCrashLooping", "namespace": "payments", "severity": "warning", "cluster": "eu-west-1-prod"},
		CommonAnnotations: map[string]string{"runbook_url": "https://runbooks.example.com/kubernetes/kubepodcrashlooping"},
		ExternalURL:       "http://alertmanager.example.com:9093", Version: "4",
		GroupKey: `{}/{team="payments"}:{alertname="KubePodCrashLooping", namespace="payments"}`,
	}
	for i := range m.Alerts {
		pod := fmt.Sprintf("checkout-7d9f8b6c5d-%05d", i)
		labels := map[string]string{
			"alertname": "KubePodCrashLooping", "cluster": "eu-west-1-prod", "container": "checkout", "endpoint": "http",
			"instance": fmt.Sprintf("10.42.%d.%d:8080", i/250, i%250), "job": "kube-state-metrics", "namespace": "payments",
			"pod": pod, "prometheus": "monitoring/k8s", "reason": "CrashLoopBackOff", "service": "kube-state-metrics", "severity": "warning",
		}
		m.Alerts[i] = plainAlert{
			Status: "firing", Labels: labels, StartsAt: start.Add(time.Duration(i) * time.Second),
			Annotations: map[string]string{
				"description": "Pod payments/" + pod + " (checkout) is in waiting state (reason: \"CrashLoopBackOff\") for more than 15 minutes.",
				"runbook_url": "https://runbooks.example.com/kubernetes/kubepodcrashlooping",
				"summary":     "Pod is crash looping.",
			},
			GeneratorURL: "http://prometheus.example.com:9090/graph?g0.expr=max_over_time%28kube_pod_container_status_waiting_reason%7Bjob%3D%22kube-state-metrics%22%7D%5B5m%5D%29+%3E%3D+1&g0.tab=1",
			Fingerprint:  fmt.Sprintf("%016x", uint64(i)*0x9e3779b97f4a7c15),
		}
	}
	b, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	return append(b, '\n')
}

var sizes = []int{1, 10, 100, 1000}

func BenchmarkDecode(b *testing.B) {
	for _, n := range sizes {
		body := storm(n)
		b.Run(fmt.Sprintf("json/%d", n), func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				var m plainMessage
				if err := json.Unmarshal(body, &m); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("alertwire/%d", n), func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := alertmanager.Decode(body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkShape(b *testing.B) {
	for _, n := range sizes {
		body := storm(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				s, err := payload.ShapeOf(body)
				if err != nil || s.Text("receiver") == "" || s.Text("status") == "" || s.Text("groupKey") == "" {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkEncode writes what was decoded and not changed, what was decoded
// and changed in every alert, and what was made in Go.
func BenchmarkEncode(b *testing.B) {
	for _, n := range sizes {
		body := storm(n)
		var plain plainMessage
		if err := json.Unmarshal(body, &plain); err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("json/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := json.Marshal(plain); err != nil {
					b.Fatal(err)
				}
			}
		})
		unchanged, _ := alertmanager.Decode(body)
		changed, _ := alertmanager.Decode(body)
		made := alertmanager.Message{Receiver: unchanged.Receiver, Status: unchanged.Status, NotificationReason: unchanged.NotificationReason,
			GroupLabels: unchanged.GroupLabels, CommonLabels: unchanged.CommonLabels, CommonAnnotations: unchanged.CommonAnnotations,
			ExternalURL: unchanged.ExternalURL, Version: unchanged.Version, GroupKey: unchanged.GroupKey}
		for i := range changed.Alerts {
			a := &changed.Alerts[i]
			made.Alerts = append(made.Alerts, alertmanager.Alert{Status: a.Status, Labels: a.Labels, Annotations: a.Annotations,
				StartsAt: a.StartsAt, EndsAt: a.EndsAt, GeneratorURL: a.GeneratorURL, Fingerprint: a.Fingerprint})
			a.Annotations = a.Annotations.With("owner", "payments-oncall")
		}
		buf := make([]byte, 0, 2*len(body))
		for _, v := range []struct {
			name string
			m    *alertmanager.Message
		}{{"unchanged", unchanged}, {"changed", changed}, {"made", &made}} {
			b.Run(fmt.Sprintf("%s/%d", v.name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := v.m.AppendJSON(buf[:0]); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		b.Run(fmt.Sprintf("raw/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				buf = append(buf[:0], unchanged.Raw()...)
			}
		})
		b.Run(fmt.Sprintf("copy/%d", n), func(b *testing.B) {
			for b.Loop() {
				copy(buf[:len(body)], body)
			}
		})
	}
}

// BenchmarkUnknown compares a body with a fifth of its members unknown with one
// that has the same number of bytes in known members.
func BenchmarkUnknown(b *testing.B) {
	known := storm(100)
	unknown := []byte(strings.NewReplacer(`"generatorURL"`, `"generatorURI"`, `"fingerprint"`, `"finger_print"`).Replace(string(known)))
	for name, body := range map[string][]byte{"known": known, "unknown": unknown} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := alertmanager.Decode(body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
