package alertmanager_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/alertmanager"
)

// What releases, relatives and imitators of Alertmanager post decodes. The values
// are invented.
func TestSenders(t *testing.T) {
	began := time.Date(2024, 1, 15, 10, 30, 0, 0, time.UTC)
	labels := payload.Labels{{Name: "alertname", Value: "High"}, {Name: "severity", Value: "warning"}}
	fingerprint := alertmanager.Fingerprint(labels)
	event := payload.Event{
		Source: "alertmanager", Key: fingerprint, Kind: payload.KindFiring, Severity: payload.SeverityWarning,
		Title: "s", Time: began, Labels: labels, Annotations: payload.Labels{{Name: "summary", Value: "s"}}, URL: "http://p.example/graph",
	}
	with := func(change func(*payload.Event)) payload.Event {
		e := event
		change(&e)
		return e
	}
	const (
		base = `"labels":{"alertname":"High","severity":"warning"},"annotations":{"summary":"s"},"startsAt":"2024-01-15T10:30:00Z","endsAt":"0001-01-01T00:00:00Z",` +
			`"generatorURL":"http://p.example/graph"`
		group = `"groupLabels":{"alertname":"High"},"commonLabels":{},"commonAnnotations":{},"externalURL":"http://am.example:9093"`
	)
	tests := []struct {
		name    string
		body    string
		want    payload.Event
		unknown []string
		check   func(t *testing.T, m *alertmanager.Message)
	}{
		{
			name: "0.15, without fingerprint and truncatedAlerts",
			body: `{"receiver":"web\\.hook","status":"firing","alerts":[{"status":"firing",` + base + `}],` + group + `,"version":"4","groupKey":"{}:{alertname=\"High\"}"}`,
			want: event,
			check: func(t *testing.T, m *alertmanager.Message) {
				assert.Equal(t, "web.hook", m.ReceiverName())
				assert.Empty(t, m.Alerts[0].Fingerprint)
				assert.False(t, m.Truncated())
			},
		}, {
			name: "cut off by max_alerts, resolved as far as it goes",
			body: `{"receiver":"r","status":"resolved","alerts":[{"status":"resolved","labels":{"alertname":"High","severity":"warning"},"annotations":{"summary":"s"},` +
				`"startsAt":"2024-01-15T10:30:00Z","endsAt":"2024-01-15T11:30:00.5+01:00","generatorURL":"http://p.example/graph","fingerprint":"` + fingerprint + `"}],` + group +
				`,"version":"4","groupKey":"g","truncatedAlerts":18446744073709551615}`,
			want: with(func(e *payload.Event) {
				e.Kind, e.Time = payload.KindResolved, began.Add(time.Second/2)
			}),
			check: func(t *testing.T, m *alertmanager.Message) {
				assert.Equal(t, uint64(1<<64-1), m.TruncatedAlerts)
				assert.False(t, m.AllResolved())
			},
		}, {
			name: "names in UTF-8, as since 0.27",
			body: `{"receiver":"r","status":"firing","alerts":[{"status":"firing","labels":{"alertname":"High","service.name":"über","severity":"warning"},"annotations":{"summary":"s"},` +
				`"startsAt":"2024-01-15T10:30:00Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://p.example/graph","fingerprint":"00000000000000ff"}],` + group +
				`,"version":"4","groupKey":"g","truncatedAlerts":0}`,
			want: with(func(e *payload.Event) {
				e.Key, e.Labels = "00000000000000ff", payload.Labels{labels[0], {Name: "service.name", Value: "über"}, labels[1]}
			}),
		}, {
			name: "a relative with more to say",
			body: `{"receiver":"r","status":"firing","alerts":[{"status":"firing",` + base + `,"fingerprint":"f","tenant":"a"}],` + group +
				`,"version":"4","groupKey":"g","truncatedAlerts":0,"tenant":{"id":1},"id":"x"}`,
			want:    with(func(e *payload.Event) { e.Key = "f" }),
			unknown: []string{"id", "tenant"},
		}, {
			name: "a program that leaves out what it does not know",
			body: `{"alerts":[{` + base + `}]}`,
			want: event,
		}, {
			name: "a program with null and empty texts for what it does not know",
			body: `{"receiver":null,"status":null,"alerts":[{"status":null,"labels":{"alertname":"High","severity":"warning"},"annotations":null,"startsAt":"","endsAt":null,"generatorURL":null,` +
				`"fingerprint":null}],"groupLabels":null,"commonLabels":null,"commonAnnotations":null,"externalURL":null,"version":null,"groupKey":null,"truncatedAlerts":null}`,
			want: with(func(e *payload.Event) {
				e.Title, e.Time, e.Annotations, e.URL = "High", time.Time{}, nil, ""
			}),
		}, {
			name: "the status of the group alone",
			body: `{"status":"resolved","alerts":[{` + base + `}],"version":"4"}`,
			want: with(func(e *payload.Event) { e.Kind = payload.KindResolved }),
		}, {
			name: "an end in the past alone",
			body: `{"alerts":[{"labels":{"alertname":"High","severity":"warning"},"annotations":{"summary":"s"},"startsAt":"2024-01-15T10:30:00Z","endsAt":"2024-01-15T10:31:00Z",` +
				`"generatorURL":"http://p.example/graph"}]}`,
			want: with(func(e *payload.Event) { e.Kind, e.Time = payload.KindResolved, began.Add(time.Minute) }),
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := payload.Formats{alertmanager.Format()}.Decode([]byte(tt.body + "\n"))
			require.NoError(t, err)
			require.NoError(t, p.Validate())
			m := p.(*alertmanager.Message)
			events := m.Events()
			require.Len(t, events, 1)
			assert.NotEmpty(t, events[0].ID)
			assert.True(t, events[0].Time.Equal(tt.want.Time), "%v", events[0].Time)
			tt.want.ID, tt.want.Time = events[0].ID, events[0].Time
			assert.Equal(t, tt.want, events[0])
			assert.Equal(t, tt.unknown, slices.Sorted(maps.Keys(maps.Collect(m.Unknown()))))
			if tt.check != nil {
				tt.check(t, m)
			}
			b, err := m.AppendJSON(nil)
			require.NoError(t, err)
			assert.Equal(t, tt.body+"\n", string(b))
		})
	}
}

// A storm of alerts with annotations of a megabyte, of escapes, line ends and all
// of Unicode.
func TestHugeMessage(t *testing.T) {
	text := strings.Repeat("line <1> & \"quoted\" \\ \u2028 \U0001f525 é\n\t", 1<<20/40)
	const alerts = 2000
	var b strings.Builder
	b.WriteString(`{"receiver":"r","status":"firing","alerts":[`)
	for i := range alerts {
		annotation := "small"
		if i == alerts-1 {
			annotation = text
		}
		quoted, err := json.Marshal(annotation)
		require.NoError(t, err)
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"status":"firing","labels":{"alertname":"A","n":"%d"},"annotations":{"description":%s},"startsAt":"2024-01-15T10:30:00.000000001Z","endsAt":"0001-01-01T00:00:00Z"}`, i, quoted)
	}
	b.WriteString(`],"version":"4","groupKey":"g","truncatedAlerts":7}`)
	m, err := alertmanager.Decode([]byte(b.String()))
	require.NoError(t, err)
	require.NoError(t, m.Validate())
	require.Len(t, m.Alerts, alerts)
	last := m.Events()[alerts-1]
	assert.Equal(t, text, last.Text)
	assert.Equal(t, 1, last.Time.Nanosecond())
	ids := map[string]bool{}
	for _, e := range m.Events() {
		ids[e.ID] = true
	}
	assert.Len(t, ids, alerts)
	again, err := m.AppendJSON(nil)
	require.NoError(t, err)
	assert.Equal(t, len(b.String()), len(again))
}

// What is refused names the field, so that the operator of the sender finds it in
// the log.
func TestNotQuiteMessages(t *testing.T) {
	for body, want := range map[string]string{
		`{"alerts":[{"labels":{"alertname":"A","code":500}}]}`:                        "alerts[0].labels.code: want a string, found a number",
		`{"alerts":[{"labels":{"alertname":"A"}},{"labels":["a"]}]}`:                  "alerts[1].labels: want an object",
		`{"alerts":[{"labels":{"alertname":"A"},"startsAt":"2024-01-15 10:30:00"}]}`:  "alerts[0].startsAt: not an RFC 3339 time",
		`{"alerts":[{"labels":{"alertname":"A"},"startsAt":1705314600}]}`:             "alerts[0].startsAt: want a string",
		`{"alerts":[{"labels":{"alertname":"A"}}],"truncatedAlerts":-1}`:              "truncatedAlerts: ",
		`{"alerts":[{"labels":{"alertname":"A"}}],"groupKey":5537,"version":"3"}`:     "groupKey: want a string", // version 3 of the protocol
		`{"alerts":{"labels":{"alertname":"A"}}}`:                                     "alerts: want an array",
		`[{"labels":{"alertname":"A"},"annotations":{},"generatorURL":"http://p/g"}]`: "want an object", // what Prometheus posts to Alertmanager
	} {
		_, err := alertmanager.Decode([]byte(body))
		require.ErrorContains(t, err, want, body)
	}
}
