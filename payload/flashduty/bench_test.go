package flashduty_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/alertwire/alertwire/payload/flashduty"
	"github.com/alertwire/alertwire/payload/internal/wiretest"
	"github.com/alertwire/alertwire/payload/payloadtest"
)

// plainPush is what a program with nothing but encoding/json would use. The
// goals are ratios to it, measured in one run: decode and encode at most 0.30,
// unknown fields at most 1.10 of a body without, what is not changed at most
// 1.5 of a copy by Raw.
type plainPush struct {
	EventID   string         `json:"event_id"`
	EventTime int64          `json:"event_time"`
	EventType string         `json:"event_type"`
	Person    *plainPerson   `json:"person,omitempty"`
	Incident  *plainIncident `json:"incident,omitempty"`
	Alert     *plainAlert    `json:"alert,omitempty"`
}

type plainPerson struct {
	ID    int64  `json:"person_id"`
	Name  string `json:"person_name"`
	Email string `json:"email"`
	As    string `json:"as,omitempty"`
}

type plainResponder struct {
	ID             int64  `json:"person_id"`
	Name           string `json:"person_name"`
	Email          string `json:"email"`
	AssignedAt     int64  `json:"assigned_at"`
	AcknowledgedAt int64  `json:"acknowledged_at"`
}

type plainAssignment struct {
	AssignedAt       int64    `json:"assigned_at"`
	EscalateRuleID   string   `json:"escalate_rule_id"`
	EscalateRuleName string   `json:"escalate_rule_name"`
	ID               string   `json:"id"`
	LayerIndex       int      `json:"layer_idx"`
	Type             string   `json:"type"`
	PersonIDs        []int64  `json:"person_ids,omitempty"`
	Emails           []string `json:"emails,omitempty"`
}

type plainIncident struct {
	EventID       string                     `json:"event_id,omitempty"`
	AccountID     int64                      `json:"account_id"`
	AccountName   string                     `json:"account_name"`
	AckTime       int64                      `json:"ack_time"`
	AlertCount    int64                      `json:"alert_cnt"`
	AssignedTo    *plainAssignment           `json:"assigned_to,omitempty"`
	ChannelID     int64                      `json:"channel_id"`
	ChannelName   string                     `json:"channel_name"`
	CloseTime     int64                      `json:"close_time"`
	Closer        *plainPerson               `json:"closer,omitempty"`
	CreatedAt     int64                      `json:"created_at"`
	Creator       *plainPerson               `json:"creator,omitempty"`
	CreatorID     int64                      `json:"creator_id,omitempty"`
	DataSourceID  int64                      `json:"data_source_id"`
	DedupKey      string                     `json:"dedup_key"`
	Description   string                     `json:"description"`
	DetailURL     string                     `json:"detail_url"`
	EndTime       int64                      `json:"end_time"`
	EqualsMD5     string                     `json:"equals_md5"`
	GroupMethod   string                     `json:"group_method"`
	Impact        string                     `json:"impact"`
	ID            string                     `json:"incident_id"`
	Severity      string                     `json:"incident_severity"`
	Status        string                     `json:"incident_status"`
	Labels        map[string]string          `json:"labels,omitempty"`
	LastTime      int64                      `json:"last_time"`
	Num           string                     `json:"num"`
	Progress      string                     `json:"progress"`
	Resolution    string                     `json:"resolution"`
	ResponderIDs  []int64                    `json:"responder_ids,omitempty"`
	Responders    []plainResponder           `json:"responders,omitempty"`
	RootCause     string                     `json:"root_cause"`
	SnoozedBefore int64                      `json:"snoozed_before"`
	StartTime     int64                      `json:"start_time"`
	Title         string                     `json:"title"`
	UpdatedAt     int64                      `json:"updated_at"`
	Alerts        []plainAlert               `json:"alerts,omitempty"`
	Fields        map[string]json.RawMessage `json:"fields,omitempty"`
}

type plainAlert struct {
	AccountID       int64             `json:"account_id,omitempty"`
	ID              string            `json:"alert_id"`
	Key             string            `json:"alert_key"`
	Severity        string            `json:"alert_severity"`
	Status          string            `json:"alert_status"`
	ChannelID       int64             `json:"channel_id"`
	ChannelName     string            `json:"channel_name"`
	CloseTime       int64             `json:"close_time"`
	CreatedAt       int64             `json:"created_at"`
	DataSourceID    int64             `json:"data_source_id"`
	DataSourceName  string            `json:"data_source_name"`
	DataSourceRefID string            `json:"data_source_ref_id"`
	DataSourceType  string            `json:"data_source_type"`
	Description     string            `json:"description"`
	EndTime         int64             `json:"end_time"`
	EventCount      int64             `json:"event_cnt"`
	Incident        *plainRef         `json:"incident,omitempty"`
	Labels          map[string]string `json:"labels,omitempty"`
	LastTime        int64             `json:"last_time"`
	Progress        string            `json:"progress"`
	ResponderEmail  string            `json:"responder_email,omitempty"`
	ResponderID     int64             `json:"responder_id,omitempty"`
	ResponderName   string            `json:"responder_name,omitempty"`
	StartTime       int64             `json:"start_time"`
	Title           string            `json:"title"`
	TitleRule       string            `json:"title_rule"`
	UpdatedAt       int64             `json:"updated_at"`
}

type plainRef struct {
	ID       string `json:"incident_id"`
	Title    string `json:"title"`
	Progress string `json:"progress,omitempty"`
}

// trimmed returns p with nil for what is empty and left out.
func (p plainPush) trimmed() plainPush {
	if i := p.Incident; i != nil {
		if len(i.Labels) == 0 {
			i.Labels = nil
		}
	}
	return p
}

var benched = []string{"incident-new", "alert-merge", "custom-action"}

func BenchmarkDecode(b *testing.B) {
	for _, name := range benched {
		body := payloadtest.Body("flashduty", name)
		b.Run("json/"+name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				var p plainPush
				if err := json.Unmarshal(body, &p); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("alertwire/"+name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := flashduty.Decode(body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkEncode writes what was decoded and not changed, what was decoded
// and changed, and what was made in Go.
func BenchmarkEncode(b *testing.B) {
	for _, name := range benched {
		body := payloadtest.Body("flashduty", name)
		var plain plainPush
		if err := json.Unmarshal(body, &plain); err != nil {
			b.Fatal(err)
		}
		b.Run("json/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := json.Marshal(plain); err != nil {
					b.Fatal(err)
				}
			}
		})
		unchanged, changed := decode(b, name), decode(b, name)
		if changed.Incident != nil {
			changed.Incident.Title = "changed"
		} else {
			changed.Alert.Title = "changed"
		}
		buf := make([]byte, 0, 2*len(body))
		for kind, p := range map[string]*flashduty.Push{"unchanged": unchanged, "changed": changed, "made": wiretest.Bare(unchanged)} {
			b.Run(kind+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := p.AppendJSON(buf[:0]); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		b.Run("raw/"+name, func(b *testing.B) {
			for b.Loop() {
				buf = append(buf[:0], unchanged.Raw()...)
			}
		})
		b.Run("copy/"+name, func(b *testing.B) {
			for b.Loop() {
				copy(buf[:len(body)], body)
			}
		})
	}
}

// BenchmarkUnknown compares a body in which a fifth of the members is unknown
// with one of the same size in which all are known.
func BenchmarkUnknown(b *testing.B) {
	known := string(payloadtest.Body("flashduty", "incident-new"))
	unknown := strings.NewReplacer(`"equals_md5"`, `"equals_md4"`, `"dedup_key"`, `"dedup-key"`, `"account_name"`, `"account-name"`, `"ack_time"`, `"ack-time"`,
		`"group_method"`, `"group-method"`, `"num"`, `"mun"`, `"detail_url"`, `"detail-url"`, `"escalate_rule_name"`, `"escalate-rule-name"`).Replace(known)
	for name, body := range map[string]string{"known": known, "unknown": unknown} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := flashduty.Decode([]byte(body)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
