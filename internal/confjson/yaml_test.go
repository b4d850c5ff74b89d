package confjson_test

import (
	"errors"
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
	Hidden func()            `json:"-" yaml:"-"`
}

type yamlInner struct {
	File string `json:"file" yaml:"file"`
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
		At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Self: yamlSelf{true},
	}, got)
	require.NoError(t, yaml.Unmarshal([]byte("inner:\nfree:\n"), &got))
}

func TestDecodeYAMLRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"nam: a":                    `unknown key "nam"`,
		"Name: a":                   `unknown key "Name"`,
		"inner: {fil: x}":           `inner: unknown key "fil"`,
		"inner: x":                  "inner: want a mapping",
		"hidden: x":                 `unknown key "hidden"`,
		"\"-\": x":                  `unknown key "-"`,
		"\"\": x":                   `unknown key ""`,
		"5: x":                      `unknown key "5"`,
		"- name":                    "want a mapping",
		"name: a\nname: b":          "already defined",
		"name: a\nwait: 5":          "line 2",
		"inner: {file: x, wait: 1}": `inner: unknown key "wait"`,
	} {
		var got yamlOuter
		require.ErrorContains(t, yaml.Unmarshal([]byte(text), &got), want, text)
	}
}

// There are libraries whose mappings have keys of any type.
func TestDecodeYAMLOfAnyKeys(t *testing.T) {
	tree := map[any]any{"inner": map[any]any{"file": "x", true: 1}}
	var got yamlInner
	err := confjson.DecodeYAML(func(v any) error { *v.(*any) = tree["inner"]; return nil }, &got)
	require.EqualError(t, err, `unknown key "true"`)
	broken := errors.New("broken")
	require.ErrorIs(t, confjson.DecodeYAML(func(any) error { return broken }, &got), broken)
}
