package alertmanager_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/alertmanager"
	"github.com/alertwire/alertwire/payload/payloadtest"
)

func TestFingerprintOfEveryCapture(t *testing.T) {
	compared := 0
	for name, body := range bodies(t) {
		if !strings.HasPrefix(name, "am0") {
			continue // composed, with invented fingerprints
		}
		m, err := alertmanager.Decode(body)
		require.NoError(t, err)
		for _, a := range m.Alerts {
			assert.Equal(t, a.Fingerprint, alertmanager.Fingerprint(a.Labels), name)
			compared++
		}
	}
	assert.GreaterOrEqual(t, compared, 39)
}

func TestFingerprint(t *testing.T) {
	for want, labels := range map[string]payload.Labels{
		"cbf29ce484222325": nil,
		"d2b15980c3948f78": {{Name: "foo", Value: "no-alertname"}},
		"8e33b4d4a9b0a667": {{Name: "namespace", Value: "flap"}, {Name: "alertname", Value: "Flap"}}, // in any order
	} {
		assert.Equal(t, want, alertmanager.Fingerprint(labels))
	}
	repeated := payload.Labels{{Name: "a", Value: "lost"}, {Name: "a", Value: "b"}}
	assert.Equal(t, alertmanager.Fingerprint(repeated[1:]), alertmanager.Fingerprint(repeated))
}

func TestReceiverName(t *testing.T) {
	assert.Equal(t, "ops.team (eu)+1", (&alertmanager.Message{Receiver: `ops\.team \(eu\)\+1`}).ReceiverName())
}

func TestStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		past, future := time.Now().Add(-1), time.Now().Add(1)
		tests := []struct {
			name    string
			message alertmanager.Status
			alert   alertmanager.Alert
			want    alertmanager.Status
		}{
			{"its own", "resolved", alertmanager.Alert{Status: "firing", EndsAt: past}, "firing"},
			{"ended", "firing", alertmanager.Alert{EndsAt: past}, "resolved"},
			{"ends later", "resolved", alertmanager.Alert{EndsAt: future}, "firing"},
			{"of the message", "resolved", alertmanager.Alert{}, "resolved"},
			{"nothing at all", "", alertmanager.Alert{}, "firing"},
			{"a new word", "", alertmanager.Alert{Status: "expired"}, "expired"},
		}
		for _, tt := range tests {
			m := alertmanager.Message{Status: tt.message}
			assert.Equal(t, tt.want, m.StatusOf(&tt.alert), tt.name)
		}
		assert.True(t, (&alertmanager.Alert{Status: "firing", EndsAt: past}).Firing())
		assert.True(t, (&alertmanager.Alert{}).Firing())
		assert.True(t, (&alertmanager.Alert{EndsAt: past}).Resolved())
		assert.True(t, (&alertmanager.Alert{Status: "resolved"}).Resolved())
		expired := &alertmanager.Alert{Status: "expired"}
		assert.False(t, expired.Firing() || expired.Resolved())
	})
}

func TestTruncated(t *testing.T) {
	m := decode(t, "am025-max-alerts-2-of-5-firing")
	assert.True(t, m.Truncated())
	assert.Equal(t, uint64(3), m.TruncatedAlerts)

	resolved := decode(t, "am025-group-all-resolved")
	assert.True(t, resolved.AllResolved())
	resolved.TruncatedAlerts = 3
	assert.False(t, resolved.AllResolved(), "those that were cut off may still fire")
	assert.False(t, decode(t, "am025-single-firing").AllResolved())
}

func TestDeliveryID(t *testing.T) {
	of := func(name string) string { return decode(t, name).DeliveryID() }
	assert.Equal(t, of("am025-unicode-values-nonutc-time"), of("am025-unicode-repeat-identical-bytes"))
	assert.NotEqual(t, of("am025-single-firing"), of("am025-single-resolved"))
	assert.NotEqual(t, of("am025-group3-firing"), of("am025-group3-one-resolved"))
	assert.Empty(t, new(alertmanager.Message).DeliveryID())

	changed := func(change func(*alertmanager.Message)) string {
		m := decode(t, "am025-single-firing")
		change(m)
		return m.DeliveryID()
	}
	same := of("am025-single-firing")
	assert.Equal(t, same, changed(func(m *alertmanager.Message) { m.ExternalURL = "http://the-other-peer:9093" }))
	assert.Equal(t, same, changed(func(m *alertmanager.Message) {
		m.Alerts[0].Annotations = payload.Labels{{Name: "summary", Value: "down for 5m13s"}}
		m.CommonAnnotations = m.Alerts[0].Annotations
	}), "a text that changes with the time defeated the window")
	assert.Equal(t, same, changed(func(m *alertmanager.Message) { m.NotificationReason = "repeat interval elapsed" }))
	assert.Equal(t, same, changed(func(m *alertmanager.Message) {
		m.Alerts[0].StartsAt = m.Alerts[0].StartsAt.In(time.FixedZone("", 3600))
	}))
	assert.Equal(t, same, changed(func(m *alertmanager.Message) { m.Alerts[0].Fingerprint = "" }), "computed if missing")
	assert.NotEqual(t, same, changed(func(m *alertmanager.Message) { m.Receiver += "2" }))
	assert.NotEqual(t, same, changed(func(m *alertmanager.Message) { m.GroupKey += "2" }))
	assert.NotEqual(t, same, changed(func(m *alertmanager.Message) { m.Alerts[0].StartsAt = m.Alerts[0].StartsAt.Add(1) }), "fires again")
	assert.NotEqual(t, same, changed(func(m *alertmanager.Message) { m.Alerts = append(m.Alerts, m.Alerts[0]) }))
}

func TestEventIDsWithinAMessage(t *testing.T) {
	ids := map[string]bool{}
	for _, e := range decode(t, "am025-group3-one-resolved").Events() {
		ids[e.ID] = true
	}
	assert.Len(t, ids, 3)
	firing, resolved := decode(t, "am025-single-firing").Events()[0], decode(t, "am025-single-resolved").Events()[0]
	assert.Equal(t, firing.Key, resolved.Key)
	assert.NotEqual(t, firing.ID, resolved.ID)
}

func TestEventIDIsThatOfTheDocumentedParts(t *testing.T) {
	m, err := alertmanager.Decode(payloadtest.Body("alertmanager", "oncallm-example"))
	require.NoError(t, err)
	assert.Equal(t, payload.ID("alertmanager", "oncallm-webhook", `{}:{alertname="HighCPUUsage"}`, "abc123def456", "firing", "2024-01-15T10:30:00Z"),
		m.Events()[0].ID)
}
