package flashduty

import (
	"github.com/alertwire/alertwire/internal/jsonscan"
	"github.com/alertwire/alertwire/payload"
)

// An Alert is the full state of an alert. The alerts inside of an incident, which
// come with a custom action, lack the fields that are marked full; of them
// Validate demands the id alone, of others the fields that are marked required.
type Alert struct {
	ID          string // required; opaque
	Key         string // what its events are correlated by; required
	Title       string // required
	TitleRule   string // what the title is made by, such as "$resource::$check"
	Description string
	// Severity is how bad it is, Status how bad it is now: Ok once it has
	// recovered. Required.
	Severity, Status Severity
	Progress         Progress // Triggered or Closed; required

	CreatedAt UnixTime // required
	UpdatedAt UnixTime // required
	StartTime UnixTime // of its first event; required
	LastTime  UnixTime // of its newest event; required
	EndTime   UnixTime // of the last event that said it had recovered
	CloseTime UnixTime // when it was closed, which does not mean that it has recovered

	// Labels may have values that are JSON themselves.
	Labels     payload.Labels
	EventCount int64
	// Incident is what it was merged into; nil if nothing.
	Incident *IncidentRef

	DataSourceID    int64  // the integration; required
	DataSourceName  string // full, required
	DataSourceType  string // full, required; such as "aliyun-sls.alert"
	DataSourceRefID string // full (example)
	ChannelID       int64  // full, required
	ChannelName     string // full, required

	AccountID      int64  // of an incident's alert (example)
	ResponderID    int64  // likewise; 0 if nobody
	ResponderName  string // likewise
	ResponderEmail string // likewise

	origin jsonscan.Origin
}

func (a *Alert) fields(f *jsonscan.Fields) {
	f.From(&a.origin)
	f.Int64("account_id", &a.AccountID).Omit()
	f.String("alert_id", &a.ID)
	f.String("alert_key", &a.Key)
	f.String("alert_severity", (*string)(&a.Severity))
	f.String("alert_status", (*string)(&a.Status))
	f.Int64("channel_id", &a.ChannelID)
	f.String("channel_name", &a.ChannelName)
	f.Int64("close_time", (*int64)(&a.CloseTime))
	f.Int64("created_at", (*int64)(&a.CreatedAt))
	f.Int64("data_source_id", &a.DataSourceID)
	f.String("data_source_name", &a.DataSourceName)
	f.String("data_source_ref_id", &a.DataSourceRefID)
	f.String("data_source_type", &a.DataSourceType)
	f.String("description", &a.Description)
	f.Int64("end_time", (*int64)(&a.EndTime))
	f.Int64("event_cnt", &a.EventCount)
	jsonscan.Ref(f, "incident", &a.Incident, (*IncidentRef).fields).Omit()
	jsonscan.Pairs(f, "labels", &a.Labels).Omit()
	f.Int64("last_time", (*int64)(&a.LastTime))
	f.String("progress", (*string)(&a.Progress))
	f.String("responder_email", &a.ResponderEmail).Omit()
	f.Int64("responder_id", &a.ResponderID).Omit()
	f.String("responder_name", &a.ResponderName).Omit()
	f.Int64("start_time", (*int64)(&a.StartTime))
	f.String("title", &a.Title)
	f.String("title_rule", &a.TitleRule)
	f.Int64("updated_at", (*int64)(&a.UpdatedAt))
}

// over reports whether nothing is left to do: it has recovered or was closed.
func (a *Alert) over() bool { return a.Status.Is(Ok) || a.Progress.Is(Closed) }

// An IncidentRef is the incident that an alert was merged into.
type IncidentRef struct {
	ID       string
	Title    string
	Progress Progress // (API)

	origin jsonscan.Origin
}

func (r *IncidentRef) fields(f *jsonscan.Fields) {
	f.From(&r.origin)
	f.String("incident_id", &r.ID)
	f.String("title", &r.Title)
	f.String("progress", (*string)(&r.Progress)).Omit()
}
