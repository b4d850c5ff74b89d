package netdata

import (
	"cmp"
	"encoding/json"
	"iter"
	"net/url"
	"strings"
	"time"

	"github.com/alertwire/alertwire/internal/jsonscan"
)

// An Alert is a notification that an alert was raised, changed or cleared. The
// comments name the members of the flat and of the nested form; fields of one
// form only are not written in the other.
type Alert struct {
	// Form is how it came, and how it is written. An alert that came in one
	// form and was given the other is written anew, without unknown members, and
	// with the letter case that severities have in that form.
	Form Form

	Message  string   // message: a summary, for people
	Name     string   // alert, formerly alarm; alert.name
	Severity Severity // severity; alert.state.status
	Info     string   // info; alert.rendered.info
	Summary  string   // nested only: alert.rendered.summary

	Host  string // node.hostname; the flat form does not name it
	Space Space  // space
	Rooms Rooms  // rooms: those of the node

	Chart   string // chart; alert.chart.name
	ChartID string // nested only: alert.chart.id
	Context string // context; alert.context: that of the chart
	Family  string // family: that of the context; no nested one was seen
	Class   string // class, such as "Utilization"; alert.config.classification

	Value     json.RawMessage // nested only: alert.state.value, a number or a text
	ValueText string          // nested only: alert.state.value_str, with the unit

	// Date is in ISO 8601, see [Alert.Time]; no nested one was seen.
	Date          string
	Duration      string          // duration; alert.duration.value_str: free text
	DurationValue json.RawMessage // nested only: alert.duration.value; the unit is not documented

	// OtherCritical and OtherWarning are how many other alerts are active on
	// the node: additional_active_critical_alerts and …warning…, formerly
	// critical_count and warning_count. No nested ones were seen.
	OtherCritical int64
	OtherWarning  int64

	URL string // alert_url, formerly alarm_url; alert.url: a page of the console

	// CapitalRooms writes an alert made in Go with Rooms instead of rooms. The
	// documentation has the capital since 2024, probably by accident.
	CapitalRooms bool

	came    Form
	origin  jsonscan.Origin
	origins alertOrigins
}

// alertOrigins are those of the objects inside of the nested form.
type alertOrigins struct {
	node, alert, state, rendered, chart, duration, config jsonscan.Origin
}

func (a *Alert) fields(f *jsonscan.Fields) {
	if a.Form == Nested {
		a.nested(f)
	} else {
		a.flat(f)
	}
}

func (a *Alert) flat(f *jsonscan.Fields) {
	f.From(&a.origin)
	f.String("message", &a.Message)
	f.String("alert", &a.Name).Alias("alarm")
	f.String("info", &a.Info)
	f.String("chart", &a.Chart)
	f.String("context", &a.Context)
	f.Value("space", (*flatSpace)(&a.Space))
	if a.CapitalRooms && a.origin.Text() == "" {
		f.Value("Rooms", (*rooms)(&a.Rooms))
	} else {
		f.Value("rooms", (*rooms)(&a.Rooms)).Alias("Rooms", "ROOMS")
	}
	f.String("family", &a.Family)
	f.String("class", &a.Class)
	f.String("severity", (*string)(&a.Severity))
	f.String("date", &a.Date)
	f.String("duration", &a.Duration)
	f.Int64("additional_active_critical_alerts", &a.OtherCritical).Alias("critical_count")
	f.Int64("additional_active_warning_alerts", &a.OtherWarning).Alias("warning_count")
	f.String("alert_url", &a.URL).Alias("alarm_url")
	jsonscan.Part(f, "node", a, (*Alert).node).Omit().Only(jsonscan.AnObject)
}

// nested reads what is not of the type that was seen as it does members that are
// unknown: nobody promised the types. Name and status must be what they are.
func (a *Alert) nested(f *jsonscan.Fields) {
	const text, number, object, array = jsonscan.AString, jsonscan.ANumber, jsonscan.AnObject, jsonscan.AnArray
	f.From(&a.origin)
	f.String("message", &a.Message).Only(text)
	f.Value("space", (*nestedSpace)(&a.Space)).Only(text | object)
	jsonscan.Part(f, "node", a, (*Alert).node).Only(object)
	jsonscan.Part(f, "alert", a, (*Alert).alert)
	f.Value("rooms", (*rooms)(&a.Rooms)).Omit().Only(object|array).Alias("Rooms", "ROOMS")
	f.String("family", &a.Family).Omit().Only(text)
	f.String("date", &a.Date).Omit().Only(text)
	f.Int64("additional_active_critical_alerts", &a.OtherCritical).Omit().Only(number)
	f.Int64("additional_active_warning_alerts", &a.OtherWarning).Omit().Only(number)
}

func (a *Alert) node(f *jsonscan.Fields) {
	f.From(&a.origins.node)
	f.String("hostname", &a.Host).Only(jsonscan.AString)
}

func (a *Alert) alert(f *jsonscan.Fields) {
	const text, object = jsonscan.AString, jsonscan.AnObject
	f.From(&a.origins.alert)
	f.String("name", &a.Name)
	jsonscan.Part(f, "state", a, (*Alert).state)
	jsonscan.Part(f, "rendered", a, (*Alert).rendered).Only(object)
	jsonscan.Part(f, "chart", a, (*Alert).chart).Omit().Only(object)
	f.String("context", &a.Context).Omit().Only(text)
	jsonscan.Part(f, "duration", a, (*Alert).duration).Omit().Only(object)
	jsonscan.Part(f, "config", a, (*Alert).config).Only(object)
	f.String("url", &a.URL).Only(text)
}

func (a *Alert) state(f *jsonscan.Fields) {
	f.From(&a.origins.state)
	f.String("status", (*string)(&a.Severity))
	f.Raw("value", &a.Value).Omit()
	f.String("value_str", &a.ValueText).Omit().Only(jsonscan.AString)
}

func (a *Alert) rendered(f *jsonscan.Fields) {
	f.From(&a.origins.rendered)
	f.String("info", &a.Info).Only(jsonscan.AString)
	f.String("summary", &a.Summary).Omit().Only(jsonscan.AString)
}

func (a *Alert) chart(f *jsonscan.Fields) {
	f.From(&a.origins.chart)
	f.String("name", &a.Chart).Only(jsonscan.AString)
	f.String("id", &a.ChartID).Omit().Only(jsonscan.AString)
}

func (a *Alert) duration(f *jsonscan.Fields) {
	f.From(&a.origins.duration)
	f.Raw("value", &a.DurationValue).Omit()
	f.String("value_str", &a.Duration).Only(jsonscan.AString)
}

func (a *Alert) config(f *jsonscan.Fields) {
	f.From(&a.origins.config)
	f.String("classification", &a.Class).Only(jsonscan.AString)
}

// Cleared reports whether the alert is over.
func (a *Alert) Cleared() bool { return a.Severity.Is(Clear) }

// Time returns Date as a time, and the zero time if there is none or it is in no
// form that is understood. A date without a zone is taken as UTC.
func (a *Alert) Time() time.Time {
	if a.Date == "" {
		return time.Time{}
	}
	for _, layout := range [...]string{time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05Z07", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 Z0700",
		"2006-01-02 15:04:05 -0700 MST", "2006-01-02T15:04:05", time.DateTime, "20060102T150405Z0700", "2006-01-02T15:04Z07:00", time.DateOnly} {
		if t, err := time.Parse(layout, a.Date); err == nil {
			return t
		}
	}
	return time.Time{}
}

// Transition returns the id of the change of state, from the query of URL; "" if
// there is none.
func (a *Alert) Transition() string { return transition(a.URL) }

func transition(link string) string {
	if !strings.Contains(link, "transition=") {
		return ""
	}
	u, err := url.Parse(link)
	if err != nil {
		return ""
	}
	return u.Query().Get("transition")
}

// bare returns a as if it had been made in Go, for the other form.
func (a *Alert) bare() *Alert {
	c := *a
	c.came, c.origin, c.origins = c.Form, jsonscan.Origin{}, alertOrigins{}
	c.Space = Space{Name: a.Space.Name, Slug: a.Space.Slug}
	c.Severity = a.Severity.as(c.Form)
	if c.Form == Flat {
		c.Chart = cmp.Or(a.Chart, a.ChartID)
	}
	c.Rooms = make(Rooms, len(a.Rooms))
	for i, r := range a.Rooms {
		c.Rooms[i] = Room{Name: r.Name, URL: r.URL}
	}
	return &c
}

// Raw returns the text that a was decoded from, "" if it was made in Go.
func (a *Alert) Raw() string { return a.origin.Text() }

// Unknown iterates over the members that Alert has no field for, those of nested
// objects by their path, such as "alert.state.since".
func (a *Alert) Unknown() iter.Seq2[string, json.RawMessage] {
	objects := []struct {
		path   string
		origin jsonscan.Origin
		fields func(*Alert, *jsonscan.Fields)
	}{
		{"", a.origin, (*Alert).flat},
		{"node.", a.origins.node, (*Alert).node},
		{"alert.", a.origins.alert, (*Alert).alert},
		{"alert.state.", a.origins.state, (*Alert).state},
		{"alert.rendered.", a.origins.rendered, (*Alert).rendered},
		{"alert.chart.", a.origins.chart, (*Alert).chart},
		{"alert.duration.", a.origins.duration, (*Alert).duration},
		{"alert.config.", a.origins.config, (*Alert).config},
	}
	if a.came == Nested {
		objects[0].fields = (*Alert).nested
	}
	return func(yield func(string, json.RawMessage) bool) {
		for _, o := range objects {
			for name, value := range jsonscan.Unknown(o.origin, o.fields) {
				if !yield(o.path+name, value) {
					return
				}
			}
		}
		for name, value := range jsonscan.Unknown(a.Space.origin, (*Space).fields) {
			if !yield("space."+name, value) {
				return
			}
		}
	}
}

// AppendJSON appends a as JSON in its Form: as it came, but for the fields that
// were changed. It returns an error if a raw value is not JSON.
func (a *Alert) AppendJSON(dst []byte) ([]byte, error) {
	if a.Form != a.came && a.origin.Text() != "" {
		a = a.bare()
	}
	return jsonscan.Append(dst, a, (*Alert).fields)
}

// MarshalJSON implements json.Marshaler with [Alert.AppendJSON].
func (a Alert) MarshalJSON() ([]byte, error) { return a.AppendJSON(nil) }

// UnmarshalJSON implements json.Unmarshaler. It replaces all of a, its Form
// included. Other notifications than alerts are errors, null changes nothing.
func (a *Alert) UnmarshalJSON(data []byte) error {
	var n Notification
	if err := n.UnmarshalJSON(data); err != nil || n == (Notification{}) {
		return err
	}
	if n.Alert == nil {
		return notThe("alert")
	}
	*a = *n.Alert
	return nil
}

// Validate returns a [*payload.FieldError] if name or severity are missing.
func (a *Alert) Validate() error {
	name, severity := "alert", "severity"
	if a.Form == Nested {
		name, severity = "alert.name", "alert.state.status"
	}
	switch {
	case a.Name == "":
		return missing(name, "missing or empty")
	case a.Severity == "":
		return missing(severity, "missing or empty")
	}
	return nil
}
