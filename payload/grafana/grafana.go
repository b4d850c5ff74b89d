// Package grafana reads and writes the webhook messages of Grafana Alerting.
//
//	m, err := grafana.Decode(body)
//	for i := range m.Alerts {
//		a := &m.Alerts[i]
//		fmt.Println(a.Status, a.Labels.Get("alertname"), a.Values)
//	}
//
// They are Alertmanager's messages with more in them, and with traps of their
// own. A [Message] holds what the body says and nothing else.
//
// # What a receiver should know
//
// Grafana does not repeat a message that was refused, whatever the status: the
// next one comes with the next group interval, and an alert that is over by
// then is lost. Store or queue, then answer 2xx. Its users choose POST or PUT,
// and may set any Content-Type:
//
//	payload.HandlerOptions{Methods: []string{"POST", "PUT"}, ContentTypes: []string{"*"}}
//
// A fingerprint is computed over labels that are not sent: it cannot be
// verified. URLs and texts contain the time of sending, so that no two messages
// have the same bytes; [Message.DeliveryID] sees through that.
//
// # Events
//
// Each alert is one event:
//
//	Source       "grafana"
//	ID           payload.ID of orgId, receiver, groupKey, fingerprint, status, startsAt
//	Key          orgId and fingerprint, such as "1/94c30027d2d25c22"
//	Kind         firing or resolved; test for the alert of the Test button, which
//	             has alertname TestAlert and instance Grafana, or a group that is
//	             named after its fingerprint
//	Severity     label severity, priority or level, by payload.ParseSeverity
//	Title        annotation summary or title, label alertname
//	Text         annotation description or message; summary or title of more than
//	             one line; valueString
//	Time         endsAt if resolved, else startsAt
//	Labels       labels
//	Annotations  annotations
//	URL          panelURL, dashboardURL, generatorURL, externalURL
//
// Where several are named, the first that is not empty counts. An alert without
// fingerprint, which Grafana does not send, has no ID and no Key.
package grafana

import (
	"encoding/json"
	"fmt"
	"iter"
	"time"

	"github.com/alertwire/alertwire/internal/jsonscan"
	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/internal/prom"
)

const source = "grafana"

// Status is the state of an alert, or of a group: firing if any alert in it is.
type Status string

// What Grafana sends as a Status.
const (
	Firing   Status = "firing"
	Resolved Status = "resolved"
)

// A Message is what Grafana posts: the alerts of one group. The fields are in
// the order of the wire.
type Message struct {
	// Receiver is the name of the contact point as it came, with the special
	// characters of regular expressions quoted; see [Message.ReceiverName].
	Receiver          string
	Status            Status
	Alerts            []Alert
	GroupLabels       payload.Labels
	CommonLabels      payload.Labels
	CommonAnnotations payload.Labels
	ExternalURL       string
	AppVersion        string // of Grafana, since 13
	Version           string // "1"
	// GroupKey identifies the group together with OrgID and Receiver. It
	// cannot be parsed.
	GroupKey string
	// TruncatedAlerts is how many alerts were cut off. Nothing else is ever
	// sent about them, and Status does not count them.
	TruncatedAlerts int64
	OrgID           int64
	Title           string // for people, as are State and Message
	State           string // "alerting" or "ok"
	Message         string

	origin jsonscan.Origin
}

// An Alert is one alert of a [Message].
type Alert struct {
	Status Status
	// Labels do not include those named __x__.
	Labels      payload.Labels
	Annotations payload.Labels
	StartsAt    time.Time
	// EndsAt is the zero time while the alert fires.
	EndsAt       time.Time
	GeneratorURL string
	// Fingerprint identifies the alert. It is not that of Labels.
	Fingerprint   string
	SilenceURL    string
	DashboardURL  string // may be empty, and holds the time of sending
	PanelURL      string // likewise
	RuleUID       string
	Values        Values
	ValueString   string // the values as text
	ImageURL      string
	EmbeddedImage string
	OrgID         int64
	Enrichments   json.RawMessage // any JSON

	origin jsonscan.Origin
}

func (m *Message) fields(f *jsonscan.Fields) {
	f.From(&m.origin)
	f.String("receiver", &m.Receiver)
	f.String("status", (*string)(&m.Status))
	jsonscan.List(f, "alerts", &m.Alerts, (*Alert).fields)
	jsonscan.Pairs(f, "groupLabels", &m.GroupLabels)
	jsonscan.Pairs(f, "commonLabels", &m.CommonLabels)
	jsonscan.Pairs(f, "commonAnnotations", &m.CommonAnnotations)
	f.String("externalURL", &m.ExternalURL)
	f.String("appVersion", &m.AppVersion).Omit()
	f.String("version", &m.Version)
	f.String("groupKey", &m.GroupKey)
	f.Int64("truncatedAlerts", &m.TruncatedAlerts)
	f.Int64("orgId", &m.OrgID)
	f.String("title", &m.Title)
	f.String("state", &m.State)
	f.String("message", &m.Message)
}

func (a *Alert) fields(f *jsonscan.Fields) {
	f.From(&a.origin)
	f.String("status", (*string)(&a.Status))
	jsonscan.Pairs(f, "labels", &a.Labels)
	jsonscan.Pairs(f, "annotations", &a.Annotations)
	f.Time("startsAt", &a.StartsAt)
	f.Time("endsAt", &a.EndsAt)
	f.String("generatorURL", &a.GeneratorURL)
	f.String("fingerprint", &a.Fingerprint)
	f.String("silenceURL", &a.SilenceURL)
	f.String("dashboardURL", &a.DashboardURL)
	f.String("panelURL", &a.PanelURL)
	f.String("ruleUID", &a.RuleUID).Omit()
	f.Value("values", (*values)(&a.Values)).Null()
	f.String("valueString", &a.ValueString)
	f.String("imageURL", &a.ImageURL).Omit()
	f.String("embeddedImage", &a.EmbeddedImage).Omit()
	f.Int64("orgId", &a.OrgID).Omit()
	f.Raw("enrichments", &a.Enrichments).Omit()
}

// Format returns the format for [payload.Formats]: a message of Alertmanager's
// shape, not of its version, with an orgId or with a title and a state; of these
// three one is enough in version "1". It comes before the format of package
// alertmanager.
func Format() payload.Format {
	return payload.NewFormat(source, func(s payload.Shape) bool {
		if s.Kind() != "object" || s.KindOf("alerts") != "array" {
			return false
		}
		switch s.Text("version") {
		case "4":
			return false
		case "1":
			return s.Has("orgId") || s.Has("title") || s.Has("state")
		default:
			return s.Has("orgId") || s.Has("title", "state")
		}
	}, Decode)
}

// Decode decodes a message. It returns a [*payload.SyntaxError] for a body that
// is not a JSON object, or has a known field of the wrong type. An object
// without alerts is a body that the operator designed, or of the alerting
// before Grafana 9: that is an error which wraps [payload.ErrFormat].
func Decode(data []byte) (*Message, error) {
	m := new(Message)
	if err := jsonscan.Decode(data, m, (*Message).fields); err != nil {
		return nil, payload.Syntax(source, err)
	}
	if m.Alerts == nil {
		return nil, fmt.Errorf("payload: %s: %w: no alerts, so this is not the default payload", source, payload.ErrFormat)
	}
	return m, nil
}

// Raw returns the text that m was decoded from, "" if it was made in Go. That
// is the way to pass on a message that was not changed.
func (m *Message) Raw() string { return m.origin.Text() }

// Unknown iterates over the members of the message that Message has no field
// for.
func (m *Message) Unknown() iter.Seq2[string, json.RawMessage] {
	return jsonscan.Unknown(m.origin, (*Message).fields)
}

// AppendJSON appends m as JSON: as it came, but for the fields that were
// changed. It returns an error if a time is beyond the year 9999, a value is
// not finite, or the enrichments are not JSON.
func (m *Message) AppendJSON(dst []byte) ([]byte, error) {
	return jsonscan.Append(dst, m, (*Message).fields)
}

// MarshalJSON implements json.Marshaler with [Message.AppendJSON].
func (m Message) MarshalJSON() ([]byte, error) { return m.AppendJSON(nil) }

// UnmarshalJSON implements json.Unmarshaler. It replaces all of m.
func (m *Message) UnmarshalJSON(data []byte) error {
	return payload.Syntax(source, jsonscan.Unmarshal(data, m, (*Message).fields))
}

// Unknown iterates over the members of the alert that Alert has no field for.
func (a *Alert) Unknown() iter.Seq2[string, json.RawMessage] {
	return jsonscan.Unknown(a.origin, (*Alert).fields)
}

// AppendJSON appends a as JSON, as [Message.AppendJSON].
func (a *Alert) AppendJSON(dst []byte) ([]byte, error) {
	return jsonscan.Append(dst, a, (*Alert).fields)
}

// MarshalJSON implements json.Marshaler with [Alert.AppendJSON].
func (a Alert) MarshalJSON() ([]byte, error) { return a.AppendJSON(nil) }

// UnmarshalJSON implements json.Unmarshaler. It replaces all of a.
func (a *Alert) UnmarshalJSON(data []byte) error {
	return payload.Syntax(source, jsonscan.Unmarshal(data, a, (*Alert).fields))
}

// Validate returns a [*payload.FieldError] for a message without a list of
// alerts, or with an alert that has no labels.
func (m *Message) Validate() error {
	return prom.Validate(source, m.Alerts, func(a *Alert) payload.Labels { return a.Labels })
}

// ReceiverName returns the name of the contact point as the operator wrote it.
func (m *Message) ReceiverName() string { return prom.UnquoteReceiver(m.Receiver) }

// Truncated reports whether alerts were cut off.
func (m *Message) Truncated() bool { return m.TruncatedAlerts > 0 }

// AllResolved reports whether the whole group is resolved. Status alone does
// not say so: alerts that were cut off may still fire.
func (m *Message) AllResolved() bool { return m.Status == Resolved && !m.Truncated() }
