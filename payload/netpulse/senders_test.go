package netpulse_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/netpulse"
)

// What the generations of NetPulse post, with null for what they do not know, and
// what stands between them. The values are invented.
func TestSenders(t *testing.T) {
	tests := []struct {
		name       string
		body       string
		generation netpulse.Generation
		outcome    netpulse.Outcome
		more       bool
		want       payload.Event // without Source and ID
	}{
		{
			name:       "1, a dictionary of Python",
			body:       `{"id": "j", "result": "{'show version': 'IOS'}"}`,
			generation: netpulse.Generation1, outcome: netpulse.Outcome{Guessed: true},
			want: payload.Event{Kind: payload.KindTaskSucceeded, Severity: payload.SeverityInfo, Title: "j", Text: "{'show version': 'IOS'}", Labels: payload.Labels{}},
		}, {
			name:       "1, a pair of Python, with quotes in it",
			body:       `{"id": "j", "result": "('ValueError', \"can't\")"}`,
			generation: netpulse.Generation1, outcome: netpulse.Outcome{Failed: true, Guessed: true, Type: "ValueError", Message: "can't"},
			want: payload.Event{Kind: payload.KindTaskFailed, Severity: payload.SeverityCritical, Title: "j", Text: "ValueError: can't", Labels: payload.Labels{}},
		}, {
			name:       "2, no result",
			body:       `{"id": "j", "result": null, "status": "success", "device": {"host": "192.0.2.1"}, "driver": "netmiko", "command": null}`,
			generation: netpulse.Generation2,
			want: payload.Event{Kind: payload.KindTaskSucceeded, Severity: payload.SeverityInfo, Title: "j",
				Labels: payload.Labels{{Name: "host", Value: "192.0.2.1"}, {Name: "driver", Value: "netmiko"}, {Name: "status", Value: "success"}}},
		}, {
			name:       "3, no result, and nothing else that is optional",
			body:       `{"id": "j", "status": "failed", "result": null}`,
			generation: netpulse.Generation3, outcome: netpulse.Outcome{Failed: true},
			want: payload.Event{Kind: payload.KindTaskFailed, Severity: payload.SeverityCritical, Title: "j", Labels: payload.Labels{{Name: "status", Value: "failed"}}},
		}, {
			name:       "3, all null but what it is",
			body:       `{"id": "j", "status": "failed", "result": "Unknown Error", "device": null, "driver": null, "command": null, "config": null}`,
			generation: netpulse.Generation3, outcome: netpulse.Outcome{Failed: true, Message: "Unknown Error"},
			want: payload.Event{Kind: payload.KindTaskFailed, Severity: payload.SeverityCritical, Title: "j", Text: "Unknown Error", Labels: payload.Labels{{Name: "status", Value: "failed"}}},
		}, {
			name:       "3, without a result",
			body:       `{"id": "j", "status": "success", "device": {"device_type": "cisco_ios"}, "config": "a\nb"}`,
			generation: netpulse.Generation3,
			want: payload.Event{Kind: payload.KindTaskSucceeded, Severity: payload.SeverityInfo, Title: "a",
				Labels: payload.Labels{{Name: "device_type", Value: "cisco_ios"}, {Name: "status", Value: "success"}}},
		}, {
			name:       "3, between two releases, a failure in an object",
			body:       `{"id": "j", "status": "failed", "result": {"error": "ConnectionError: Unable to connect"}, "device": {"host": "h"}, "driver": "netmiko", "command": "show version"}`,
			generation: netpulse.Generation3, outcome: netpulse.Outcome{Failed: true, Type: "ConnectionError", Message: "Unable to connect"},
			want: payload.Event{Kind: payload.KindTaskFailed, Severity: payload.SeverityCritical, Title: "show version", Text: "ConnectionError: Unable to connect",
				Labels: payload.Labels{{Name: "host", Value: "h"}, {Name: "driver", Value: "netmiko"}, {Name: "status", Value: "failed"}}},
		}, {
			name:       "3, between two releases, what each command printed",
			body:       `{"id": "j", "status": "success", "result": {"show version": "Cisco IOS", "error": null}, "driver": "netmiko", "command": "show version"}`,
			generation: netpulse.Generation3,
			want: payload.Event{Kind: payload.KindTaskSucceeded, Severity: payload.SeverityInfo, Title: "show version",
				Labels: payload.Labels{{Name: "driver", Value: "netmiko"}, {Name: "status", Value: "success"}}},
		}, {
			name: "4, a result that is no list of executions, and a time without microseconds",
			body: `{"id": "j", "status": "finished", "event_type": "job.completed", "final": true, "timestamp": "2026-03-21T00:00:01+00:00", "started_at": null, "ended_at": null, "duration": null, ` +
				`"result": {"type": "successful", "retval": {"facts": {"vendor": "Arista"}}, "error": null}, "device": {"host": "h"}, "task_id": null, "device_name": "h", "command": []}`,
			generation: netpulse.Generation4,
			want: payload.Event{Kind: payload.KindTaskSucceeded, Severity: payload.SeverityInfo, Title: "j", Time: time.Date(2026, 3, 21, 0, 0, 1, 0, time.UTC),
				Labels: payload.Labels{{Name: "host", Value: "h"}, {Name: "event_type", Value: "job.completed"}, {Name: "status", Value: "finished"}, {Name: "result_type", Value: "successful"}}},
		}, {
			name: "4, a result that is a text, and a start with the zone of the server",
			body: `{"id": "j", "status": "finished", "event_type": "job.completed", "final": true, "timestamp": "2026-03-21T00:00:01.000100+00:00", "started_at": "2026-03-21 08:00:00+08:00", ` +
				`"ended_at": "2026-03-21 08:00:01.5+08:00", "duration": 1.5, "result": {"type": "successful", "retval": "saved \u2713", "error": null}, "device": null, "task_id": null, ` +
				`"device_name": null, "command": null}`,
			generation: netpulse.Generation4,
			want: payload.Event{Kind: payload.KindTaskSucceeded, Severity: payload.SeverityInfo, Title: "j", Text: "saved ✓", Time: time.Date(2026, 3, 21, 8, 0, 1, 5e8, time.FixedZone("", 8*60*60)),
				Labels: payload.Labels{{Name: "event_type", Value: "job.completed"}, {Name: "status", Value: "finished"}, {Name: "result_type", Value: "successful"}}},
		}, {
			name:       "4, words of a release to come, without final",
			body:       `{"id": "j", "status": "paused", "event_type": "detached.log_push", "timestamp": "2026-03-21T00:00:01.5", "result": {"type": "5", "retval": null, "error": null}, "queue": "q"}`,
			generation: netpulse.Generation4, more: true,
			want: payload.Event{Kind: payload.KindUpdated, Severity: payload.SeverityInfo, Title: "j", Time: time.Date(2026, 3, 21, 0, 0, 1, 5e8, time.UTC),
				Labels: payload.Labels{{Name: "event_type", Value: "detached.log_push"}, {Name: "status", Value: "paused"}, {Name: "result_type", Value: "5"}}},
		}, {
			name: "4, a failure that is documented and was never sent",
			body: `{"id": "t", "status": "stopped", "event_type": "detached.failed", "final": true, "timestamp": "2026-03-21T00:00:01+00:00", "result": {"type": "stopped", "retval": null, ` +
				`"error": {"type": "Timeout", "message": "m"}}, "task_id": "t"}`,
			generation: netpulse.Generation4, outcome: netpulse.Outcome{Failed: true, Type: "Timeout", Message: "m"},
			want: payload.Event{Kind: payload.KindTaskFailed, Severity: payload.SeverityCritical, Title: "t", Text: "Timeout: m", Time: time.Date(2026, 3, 21, 0, 0, 1, 0, time.UTC),
				Labels: payload.Labels{{Name: "event_type", Value: "detached.failed"}, {Name: "status", Value: "stopped"}, {Name: "task_id", Value: "t"}, {Name: "result_type", Value: "stopped"}}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := payload.Formats{netpulse.Format()}.Decode([]byte(tt.body))
			require.NoError(t, err)
			require.NoError(t, p.Validate())
			m := p.(*netpulse.Message)
			assert.Equal(t, tt.generation, m.Generation)
			assert.Equal(t, tt.outcome, m.Outcome())
			assert.Equal(t, tt.more, m.More())
			events := m.Events()
			require.Len(t, events, 1)
			tt.want.Source, tt.want.ID, tt.want.Key = "netpulse", m.DeliveryID(), m.ID
			if len(events[0].Labels) == 0 {
				events[0].Labels = payload.Labels{}
			}
			assert.Equal(t, tt.want, events[0])
			b, err := m.AppendJSON(nil)
			require.NoError(t, err)
			assert.Equal(t, tt.body, string(b))
		})
	}
}
