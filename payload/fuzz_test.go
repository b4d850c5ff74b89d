package payload_test

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/payloadtest"
)

// FuzzShape compares what is seen of a body with what encoding/json decodes.
func FuzzShape(f *testing.F) {
	for _, system := range payloadtest.Systems() {
		for _, name := range payloadtest.Names(system) {
			f.Add(payloadtest.Body(system, name))
		}
	}
	f.Add([]byte(`[{"a":"\u0061\ud800"},2]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		s, err := payload.ShapeOf(body)
		if err != nil {
			return
		}
		require.True(t, json.Valid(body) && utf8.Valid(body))
		var members map[string]json.RawMessage
		var list []json.RawMessage
		switch s.Kind() {
		case "object":
			require.NoError(t, json.Unmarshal(body, &members))
			require.GreaterOrEqual(t, s.Len(), len(members)) // names may repeat
		case "array":
			require.NoError(t, json.Unmarshal(body, &list))
			require.Len(t, list, s.Len())
			if len(list) > 0 {
				_ = json.Unmarshal(list[0], &members)
			}
		}
		for name, text := range members {
			require.True(t, s.Has(name))
			var want string
			if json.Unmarshal(text, &want) != nil {
				want = ""
			}
			require.Equal(t, want, s.Text(name))
			require.Equal(t, want != "" || s.KindOf(name) == "string", s.KindOf(name) == "string")
		}
	})
}
