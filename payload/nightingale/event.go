package nightingale

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/internal/life"
	"github.com/alertwire/alertwire/payload/internal/line"
)

// TestHash is the hash of the events that the "Test" button of Nightingale
// sends. Nothing else tells them from real ones.
const TestHash = "event-pipeline-test-mock-event"

// IsTest reports whether somebody tried the wiring and nothing happened.
func (e *AlertEvent) IsTest() bool { return e.Hash == TestHash }

// RecoveredAt returns when the alert recovered: RecoverTime, or where that is
// not set, as in all live recoveries, LastEvalTime. It is the zero time if the
// alert has not recovered.
func (e *AlertEvent) RecoveredAt() time.Time {
	if !e.IsRecovered {
		return time.Time{}
	}
	return cmp.Or(e.RecoverTime, e.LastEvalTime).Time()
}

// DeliveryID identifies what the event says: hash, recovered or not, when the alert
// began and the number of the notification, or the time of the evaluation where
// there is no number. Numbers begin at 1 again when an alert that recovered fires
// once more. It is "" for a test, and where hash, or both number and time, are
// missing: then a repeat cannot be told from news.
func (e *AlertEvent) DeliveryID() string {
	if e.Hash == "" || e.IsTest() {
		return ""
	}
	began, which := cmp.Or(e.FirstTriggerTime, e.TriggerTime), "n"+strconv.Itoa(e.NotifyCurNumber)
	if e.NotifyCurNumber == 0 {
		if e.LastEvalTime == 0 {
			return ""
		}
		began, which = 0, "t"+strconv.FormatInt(int64(e.LastEvalTime), 10)
	}
	return payload.ID(source, e.Hash, strconv.FormatBool(e.IsRecovered), strconv.FormatInt(int64(began), 10), which)
}

// DeliveryID identifies the events of m together, in their order. It is "" if
// there are none, or if one of them has none.
func (m *Message) DeliveryID() string {
	parts := append(make([]string, 0, 1+len(m.Alerts)), source)
	for i := range m.Alerts {
		id := m.Alerts[i].DeliveryID()
		if id == "" {
			return ""
		}
		parts = append(parts, id)
	}
	switch len(parts) {
	case 1:
		return ""
	case 2:
		return parts[1] // the same as an object and as an array of one
	default:
		return payload.ID(parts...)
	}
}

// Events returns one event for each alert, as the package says.
func (m *Message) Events() []payload.Event {
	events := make([]payload.Event, len(m.Alerts))
	for i := range m.Alerts {
		events[i] = m.Alerts[i].Event()
	}
	return events
}

// Event returns what happened, as the package says.
func (e *AlertEvent) Event() payload.Event {
	labels := e.Labels()
	event := payload.Event{
		Source:      source,
		ID:          e.DeliveryID(),
		Key:         e.Hash,
		Kind:        payload.KindFiring,
		Title:       cmp.Or(line.First(e.RuleName), line.First(labels.Get("rulename"))),
		Text:        e.text(),
		Time:        cmp.Or(e.TriggerTime, e.LastEvalTime).Time(),
		Labels:      labels,
		Annotations: e.Annotations,
		URL:         e.RunbookURL,
	}
	switch e.Severity {
	case Emergency:
		event.Severity = payload.SeverityCritical
	case Warning:
		event.Severity = payload.SeverityWarning
	case Notice:
		event.Severity = payload.SeverityInfo
	}
	if e.IsRecovered {
		event.Kind = payload.KindResolved
		event.Time = e.RecoveredAt()
	}
	if e.IsTest() {
		event.Kind = payload.KindTest
	}
	return event
}

func (e *AlertEvent) text() string {
	for _, name := range [...]string{"description", "summary", "message"} {
		if text := e.Annotations.Get(name); text != "" {
			return text
		}
	}
	return e.RuleNote
}

// FromEvent returns an event of Nightingale that says what e says, so that a
// receiver of Nightingale's events understands it:
//
//	hash                Key of events of Nightingale; TestHash for tests; else
//	                    payload.ID of Source and Key, or where there is no Key,
//	                    of Source, Title and labels
//	is_recovered        true for resolved, reachable, task_succeeded, and for what
//	                    else happens to something of Flashduty that is closed or Ok
//	severity            1 critical, 3 info, else 2, as severity cannot be missing
//	rule_name           Title, or where there is none Key or Source
//	trigger_time        Time, now where there is none; last_eval_time too, and
//	                    recover_time if recovered
//	tags, tags_map      labels
//	annotations         annotations; description from Text where it is missing
//	cate                Source
//	runbook_url         URL
//
// Whatever else happened, an acknowledgement for instance, is written as a
// firing alert: Nightingale has no word for it. Set Cluster, GroupName and the
// like to what the receiver expects.
func FromEvent(e payload.Event) *AlertEvent {
	at := Unix(e.Time)
	if at <= 0 || at > latest {
		at = Unix(time.Now()) // 0 would be taken for 1970
	}
	a := &AlertEvent{
		Cate:         e.Source,
		Hash:         hashOf(e),
		RuleName:     cmp.Or(e.Title, e.Key, e.Source),
		Severity:     Warning,
		RunbookURL:   e.URL,
		TriggerTime:  at,
		LastEvalTime: at,
		Annotations:  e.Annotations.Sorted(),
	}
	a.SetLabels(e.Labels)
	switch e.Severity {
	case payload.SeverityCritical:
		a.Severity = Emergency
	case payload.SeverityInfo:
		a.Severity = Notice
	}
	if life.Over(e) {
		a.IsRecovered, a.RecoverTime = true, at
	}
	if e.Text != "" && a.Annotations.Get("description") == "" {
		a.Annotations = a.Annotations.With("description", e.Text)
	}
	return a
}

func hashOf(e payload.Event) string {
	switch {
	case e.Kind == payload.KindTest:
		return TestHash
	case e.Source == source && e.Key != "":
		return e.Key
	case e.Key != "":
		return payload.ID(e.Source, e.Key)
	}
	parts := []string{e.Source, e.Title}
	for _, l := range e.Labels.Sorted() {
		parts = append(parts, l.Name, strings.TrimSpace(l.Value))
	}
	return payload.ID(parts...)
}
