package flashduty

import (
	"cmp"
	"crypto/rand"
	"strings"
	"time"

	"github.com/alertwire/alertwire/internal/jsonscan"
	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/internal/line"
)

// Events returns one event, as the package says. It returns none for a push
// without an object.
func (p *Push) Events() []payload.Event {
	incident, alert := p.about()
	e := payload.Event{Source: source, ID: p.DeliveryID(), Key: p.Key(), Kind: p.EventType.kind(alert)}
	var notes notes
	notes.add("event_type", string(p.EventType))
	switch {
	case alert != nil:
		e.Severity = payload.ParseSeverity(string(alert.Severity))
		e.Title, e.Text, e.Labels = line.First(alert.Title), alert.Description, alert.Labels
		e.Time = cmp.Or(p.EventTime.Time(), alert.UpdatedAt.Time())
		notes.add("progress", string(alert.Progress))
		notes.add("status", string(alert.Status))
		notes.add("person_name", p.person())
		notes.add("channel_name", alert.ChannelName)
	case incident != nil:
		e.Severity = payload.ParseSeverity(string(incident.Severity))
		e.Title, e.Text, e.Labels, e.URL = line.First(incident.Title), incident.Description, incident.Labels, incident.DetailURL
		e.Time = cmp.Or(p.EventTime.Time(), incident.UpdatedAt.Time())
		notes.add("progress", string(incident.Progress))
		notes.add("status", string(incident.Status))
		notes.add("person_name", p.person())
		notes.add("channel_name", incident.ChannelName)
		notes.add("impact", incident.Impact)
		notes.add("root_cause", incident.RootCause)
		notes.add("resolution", incident.Resolution)
	default:
		return nil
	}
	e.Annotations = payload.Labels(notes)
	return []payload.Event{e}
}

type notes payload.Labels

func (n *notes) add(name, value string) {
	if value != "" {
		*n = append(*n, payload.Label{Name: name, Value: value})
	}
}

func (p *Push) person() string {
	if p.Person == nil {
		return ""
	}
	return p.Person.Name
}

// kind returns what t means in the words of every source. What it means for an
// alert depends on its state, for a recovery is an update like others.
func (t EventType) kind(a *Alert) payload.Kind {
	switch t {
	case IncidentNew, IncidentWoken, IncidentUnacknowledged:
		return payload.KindFiring
	case IncidentClosed, AlertClosed:
		return payload.KindResolved
	case IncidentAcknowledged:
		return payload.KindAcknowledged
	case IncidentSnoozed:
		return payload.KindSnoozed
	case IncidentReopened:
		return payload.KindReopened
	case IncidentMerged, AlertMerged:
		return payload.KindMerged
	case IncidentStorm:
		return payload.KindStorm
	case AlertNew, AlertUpdated:
		switch {
		case a != nil && a.over():
			return payload.KindResolved
		case t == AlertNew:
			return payload.KindFiring
		}
		return payload.KindUpdated
	case IncidentAssigned, IncidentRespondersAdded, IncidentCommented, IncidentTitleChanged, IncidentDescriptionChanged,
		IncidentImpactChanged, IncidentRootCauseChanged, IncidentResolutionChanged, IncidentSeverityChanged, IncidentFieldChanged:
		return payload.KindUpdated
	}
	return payload.Kind(t)
}

// FromEvent returns a push of the incident webhook that says what e says, so
// that a receiver of Flashduty's pushes understands it:
//
//	event_id            ID, a random one where there is none
//	event_time          Time, now where there is none
//	event_type          i_rslv for resolved, reachable, task_succeeded; i_ack,
//	                    i_snooze, i_reopen, i_merge, i_storm for what they mean;
//	                    i_r_desc for updated; i_comm for test; a kind that is
//	                    the code of an incident as it is; else i_new
//	incident_id         that of Key for incidents of Flashduty, else 24 digits
//	                    made of Source and Key, or where there is no Key, of
//	                    Source, Title and labels
//	incident_severity   Critical, Info, else Warning, as it cannot be missing
//	incident_status     annotation status of events of Flashduty; else Ok for
//	                    i_rslv, else as incident_severity
//	progress            annotation progress of events of Flashduty; else Closed
//	                    for i_rslv, Processing for i_ack, else Triggered
//	start_time, …       Time, for each time that the state says is set
//	title, description  Title, or where there is none Key or Source; Text
//	labels              labels
//	fields              annotations
//	detail_url          URL
//	group_method        n
//
// Set AccountName, ChannelName and the like to what the receiver expects.
func FromEvent(e payload.Event) *Push {
	at := e.Time
	if unix := at.Unix(); unix <= 0 || unix > int64(latest)/1000 {
		at = time.Now() // Validate refuses what the format cannot say
	}
	seconds := Unix(at)
	i := &Incident{
		ID:          incidentID(e),
		Title:       cmp.Or(e.Title, e.Key, e.Source),
		Description: e.Text,
		Severity:    Warning,
		CreatedAt:   seconds,
		UpdatedAt:   seconds,
		StartTime:   seconds,
		LastTime:    seconds,
		Labels:      e.Labels,
		DetailURL:   e.URL,
		GroupMethod: GroupNone,
	}
	i.Num = strings.ToUpper(i.ID[max(0, len(i.ID)-6):])
	for name, value := range e.Annotations.All() {
		i.Fields = append(i.Fields, Field{name, jsonscan.AppendString(nil, value)})
	}
	switch e.Severity {
	case payload.SeverityCritical:
		i.Severity = Critical
	case payload.SeverityInfo:
		i.Severity = Info
	}
	p := &Push{
		EventID:   cmp.Or(e.ID, rand.Text()),
		EventTime: UnixMilli(at),
		EventType: eventType(e.Kind),
		Incident:  i,
	}
	i.setState(e, p.EventType)
	if i.Status.Is(Ok) {
		i.EndTime = seconds
	}
	switch {
	case i.Progress.Is(Closed):
		i.CloseTime = seconds
	case i.Progress.Is(Processing):
		i.AckTime = seconds
	}
	return p
}

// setState sets Status and Progress by the type of the push that e becomes, and by
// what e says about the state itself.
func (i *Incident) setState(e payload.Event, t EventType) {
	i.Status, i.Progress = i.Severity, Triggered
	switch t {
	case IncidentClosed:
		i.Status, i.Progress = Ok, Closed
	case IncidentAcknowledged:
		i.Progress = Processing
	}
	if e.Source != source {
		return
	}
	for _, status := range [...]Severity{Critical, Warning, Info, Ok} {
		if status.Is(Severity(e.Annotations.Get("status"))) {
			i.Status = status
		}
	}
	for _, progress := range [...]Progress{Triggered, Processing, Closed} {
		if progress.Is(Progress(e.Annotations.Get("progress"))) {
			i.Progress = progress
		}
	}
}

func eventType(k payload.Kind) EventType {
	switch k {
	case payload.KindResolved, payload.KindReachable, payload.KindTaskSucceeded:
		return IncidentClosed
	case payload.KindAcknowledged:
		return IncidentAcknowledged
	case payload.KindSnoozed:
		return IncidentSnoozed
	case payload.KindReopened:
		return IncidentReopened
	case payload.KindMerged:
		return IncidentMerged
	case payload.KindStorm:
		return IncidentStorm
	case payload.KindUpdated:
		return IncidentDescriptionChanged
	case payload.KindTest:
		return IncidentCommented // changes nothing, and runs nothing as i_custom might
	}
	if t := EventType(k); t.ofIncident() {
		return t
	}
	return IncidentNew
}

func incidentID(e payload.Event) string {
	if id, ok := strings.CutPrefix(e.Key, "incident/"); ok && e.Source == source && id != "" {
		return id
	}
	parts := []string{e.Source, e.Key}
	if e.Key == "" {
		parts = append(parts, e.Title)
		for _, l := range e.Labels.Sorted() {
			parts = append(parts, l.Name, l.Value)
		}
	}
	return payload.ID(parts...)[:24]
}
