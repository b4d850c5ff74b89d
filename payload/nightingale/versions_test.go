package nightingale_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/nightingale"
)

// What each release of Nightingale posts decodes, whatever members it did not
// have yet or has no more. The members and their types are those of its type
// AlertCurEvent at the time; the values are invented.
func TestReleases(t *testing.T) {
	const (
		people = `"notify_users_obj":[{"id":1,"username":"root","nickname":"Root","phone":"","email":"","portrait":"","roles":["Admin"],` +
			`"contacts":{"dingtalk_robot_token":"t"},"maintainer":0,"create_at":1650000000,"create_by":"system","update_at":1650000000,"update_by":"root","admin":true}]`
		teams = `"notify_groups_obj":[{"id":2,"name":"ops","note":"","create_at":1650000000,"create_by":"root","update_at":1650000000,"update_by":"root"}]`
	)
	labels := payload.Labels{{Name: "ident", Value: "h1"}, {Name: "rulename", Value: "CPU"}}
	event := payload.Event{
		Source: "nightingale", Key: "0f1e2d3c4b5a69788796a5b4c3d2e1f0", Kind: payload.KindFiring, Severity: payload.SeverityWarning,
		Title: "CPU", Text: "n", Time: time.Unix(1650000000, 0).UTC(), Labels: labels, URL: "https://runbook.example",
	}
	with := func(change func(*payload.Event)) payload.Event {
		e := event
		change(&e)
		return e
	}
	tests := []struct {
		name    string
		body    string
		want    payload.Event
		unknown []string
		check   func(t *testing.T, e *nightingale.AlertEvent)
	}{
		{
			name: "5.0, an object without tags_map and without a number",
			body: `{"id":7,"cluster":"Default","group_id":1,"hash":"0f1e2d3c4b5a69788796a5b4c3d2e1f0","rule_id":3,"rule_name":"CPU","rule_note":"n","severity":2,` +
				`"prom_for_duration":60,"prom_ql":"cpu>1","prom_eval_interval":15,"callbacks":[],"runbook_url":"https://runbook.example","notify_recovered":1,` +
				`"notify_channels":["dingtalk"],"notify_groups":["2"],` + teams + `,"notify_repeat_next":1650003600,"target_ident":"h1","target_note":"","trigger_time":1650000000,` +
				`"trigger_value":"9.5","tags":["ident=h1","rulename=CPU"],"is_recovered":false,` + people + `,"last_eval_time":1650000015}`,
			want:    event,
			unknown: []string{"notify_repeat_next"},
			check: func(t *testing.T, e *nightingale.AlertEvent) {
				assert.Equal(t, []string{"2"}, e.NotifyGroups)
				assert.Equal(t, "ops", e.NotifyGroupsObj[0].Name)
				assert.Equal(t, []string{"Admin"}, e.NotifyUsersObj[0].Roles)
				assert.JSONEq(t, `{"dingtalk_robot_token":"t"}`, string(e.NotifyUsersObj[0].Contacts))
				assert.True(t, e.NotifyUsersObj[0].Admin)
				assert.Nil(t, e.TagsMap)
				assert.NotEmpty(t, e.DeliveryID(), "made of the time of the evaluation")
			},
		}, {
			name: "5.0, a recovery, with null for what is none",
			body: `{"id":8,"cluster":"Default","group_id":1,"hash":"0f1e2d3c4b5a69788796a5b4c3d2e1f0","rule_id":3,"rule_name":"CPU","rule_note":"n","severity":2,` +
				`"prom_for_duration":60,"prom_ql":"cpu>1","prom_eval_interval":15,"callbacks":null,"runbook_url":"https://runbook.example","notify_recovered":1,"notify_channels":null,` +
				`"notify_groups":null,"notify_groups_obj":null,"notify_repeat_next":0,"target_ident":"h1","target_note":"","trigger_time":1650000000,"trigger_value":"9.5",` +
				`"tags":["ident=h1","rulename=CPU"],"is_recovered":true,"notify_users_obj":null,"last_eval_time":1650000600}`,
			want: with(func(e *payload.Event) {
				e.Kind, e.Time = payload.KindResolved, time.Unix(1650000600, 0).UTC()
			}),
			unknown: []string{"notify_repeat_next"},
		}, {
			name: "6, with annotations and numbers, no target yet",
			body: `{"id":9,"cate":"prometheus","cluster":"prom","datasource_id":1,"group_id":1,"group_name":"g","hash":"0f1e2d3c4b5a69788796a5b4c3d2e1f0","rule_id":3,"rule_name":"CPU",` +
				`"rule_note":"n","rule_prod":"metric","rule_algo":"","severity":2,"prom_for_duration":60,"prom_ql":"cpu\u003e1","rule_config":{"queries":[{"prom_ql":"cpu\u003e1","severity":2}]},` +
				`"prom_eval_interval":15,"callbacks":[],"runbook_url":"https://runbook.example","notify_recovered":1,"notify_channels":["email"],"notify_groups":["2"],` + teams + `,"target_ident":"h1",` +
				`"target_note":"","trigger_time":1650000000,"trigger_value":"9.5","tags":["ident=h1","rulename=CPU"],"tags_map":{"ident":"h1","rulename":"CPU"},"annotations":{"summary":"s"},` +
				`"is_recovered":false,` + people + `,"last_eval_time":1650000015,"last_sent_time":1650000015,"notify_cur_number":1,"first_trigger_time":1650000000,"extra_config":null,` +
				`"status":0,"claimant":"","sub_rule_id":0,"extra_info":null}`,
			want: with(func(e *payload.Event) {
				e.Text, e.Annotations = "s", payload.Labels{{Name: "summary", Value: "s"}}
			}),
			check: func(t *testing.T, e *nightingale.AlertEvent) {
				assert.Equal(t, 1, e.NotifyCurNumber)
				assert.Nil(t, e.Target)
				assert.Equal(t, "cpu>1", e.PromQL)
			},
		}, {
			name: "7, a host, with a target of that time and a rule_config that is a list",
			body: `{"id":10,"cate":"host","cluster":"","datasource_id":0,"group_id":1,"group_name":"g","hash":"0f1e2d3c4b5a69788796a5b4c3d2e1f0","rule_id":3,"rule_name":"CPU","rule_note":"n",` +
				`"rule_prod":"host","rule_algo":"","severity":1,"prom_for_duration":0,"prom_ql":"","rule_config":[{"type":"target_miss","severity":1}],"prom_eval_interval":15,"callbacks":[],` +
				`"runbook_url":"https://runbook.example","notify_recovered":1,"target_ident":"h1","target_note":"","trigger_time":1650000000,"trigger_value":"3600","trigger_values":"",` +
				`"tags":["ident=h1","rulename=CPU"],"tags_map":{"ident":"h1","rulename":"CPU"},"original_tags":["",""],"annotations":{},"is_recovered":false,"last_eval_time":1650000015,` +
				`"last_sent_time":0,"notify_cur_number":2,"first_trigger_time":1650000000,"extra_config":{"enrich_queries":[]},"status":0,"claimant":"","sub_rule_id":4,"extra_info":["a"],` +
				`"target":{"id":5,"group_id":1,"group_obj":null,"ident":"h1","note":"","tags":["a=b"],"tags_maps":{"a":"b"},"update_at":1650000000,"host_ip":"192.0.2.1","agent_version":"v0.3",` +
				`"engine_name":"default","unixtime":1650000000123,"offset":-3,"target_up":2,"mem_util":41.5,"cpu_num":8,"cpu_util":3.25,"os":"linux","arch":"amd64","remote_addr":"192.0.2.1"},` +
				`"recover_config":{"judge_type":0,"recover_exp":""},"rule_hash":"","extra_info_map":[{"k":"v"}]}`,
			want: with(func(e *payload.Event) { e.Severity, e.Annotations = payload.SeverityCritical, payload.Labels{} }),
			check: func(t *testing.T, e *nightingale.AlertEvent) {
				require.NotNil(t, e.Target)
				assert.Equal(t, []any{"h1", 2.0, 41.5, 8, int64(-3)}, []any{e.Target.Ident, e.Target.TargetUp, e.Target.MemUtil, e.Target.CPUNum, e.Target.Offset})
				assert.JSONEq(t, `[{"type":"target_miss","severity":1}]`, string(e.RuleConfig))
				assert.Equal(t, []payload.Labels{{{Name: "k", Value: "v"}}}, e.ExtraInfoMap)
			},
		}, {
			name: "8.0, the values with their units, no notify_rule_id yet",
			body: `{"id":1097371,"cate":"prometheus","cluster":"prom","datasource_id":1,"group_id":2,"group_name":"g","hash":"0f1e2d3c4b5a69788796a5b4c3d2e1f0","rule_id":54,"rule_name":"CPU","rule_note":"n",` +
				`"rule_prod":"metric","rule_algo":"","severity":2,"prom_for_duration":0,"prom_ql":"cpu","rule_config":{"algo_params":null,"inhibit":false,"queries":[{"from":0,"to":0,"prom_ql":"cpu",` +
				`"range":{"display":"now to now","end":"now","start":"now"},"severity":2,"unit":"none"}]},"prom_eval_interval":15,"callbacks":[],"runbook_url":"https://runbook.example","notify_recovered":1,` +
				`"target_ident":"h1","target_note":"","trigger_time":1650000000,"trigger_value":"33.06867","trigger_values":"","trigger_values_json":{"values_with_unit":{"v":{"value":33.06867479671808,` +
				`"unit":"","text":"33.07","stat":33.06867479671808}}},"tags":["ident=h1","rulename=CPU"],"tags_map":{"ident":"h1","rulename":"CPU"},"original_tags":["","","",""],"annotations":{},` +
				`"is_recovered":false,"last_eval_time":1650000000,"last_sent_time":1650000000,"notify_cur_number":1,"first_trigger_time":1650000000,"extra_config":{"enrich_queries":[]},"status":0,` +
				`"claimant":"","sub_rule_id":0,"extra_info":null,"target":null,"recover_config":{"judge_type":0,"recover_exp":""},"rule_hash":"dc128d86","extra_info_map":null,"notify_rule_ids":[3],` +
				`"notify_version":0,"notify_rules":null}`,
			want: with(func(e *payload.Event) { e.Annotations = payload.Labels{} }),
			check: func(t *testing.T, e *nightingale.AlertEvent) {
				require.Len(t, e.TriggerValuesJSON.WithUnit, 1)
				v := e.TriggerValuesJSON.WithUnit[0]
				assert.Equal(t, []any{"v", 33.06867479671808, "33.07"}, []any{v.Name, v.Value, v.Text})
				assert.Equal(t, []int64{3}, e.NotifyRuleIDs)
			},
		}, {
			name: "a release to come",
			body: `{"rule_name":"CPU","rule_note":"n","hash":"0f1e2d3c4b5a69788796a5b4c3d2e1f0","severity":2,"trigger_time":1650000000,"runbook_url":"https://runbook.example",` +
				`"tags_map":{"ident":"h1","rulename":"CPU"},"severity_name":"S2","workspace":{"id":1}}`,
			want:    event,
			unknown: []string{"severity_name", "workspace"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, form := range []string{tt.body, "[" + tt.body + "]", " [ " + tt.body + " ]\n"} {
				p, err := payload.Formats{nightingale.Format()}.Decode([]byte(form))
				require.NoError(t, err)
				require.NoError(t, p.Validate())
				m := p.(*nightingale.Message)
				assert.Equal(t, form != tt.body, m.Array)
				require.Len(t, m.Alerts, 1)

				events := m.Events()
				require.Len(t, events, 1)
				tt.want.ID = m.Alerts[0].DeliveryID()
				assert.Equal(t, tt.want, events[0])
				assert.Equal(t, tt.unknown, slices.Sorted(maps.Keys(maps.Collect(m.Alerts[0].Unknown()))))
				if tt.check != nil {
					tt.check(t, &m.Alerts[0])
				}
				b, err := m.AppendJSON(nil)
				require.NoError(t, err)
				assert.Equal(t, form, string(b))
			}
		})
	}
}

// Bodies of the operator's design, and what other programs make of an event, are
// told from events: they are refused, with the field where there is one.
func TestNotQuiteEvents(t *testing.T) {
	formats := payload.Formats{nightingale.Format()}
	for body, want := range map[string]string{
		`{"events":[{"rule_name":"r","hash":"h"}],"sendtos":["x"],"tpl":{"content":"c"}}`: "unknown format",
		`{"event":{"rule_name":"r","hash":"h"},"tpls":{}}`:                                "unknown format",
		`{"dat":{"rule_name":"r"},"err":""}`:                                              "unknown format",
		`{"rule_name":"r","hash":"h","severity":"2"}`:                                     "severity: want a number",
		`{"rule_name":"r","hash":"h","severity":2.5}`:                                     "severity: ",
		`{"rule_name":"r","hash":"h","trigger_time":"1650000000"}`:                        "trigger_time: want a number",
		`{"rule_name":"r","hash":"h","trigger_value":9.5}`:                                "trigger_value: want a string",
		`{"rule_name":"r","hash":"h","is_recovered":1}`:                                   "is_recovered: want a boolean", // as in the history
		`{"rule_name":"r","hash":"h","tags":"a=b,,c=d"}`:                                  "tags: want an array",          // as in the database
		`[{"rule_name":"r","hash":"h"},null]`:                                             "[1]: want an object",
		`{"rule_name":"r","hash":"h","id":"event-id"}`:                                    "id: want a number", // as on the page of event_update
	} {
		_, err := formats.Decode([]byte(body))
		require.ErrorContains(t, err, want, body)
	}
	for _, e := range []string{"3600000000000000000", "-1", "0"} { // times beyond all bounds, and none
		_, err := formats.Decode([]byte(strings.Replace(`{"rule_name":"r","hash":"h","trigger_time":N}`, "N", e, 1)))
		require.NoError(t, err)
	}
}
