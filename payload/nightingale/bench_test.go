package nightingale_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/nightingale"
	"github.com/alertwire/alertwire/payload/payloadtest"
)

// plainEvent is what a program with nothing but encoding/json would use: maps
// for labels, any for what has no fixed form. The goals are ratios to it,
// measured in one run: decode and encode at most 0.30, encode without an
// allocation, bytes that came at most 1.5 of a copy, unknown members at most
// 1.10 of known ones.
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

// busy returns the body of an event with everything in it that a busy
// installation sends: 56 members, about 4 KiB.
func busy() []byte {
	var p plainEvent
	if err := json.Unmarshal(payloadtest.Body("nightingale", "event-all-56-keys"), &p); err != nil {
		panic(err)
	}
	query := `avg(rate(node_cpu_seconds_total{mode="idle",job="node",cluster="eu-west-1-prod"}[5m])) by (instance, job) * 100 < 10`
	p.PromQL = query
	config, err := json.Marshal(map[string]any{
		"queries":    []map[string]any{{"prom_ql": query, "severity": 2, "unit": "percent", "keys": map[string]string{"labelKey": "", "valueKey": ""}}},
		"inhibit":    false,
		"triggers":   []map[string]any{{"mode": 0, "exp": "$A < 10", "severity": 2, "expressions": []map[string]any{{"ref": "A", "comparisonOperator": "<", "value": 10}}}},
		"task_tpls":  nil,
		"override":   map[string]any{"enabled": false, "variables": []string{"cluster", "job", "instance"}},
		"recover":    map[string]any{"judge_type": 2, "exp": "$A > 20"},
		"annotation": "the average of idle time over five minutes, by instance",
	})
	if err != nil {
		panic(err)
	}
	p.RuleConfig = json.RawMessage(config)
	p.Tags = nil
	p.TagsMap = map[string]string{}
	for i, name := range []string{"__name__", "cluster", "container", "endpoint", "env", "ident", "instance", "job", "namespace", "pod", "rulename", "service"} {
		value := fmt.Sprintf("%s-value-%02d", name, i)
		p.Tags = append(p.Tags, name+"="+value)
		p.TagsMap[name] = value
	}
	p.OriginalTags = p.Tags
	p.Annotations["description"] = "Idle time of node-01.eu-west-1.example.com is below 10% for more than five minutes; jobs may be late."
	p.Annotations["dashboard"] = "https://grafana.example.com/d/nodes/overview?var-instance=node-01&from=now-1h&to=now"
	b, err := json.Marshal(p)
	if err != nil {
		panic(err)
	}
	return b
}

func bodies() map[string][]byte {
	return map[string][]byte{"firing": payloadtest.Body("nightingale", "event-firing"), "busy": busy()}
}

func BenchmarkDecode(b *testing.B) {
	for name, body := range bodies() {
		b.Run("json/"+name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				var e plainEvent
				if err := json.Unmarshal(body, &e); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("alertwire/"+name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := nightingale.Decode(body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkShape(b *testing.B) {
	for name, body := range bodies() {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s, err := payload.ShapeOf(body)
				if err != nil || s.Text("hash") == "" || s.Text("rule_name") == "" {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkEncode writes what was made in Go, what was decoded and not changed,
// and what was decoded and changed.
func BenchmarkEncode(b *testing.B) {
	for name, body := range bodies() {
		var plain plainEvent
		if err := json.Unmarshal(body, &plain); err != nil {
			b.Fatal(err)
		}
		b.Run("json/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := json.Marshal(&plain); err != nil {
					b.Fatal(err)
				}
			}
		})
		unchanged, changed := decode(b, body), decode(b, body)
		changed.Alerts[0].SetLabels(changed.Alerts[0].Labels().With("team", "db"))
		made := &nightingale.Message{Alerts: []nightingale.AlertEvent{*madeEvent(&unchanged.Alerts[0])}}
		buf := make([]byte, 0, 2*len(body))
		for _, v := range []struct {
			name string
			m    *nightingale.Message
		}{{"made", made}, {"unchanged", unchanged}, {"changed", changed}} {
			b.Run(v.name+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := v.m.AppendJSON(buf[:0]); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		b.Run("raw/"+name, func(b *testing.B) {
			b.ReportAllocs()
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

// BenchmarkUnknown compares a body in which a dozen members are unknown with the
// same body in which they are known.
func BenchmarkUnknown(b *testing.B) {
	known := busy()
	unknown := []byte(strings.NewReplacer(`"group_name"`, `"group_nam_"`, `"prom_ql"`, `"prom_q_"`, `"runbook_url"`, `"runbook_ur_"`,
		`"target_note"`, `"target_not_"`, `"trigger_values"`, `"trigger_value_"`, `"original_tags"`, `"original_tag_"`,
		`"rule_hash"`, `"rule_has_"`, `"status"`, `"statu_"`, `"claimant"`, `"claiman_"`, `"sub_rule_id"`, `"sub_rule_i_"`,
		`"notify_version"`, `"notify_versio_"`, `"recover_time"`, `"recover_tim_"`).Replace(string(known)))
	for _, v := range []struct {
		name string
		body []byte
	}{{"known", known}, {"unknown", unknown}} {
		b.Run(v.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := nightingale.Decode(v.body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
