package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestClean(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, line, text string }{
		{"empty", "", "", ""},
		{"plain", "a b", "a b", "a b"},
		{"letters of others", "Übung 日本 🙂 e\u0301", "Übung 日本 🙂 e\u0301", "Übung 日本 🙂 e\u0301"},
		{"lines", "a\n\tb\r\n", `a\u000a\u0009b\u000d\u000a`, "a\n\tb\\u000d\n"},
		{"escape sequence", "\x1b[31m", `\u001b[31m`, `\u001b[31m`},
		{"one of eight bits", "\u009b31m", `\u009b31m`, `\u009b31m`},
		{"from right to left", "\u202eabc", `\u202eabc`, `\u202eabc`},
		{"tag", "\U000e0001", `\udb40\udc01`, `\udb40\udc01`},
		{"not UTF-8", "\xff\x9b", `\xff\x9b`, `\xff\x9b`},
		{"replacement character", "\ufffd", "\ufffd", "\ufffd"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.line, line(tt.in))
			assert.Equal(t, tt.text, text(tt.in))
		})
	}
}

// FuzzClean looks for what a terminal would obey, and for JSON that no longer
// means the same.
func FuzzClean(f *testing.F) {
	f.Add("")
	f.Add(hostile)
	f.Fuzz(func(t *testing.T, s string) {
		for _, r := range line(s) {
			if !unicode.IsPrint(r) {
				t.Errorf("%q has %q", line(s), r)
			}
		}
		var b bytes.Buffer
		p := program{out: &b}
		require.NoError(t, p.object(s))
		harmless(t, b.String())
		var back string
		require.NoError(t, json.Unmarshal(b.Bytes(), &back))
		var want string // json writes U+FFFD for what is not UTF-8
		encoded, err := json.Marshal(s)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(encoded, &want))
		assert.Equal(t, want, back)
		assert.LessOrEqual(t, len([]rune(shorten(s, 5))), 5)
		assert.True(t, strings.HasPrefix(s, begin([]byte(s), 5)))
	})
}
