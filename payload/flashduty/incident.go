package flashduty

import (
	"github.com/alertwire/alertwire/internal/jsonscan"
	"github.com/alertwire/alertwire/payload"
)

// An Incident is the full state of an incident. The ids of accounts, people,
// channels and integrations are numbers of 13 or 14 digits. Validate demands
// the fields that are marked required.
type Incident struct {
	ID          string // required; opaque, 24 hexadecimal digits so far
	Num         string // a short id for people (example)
	Title       string // required
	Description string
	Impact      string
	RootCause   string
	Resolution  string
	// Severity is how bad it is, Status how bad it is now: Ok once all alerts
	// have recovered. Required.
	Severity, Status Severity
	// Progress is required. Recovery closes an incident; closing it does not
	// make it recover.
	Progress Progress

	CreatedAt UnixTime // required
	UpdatedAt UnixTime // required
	StartTime UnixTime // when it was triggered; required
	LastTime  UnixTime // of the newest event of its alerts
	EndTime   UnixTime // when all alerts had recovered
	AckTime   UnixTime // of the first acknowledgement
	CloseTime UnixTime // when it was closed
	// SnoozedBefore is until when it is snoozed, in seconds as the others: the
	// documentation does not say.
	SnoozedBefore UnixTime

	// Labels are those of its first alert. An incident made by hand is said to
	// have none, and has some in the published example.
	Labels payload.Labels
	// Fields are the custom fields.
	Fields Fields

	AccountID   int64   // (example)
	AccountName string  // (example)
	Creator     *Person // nil unless it was made by hand
	CreatorID   int64   // (example)
	Closer      *Person // nil unless it was closed by hand
	// AssignedTo is nil until it was assigned (example).
	AssignedTo *Assignment
	// Responders are there once it was assigned, and may be empty in an i_new.
	Responders   []Responder
	ResponderIDs []int64 // (example)

	AlertCount int64
	// Alerts are there in custom actions only, with less in them than the alert
	// webhook sends.
	Alerts []Alert

	ChannelID    int64 // 0 if it is in no channel
	ChannelName  string
	DataSourceID int64  // the integration, 0 if it was made by hand (example)
	DetailURL    string // page of the console; required
	GroupMethod  GroupMethod
	DedupKey     string // (example)
	EqualsMD5    string // (example)
	// EventID is that of the push, where it was put inside of the incident; see
	// [Push.ID].
	EventID string

	origin jsonscan.Origin
}

func (i *Incident) fields(f *jsonscan.Fields) {
	f.From(&i.origin)
	f.String("event_id", &i.EventID).Omit()
	f.Int64("account_id", &i.AccountID)
	f.String("account_name", &i.AccountName)
	f.Int64("ack_time", (*int64)(&i.AckTime))
	f.Int64("alert_cnt", &i.AlertCount)
	jsonscan.Ref(f, "assigned_to", &i.AssignedTo, (*Assignment).fields).Omit()
	f.Int64("channel_id", &i.ChannelID)
	f.String("channel_name", &i.ChannelName)
	f.Int64("close_time", (*int64)(&i.CloseTime))
	jsonscan.Ref(f, "closer", &i.Closer, (*Person).fields).Omit()
	f.Int64("created_at", (*int64)(&i.CreatedAt))
	jsonscan.Ref(f, "creator", &i.Creator, (*Person).fields).Omit()
	f.Int64("creator_id", &i.CreatorID).Omit()
	f.Int64("data_source_id", &i.DataSourceID)
	f.String("dedup_key", &i.DedupKey)
	f.String("description", &i.Description)
	f.String("detail_url", &i.DetailURL)
	f.Int64("end_time", (*int64)(&i.EndTime))
	f.String("equals_md5", &i.EqualsMD5)
	f.String("group_method", (*string)(&i.GroupMethod))
	f.String("impact", &i.Impact)
	f.String("incident_id", &i.ID)
	f.String("incident_severity", (*string)(&i.Severity))
	f.String("incident_status", (*string)(&i.Status))
	jsonscan.Pairs(f, "labels", &i.Labels).Omit()
	f.Int64("last_time", (*int64)(&i.LastTime))
	f.String("num", &i.Num)
	f.String("progress", (*string)(&i.Progress))
	f.String("resolution", &i.Resolution)
	f.Int64s("responder_ids", &i.ResponderIDs).Omit()
	jsonscan.List(f, "responders", &i.Responders, (*Responder).fields).Omit()
	f.String("root_cause", &i.RootCause)
	f.Int64("snoozed_before", (*int64)(&i.SnoozedBefore))
	f.Int64("start_time", (*int64)(&i.StartTime))
	f.String("title", &i.Title)
	f.Int64("updated_at", (*int64)(&i.UpdatedAt))
	jsonscan.List(f, "alerts", &i.Alerts, (*Alert).fields).Omit()
	f.Value("fields", (*fields)(&i.Fields)).Omit()
}

// An Assignment is whom an incident was assigned to, and why (example).
type Assignment struct {
	Type             string // "assign", "reassign", "escalate" or "reopen"
	ID               string
	AssignedAt       UnixTime
	EscalateRuleID   string
	EscalateRuleName string
	LayerIndex       int      // level of the escalation rule, from 0
	PersonIDs        []int64  // (API)
	Emails           []string // (API)

	origin jsonscan.Origin
}

func (a *Assignment) fields(f *jsonscan.Fields) {
	f.From(&a.origin)
	f.Int64("assigned_at", (*int64)(&a.AssignedAt))
	f.String("escalate_rule_id", &a.EscalateRuleID)
	f.String("escalate_rule_name", &a.EscalateRuleName)
	f.String("id", &a.ID)
	f.Int("layer_idx", &a.LayerIndex)
	f.String("type", &a.Type)
	f.Int64s("person_ids", &a.PersonIDs).Omit()
	f.Strings("emails", &a.Emails).Omit()
}
