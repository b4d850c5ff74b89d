package jsonscan_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/internal/jsonscan"
)

// omitted has a member of each kind that is left out when it is empty.
type omitted struct {
	Pairs  []label
	Int    int
	Float  float64
	Ints   []int64
	Raw    json.RawMessage
	Ref    *sub
	List   []sub
	Sub    sub
	Addr   string
	origin jsonscan.Origin
	part   jsonscan.Origin
}

func (o *omitted) fields(f *jsonscan.Fields) {
	f.From(&o.origin)
	jsonscan.Pairs(f, "pairs", &o.Pairs).Omit()
	f.Int("int", &o.Int).Omit()
	f.Float("float", &o.Float).Omit()
	f.Int64s("ints", &o.Ints).Omit()
	f.Raw("raw", &o.Raw).Omit()
	jsonscan.Ref(f, "ref", &o.Ref, (*sub).fields).Omit()
	jsonscan.List(f, "list", &o.List, (*sub).fields).Omit()
	jsonscan.Struct(f, "sub", &o.Sub, (*sub).fields).Omit()
	jsonscan.Part(f, "part", o, (*omitted).partFields).Omit()
}

func (o *omitted) partFields(f *jsonscan.Fields) {
	f.From(&o.part)
	f.String("addr", &o.Addr)
}

// What is left out when it is empty stays where it came empty, however that was
// spelt, and goes where it has become empty.
func TestOmitKeepsWhatCame(t *testing.T) {
	for _, text := range []string{
		`{"pairs":{ }}`, `{"int":-0}`, `{"float":0.0}`, `{"float":0e9,"x":1}`, `{"ints":[ ]}`, `{"x":1,"raw": null}`, `{"ref":null}`, `{"ref":{}}`, `{"list":[ ]}`,
		`{"list": null}`, `{"sub":{ }}`, `{"sub":{"unknown":1}}`, `{"sub":{"name":""}}`, `{"sub":null}`, `{"part":{"unknown":[ ]}}`, `{"part":null}`, `{"part":{}}`,
		`{"x":1,"pairs":{ },"list":[ ], "part":{ },"y":2}`,
	} {
		var o omitted
		require.NoError(t, jsonscan.Decode([]byte(text), &o, (*omitted).fields))
		b, err := jsonscan.Append(nil, &o, (*omitted).fields)
		require.NoError(t, err)
		assert.Equal(t, text, string(b))
	}
	for text, want := range map[string]string{
		`{"pairs":{"a":"b"},"x":1}`:                 `{"x":1}`,
		`{"x":1,"int":7}`:                           `{"x":1}`,
		`{"x":1,"list":[{}],"y":2}`:                 `{"x":1,"y":2}`,
		`{"ref":{}}`:                                `{}`,
		`{"ref":{"name":"a"}, "x":1}`:               `{"x":1}`,
		`{"sub":{"name":"a"}}`:                      `{}`,
		`{"part":{"addr":"a"}}`:                     `{}`,
		`{"ints":[1],"x":[1,{}],"sub":{},"raw":{}}`: `{"x":[1,{}]}`,
	} {
		var o omitted
		require.NoError(t, jsonscan.Decode([]byte(text), &o, (*omitted).fields))
		zero := omitted{}
		zero.origin = o.origin
		b, err := jsonscan.Append(nil, &zero, (*omitted).fields)
		require.NoError(t, err)
		assert.Equal(t, want, string(b))
	}
}

type shelf struct{ Boxes []box }

type box struct {
	Items  []sub
	origin jsonscan.Origin
}

func (s *shelf) fields(f *jsonscan.Fields) { jsonscan.List(f, "boxes", &s.Boxes, (*box).fields) }

func (b *box) fields(f *jsonscan.Fields) {
	f.From(&b.origin)
	jsonscan.List(f, "items", &b.Items, (*sub).fields).Omit()
}

// Looking into a list that goes away must not count as nesting for ever.
func TestManyListsAreOmitted(t *testing.T) {
	n := 2 * jsonscan.MaxDepth
	var s shelf
	require.NoError(t, jsonscan.Decode([]byte(`{"boxes":[{"items":[{}]}`+strings.Repeat(`,{"items":[{}]}`, n-1)+`]}`), &s, (*shelf).fields))
	for i := range s.Boxes {
		s.Boxes[i].Items = nil
	}
	b, err := jsonscan.Append(nil, &s, (*shelf).fields)
	require.NoError(t, err)
	assert.Equal(t, `{"boxes":[{}`+strings.Repeat(`,{}`, n-1)+`]}`, string(b))
}
