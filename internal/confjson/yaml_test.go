package confjson_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/assert/yaml"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/internal/confjson"
)

type yamlOuter struct {
	Name   string            `json:"name" yaml:"name"`
	Wait   time.Duration     `json:"wait" yaml:"wait"`
	Inner  yamlInner         `json:"inner" yaml:"inner"`
	Free   map[string]string `json:"free" yaml:"free"`
	At     time.Time         `json:"at" yaml:"at"`
	Self   yamlSelf          `json:"self" yaml:"self"`
	Strict yamlStrict        `json:"strict" yaml:"strict"`
	Hidden func()            `json:"-" yaml:"-"`
}

type yamlInner struct {
	File string `json:"file" yaml:"file"`
}

// yamlStrict is a part that checks itself.
type yamlStrict struct {
	File string `json:"file" yaml:"file"`
}

func (s *yamlStrict) UnmarshalYAML(decode func(any) error) error {
	type plain yamlStrict
	return confjson.DecodeYAML(decode, (*plain)(s))
}

// yamlSelf reads itself, from whatever there is.
type yamlSelf struct{ read bool }

func (s *yamlSelf) UnmarshalYAML(func(any) error) error {
	s.read = true
	return nil
}

func (o *yamlOuter) UnmarshalYAML(decode func(any) error) error {
	type plain yamlOuter
	return confjson.DecodeYAML(decode, (*plain)(o))
}

func TestDecodeYAML(t *testing.T) {
	var got yamlOuter
	require.NoError(t, yaml.Unmarshal([]byte(`
name: a
wait: 5s
inner: {file: f}
free: {any: key}
at: 2026-01-02T03:04:05Z
self: [1]
`), &got))
	assert.Equal(t, yamlOuter{
		Name: "a", Wait: 5 * time.Second, Inner: yamlInner{"f"}, Free: map[string]string{"any": "key"},
		At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Self: yamlSelf{read: true},
	}, got)
	require.NoError(t, yaml.Unmarshal([]byte("inner:\nfree:\n"), &got))
}

func TestDecodeYAMLRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"nam: a":                         `line 1: unknown key "nam"`,
		"\n\nname: a\nnam: a":            `line 4: unknown key "nam"`,
		"nam: {name: a}":                 `line 1: unknown key "nam"`,
		"nam:":                           `line 1: unknown key "nam"`,
		"a: 1\nb: 2":                     `line 1: unknown key "a"`,
		"Name: a":                        `line 1: unknown key "Name" (it is spelled "name")`,
		"inner: {fil: x}":                `line 1: inner: unknown key "fil"`,
		"name: a\ninner:\n  fil:\n    x": `line 3: inner: unknown key "fil"`,
		"inner: x":                       "line 1: inner: want a mapping",
		"name: a\ninner:\n  - x":         "line 2: inner: want a mapping",
		"hidden: x":                      `unknown key "hidden"`,
		"\"-\": x":                       `unknown key "-"`,
		"\"\": x":                        `unknown key ""`,
		"5: x":                           `line 1: unknown key "5"`,
		"null: x":                        `unknown key "<nil>"`, // a key that is no text has no line
		"- name":                         "want a mapping",
		"name: a\nname: b":               `line 2: key "name" is given twice`,
		"inner: {file: a, file: b}":      `line 1: key "file" is given twice`,
		"inner: {file: x, wait: 1}":      `line 1: inner: unknown key "wait"`,
		"? {a: b}\n: x":                  "not readable",

		// values
		"name: a\nwait: 5":            `line 2: wait: want a duration with its unit, such as "10s"`,
		"name: a\nwait:\n  5":         `line 3: wait: want a duration`,
		"wait: soon":                  `line 1: wait: want a duration`,
		"free: {a: {}}":               "line 1: free.a: want a text, got an object",
		"name:\n  - a":                "line 2: name: want a text, got a list",
		"name: a\nat: 5":              "line 2: at: want a time in RFC 3339, got a number",
		"at: 2026-13-01":              "line 1: at: want a time in RFC 3339, got a text",
		"strict: {file: f, fil: f}":   `line 1: strict: unknown key "fil"`,
		"strict:\n  file: f\n  fi: f": `line 3: strict: unknown key "fi"`,
		"name: !!int x":               "not readable",
		"wait: .nan":                  "line 1: not readable", // which JSON cannot say
	} {
		var got yamlOuter
		err := yaml.Unmarshal([]byte(text), &got)
		require.ErrorContains(t, err, want, text)
		var known *confjson.Error
		require.ErrorAs(t, err, &known, text)
	}
}

// What stands at the wrong place may be a secret.
func TestDecodeYAMLRepeatsNoValues(t *testing.T) {
	const canary = "c4n4ry"
	for _, text := range []string{
		"wait: " + canary, "inner: " + canary, "free: " + canary, "at: " + canary, "strict: " + canary, "name: [" + canary + "]",
		"wait: !!int " + canary, "free: {a: [" + canary + "]}", canary, "[" + canary + "]", "inner: {file: {" + canary + ": 1}}",
	} {
		var got yamlOuter
		err := yaml.Unmarshal([]byte(text), &got)
		require.Error(t, err, text)
		assert.NotContains(t, err.Error(), canary, text)
	}
	long := strings.Repeat("k", 1000)
	var got yamlOuter
	assert.Less(t, len(yaml.Unmarshal([]byte("? "+long+"\n: x"), &got).Error()), 200)
	assert.Less(t, len(yaml.Unmarshal([]byte("? "+long+"\n: x\n? "+long+"\n: x\n"), &got).Error()), 200)
}

// There are libraries whose mappings have keys of any type, and that tell no
// lines.
func TestDecodeYAMLOfAnyKeys(t *testing.T) {
	for _, tree := range []map[any]any{
		{"file": "x", true: 1},
		{"file": []any{map[any]any{1: 2}}},
	} {
		var got yamlInner
		err := confjson.DecodeYAML(func(v any) error {
			if all, ok := v.(*any); ok {
				*all = tree
				return nil
			}
			return errors.New("no")
		}, &got)
		want := `unknown key "true"`
		if len(tree) == 1 {
			want = "file: want a text, got a list"
		}
		require.EqualError(t, err, want)
	}
	var got yamlInner
	err := confjson.DecodeYAML(func(any) error { return errors.New("key \"c4n4ry at line 99999999999999999999999") }, &got)
	require.EqualError(t, err, "not readable")
}

// What is not refused is what the library makes of it alone, and what is refused
// is so with a line.
func FuzzDecodeYAML(f *testing.F) {
	f.Add("name: a\nwait: 5s\ninner: {file: f}\nfree: {any: key}")
	f.Add("a: &x {file: f}\ninner: *x\nself: 1")
	f.Add("inner:\n  <<: {file: f}\nstrict: {file: x}")
	f.Add("at: 2026-01-02\nwait: 5")
	f.Fuzz(func(t *testing.T, text string) {
		type lax yamlOuter
		var want lax
		laxErr := yaml.Unmarshal([]byte(text), &want)
		var got yamlOuter
		err := yaml.Unmarshal([]byte(text), &got)
		if err == nil {
			require.NoError(t, laxErr)
			require.Equal(t, yamlOuter(want), got)
		}
	})
}
