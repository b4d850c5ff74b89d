package nightingale

import (
	"encoding/json"
	"iter"

	"github.com/alertwire/alertwire/internal/jsonscan"
	"github.com/alertwire/alertwire/payload"
)

// An AlertEvent is one alert at one moment: Nightingale's AlertCurEvent, its
// fields in the order of the wire. Nightingale sends a null where a field here is
// said to be null, and never leaves a member out but for the four that say so.
type AlertEvent struct {
	ID           int64  // row in the history of alerts, another in each event; 0 from rule-level pipelines
	Cate         string // kind of data source: "prometheus", "host", "mysql", "loki", …
	Cluster      string // name of the data source
	DatasourceID int64  // id of the data source
	GroupID      int64  // id of the business group
	GroupName    string // name of the business group
	// Hash identifies the alert: rule, labels, data source, severity and
	// query, as 32 hexadecimal digits. Repeats and the recovery have the same.
	Hash string

	RuleID   int64
	RuleName string // a template that was not rendered yet, in rule-level pipelines
	RuleNote string // likewise
	RuleProd string // "metric", "host", "logging", …; may be empty
	RuleAlgo string // "" is a threshold
	Severity Severity

	PromForDuration  int             // how long the condition must hold, in seconds
	PromQL           string          // the query, whatever the kind of data source
	RuleConfig       json.RawMessage // settings of the rule; may be null
	PromEvalInterval int             // between evaluations, in seconds; 0 from rule-level pipelines
	Callbacks        []string        // URLs of the rule; may be null
	RunbookURL       string
	NotifyRecovered  int // whether a recovery is announced: 0 or 1

	NotifyChannels  []string // channels of rules of the old style; left out when empty
	NotifyGroups    []string // ids of teams, as texts; left out when empty
	NotifyGroupsObj []Team   // those teams; left out when empty; personal data

	TargetIdent string   // the host, from the tag ident
	TargetNote  string   // note on the host
	TriggerTime UnixTime // of the data point; a recovery has that of the firing
	// TriggerValue is the value as a text: a number with at most five decimals,
	// or one with its unit, or "nodata", or in the form of TriggerValues. A
	// recovery mostly has the last bad one.
	TriggerValue      string
	TriggerValues     string        // several values, as "$A: 1.5 $B: 2"
	TriggerValuesJSON TriggerValues // likewise, with their units

	// Tags are the labels, as "name=value"; the value may contain "=". The list
	// is [""] where it went through the database without any. May be null. See
	// [AlertEvent.Labels].
	Tags         []string
	TagsMap      payload.Labels // the labels, derived from Tags; may be null
	OriginalTags []string       // the labels before relabelling; may be null
	// Annotations may have recovery_value or recovery_promql_error in a
	// recovery, and ai_summary after the processor of that name. May be null.
	Annotations payload.Labels
	IsRecovered bool // the only field that tells a recovery

	NotifyUsersObj []Person // people to notify; left out when empty; personal data

	LastEvalTime     UnixTime // of the last evaluation; in a recovery, of the recovery
	LastSentTime     UnixTime // of the last notification; 0 before the first
	FirstEvalTime    UnixTime // of the first pending evaluation; usually 0
	NotifyCurNumber  int      // of the notification, from 1; 0 from rule-level pipelines
	FirstTriggerTime UnixTime // when the alert began; 0 from rule-level pipelines

	ExtraConfig json.RawMessage // further settings of the rule; may be null
	Status      int             // 0 in the open-source edition
	Claimant    string          // of the commercial edition
	SubRuleID   int64           // the subscription that sent the event on, else 0
	ExtraInfo   []string        // may be null
	Target      *Target         // the host; may be null

	RecoverConfig   RecoverConfig
	RuleHash        string           // may be empty
	ShotImageBase64 payload.Labels   // pictures of panels, by name; may be megabytes, or null
	ExtraInfoMap    []payload.Labels // may be null

	NotifyRuleIDs  []int64      // notify rules of the alert rule; may be null
	NotifyRuleID   int64        // the one at work, in its pipelines; else 0
	NotifyRuleName string       // likewise
	NotifyVersion  int          // of the notification scheme: 0 old, 1 new
	NotifyRules    []NotifyRule // may be null
	// RecoverTime is 0 in live recoveries; see [AlertEvent.RecoveredAt].
	RecoverTime UnixTime

	origin jsonscan.Origin
}

func (e *AlertEvent) fields(f *jsonscan.Fields) {
	f.From(&e.origin)
	f.Int64("id", &e.ID)
	f.String("cate", &e.Cate)
	f.String("cluster", &e.Cluster)
	f.Int64("datasource_id", &e.DatasourceID)
	f.Int64("group_id", &e.GroupID)
	f.String("group_name", &e.GroupName)
	f.String("hash", &e.Hash)
	f.Int64("rule_id", &e.RuleID)
	f.String("rule_name", &e.RuleName)
	f.String("rule_note", &e.RuleNote)
	f.String("rule_prod", &e.RuleProd)
	f.String("rule_algo", &e.RuleAlgo)
	f.Int("severity", (*int)(&e.Severity))
	f.Int("prom_for_duration", &e.PromForDuration)
	f.String("prom_ql", &e.PromQL)
	f.Raw("rule_config", &e.RuleConfig)
	f.Int("prom_eval_interval", &e.PromEvalInterval)
	f.Strings("callbacks", &e.Callbacks).Null()
	f.String("runbook_url", &e.RunbookURL)
	f.Int("notify_recovered", &e.NotifyRecovered)
	f.Strings("notify_channels", &e.NotifyChannels).Omit()
	f.Strings("notify_groups", &e.NotifyGroups).Omit()
	jsonscan.List(f, "notify_groups_obj", &e.NotifyGroupsObj, (*Team).fields).Omit()
	f.String("target_ident", &e.TargetIdent)
	f.String("target_note", &e.TargetNote)
	f.Int64("trigger_time", (*int64)(&e.TriggerTime))
	f.String("trigger_value", &e.TriggerValue)
	f.String("trigger_values", &e.TriggerValues)
	jsonscan.Struct(f, "trigger_values_json", &e.TriggerValuesJSON, (*TriggerValues).fields)
	f.Strings("tags", &e.Tags).Null()
	jsonscan.Pairs(f, "tags_map", &e.TagsMap).Null()
	f.Strings("original_tags", &e.OriginalTags).Null()
	jsonscan.Pairs(f, "annotations", &e.Annotations).Null()
	f.Bool("is_recovered", &e.IsRecovered)
	jsonscan.List(f, "notify_users_obj", &e.NotifyUsersObj, (*Person).fields).Omit()
	f.Int64("last_eval_time", (*int64)(&e.LastEvalTime))
	f.Int64("last_sent_time", (*int64)(&e.LastSentTime))
	f.Int64("first_eval_time", (*int64)(&e.FirstEvalTime))
	f.Int("notify_cur_number", &e.NotifyCurNumber)
	f.Int64("first_trigger_time", (*int64)(&e.FirstTriggerTime))
	f.Raw("extra_config", &e.ExtraConfig)
	f.Int("status", &e.Status)
	f.String("claimant", &e.Claimant)
	f.Int64("sub_rule_id", &e.SubRuleID)
	f.Strings("extra_info", &e.ExtraInfo).Null()
	jsonscan.Ref(f, "target", &e.Target, (*Target).fields)
	jsonscan.Struct(f, "recover_config", &e.RecoverConfig, (*RecoverConfig).fields)
	f.String("rule_hash", &e.RuleHash)
	jsonscan.Pairs(f, "shot_image_base64", &e.ShotImageBase64).Null()
	f.Value("extra_info_map", (*infoMaps)(&e.ExtraInfoMap)).Null()
	f.Int64s("notify_rule_ids", &e.NotifyRuleIDs).Null()
	f.Int64("notify_rule_id", &e.NotifyRuleID)
	f.String("notify_rule_name", &e.NotifyRuleName)
	f.Int("notify_version", &e.NotifyVersion)
	jsonscan.List(f, "notify_rules", &e.NotifyRules, (*NotifyRule).fields).Null()
	f.Int64("recover_time", (*int64)(&e.RecoverTime))
}

// Unknown iterates over the members of the event that AlertEvent has no field
// for.
func (e *AlertEvent) Unknown() iter.Seq2[string, json.RawMessage] {
	return jsonscan.Unknown(e.origin, (*AlertEvent).fields)
}

// Raw returns the text that e was decoded from, "" if it was made in Go.
func (e *AlertEvent) Raw() string { return e.origin.Text() }

// AppendJSON appends e as JSON: as it came, but for the fields that were
// changed. tags and tags_map are kept in step, see the package. An event made in
// Go is written with all members in the order of Nightingale, null where
// Nightingale writes null.
func (e *AlertEvent) AppendJSON(dst []byte) ([]byte, error) {
	if !agree(e.Tags, e.TagsMap) {
		copied := *e
		copied.followOrigin()
		e = &copied
	}
	return jsonscan.Append(dst, e, (*AlertEvent).fields)
}

// MarshalJSON implements json.Marshaler with [AlertEvent.AppendJSON].
func (e AlertEvent) MarshalJSON() ([]byte, error) { return e.AppendJSON(nil) }

// UnmarshalJSON implements json.Unmarshaler. It replaces all of e.
func (e *AlertEvent) UnmarshalJSON(data []byte) error {
	return payload.Syntax(source, jsonscan.Unmarshal(data, e, (*AlertEvent).fields))
}
