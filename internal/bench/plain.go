package main

import (
	"encoding/json"
	"fmt"

	"github.com/alertwire/alertwire/payload/netdata"
	"github.com/alertwire/alertwire/payload/nightingale"
	"github.com/alertwire/alertwire/payload/payloadtest"
)

// smallGroups are bodies of a few hundred bytes to a few KiB, in the types that a
// program with nothing but encoding/json would write for them. What is encoded
// was made in Go, as what is sent.
func smallGroups() ([]group, error) {
	var groups []group
	for _, way := range []struct {
		system string
		made   appender
		plain  func() any
		decode func([]byte) error
	}{
		{"nightingale", payloadtest.NightingaleFiring(), func() any { return new(plainEvent) },
			func(b []byte) error { _, err := nightingale.Decode(b); return err }},
		{"netdata", payloadtest.NetdataAlert(netdata.Flat, netdata.Critical), func() any { return new(plainFlat) },
			func(b []byte) error { _, err := netdata.Decode(b); return err }},
	} {
		data, err := way.made.AppendJSON(nil)
		if err != nil {
			return nil, err
		}
		v := way.plain()
		if err := json.Unmarshal(data, v); err != nil {
			return nil, err
		}
		var buf []byte
		groups = append(groups, group{
			title: fmt.Sprintf("Decode a small body, %s (%d bytes)", way.system, len(data)),
			cases: []bench{
				repeat("encoding/json", false, func() error { return json.Unmarshal(data, way.plain()) }),
				repeat("alertwire", true, func() error { return way.decode(data) }),
			},
			goals: []goal{{"alertwire", cost, "encoding/json", 0.30}},
		}, group{
			title: fmt.Sprintf("Encode a small body, %s (%d bytes)", way.system, len(data)),
			cases: []bench{
				repeat("encoding/json", false, func() error { _, err := json.Marshal(v); return err }),
				repeat("alertwire, buffer given", true, func() (err error) { buf, err = way.made.AppendJSON(buf[:0]); return err }),
			},
			goals: []goal{{"alertwire, buffer given", cost, "encoding/json", 0.30}, {"alertwire, buffer given", allocs, "", 0}},
		})
	}
	return groups, nil
}

// An appender is a message of any system.
type appender interface {
	AppendJSON(dst []byte) ([]byte, error)
}

// plainFlat is the flat form of Netdata.
type plainFlat struct {
	Message       string            `json:"message"`
	Alert         string            `json:"alert"`
	Info          string            `json:"info"`
	Chart         string            `json:"chart"`
	Context       string            `json:"context"`
	Space         string            `json:"space"`
	Rooms         map[string]string `json:"rooms"`
	Family        string            `json:"family"`
	Class         string            `json:"class"`
	Severity      string            `json:"severity"`
	Date          string            `json:"date"`
	Duration      string            `json:"duration"`
	OtherCritical int64             `json:"additional_active_critical_alerts"`
	OtherWarning  int64             `json:"additional_active_warning_alerts"`
	URL           string            `json:"alert_url"`
}

// plainEvent is the event of Nightingale.
type plainEvent struct {
	ID                int64             `json:"id"`
	Cate              string            `json:"cate"`
	Cluster           string            `json:"cluster"`
	DatasourceID      int64             `json:"datasource_id"`
	GroupID           int64             `json:"group_id"`
	GroupName         string            `json:"group_name"`
	Hash              string            `json:"hash"`
	RuleID            int64             `json:"rule_id"`
	RuleName          string            `json:"rule_name"`
	RuleNote          string            `json:"rule_note"`
	RuleProd          string            `json:"rule_prod"`
	RuleAlgo          string            `json:"rule_algo"`
	Severity          int               `json:"severity"`
	PromForDuration   int               `json:"prom_for_duration"`
	PromQL            string            `json:"prom_ql"`
	RuleConfig        any               `json:"rule_config"`
	PromEvalInterval  int               `json:"prom_eval_interval"`
	Callbacks         []string          `json:"callbacks"`
	RunbookURL        string            `json:"runbook_url"`
	NotifyRecovered   int               `json:"notify_recovered"`
	NotifyChannels    []string          `json:"notify_channels,omitempty"`
	NotifyGroups      []string          `json:"notify_groups,omitempty"`
	NotifyGroupsObj   []plainTeam       `json:"notify_groups_obj,omitempty"`
	TargetIdent       string            `json:"target_ident"`
	TargetNote        string            `json:"target_note"`
	TriggerTime       int64             `json:"trigger_time"`
	TriggerValue      string            `json:"trigger_value"`
	TriggerValues     string            `json:"trigger_values"`
	TriggerValuesJSON plainValues       `json:"trigger_values_json"`
	Tags              []string          `json:"tags"`
	TagsMap           map[string]string `json:"tags_map"`
	OriginalTags      []string          `json:"original_tags"`
	Annotations       map[string]string `json:"annotations"`
	IsRecovered       bool              `json:"is_recovered"`
	NotifyUsersObj    []plainPerson     `json:"notify_users_obj,omitempty"`
	LastEvalTime      int64             `json:"last_eval_time"`
	LastSentTime      int64             `json:"last_sent_time"`
	FirstEvalTime     int64             `json:"first_eval_time"`
	NotifyCurNumber   int               `json:"notify_cur_number"`
	FirstTriggerTime  int64             `json:"first_trigger_time"`
	ExtraConfig       any               `json:"extra_config"`
	Status            int               `json:"status"`
	Claimant          string            `json:"claimant"`
	SubRuleID         int64             `json:"sub_rule_id"`
	ExtraInfo         []string          `json:"extra_info"`
	Target            *plainTarget      `json:"target"`
	RecoverConfig     struct {
		JudgeType  int    `json:"judge_type"`
		RecoverExp string `json:"recover_exp"`
	} `json:"recover_config"`
	RuleHash        string              `json:"rule_hash"`
	ShotImageBase64 map[string]string   `json:"shot_image_base64"`
	ExtraInfoMap    []map[string]string `json:"extra_info_map"`
	NotifyRuleIDs   []int64             `json:"notify_rule_ids"`
	NotifyRuleID    int64               `json:"notify_rule_id"`
	NotifyRuleName  string              `json:"notify_rule_name"`
	NotifyVersion   int                 `json:"notify_version"`
	NotifyRules     []struct {
		ID   int64  `json:"id"`
		Name string `json:"name"`
	} `json:"notify_rules"`
	RecoverTime int64 `json:"recover_time"`
}

type plainValues struct {
	WithUnit map[string]struct {
		Value float64 `json:"value"`
		Unit  string  `json:"unit"`
		Text  string  `json:"text"`
		Stat  float64 `json:"stat"`
	} `json:"values_with_unit"`
}

type plainTeam struct {
	ID               int64         `json:"id"`
	Name             string        `json:"name"`
	Note             string        `json:"note"`
	CreateAt         int64         `json:"create_at"`
	CreateBy         string        `json:"create_by"`
	UpdateAt         int64         `json:"update_at"`
	UpdateBy         string        `json:"update_by"`
	UpdateByNickname string        `json:"update_by_nickname"`
	Users            []plainPerson `json:"users"`
	BusiGroups       any           `json:"busi_groups"`
}

type plainPerson struct {
	ID             int64    `json:"id"`
	Username       string   `json:"username"`
	Nickname       string   `json:"nickname"`
	Phone          string   `json:"phone"`
	Email          string   `json:"email"`
	Portrait       string   `json:"portrait"`
	Roles          []string `json:"roles"`
	Contacts       any      `json:"contacts"`
	Maintainer     int      `json:"maintainer"`
	CreateAt       int64    `json:"create_at"`
	CreateBy       string   `json:"create_by"`
	UpdateAt       int64    `json:"update_at"`
	UpdateBy       string   `json:"update_by"`
	Belong         string   `json:"belong"`
	Admin          bool     `json:"admin"`
	UserGroups     any      `json:"user_groups"`
	BusiGroups     any      `json:"busi_groups"`
	LastActiveTime int64    `json:"last_active_time"`
}

type plainTarget struct {
	ID           int64             `json:"id"`
	GroupID      int64             `json:"group_id"`
	GroupObjs    any               `json:"group_objs"`
	Ident        string            `json:"ident"`
	Note         string            `json:"note"`
	Tags         []string          `json:"tags"`
	TagsMaps     map[string]string `json:"tags_maps"`
	UpdateAt     int64             `json:"update_at"`
	HostIP       string            `json:"host_ip"`
	AgentVersion string            `json:"agent_version"`
	EngineName   string            `json:"engine_name"`
	OS           string            `json:"os"`
	HostTags     []string          `json:"host_tags"`
	BeatTime     int64             `json:"beat_time"`
	UnixTime     int64             `json:"unixtime"`
	Offset       int64             `json:"offset"`
	TargetUp     float64           `json:"target_up"`
	MemUtil      float64           `json:"mem_util"`
	CPUNum       int               `json:"cpu_num"`
	CPUUtil      float64           `json:"cpu_util"`
	Arch         string            `json:"arch"`
	RemoteAddr   string            `json:"remote_addr"`
	GroupIDs     []int64           `json:"group_ids"`
	GroupNames   []string          `json:"group_names"`
}
