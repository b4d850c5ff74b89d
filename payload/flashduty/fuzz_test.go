package flashduty_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/payload/flashduty"
	"github.com/alertwire/alertwire/payload/internal/wiretest"
)

// FuzzDecode demands of every body that is accepted: encoding/json accepts it,
// it is written as it came, and a change survives together with the rest.
func FuzzDecode(f *testing.F) {
	for _, body := range bodies(f) {
		f.Add(body)
	}
	f.Add([]byte(`{"event_type":"i_a","event_type":"i_b","incident":{"title":"a","title":"b","fields":{"a":1,"a":2},"alerts":[{}]},"incident":{},"person":null}`))
	f.Add([]byte(`{"event_type":"{{event_type}}","incident":{"start_time":"{{x}}"}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := flashduty.Decode(body)
		if err != nil {
			return
		}
		require.True(t, json.Valid(body))
		out, err := p.AppendJSON(nil)
		require.NoError(t, err)
		require.Equal(t, string(body), string(out))
		_, _, _ = p.Events(), p.Validate(), p.DeliveryID()

		p.EventType = "changed"
		if p.Incident != nil {
			p.Incident.Title, p.Incident.Fields = "changed", append(p.Incident.Fields, flashduty.Field{Name: "new", Value: json.RawMessage("1")})
			for i := range p.Incident.Alerts {
				p.Incident.Alerts[i].UpdatedAt++
			}
		}
		if p.Alert != nil {
			p.Alert.Key, p.Alert.Incident = "changed", &flashduty.IncidentRef{ID: "new"}
		}
		out, err = p.AppendJSON(nil)
		require.NoError(t, err)
		again, err := flashduty.Decode(out)
		require.NoError(t, err, "%s", out)
		require.Equal(t, wiretest.Bare(p), wiretest.Bare(again), "%s", out)
	})
}
