package payloadtest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/netdata"
	"github.com/alertwire/alertwire/payload/payloadtest"
)

func TestNetdataBuilders(t *testing.T) {
	tests := []struct {
		name  string
		build func() *netdata.Notification
		kind  payload.Kind
	}{
		{"flat critical", func() *netdata.Notification { return payloadtest.NetdataAlert(netdata.Flat, netdata.Critical) }, payload.KindFiring},
		{"flat clear", func() *netdata.Notification { return payloadtest.NetdataAlert(netdata.Flat, netdata.Clear) }, payload.KindResolved},
		{"nested warning", func() *netdata.Notification { return payloadtest.NetdataAlert(netdata.Nested, "Warning") }, payload.KindFiring},
		{"nested clear", func() *netdata.Notification { return payloadtest.NetdataAlert(netdata.Nested, "Clear") }, payload.KindResolved},
		{"flat down", func() *netdata.Notification { return payloadtest.NetdataReachability(netdata.Flat, false) }, payload.KindUnreachable},
		{"flat up", func() *netdata.Notification { return payloadtest.NetdataReachability(netdata.Flat, true) }, payload.KindReachable},
		{"nested down", func() *netdata.Notification { return payloadtest.NetdataReachability(netdata.Nested, false) }, payload.KindUnreachable},
		{"nested up", func() *netdata.Notification { return payloadtest.NetdataReachability(netdata.Nested, true) }, payload.KindReachable},
		{"test", func() *netdata.Notification { return payloadtest.NetdataTest("00000000-0000-4000-8000-000000000001") }, payload.KindTest},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := tt.build()
			require.NoError(t, n.Validate())
			b, err := n.AppendJSON(nil)
			require.NoError(t, err)
			decoded, err := payload.Formats{netdata.Format()}.Decode(b)
			require.NoError(t, err)
			require.NoError(t, decoded.Validate())
			assert.Equal(t, n.Events(), decoded.Events())
			assert.Equal(t, tt.kind, decoded.Events()[0].Kind)
			again, err := tt.build().AppendJSON(nil)
			require.NoError(t, err)
			assert.Equal(t, string(b), string(again), "the same every time")
		})
	}
}

func TestNetdataAlertIsOneAlert(t *testing.T) {
	for _, form := range []netdata.Form{netdata.Flat, netdata.Nested} {
		raised, over := payloadtest.NetdataAlert(form, netdata.Critical), payloadtest.NetdataAlert(form, netdata.Clear)
		assert.Equal(t, raised.Events()[0].Key, over.Events()[0].Key)
		assert.NotEmpty(t, raised.DeliveryID())
		assert.NotEqual(t, raised.DeliveryID(), over.DeliveryID())
	}
}
