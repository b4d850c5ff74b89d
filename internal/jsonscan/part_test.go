package jsonscan_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/internal/jsonscan"
)

// host is {"name":…,"net":{"addr":…,"port":{"no":…}}} in one struct.
type host struct {
	Name, Addr string
	Port       int

	origin, net, port jsonscan.Origin
}

func (h *host) fields(f *jsonscan.Fields) {
	f.From(&h.origin)
	f.String("name", &h.Name)
	jsonscan.Part(f, "net", h, (*host).netFields)
}

func (h *host) netFields(f *jsonscan.Fields) {
	f.From(&h.net)
	f.String("addr", &h.Addr).Alias("ip")
	jsonscan.Part(f, "port", h, (*host).portFields).Omit()
}

func (h *host) portFields(f *jsonscan.Fields) {
	f.From(&h.port)
	f.Int("no", &h.Port)
}

func TestPart(t *testing.T) {
	tests := []struct {
		name, text string
		want       host
	}{
		{"all", `{"net":{"port":{"no":1, "a":[]},"addr":"x" },"name":"n"}`, host{Name: "n", Addr: "x", Port: 1}},
		{"absent", `{"name":"n"}`, host{Name: "n"}},
		{"null", `{"name":"n","net":null}`, host{Name: "n"}},
		{"inner null", `{"net":{"port":null,"addr":"x"}}`, host{Addr: "x"}},
		{"alias", `{"net":{"ip":"x"}}`, host{Addr: "x"}},
		{"the last counts", `{"net":{"addr":"x","port":{"no":1}},"net":{"b":1}}`, host{}},
		{"the last counts, inside", `{"net":{"port":{"no":1},"addr":"x","port":{}}}`, host{Addr: "x"}},
		{"the last is null", `{"net":{"addr":"x","port":{"no":1}},"net":null}`, host{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var h host
			require.NoError(t, jsonscan.Decode([]byte(tt.text), &h, (*host).fields))
			assert.Equal(t, tt.want, host{Name: h.Name, Addr: h.Addr, Port: h.Port})
			b, err := jsonscan.Append(nil, &h, (*host).fields)
			require.NoError(t, err)
			assert.Equal(t, tt.text, string(b))

			h.Addr, h.Port = "changed", 7
			b, err = jsonscan.Append(nil, &h, (*host).fields)
			require.NoError(t, err)
			require.True(t, json.Valid(b), "%s", b)
			var again host
			require.NoError(t, jsonscan.Decode(b, &again, (*host).fields))
			assert.Equal(t, host{Name: tt.want.Name, Addr: "changed", Port: 7}, host{Name: again.Name, Addr: again.Addr, Port: again.Port})
		})
	}
}

func TestPartChangesOnlyItself(t *testing.T) {
	var h host
	require.NoError(t, jsonscan.Decode([]byte(`{"a":1.0, "net": {"b":[ ],"port":{ "no" :1,"c":2}, "addr":"x"}}`), &h, (*host).fields))
	h.Port = 2
	b, err := jsonscan.Append(nil, &h, (*host).fields)
	require.NoError(t, err)
	assert.Equal(t, `{"a":1.0, "net": {"b":[ ],"port":{ "no" :2,"c":2}, "addr":"x"}}`, string(b))
}

func TestPartMadeInGo(t *testing.T) {
	b, err := jsonscan.Append(nil, &host{Name: "n"}, (*host).fields)
	require.NoError(t, err)
	assert.Equal(t, `{"name":"n","net":{"addr":""}}`, string(b))
	b, err = jsonscan.Append(nil, &host{Port: 1}, (*host).fields)
	require.NoError(t, err)
	assert.Equal(t, `{"name":"","net":{"addr":"","port":{"no":1}}}`, string(b))
}

func TestPartErrors(t *testing.T) {
	var e *jsonscan.Error
	require.ErrorAs(t, jsonscan.Decode([]byte(`{"net":{"port":{"no":"x"}}}`), new(host), (*host).fields), &e)
	assert.Equal(t, jsonscan.Error{Field: "net.port.no", Offset: 21, Reason: "want a number, found a string"}, *e)
	require.ErrorAs(t, jsonscan.Decode([]byte(`{"net":[]}`), new(host), (*host).fields), &e)
	assert.Equal(t, jsonscan.Error{Field: "net", Offset: 7, Reason: "want an object, found an array"}, *e)
}
