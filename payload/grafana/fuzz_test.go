package grafana_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/payload/grafana"
	"github.com/alertwire/alertwire/payload/payloadtest"
)

// FuzzDecode demands of every body that is accepted: encoding/json accepts it,
// it is written as it came, and a change survives together with the rest.
func FuzzDecode(f *testing.F) {
	for _, name := range payloadtest.Names("grafana") {
		f.Add(payloadtest.Body("grafana", name))
	}
	f.Add([]byte(`{"alerts":[{"values":{"A":1e2,"A":null},"orgId":0,"enrichments":null}],"orgId":1,"orgId":2}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		m, err := grafana.Decode(body)
		if err != nil {
			return
		}
		require.True(t, json.Valid(body))
		out, err := m.AppendJSON(nil)
		require.NoError(t, err)
		require.Equal(t, string(body), string(out))
		require.Len(t, m.Events(), len(m.Alerts))

		m.Title = "changed"
		for i := range m.Alerts {
			m.Alerts[i].Values = append(m.Alerts[i].Values, grafana.Value{Ref: "changed", Number: 0.1})
		}
		out, err = m.AppendJSON(nil)
		require.NoError(t, err)
		again, err := grafana.Decode(out)
		require.NoError(t, err)
		want, err := remade(m).AppendJSON(nil)
		require.NoError(t, err)
		got, err := remade(again).AppendJSON(nil)
		require.NoError(t, err)
		require.Equal(t, string(want), string(got))
	})
}
