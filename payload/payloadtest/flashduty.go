package payloadtest

import (
	"encoding/json"
	"time"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/flashduty"
)

// FlashdutyIncident returns the push of the incident webhook that says that t
// happened to an incident, always the same one. It is new at first, then
// acknowledged, or whatever else, and closed in the end: the times and the state
// are those that t stands for.
func FlashdutyIncident(t flashduty.EventType) *flashduty.Push {
	at := start.Add(5 * time.Minute)
	seconds := flashduty.Unix(start)
	i := &flashduty.Incident{
		ID: "65a0000000000000000000ff", Num: "0000FF", Title: "CPU idle low", Description: "cpu.idle < 20% for 5 minutes",
		Severity: flashduty.Critical, Status: flashduty.Critical, Progress: flashduty.Triggered,
		CreatedAt: seconds, UpdatedAt: flashduty.Unix(at), StartTime: seconds, LastTime: seconds,
		Labels:    payload.Labels{{Name: "check", Value: "cpu idle low"}, {Name: "resource", Value: "es.01"}},
		AccountID: 70000000000001, AccountName: "Example Ltd",
		ChannelID: 1800000000001, ChannelName: "Payments", DataSourceID: 1570000000001,
		DetailURL: "https://console.example.com/incident/detail/65a0000000000000000000ff",
		AssignedTo: &flashduty.Assignment{Type: "assign", ID: "AbCdEfGhIjKlMnOpQrStUv", AssignedAt: seconds,
			EscalateRuleID: "65a000000000000000000001", EscalateRuleName: "Default"},
		Responders:  []flashduty.Responder{{ID: 1500000000001, Name: "Ada", Email: "ada@example.com", AssignedAt: seconds}},
		GroupMethod: flashduty.GroupByRule, AlertCount: 1, DedupKey: "d21d000000000094",
	}
	p := &flashduty.Push{
		EventID:   payload.ID("payloadtest", string(t)),
		EventType: t,
		Person:    &flashduty.Person{ID: 1500000000001, Name: "Ada", Email: "ada@example.com"},
		Incident:  i,
	}
	switch t {
	case flashduty.IncidentNew:
		at, p.Person = start, nil
	case flashduty.IncidentAcknowledged:
		i.Progress, i.AckTime = flashduty.Processing, flashduty.Unix(at)
		i.Responders[0].AcknowledgedAt = i.AckTime
	case flashduty.IncidentSnoozed:
		i.SnoozedBefore = flashduty.Unix(at.Add(time.Hour))
	case flashduty.IncidentClosed:
		at, p.Person = start.Add(20*time.Minute), nil
		i.Status, i.Progress = flashduty.Ok, flashduty.Closed
		i.EndTime, i.CloseTime = flashduty.Unix(at), flashduty.Unix(at)
	}
	p.EventTime, i.UpdatedAt = flashduty.UnixMilli(at), flashduty.Unix(at)
	return p
}

// FlashdutyCustomAction returns the push that the button of a custom action
// sends off, with the alert of the incident and a custom field.
func FlashdutyCustomAction() *flashduty.Push {
	p := FlashdutyIncident(flashduty.IncidentCustomAction)
	a := *FlashdutyAlert(flashduty.AlertNew).Alert
	a.DataSourceName, a.DataSourceType, a.ChannelID, a.ChannelName = "", "", 0, "" // these have less in them
	p.Incident.Alerts = []flashduty.Alert{a}
	p.Incident.Fields = flashduty.Fields{{Name: "priority", Value: json.RawMessage(`"P3"`)}}
	return p
}

// FlashdutyAlert returns the push of the alert webhook that says that t happened
// to an alert, always the same one. After [flashduty.AlertClosed] it is closed.
func FlashdutyAlert(t flashduty.EventType) *flashduty.Push {
	at := start.Add(5 * time.Minute)
	seconds := flashduty.Unix(start)
	a := &flashduty.Alert{
		ID: "65a0000000000000000000a1", Key: "d21d000000000094", Title: "es.01 - cpu idle low", TitleRule: "$resource::$check",
		Severity: flashduty.Critical, Status: flashduty.Critical, Progress: flashduty.Triggered,
		CreatedAt: seconds, StartTime: seconds, LastTime: seconds, EventCount: 1,
		Labels:       payload.Labels{{Name: "check", Value: "cpu idle low"}, {Name: "resource", Value: "es.01"}},
		DataSourceID: 1570000000001, DataSourceName: "Prometheus", DataSourceType: "prometheus.alert",
		ChannelID: 1800000000001, ChannelName: "Payments",
	}
	p := &flashduty.Push{EventID: payload.ID("payloadtest", string(t)), EventType: t, Alert: a}
	switch t {
	case flashduty.AlertNew:
		at = start
	case flashduty.AlertMerged:
		a.Incident = &flashduty.IncidentRef{ID: "65a0000000000000000000ff", Title: "CPU idle low"}
	case flashduty.AlertClosed:
		at = start.Add(20 * time.Minute)
		a.Progress, a.CloseTime = flashduty.Closed, flashduty.Unix(at)
		p.Person = &flashduty.Person{ID: 1500000000001, Name: "Ada", Email: "ada@example.com"}
	}
	p.EventTime, a.UpdatedAt = flashduty.UnixMilli(at), flashduty.Unix(at)
	return p
}
