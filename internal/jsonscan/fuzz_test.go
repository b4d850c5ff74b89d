package jsonscan_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
	"unicode/utf8"

	"github.com/alertwire/alertwire/internal/jsonscan"
)

// depth returns how deep text nests, as far as its brackets say.
func depth(text []byte) int {
	most, d := 0, 0
	for _, c := range text {
		switch c {
		case '{', '[':
			d++
		case '}', ']':
			d--
		}
		most = max(most, d)
	}
	return most
}

var seeds = []string{
	`{}`, `[]`, `null`, `"a"`, ` {"a" : [1, -0.5e+7, true, false, null, "\u0061\ud83d\ude00\n"]} `,
	`{"text":"x","bool":true,"int":1,"int64":-2,"uint":3,"float":1.5,"time":"2024-01-15T10:30:00.1Z","raw":{"a":1}}`,
	`{"texts":["a"],"ints":[1],"pairs":{"a":"b","a":"c"},"sub":{"name":"s","x":1},"ref":{"name":""},"list":[{"name":"a"},{}]}`,
	`{"text":"a","Text":"b","txt":"c","text":"d","opt":"","opt":"x","zz":[[[]]]}`,
	`{"sub":null,"ref":null,"list":null,"pairs":null,"texts":[null]}`, "{\"a\":\"\xff\"}", `{"a":1e999,"b":01}`, `{"a":"\ud800"}`,
}

// FuzzValid compares what is JSON with encoding/json.
func FuzzValid(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if depth(text) > jsonscan.MaxDepth {
			t.Skip()
		}
		if got, want := jsonscan.Valid(text), json.Valid(text) && utf8.Valid(text); got != want {
			t.Errorf("Valid(%q) = %v, want %v", text, got, want)
		}
	})
}

// FuzzString compares the reading of strings with encoding/json, and what is
// written with what was to be written.
func FuzzString(f *testing.F) {
	f.Add("a\\u0062\\n\\\"")
	f.Add("\\ud83d\\ude00\\ud800x\\ud800\\ud800")
	f.Add("é\u2028\x7f")
	f.Fuzz(func(t *testing.T, inner string) {
		text := []byte(`{"text":"` + inner + `"}`)
		var got item
		var want struct{ Text *string }
		if err := jsonscan.Decode(text, &got, (*item).fields); err != nil {
			return
		}
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatalf("%q: encoding/json: %v", text, err)
		}
		if want.Text != nil && got.Text != *want.Text && bytes.Count(text, []byte("ext")) == 1 {
			t.Errorf("%q: got %q, want %q", text, got.Text, *want.Text)
		}
		var back string
		if err := json.Unmarshal(jsonscan.AppendString(nil, inner), &back); err != nil || utf8.ValidString(inner) && back != inner {
			t.Errorf("%q was written as %q: %v", inner, back, err)
		}
	})
}

// FuzzRoundTrip demands that what was read is written as it came, that a value
// without its text is written as the same data, and that a change survives.
func FuzzRoundTrip(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s), "new")
	}
	f.Fuzz(func(t *testing.T, text []byte, change string) {
		var i item
		if jsonscan.Decode(text, &i, (*item).fields) != nil {
			return
		}
		if !json.Valid(text) {
			t.Fatalf("%q was accepted", text)
		}
		if out, err := jsonscan.Append(nil, &i, (*item).fields); err != nil || string(out) != string(text) {
			t.Fatalf("%q became %q: %v", text, out, err)
		}

		fresh := i
		fresh.origin = jsonscan.Origin{}
		out, err := jsonscan.Append(nil, &fresh, (*item).fields)
		if err != nil {
			t.Fatal(err)
		}
		var again item
		if err := jsonscan.Decode(out, &again, (*item).fields); err != nil {
			t.Fatalf("%q became %q: %v", text, out, err)
		}

		if !utf8.ValidString(change) {
			return
		}
		i.Text, i.Opt, i.Int = change, change, len(change)
		i.List = append(i.List, sub{Name: change})
		if i.Ref != nil {
			i.Ref.Name = change
		}
		out, err = jsonscan.Append(nil, &i, (*item).fields)
		if err != nil {
			t.Fatal(err)
		}
		again = item{}
		if err := jsonscan.Decode(out, &again, (*item).fields); err != nil {
			t.Fatalf("%q became %q: %v", text, out, err)
		}
		if again.Text != change || again.Opt != change || again.Int != len(change) ||
			len(again.List) != len(i.List) || again.List[len(again.List)-1].Name != change ||
			i.Ref != nil && (again.Ref == nil || again.Ref.Name != change) ||
			!reflect.DeepEqual(again.Pairs, i.Pairs) || again.Float != i.Float {
			t.Fatalf("%q, changed by %q, became %q", text, change, out)
		}
	})
}
