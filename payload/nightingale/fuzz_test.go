package nightingale_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/payload/nightingale"
	"github.com/alertwire/alertwire/payload/payloadtest"
)

// FuzzDecode demands of every body that is accepted: encoding/json accepts it,
// it is written as it came, what was made in Go of its fields says the same, a
// change survives together with the rest, and Each finds the same events.
func FuzzDecode(f *testing.F) {
	for _, name := range payloadtest.Names("nightingale") {
		f.Add(payloadtest.Body("nightingale", name))
	}
	f.Add([]byte(odd))
	f.Add([]byte(`[{"tags":["a=1","a=2"],"tags_map":{"a":"2","a":"1"},"tags":null,"extra_info_map":[{},null]}]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		m, err := nightingale.Decode(body)
		if err != nil {
			return
		}
		require.True(t, json.Valid(body))
		require.Equal(t, string(body), encode(t, m))
		require.Len(t, m.Events(), len(m.Alerts))
		_, _ = m.Validate(), m.DeliveryID()

		for e, err := range nightingale.Each(body, 0) {
			require.NoError(t, err)
			require.Equal(t, madeEvent(&m.Alerts[0]), madeEvent(e))
			break
		}
		for i := range m.Alerts {
			e := &m.Alerts[i]
			e.SetLabels(e.Labels()) // so that nothing has to follow
			again := decode(t, []byte(encode(t, madeEvent(e))))
			require.Equal(t, madeEvent(e), madeEvent(&again.Alerts[0]))

			e.TriggerValue, e.Severity, e.RecoverTime = "changed", 3, 7
			if e.Target != nil {
				e.Target.Note = "changed"
			}
			for j := range e.TriggerValuesJSON.WithUnit {
				e.TriggerValuesJSON.WithUnit[j].Text = "changed"
			}
		}
		again := decode(t, []byte(encode(t, m)))
		require.Len(t, again.Alerts, len(m.Alerts))
		for i := range m.Alerts {
			require.Equal(t, madeEvent(&m.Alerts[i]), madeEvent(&again.Alerts[i]))
		}
	})
}
