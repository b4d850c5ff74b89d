package alertmanager_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/payload/alertmanager"
)

// FuzzDecode demands of every body that is accepted: encoding/json accepts it,
// it is written as it came, and a change survives together with the rest.
func FuzzDecode(f *testing.F) {
	for _, body := range bodies(f) {
		f.Add(body)
	}
	f.Add([]byte(`{"alerts":[{"labels":{"a":"b","a":"c"},"status":"x","status":"y"}],"alerts":[],"receiver":null}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		m, err := alertmanager.Decode(body)
		if err != nil {
			return
		}
		require.True(t, json.Valid(body))
		out, err := m.AppendJSON(nil)
		require.NoError(t, err)
		require.Equal(t, string(body), string(out))
		require.Len(t, m.Events(), len(m.Alerts))
		_ = m.Validate()

		m.GroupKey = "changed"
		for i := range m.Alerts {
			m.Alerts[i].GeneratorURL = "changed"
		}
		out, err = m.AppendJSON(nil)
		require.NoError(t, err)
		again, err := alertmanager.Decode(out)
		require.NoError(t, err)
		require.Equal(t, plain(m), plain(again))
	})
}
