package flashduty

import "strings"

// An EventType is the code of what happened. Flashduty says that more may be
// added: a program needs a default case.
type EventType string

// What happened to an incident.
const (
	IncidentNew                EventType = "i_new"        // created, by a rule or by hand
	IncidentAssigned           EventType = "i_assign"     // assigned, by a rule or by hand
	IncidentRespondersAdded    EventType = "i_a_rspd"     // responders added; since April 2026
	IncidentSnoozed            EventType = "i_snooze"     // snoozed by hand
	IncidentWoken              EventType = "i_wake"       // snooze cancelled
	IncidentAcknowledged       EventType = "i_ack"        // acknowledged by hand
	IncidentUnacknowledged     EventType = "i_unack"      // acknowledgement cancelled
	IncidentStorm              EventType = "i_storm"      // storm warning reached
	IncidentCustomAction       EventType = "i_custom"     // custom action run
	IncidentClosed             EventType = "i_rslv"       // closed, by a rule or by hand
	IncidentReopened           EventType = "i_reopen"     // reopened
	IncidentMerged             EventType = "i_merge"      // incidents merged by hand
	IncidentCommented          EventType = "i_comm"       // comment added
	IncidentTitleChanged       EventType = "i_r_title"    // title changed
	IncidentDescriptionChanged EventType = "i_r_desc"     // description changed
	IncidentImpactChanged      EventType = "i_r_impact"   // impact changed
	IncidentRootCauseChanged   EventType = "i_r_rc"       // root cause changed
	IncidentResolutionChanged  EventType = "i_r_rsltn"    // resolution changed
	IncidentSeverityChanged    EventType = "i_r_severity" // severity changed
	IncidentFieldChanged       EventType = "i_r_field"    // custom field changed
)

// What happened to an alert.
const (
	AlertNew     EventType = "a_new"    // an event of an integration made it
	AlertUpdated EventType = "a_update" // an event was merged into it and changed it, its status for instance
	AlertMerged  EventType = "a_merge"  // merged into an incident
	AlertClosed  EventType = "a_close"  // closed by hand; sent without being selected
)

// Known reports whether t is one of the constants: the codes that Flashduty
// documents for its webhooks. Its timeline has further ones, such as i_notify
// and a_comm.
func (t EventType) Known() bool {
	switch t {
	case IncidentNew, IncidentAssigned, IncidentRespondersAdded, IncidentSnoozed, IncidentWoken, IncidentAcknowledged,
		IncidentUnacknowledged, IncidentStorm, IncidentCustomAction, IncidentClosed, IncidentReopened, IncidentMerged,
		IncidentCommented, IncidentTitleChanged, IncidentDescriptionChanged, IncidentImpactChanged, IncidentRootCauseChanged,
		IncidentResolutionChanged, IncidentSeverityChanged, IncidentFieldChanged,
		AlertNew, AlertUpdated, AlertMerged, AlertClosed:
		return true
	}
	return false
}

// ofIncident reports whether t says that the push is about an incident, ofAlert
// whether it says an alert. A code that is not known may say neither.
func (t EventType) ofIncident() bool { return strings.HasPrefix(string(t), "i_") }
func (t EventType) ofAlert() bool    { return strings.HasPrefix(string(t), "a_") }
