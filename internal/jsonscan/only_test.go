package jsonscan_test

import (
	"encoding/json"
	"maps"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/internal/jsonscan"
)

// vague is an object whose sender promises no types.
type vague struct {
	Text  string
	Count int64
	Names []string
	Addr  string

	origin, net jsonscan.Origin
}

func (v *vague) fields(f *jsonscan.Fields) {
	f.From(&v.origin)
	f.String("text", &v.Text).Only(jsonscan.AString)
	f.Int64("count", &v.Count).Omit().Only(jsonscan.ANumber)
	f.Strings("names", &v.Names).Only(jsonscan.AnArray | jsonscan.AnObject).Alias("Names")
	jsonscan.Part(f, "net", v, (*vague).netFields).Only(jsonscan.AnObject)
}

func (v *vague) netFields(f *jsonscan.Fields) {
	f.From(&v.net)
	f.String("addr", &v.Addr).Only(jsonscan.AString)
}

func (v *vague) bare() vague {
	return vague{Text: v.Text, Count: v.Count, Names: v.Names, Addr: v.Addr}
}

func TestOnly(t *testing.T) {
	tests := []struct {
		name, text string
		want       vague
		unknown    map[string]string
	}{
		{"as expected", `{"text":"t","count":-1,"names":["n"],"net":{"addr":"a"}}`, vague{"t", -1, []string{"n"}, "a", jsonscan.Origin{}, jsonscan.Origin{}}, nil},
		{"null", `{"text":null,"count":null,"names":null,"net":null}`, vague{}, nil},
		{"others", ` {"text":{"a":[1]}, "count":"1","names":true,"net":"a" }`, vague{}, map[string]string{"text": `{"a":[1]}`, "count": `"1"`, "names": "true", "net": `"a"`}},
		{"inside", `{"net":{"addr":5,"x":1}}`, vague{}, nil},
		{"another one first", `{"text":5,"text":"t","count":[],"count":1}`, vague{Text: "t", Count: 1}, map[string]string{"text": "5", "count": "[]"}},
		{"another one behind", `{"text":"t","text":5,"count":1,"count":[]}`, vague{Text: "t", Count: 1}, map[string]string{"text": "5", "count": "[]"}},
		{"another one between", `{"text":"s","text":5,"text":"t"}`, vague{Text: "t"}, map[string]string{"text": "5"}},
		{"an alias counts", `{"names":"n","Names":["m"]}`, vague{Names: []string{"m"}}, map[string]string{"names": `"n"`}},
		{"another alias", `{"Names":"n"}`, vague{}, map[string]string{"Names": `"n"`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var v vague
			require.NoError(t, jsonscan.Decode([]byte(tt.text), &v, (*vague).fields))
			assert.Equal(t, tt.want, v.bare())
			unknown := map[string]string(nil)
			for name, value := range maps.Collect(jsonscan.Unknown(v.origin, (*vague).fields)) {
				if unknown == nil {
					unknown = map[string]string{}
				}
				unknown[name] = string(value)
			}
			assert.Equal(t, tt.unknown, unknown)
			b, err := jsonscan.Append(nil, &v, (*vague).fields)
			require.NoError(t, err)
			assert.Equal(t, tt.text, string(b))

			want := vague{Text: "changed", Count: 7, Names: []string{"x"}, Addr: "y"}
			v.Text, v.Count, v.Names, v.Addr = want.Text, want.Count, want.Names, want.Addr
			b, err = jsonscan.Append(nil, &v, (*vague).fields)
			require.NoError(t, err)
			require.True(t, json.Valid(b), "%s", b)
			var again vague
			require.NoError(t, jsonscan.Decode(b, &again, (*vague).fields))
			assert.Equal(t, want, again.bare(), "%s", b)
			kept := maps.Collect(jsonscan.Unknown(again.origin, (*vague).fields))
			for name, value := range tt.unknown {
				assert.Equal(t, value, string(kept[name]), "what was there stays")
			}

			v.Text, v.Count, v.Names, v.Addr = "", 0, nil, ""
			b, err = jsonscan.Append(nil, &v, (*vague).fields)
			require.NoError(t, err)
			again = vague{}
			require.NoError(t, jsonscan.Decode(b, &again, (*vague).fields), "%s", b)
			assert.Empty(t, again.Text+again.Addr, "%s", b)
			assert.Zero(t, again.Count, "%s", b)
			assert.Empty(t, again.Names, "%s", b)
		})
	}
}

// A value of the right kind must be right, and any value must be JSON.
func TestOnlyErrors(t *testing.T) {
	for text, want := range map[string]jsonscan.Error{
		`{"count":1.5}`:       {Field: "count", Offset: 9, Reason: "not an integer, or out of range"},
		`{"names":[1]}`:       {Field: "names[0]", Offset: 10, Reason: "want a string, found a number"},
		`{"text":{"a":}}`:     {Field: "text", Offset: 13, Reason: "unexpected character"},
		`{"net":{"addr":01}}`: {Field: "net.addr", Offset: 15, Reason: "invalid number"},
		`{"text":`:            {Field: "text", Offset: 8, Reason: "unexpected end"},
	} {
		var e *jsonscan.Error
		require.ErrorAs(t, jsonscan.Decode([]byte(text), new(vague), (*vague).fields), &e, text)
		assert.Equal(t, want, *e, text)
	}
}
