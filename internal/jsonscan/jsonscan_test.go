package jsonscan_test

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/internal/jsonscan"
)

type label struct{ Name, Value string }

// item is an object with a member of every kind.
type item struct {
	Text  string
	Bool  bool
	Int   int
	Int64 int64
	Uint  uint64
	Float float64
	Time  time.Time
	Raw   json.RawMessage
	Texts []string
	Ints  []int64
	Pairs []label
	Sub   sub
	Ref   *sub
	List  []sub
	Opt   string

	origin jsonscan.Origin
}

type sub struct {
	Name   string
	Labels []label
	origin jsonscan.Origin
}

func (i *item) fields(f *jsonscan.Fields) {
	f.From(&i.origin)
	f.String("text", &i.Text).Alias("Text", "txt")
	f.Bool("bool", &i.Bool)
	f.Int("int", &i.Int)
	f.Int64("int64", &i.Int64)
	f.Uint64("uint", &i.Uint)
	f.Float("float", &i.Float)
	f.Time("time", &i.Time)
	f.Raw("raw", &i.Raw)
	f.Strings("texts", &i.Texts)
	f.Int64s("ints", &i.Ints).Null()
	jsonscan.Pairs(f, "pairs", &i.Pairs)
	jsonscan.Struct(f, "sub", &i.Sub, (*sub).fields)
	jsonscan.Ref(f, "ref", &i.Ref, (*sub).fields)
	jsonscan.List(f, "list", &i.List, (*sub).fields)
	f.String("opt", &i.Opt).Omit()
}

func (s *sub) fields(f *jsonscan.Fields) {
	f.From(&s.origin)
	f.String("name", &s.Name)
	jsonscan.Pairs(f, "labels", &s.Labels).Omit()
}

func decode(t *testing.T, text string) *item {
	t.Helper()
	var i item
	require.NoError(t, jsonscan.Decode([]byte(text), &i, (*item).fields), text)
	return &i
}

func encode(t *testing.T, i *item) string {
	t.Helper()
	b, err := jsonscan.Append(nil, i, (*item).fields)
	require.NoError(t, err)
	require.True(t, json.Valid(b), "%s", b)
	return string(b)
}

func TestDecode(t *testing.T) {
	i := decode(t, ` {"text":"a\u00e9\ud83d\ude00\"\\\/\b\f\n\r\t", "bool" : true,"int":-7,"int64":9007199254740993,
		"uint":18446744073709551615,"float":-1.5e3,"time":"2024-01-15T10:30:00.157+02:00","raw":{"a":[1, 2]},
		"texts":["x",null,"y"],"ints":[1,-2],"pairs":{"b":"1","a":"2","n":null,"b":"3"},
		"sub":{"name":"s","labels":{}},"ref":{"name":"r"},"list":[{"name":"0"},{"name":"1","labels":{"k":"v"}}],"opt":"o"} `)

	assert.Equal(t, "aé😀\"\\/\b\f\n\r\t", i.Text)
	assert.True(t, i.Bool)
	assert.Equal(t, -7, i.Int)
	assert.Equal(t, int64(9007199254740993), i.Int64)
	assert.Equal(t, uint64(math.MaxUint64), i.Uint)
	assert.InDelta(t, -1500, i.Float, 0)
	assert.True(t, i.Time.Equal(time.Date(2024, 1, 15, 8, 30, 0, 157e6, time.UTC)))
	assert.Equal(t, `{"a":[1, 2]}`, string(i.Raw))
	assert.Equal(t, []string{"x", "", "y"}, i.Texts)
	assert.Equal(t, []int64{1, -2}, i.Ints)
	assert.Equal(t, []label{{"b", "1"}, {"a", "2"}, {"n", ""}, {"b", "3"}}, i.Pairs)
	assert.Equal(t, "s", i.Sub.Name)
	assert.Equal(t, "r", i.Ref.Name)
	require.Len(t, i.List, 2)
	assert.Equal(t, []label{{"k", "v"}}, i.List[1].Labels)
	assert.Equal(t, "o", i.Opt)
}

func TestDecodeNull(t *testing.T) {
	i := decode(t, `{"text":null,"bool":null,"int":null,"int64":null,"uint":null,"float":null,"time":null,"raw":null,
		"texts":null,"ints":null,"pairs":null,"sub":null,"ref":null,"list":null,"opt":null}`)
	text := i.origin.Text()
	i.origin = jsonscan.Origin{}
	assert.Equal(t, item{}, *i)
	assert.Contains(t, text, `"sub":null`)
}

func TestDecodeErrors(t *testing.T) {
	deep := func(n int) string { return `{"x":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}` }
	require.NoError(t, jsonscan.Decode([]byte(deep(jsonscan.MaxDepth-1)), new(item), (*item).fields))

	tests := []struct {
		name, text string
		want       jsonscan.Error
	}{
		{"empty", ``, jsonscan.Error{"", 0, "want an object, found the end"}},
		{"array", `[]`, jsonscan.Error{"", 0, "want an object, found an array"}},
		{"null", `null`, jsonscan.Error{"", 0, "want an object, found null"}},
		{"unclosed", `{"a":1`, jsonscan.Error{"", 6, "unexpected end"}},
		{"unclosed name", `{"a`, jsonscan.Error{"", 3, "unexpected end"}},
		{"no colon", `{"a" 1}`, jsonscan.Error{"", 5, "unexpected character"}},
		{"trailing comma", `{"a":1,}`, jsonscan.Error{"", 7, "unexpected character"}},
		{"trailing comma in array", `{"a":[1,]}`, jsonscan.Error{"a", 8, "unexpected character"}},
		{"something behind", `{} {}`, jsonscan.Error{"", 3, "something after the value"}},
		{"byte order mark", "\ufeff{}", jsonscan.Error{"", 0, "want an object, found something else"}},
		{"wrong type", `{"text":1}`, jsonscan.Error{"text", 8, "want a string, found a number"}},
		{"deep path", `{"list":[{},{"labels":{"pod":true}}]}`, jsonscan.Error{"list[1].labels.pod", 29, "want a string, found a boolean"}},
		{"null in a list", `{"list":[null]}`, jsonscan.Error{"list[0]", 9, "want an object, found null"}},
		{"fraction", `{"int":1.0}`, jsonscan.Error{"int", 7, "not an integer, or out of range"}},
		{"too big", `{"int64":9223372036854775808}`, jsonscan.Error{"int64", 9, "not an integer, or out of range"}},
		{"negative", `{"uint":-1}`, jsonscan.Error{"uint", 8, "not an unsigned integer, or out of range"}},
		{"huge float", `{"float":1e999}`, jsonscan.Error{"float", 9, "number out of range"}},
		{"leading zero", `{"int":01}`, jsonscan.Error{"int", 7, "invalid number"}},
		{"bad time", `{"time":"yesterday"}`, jsonscan.Error{"time", 8, "not an RFC 3339 time"}},
		{"control character", "{\"text\":\"a\nb\"}", jsonscan.Error{"text", 10, "control character in a string"}},
		{"bad escape", `{"text":"\x"}`, jsonscan.Error{"text", 9, "invalid escape"}},
		{"short escape", `{"text":"\u12"}`, jsonscan.Error{"text", 9, "invalid escape"}},
		{"invalid UTF-8", "{\"text\":\"a\xff\"}", jsonscan.Error{"", 10, "invalid UTF-8"}},
		{"bad word", `{"bool":tru}`, jsonscan.Error{"bool", 8, "unexpected character"}},
		{"too deep", deep(jsonscan.MaxDepth), jsonscan.Error{"x", 5 + jsonscan.MaxDepth - 1, "nested too deeply"}},
		{"unknown name with odd bytes", `{"<script>":tru}`, jsonscan.Error{"?", 12, "unexpected character"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := jsonscan.Decode([]byte(tt.text), new(item), (*item).fields)
			var e *jsonscan.Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, tt.want, *e)
		})
	}
}

func TestDecodeRefusesExpansion(t *testing.T) {
	if strconv.IntSize == 32 {
		t.Skip("an element has half the size there, and stays within the bound")
	}
	list := func(n int) string { return `{"list":[{}` + strings.Repeat(",{}", n-1) + `]}` }
	require.NoError(t, jsonscan.Decode([]byte(list(1000)), new(item), (*item).fields))
	err := jsonscan.Decode([]byte(list(100_000)), new(item), (*item).fields)
	require.ErrorContains(t, err, "too many elements")
}

func TestRoundTripIsExact(t *testing.T) {
	for _, text := range []string{
		`{}`,
		" { }\n",
		"{\n\t\"zz\": {\"deep\": [1.50, 1E+2, -0]},\n\t\"text\": \"\\u0061\\/\"\n}",
		`{"text":"a","bool":false,"int":0,"float":1.50,"time":"2024-01-15T10:30:00.000Z","raw": {"x" : 1.0}}`,
		`{"time":"","text":null,"pairs":null,"list":null,"sub":null,"ref":null,"texts":null,"ints":[],"opt":""}`,
		`{"list":[ {"name":"a","x":1} , {"y":[],"name":"\ud800"}],"sub":{"new":{}, "name":""},"ref":{"labels":{}}}`,
		`{"texts":[ "a" ,null],"ints":[ 1 ],"pairs":{"a":"1","a":"2", "\u0062":null}}`,
		`{"text":"first","text":"second","list":[{"name":"a"}],"list":[]}`,
		`{"txt":"c","Text":"b","text":"a","txt":"d"}`,
		`{"Text":"b","other":1}`,
		`{"sub":{"name":"lost"},"sub":null,"opt":"x","opt":""}`,
	} {
		assert.Equal(t, text, encode(t, decode(t, text)))
	}
}

func TestAliases(t *testing.T) {
	assert.Equal(t, "a", decode(t, `{"text":"a","Text":"b"}`).Text)
	assert.Equal(t, "a", decode(t, `{"Text":"b","text":"a"}`).Text)
	assert.Equal(t, "c", decode(t, `{"Text":"b","txt":"c"}`).Text)
	assert.Equal(t, "b", decode(t, `{"Text":"b"}`).Text)

	i := decode(t, `{"Text":"b","txt":"c","z":1}`)
	i.Text = "new"
	assert.Equal(t, `{"Text":"b","txt":"new","z":1}`, encode(t, i))
}

// A null is no value that an alias would have to give way to.
func TestAnAliasCountsBesideNull(t *testing.T) {
	for text, want := range map[string][2]string{
		`{"text":null,"Text":"b"}`:                 {"b", `{"text":null,"Text":"new"}`},
		`{"Text":"b","text":null}`:                 {"b", `{"Text":"new","text":null}`},
		`{"Text":"b","text":"a","text":null}`:      {"", `{"Text":"b","text":"a","text":"new"}`},
		`{"text":null,"Text":"b","text":"a"}`:      {"a", `{"text":null,"Text":"b","text":"new"}`},
		`{"text":null,"text":null}`:                {"", `{"text":null,"text":"new"}`},
		`{"text":"a","Text":null}`:                 {"a", `{"text":"new","Text":null}`},
		`{"text":null,"Text":"b","txt":"c","z":1}`: {"c", `{"text":null,"Text":"b","txt":"new","z":1}`},
	} {
		i := decode(t, text)
		assert.Equal(t, want[0], i.Text, text)
		assert.Equal(t, text, encode(t, i))
		i.Text = "new"
		assert.Equal(t, want[1], encode(t, i))
	}
}

func TestAChangedFieldChangesOnlyItself(t *testing.T) {
	const text = `{"a":1.0, "text":"x","opt":"o","list":[{"name":"0","u":1},{"name":"1","u":2}],"pairs":{"k":"v"},"ref":{"name":"r","u":[]},"sub":{"name":"s"},"time":"2024-01-15T10:30:00.000Z","end":null}`
	tests := []struct {
		name     string
		change   func(*item)
		from, to string // in text
	}{
		{"a string", func(i *item) { i.Text = "y<" }, `"x"`, `"y<"`},
		{"to empty", func(i *item) { i.Text = "" }, `"x"`, `""`},
		{"an omitted one", func(i *item) { i.Opt = "" }, `,"opt":"o"`, ``},
		{"within a list", func(i *item) { i.List[1].Name = "one" }, `"1","u"`, `"one","u"`},
		{"shorter list", func(i *item) { i.List = i.List[:1] }, `,{"name":"1","u":2}`, ``},
		{"first element removed", func(i *item) { i.List = i.List[1:] }, `{"name":"0","u":1},`, ``},
		{"no list", func(i *item) { i.List = nil }, `{"name":"0","u":1},{"name":"1","u":2}`, ``},
		{"longer list", func(i *item) { i.List = append(i.List, sub{Name: "2"}) }, `"u":2}`, `"u":2},{"name":"2"}`},
		{"swapped", func(i *item) { i.List[0], i.List[1] = i.List[1], i.List[0] },
			`{"name":"0","u":1},{"name":"1","u":2}`, `{"name":"1","u":2},{"name":"0","u":1}`},
		{"pairs", func(i *item) { i.Pairs = append(i.Pairs, label{"n", `"`}) }, `"v"}`, `"v","n":"\""}`},
		{"a pointer's field", func(i *item) { i.Ref.Name = "" }, `"r"`, `""`},
		{"no pointer", func(i *item) { i.Ref = nil }, `{"name":"r","u":[]}`, `null`},
		{"another pointer", func(i *item) { i.Ref = &sub{Name: "q"} }, `{"name":"r","u":[]}`, `{"name":"q"}`},
		{"a struct's field", func(i *item) { i.Sub.Labels = []label{{"a", "b"}} }, `"s"}`, `"s","labels":{"a":"b"}}`},
		{"the zone of a time", func(i *item) { i.Time = i.Time.In(time.FixedZone("", 3600)) }, `10:30:00.000Z`, `11:30:00+01:00`},
		{"a new member", func(i *item) { i.Int = 3 }, `"end":null`, `"end":null,"int":3`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			i := decode(t, text)
			require.Contains(t, text, tt.from)
			tt.change(i)
			assert.Equal(t, strings.Replace(text, tt.from, tt.to, 1), encode(t, i))
		})
	}
}

func TestDroppedMembersTakeTheirCommas(t *testing.T) {
	for text, want := range map[string]string{
		`{"opt":"o"}`:                 `{}`,
		`{"opt":"o","z":1}`:           `{"z":1}`,
		`{ "opt":"o" , "z":1 }`:       `{"z":1 }`,
		`{"y":1,"opt":"o","z":1}`:     `{"y":1,"z":1}`,
		`{"y":1,"opt":"o"}`:           `{"y":1}`,
		`{"opt":"a","opt":"o","z":1}`: `{"opt":"a","opt":"","z":1}`,
	} {
		i := decode(t, text)
		i.Opt = ""
		assert.Equal(t, want, encode(t, i))
	}
	i := decode(t, `{"opt":"o"}`)
	i.Opt, i.Int = "", 5
	assert.Equal(t, `{"int":5}`, encode(t, i))
}

func TestAppendFresh(t *testing.T) {
	assert.Equal(t, `{"text":"","bool":false,"int":0,"int64":0,"uint":0,"float":0,"time":"0001-01-01T00:00:00Z","raw":null,`+
		`"texts":[],"ints":null,"pairs":{},"sub":{"name":""},"ref":null,"list":[]}`, encode(t, new(item)))
}

func TestAppendErrors(t *testing.T) {
	for name, i := range map[string]item{
		"float": {Float: math.Inf(1)},
		"time":  {Time: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)},
		"raw":   {Raw: json.RawMessage(`{"a":`)},
	} {
		b, err := jsonscan.Append([]byte("before"), &i, (*item).fields)
		require.ErrorContains(t, err, name+": ")
		assert.Equal(t, "before", string(b))
	}
}

func TestAppendTimeWithSecondsInItsZone(t *testing.T) {
	v := time.Date(1890, 1, 2, 3, 4, 5, 0, time.FixedZone("LMT", 3208)) // as clocks were once
	b, err := jsonscan.AppendTime(nil, v)
	require.NoError(t, err)
	assert.Equal(t, `"1890-01-02T02:10:37Z"`, string(b))
}

func TestAppendString(t *testing.T) {
	for _, v := range []string{"", "plain", "a\"b\\c\n\r\t\x00\x1f", "é😀\u2028", "bad\xffutf8\xc3", strings.Repeat("long ", 50) + "\""} {
		var got string
		require.NoError(t, json.Unmarshal(jsonscan.AppendString(nil, v), &got))
		assert.Equal(t, strings.ToValidUTF8(v, "\uFFFD"), strings.ToValidUTF8(got, "\uFFFD"))
	}
}
