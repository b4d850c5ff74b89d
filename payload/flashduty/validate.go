package flashduty

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/alertwire/alertwire/internal/jsonscan"
	"github.com/alertwire/alertwire/payload"
)

// latest is the last millisecond of the year 9999. A later one, such as one that
// was meant in nanoseconds, would make payload.Latest drop whatever follows.
const latest UnixMilliTime = 253402300799999

// Validate returns a [*payload.FieldError] for the first required field that is
// missing, or that is empty where that makes no sense: event_type, event_id,
// event_time, the object and its id. A prefix of the event type that contradicts
// the object is an error, and so is an event_time beyond the year 9999. Words
// and codes that are not known are none. What is required as data_source_… may be
// there as integration_….
func (p *Push) Validate() error {
	c := checker{origin: p.origin}
	c.full("event_type", p.EventType == "")
	c.full("event_id", p.ID() == "")
	c.full("event_time", p.EventTime == 0)
	c.wrong("event_time", p.EventTime < 0, "negative")
	c.wrong("event_time", p.EventTime > latest, "beyond the year 9999")
	incident, alert := p.about()
	switch {
	case alert != nil:
		c.within("alert.", alert.origin)
		c.alert(alert)
	case incident != nil:
		c.within("incident.", incident.origin)
		c.incident(incident)
	case p.Alert != nil || p.Incident != nil:
		c.wrong("event_type", true, "contradicts the object that is there")
	case p.EventType.ofAlert():
		c.full("alert", true)
	default:
		c.full("incident", true)
	}
	if c.err != nil {
		return c.err // not a nil pointer in an interface
	}
	return nil
}

// A checker notes the first thing that is wrong.
type checker struct {
	prefix string
	origin jsonscan.Origin // of the object that is checked
	due    []string        // its fields that are empty, and may be if they are there
	err    *payload.FieldError
}

// within goes on to an object.
func (c *checker) within(prefix string, o jsonscan.Origin) { c.prefix, c.origin = prefix, o }

func (c *checker) wrong(field string, is bool, reason string) {
	if is && c.err == nil {
		c.err = &payload.FieldError{Format: source, Field: c.prefix + field, Reason: reason}
	}
}

// full demands a field that makes no sense without a value.
func (c *checker) full(field string, empty bool) {
	c.wrong(field, empty, "missing or empty")
}

// there demands a field that may well be empty, as [checker.settle] finds out. One
// of an object made in Go is written in any case.
func (c *checker) there(field string, empty bool) {
	if empty && c.origin.Text() != "" {
		c.due = append(c.due, field)
	}
}

// settle looks for the due fields in the text of the object: for all at once,
// because the text may be long. One that is null is not there. What is named
// data_source_… may be there as integration_…, which is its name in the API now.
func (c *checker) settle() {
	due := c.due
	c.due = nil
	if c.err != nil || len(due) == 0 {
		return
	}
	found, renamed := make([]bool, len(due)), make([]bool, len(due))
	for member, value := range jsonscan.Unknown(c.origin, func(*json.RawMessage, *jsonscan.Fields) {}) {
		there := string(value) != "null" // the last of a name counts
		if i := slices.Index(due, member); i >= 0 {
			found[i] = there
		} else if what, ok := strings.CutPrefix(member, "integration_"); ok {
			if i := slices.Index(due, "data_source_"+what); i >= 0 {
				renamed[i] = there
			}
		}
	}
	for i, field := range due {
		c.wrong(field, !found[i] && !renamed[i], "missing")
	}
}

func (c *checker) incident(i *Incident) {
	c.full("incident_id", i.ID == "")
	c.there("title", i.Title == "")
	c.there("incident_severity", i.Severity == "")
	c.there("incident_status", i.Status == "")
	c.there("progress", i.Progress == "")
	c.there("created_at", i.CreatedAt == 0)
	c.there("updated_at", i.UpdatedAt == 0)
	c.there("start_time", i.StartTime == 0)
	c.there("detail_url", i.DetailURL == "")
	c.settle()
	for n := range i.Alerts {
		c.within(fmt.Sprintf("incident.alerts[%d].", n), i.Alerts[n].origin)
		c.full("alert_id", i.Alerts[n].ID == "")
	}
}

func (c *checker) alert(a *Alert) {
	c.full("alert_id", a.ID == "")
	c.there("alert_key", a.Key == "")
	c.there("title", a.Title == "")
	c.there("alert_severity", a.Severity == "")
	c.there("alert_status", a.Status == "")
	c.there("progress", a.Progress == "")
	c.there("created_at", a.CreatedAt == 0)
	c.there("updated_at", a.UpdatedAt == 0)
	c.there("start_time", a.StartTime == 0)
	c.there("last_time", a.LastTime == 0)
	c.there("data_source_id", a.DataSourceID == 0)
	c.there("data_source_name", a.DataSourceName == "")
	c.there("data_source_type", a.DataSourceType == "")
	c.there("channel_id", a.ChannelID == 0)
	c.there("channel_name", a.ChannelName == "")
	c.settle()
}
