package netpulse_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/payload/netpulse"
	"github.com/alertwire/alertwire/payload/payloadtest"
)

// FuzzDecode demands of every body that is accepted: encoding/json accepts it,
// it is written as it came, what was made in Go of its fields says the same, and
// a change survives together with the rest.
func FuzzDecode(f *testing.F) {
	for _, name := range payloadtest.Names("netpulse") {
		f.Add(body(name))
	}
	f.Add([]byte(odd))
	f.Add([]byte(`{"id":"a","result":"('A', \"b\")","command":["x"],"config":"a\nb","command":"c","event_type":null}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		m, err := netpulse.Decode(body)
		if err != nil {
			return
		}
		require.True(t, json.Valid(body))
		require.Equal(t, string(body), encode(t, m))
		require.Len(t, m.Events(), 1)
		_, _, _ = m.Validate(), m.DeliveryID(), m.FailedCommands()
		if m.Result != nil {
			if list, err := m.Result.Executions(); err == nil && list != nil {
				require.NoError(t, m.Result.SetExecutions(list))
			}
		}

		m.ID, m.Status, m.DeviceName = "changed", netpulse.StatusFailed, "changed"
		if m.Result != nil {
			m.Result.Error = &netpulse.Failure{Type: "changed"}
		} else if m.Text != "" {
			m.Text = "changed"
		}
		if m.Device != nil {
			m.Device.Host = "changed"
		}
		again := decode(t, []byte(encode(t, m)))
		again.Generation = m.Generation // a status was added
		require.Equal(t, madeMessage(m), madeMessage(again))
	})
}

// FuzzOutcome looks for texts of failures that are taken apart into more than
// they say.
func FuzzOutcome(f *testing.F) {
	for _, text := range []string{`('A', 'b')`, `('A', "b's")`, `(A, b)`, `A: b`, `Unknown Error`, `('\`, `('', '')`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		o := (&netpulse.Message{Status: netpulse.StatusFailed, Text: text}).Outcome()
		require.True(t, o.Failed)
		require.LessOrEqual(t, len(o.Type)+len(o.Message), len(text))
		guess := (&netpulse.Message{Generation: netpulse.Generation1, Text: text}).Outcome()
		require.True(t, guess.Guessed)
		if !guess.Failed {
			require.Empty(t, guess.Type+guess.Message)
		}
	})
}
