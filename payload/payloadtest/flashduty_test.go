package payloadtest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/flashduty"
	"github.com/alertwire/alertwire/payload/payloadtest"
)

func TestFlashdutyBuilders(t *testing.T) {
	tests := []struct {
		name  string
		build func() *flashduty.Push
		from  flashduty.Kind
		kind  payload.Kind
	}{
		{"new", func() *flashduty.Push { return payloadtest.FlashdutyIncident(flashduty.IncidentNew) }, flashduty.IncidentPush, payload.KindFiring},
		{"acknowledged", func() *flashduty.Push { return payloadtest.FlashdutyIncident(flashduty.IncidentAcknowledged) }, flashduty.IncidentPush, payload.KindAcknowledged},
		{"snoozed", func() *flashduty.Push { return payloadtest.FlashdutyIncident(flashduty.IncidentSnoozed) }, flashduty.IncidentPush, payload.KindSnoozed},
		{"closed", func() *flashduty.Push { return payloadtest.FlashdutyIncident(flashduty.IncidentClosed) }, flashduty.IncidentPush, payload.KindResolved},
		{"not known", func() *flashduty.Push { return payloadtest.FlashdutyIncident("i_later") }, flashduty.IncidentPush, "i_later"},
		{"custom action", payloadtest.FlashdutyCustomAction, flashduty.CustomAction, "i_custom"},
		{"alert new", func() *flashduty.Push { return payloadtest.FlashdutyAlert(flashduty.AlertNew) }, flashduty.AlertPush, payload.KindFiring},
		{"alert merged", func() *flashduty.Push { return payloadtest.FlashdutyAlert(flashduty.AlertMerged) }, flashduty.AlertPush, payload.KindMerged},
		{"alert closed", func() *flashduty.Push { return payloadtest.FlashdutyAlert(flashduty.AlertClosed) }, flashduty.AlertPush, payload.KindResolved},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := tt.build()
			require.NoError(t, p.Validate())
			b, err := p.AppendJSON(nil)
			require.NoError(t, err)
			decoded, err := payload.Formats{flashduty.Format()}.Decode(b)
			require.NoError(t, err)
			require.NoError(t, decoded.Validate())
			assert.Equal(t, tt.from, decoded.(*flashduty.Push).Kind())
			assert.Equal(t, p.Events(), decoded.Events())
			assert.Equal(t, tt.kind, decoded.Events()[0].Kind)
			again, err := tt.build().AppendJSON(nil)
			require.NoError(t, err)
			assert.Equal(t, string(b), string(again), "the same every time")
		})
	}
}

func TestFlashdutyIncidentIsOneIncident(t *testing.T) {
	first, last := payloadtest.FlashdutyIncident(flashduty.IncidentNew), payloadtest.FlashdutyIncident(flashduty.IncidentClosed)
	assert.Equal(t, first.Key(), last.Key())
	assert.NotEqual(t, first.DeliveryID(), last.DeliveryID())
	assert.Less(t, first.EventTime, last.EventTime)
	assert.NotEqual(t, first.Key(), payloadtest.FlashdutyAlert(flashduty.AlertNew).Key())
}
