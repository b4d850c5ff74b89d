package payloadtest_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/nightingale"
	"github.com/alertwire/alertwire/payload/payloadtest"
)

// What the builders make is valid, is what the format reads, and says what their
// names promise.
func TestNightingaleBuilders(t *testing.T) {
	tests := []struct {
		name  string
		build func() *nightingale.AlertEvent
		kind  payload.Kind
	}{
		{"Firing", payloadtest.NightingaleFiring, payload.KindFiring},
		{"Recovered", payloadtest.NightingaleRecovered, payload.KindResolved},
		{"Tick", func() *nightingale.AlertEvent { return payloadtest.NightingaleTick(0) }, payload.KindFiring},
		{"Test", payloadtest.NightingaleTest, payload.KindTest},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := tt.build()
			require.NoError(t, e.Validate())
			b, err := e.AppendJSON(nil)
			require.NoError(t, err)
			p, err := payload.Formats{nightingale.Format()}.Decode(b)
			require.NoError(t, err)
			assert.Equal(t, []payload.Event{e.Event()}, p.Events())
			assert.Equal(t, tt.kind, e.Event().Kind)
			again, err := tt.build().AppendJSON(nil)
			require.NoError(t, err)
			assert.Equal(t, string(b), string(again), "the same every time")
		})
	}
}

func TestNightingaleBuildersAreOneAlert(t *testing.T) {
	firing, recovered := payloadtest.NightingaleFiring(), payloadtest.NightingaleRecovered()
	assert.Equal(t, firing.Hash, recovered.Hash)
	assert.NotEqual(t, firing.ID, recovered.ID)
	assert.NotEqual(t, firing.DeliveryID(), recovered.DeliveryID())
	assert.Equal(t, firing.TriggerTime, recovered.TriggerTime)
	assert.Equal(t, firing.LastEvalTime.Time().Add(600e9), recovered.RecoveredAt())

	tick := payloadtest.NightingaleTick(1)
	assert.Equal(t, firing.Hash, tick.Hash)
	assert.Equal(t, tick.DeliveryID(), payloadtest.NightingaleTick(1).DeliveryID())
	assert.NotEqual(t, tick.DeliveryID(), payloadtest.NightingaleTick(2).DeliveryID())
}

func ExampleNightingaleBatch() {
	m := payloadtest.NightingaleBatch(payloadtest.NightingaleFiring(), payloadtest.NightingaleRecovered())
	b, err := m.AppendJSON(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	decoded, err := nightingale.Decode(b)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range decoded.Events() {
		fmt.Println(e.Kind, e.Title, e.Labels.Get("ident"))
	}
	// Output:
	// firing CPU idle below 10% host-01
	// resolved CPU idle below 10% host-01
}
