package jsonscan_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/internal/jsonscan"
)

func TestArrayRoundTripIsExact(t *testing.T) {
	for _, text := range []string{
		`[]`, " [ ]\n", `[{"name":"a"}]`, " [\n\t{ \"name\" : \"a\", \"x\":1.0 } , {} ,\n{\"name\":null}]\r\n",
	} {
		var list []sub
		origin, err := jsonscan.DecodeArray([]byte(text), &list, (*sub).fields)
		require.NoError(t, err, text)
		out, err := jsonscan.AppendArray([]byte("before"), origin, list, (*sub).fields)
		require.NoError(t, err)
		assert.Equal(t, "before"+text, string(out))
	}
}

func TestAChangedArrayKeepsTheRest(t *testing.T) {
	const text = ` [ {"name":"0", "u":1} , {"name":"1"} ] `
	tests := []struct {
		name   string
		change func([]sub) []sub
		want   string
	}{
		{"a field", func(l []sub) []sub { l[1].Name = "one"; return l }, ` [ {"name":"0", "u":1} , {"name":"one"} ] `},
		{"shorter", func(l []sub) []sub { return l[:1] }, ` [ {"name":"0", "u":1} ] `},
		{"longer", func(l []sub) []sub { return append(l, sub{Name: "2"}) }, ` [ {"name":"0", "u":1} , {"name":"1"},{"name":"2"} ] `},
		{"the first removed", func(l []sub) []sub { return l[1:] }, ` [ {"name":"1"} ] `},
		{"none", func([]sub) []sub { return nil }, ` [ ] `},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var list []sub
			origin, err := jsonscan.DecodeArray([]byte(text), &list, (*sub).fields)
			require.NoError(t, err)
			out, err := jsonscan.AppendArray(nil, origin, tt.change(list), (*sub).fields)
			require.NoError(t, err)
			assert.Equal(t, tt.want, string(out))
		})
	}
}

func TestDecodeArrayErrors(t *testing.T) {
	for text, want := range map[string]jsonscan.Error{
		``:                   {Offset: 0, Reason: "want an array, found the end"},
		`null`:               {Offset: 0, Reason: "want an array, found null"},
		`{}`:                 {Offset: 0, Reason: "want an array, found an object"},
		`[] []`:              {Offset: 3, Reason: "something after the value"},
		`[{},null]`:          {Field: "[1]", Offset: 4, Reason: "want an object, found null"},
		`[{},{"name":false}`: {Field: "[1].name", Offset: 12, Reason: "want a string, found a boolean"},
	} {
		var list []sub
		origin, err := jsonscan.DecodeArray([]byte(text), &list, (*sub).fields)
		var e *jsonscan.Error
		require.ErrorAs(t, err, &e, text)
		assert.Equal(t, want, *e)
		assert.Empty(t, origin.Text())
	}
}

func TestAppendArrayOfNoArray(t *testing.T) {
	var s sub
	require.NoError(t, jsonscan.Decode([]byte(`{"name":"a", "x":1}`), &s, (*sub).fields))
	out, err := jsonscan.AppendArray(nil, s.origin, []sub{s, {Name: "b"}}, (*sub).fields)
	require.NoError(t, err)
	assert.Equal(t, `[{"name":"a", "x":1},{"name":"b"}]`, string(out))
}

// parts is a Value with parts: an array of objects of numbers.
type parts []map[string]int64

func (p *parts) Scan(s *jsonscan.Scanner) bool {
	for e := s.Array(); e.Next(); {
		if !s.Take(1 << 10) {
			return s.WithinElement(e.Index)
		}
		part := map[string]int64{}
		for m := s.Object(); m.Next(); {
			at := s.Offset()
			if _, ok := s.Int(64); !ok {
				s.Within(m.Name)
				return s.WithinElement(e.Index)
			}
			part[m.Name] = int64(at)
		}
		*p = append(*p, part)
	}
	return s.OK()
}

func (p *parts) Same(s *jsonscan.Scanner) bool { s.Skip(); return false }

func (p *parts) Append(dst []byte) ([]byte, error) { return append(dst, "[]"...), nil }

func (p *parts) Empty() bool { return len(*p) == 0 }

func TestValueWithParts(t *testing.T) {
	var p parts
	require.NoError(t, jsonscan.DecodeValue([]byte(`[{"a": 1},{"b":2}]`), &p))
	assert.Equal(t, parts{{"a": 7}, {"b": 15}}, p)

	var e *jsonscan.Error
	require.ErrorAs(t, jsonscan.DecodeValue([]byte(`[{},{"a":true}]`), new(parts)), &e)
	assert.Equal(t, jsonscan.Error{Field: "[1].a", Offset: 9, Reason: "want a number, found a boolean"}, *e)

	many := func(n int) []byte { return []byte("[{}" + strings.Repeat(",{}", n-1) + "]") }
	require.NoError(t, jsonscan.DecodeValue(many(256), new(parts)))
	require.ErrorContains(t, jsonscan.DecodeValue(many(300), new(parts)), "too many elements")
}

// items is an array of anything, for which the text pays with Extend.
type items []struct{ a, b, c, d int64 }

func (p *items) Scan(s *jsonscan.Scanner) bool {
	for e := s.Array(); e.Next(); {
		var ok bool
		if *p, ok = jsonscan.Extend(s, *p); !ok {
			return s.WithinElement(e.Index)
		}
		s.Skip()
	}
	return s.OK()
}
func (p *items) Same(*jsonscan.Scanner) bool       { return false }
func (p *items) Append(dst []byte) ([]byte, error) { return dst, nil }
func (p *items) Empty() bool                       { return len(*p) == 0 }

func TestExtend(t *testing.T) {
	for _, n := range []int{1, 2, 3, 1000, 8192, 8193, 20_000, 1_000_000} {
		text := "[0" + strings.Repeat(",0", n-1) + "]"
		var list items
		err := jsonscan.DecodeValue([]byte(text), &list)
		if err == nil {
			assert.Len(t, list, n)
		} else {
			require.ErrorContains(t, err, "too many elements")
			assert.Greater(t, 2*32*n, 256<<10+jsonscan.MaxGrowth*len(text), "only what doubling could not pay for")
		}
		assert.LessOrEqual(t, cap(list)*32, 256<<10+jsonscan.MaxGrowth*len(text), n)
	}
}
