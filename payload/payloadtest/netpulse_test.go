package payloadtest_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/netpulse"
	"github.com/alertwire/alertwire/payload/payloadtest"
)

// What the builders make is valid, is what the format reads, and says what their
// names promise.
func TestNetPulseBuilders(t *testing.T) {
	flat := func(g netpulse.Generation, failed bool) func() *netpulse.Message {
		return func() *netpulse.Message { return payloadtest.NetPulseFlat(g, failed) }
	}
	tests := []struct {
		name  string
		build func() *netpulse.Message
		g     netpulse.Generation
		kind  payload.Kind
	}{
		{"Completed", payloadtest.NetPulseCompleted, 4, payload.KindTaskSucceeded},
		{"Failed", payloadtest.NetPulseFailed, 4, payload.KindTaskFailed},
		{"LogPush", func() *netpulse.Message { return payloadtest.NetPulseLogPush("1\n") }, 4, payload.KindUpdated},
		{"DetachedCompleted", func() *netpulse.Message { return payloadtest.NetPulseDetachedCompleted("2\n") }, 4, payload.KindTaskSucceeded},
		{"Flat 1", flat(1, false), 1, payload.KindTaskSucceeded},
		{"Flat 1 failed", flat(1, true), 1, payload.KindTaskFailed},
		{"Flat 2", flat(2, false), 2, payload.KindTaskSucceeded},
		{"Flat 2 failed", flat(2, true), 2, payload.KindTaskFailed},
		{"Flat 3", flat(3, false), 3, payload.KindTaskSucceeded},
		{"Flat 3 failed", flat(3, true), 3, payload.KindTaskFailed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := tt.build()
			require.NoError(t, m.Validate())
			b, err := m.AppendJSON(nil)
			require.NoError(t, err)
			p, err := payload.Formats{netpulse.Format()}.Decode(b)
			require.NoError(t, err)
			assert.Equal(t, tt.g, p.(*netpulse.Message).Generation)
			assert.Equal(t, m.Events(), p.Events())
			assert.Equal(t, tt.kind, m.Events()[0].Kind)
			assert.Equal(t, m.Outcome(), p.(*netpulse.Message).Outcome())
			again, err := tt.build().AppendJSON(nil)
			require.NoError(t, err)
			assert.Equal(t, string(b), string(again), "the same every time")
		})
	}
	assert.Panics(t, func() { payloadtest.NetPulseFlat(4, false) })
}

func ExampleNetPulseLogPush() {
	for _, m := range []*netpulse.Message{
		payloadtest.NetPulseLogPush("line 1\n"), payloadtest.NetPulseLogPush("line 2\n"), payloadtest.NetPulseDetachedCompleted("done\n"),
	} {
		fmt.Println(m.More(), m.DeliveryID() == "", m.Events()[0].Text)
	}
	// Output:
	// true true line 1
	// true true line 2
	// false false done
}
