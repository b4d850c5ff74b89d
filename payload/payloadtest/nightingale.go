package payloadtest

import (
	"encoding/json"
	"time"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/nightingale"
)

// NightingaleFiring returns an event about a busy host, as a notify rule sends
// it the first time.
func NightingaleFiring() *nightingale.AlertEvent {
	began := nightingale.Unix(start)
	e := &nightingale.AlertEvent{
		ID: 8123, Cate: "prometheus", Cluster: "prom-1", DatasourceID: 1, GroupID: 2, GroupName: "Default Busi Group",
		Hash: "5d41402abc4b2a76b9719d911017c592", RuleID: 7, RuleName: "CPU idle below 10%", RuleProd: "metric",
		Severity: nightingale.Warning, PromForDuration: 60, PromQL: "cpu_usage_idle < 10",
		RuleConfig:       json.RawMessage(`{"queries":[{"prom_ql":"cpu_usage_idle < 10","severity":2}]}`),
		PromEvalInterval: 15, RunbookURL: "https://runbooks.example.com/cpu", NotifyRecovered: 1, TargetIdent: "host-01",
		TriggerTime: began, TriggerValue: "6.7", TriggerValues: "$A: 6.7", LastEvalTime: began + 15, LastSentTime: began + 15,
		NotifyCurNumber: 1, FirstTriggerTime: began, Annotations: payload.Labels{{Name: "summary", Value: "The CPU of host-01 is busy."}},
		NotifyRuleIDs: []int64{3}, NotifyRuleID: 3, NotifyRuleName: "ops", NotifyVersion: 1,
	}
	e.SetLabels(payload.Labels{{Name: "env", Value: "prod"}, {Name: "ident", Value: "host-01"}, {Name: "rulename", Value: e.RuleName}})
	return e
}

// NightingaleRecovered returns the recovery that follows [NightingaleFiring]
// after ten minutes.
func NightingaleRecovered() *nightingale.AlertEvent {
	e := NightingaleFiring()
	e.ID++
	e.IsRecovered = true
	e.LastEvalTime += nightingale.UnixTime(10 * time.Minute / time.Second)
	e.LastSentTime = e.LastEvalTime
	e.Annotations = e.Annotations.With("recovery_value", "42.5")
	return e
}

// NightingaleTick returns the same alert as a pipeline of the alert rule sends
// it at the n-th evaluation: without an ID and a number.
func NightingaleTick(n int) *nightingale.AlertEvent {
	e := NightingaleFiring()
	e.ID, e.NotifyCurNumber, e.FirstTriggerTime, e.LastSentTime = 0, 0, 0, 0
	e.PromEvalInterval, e.NotifyRuleID, e.NotifyRuleName = 0, 0, ""
	e.LastEvalTime += nightingale.UnixTime(15 * n)
	e.TriggerTime = e.LastEvalTime
	return e
}

// NightingaleTest returns what the "Test" button of Nightingale sends.
func NightingaleTest() *nightingale.AlertEvent {
	now := nightingale.Unix(start)
	e := &nightingale.AlertEvent{
		Cate: "prometheus", GroupName: "Default Busi Group", Hash: nightingale.TestHash, RuleName: "Mock CPU alert",
		Severity: nightingale.Warning, PromQL: "cpu_usage_idle < 10", TriggerTime: now, TriggerValue: "6.70", TriggerValues: "6.70",
		LastEvalTime: now, NotifyCurNumber: 1, FirstTriggerTime: now,
	}
	e.SetLabels(payload.Labels{{Name: "__name__", Value: "cpu_usage_idle"}, {Name: "env", Value: "prod"},
		{Name: "ident", Value: "mock-host-01"}, {Name: "rulename", Value: e.RuleName}, {Name: "service", Value: "web"}})
	return e
}

// NightingaleBatch returns a message with the given events, in the form of the
// global webhook: an array.
func NightingaleBatch(events ...*nightingale.AlertEvent) *nightingale.Message {
	m := &nightingale.Message{Array: true}
	for _, e := range events {
		m.Alerts = append(m.Alerts, *e)
	}
	return m
}
