package dispatchnats

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEndpointTokens(t *testing.T) {
	tests := []struct{ name, want string }{
		{"ops", "ops"},
		{"ops-2", "ops-2"},
		{"Ops", "_4fps"},
		{"a_b", "a_5fb"},
		{"a.b", "a_2eb"},
		{"*", "_2a"},
		{">", "_3e"},
		{"../x", "_2e_2e_2fx"},
		{"é", "_c3_a9"},
		{"\x00", "_00"},
	}
	for _, tt := range tests {
		t.Run(tt.want, func(t *testing.T) {
			got, err := endpointToken(tt.name)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
			back, ok := endpointName(got)
			assert.True(t, ok)
			assert.Equal(t, tt.name, back)
		})
	}
	for _, bad := range []string{"", strings.Repeat("x", 65)} {
		_, err := endpointToken(bad)
		require.Error(t, err)
	}
	for _, bad := range []string{"", "A", "_", "_4", "_zz", "_61", "_4F", "a.b"} {
		_, ok := endpointName(bad)
		assert.False(t, ok, bad)
	}
}

var token = regexp.MustCompile(`^[a-z0-9_-]+$`)

// FuzzEndpointToken looks for names that do not survive, that NATS or a file
// system cannot take, or that share a token.
func FuzzEndpointToken(f *testing.F) {
	f.Add("ops", "Ops")
	f.Add("a.b", "a_2eb")
	f.Fuzz(func(t *testing.T, a, b string) {
		x, err := endpointToken(a)
		if err != nil {
			return
		}
		assert.Regexp(t, token, x)
		assert.LessOrEqual(t, len(x), 3*maxEndpoint)
		back, ok := endpointName(x)
		assert.True(t, ok)
		assert.Equal(t, a, back)
		if y, err := endpointToken(b); err == nil && a != b {
			assert.NotEqual(t, strings.ToLower(x), strings.ToLower(y))
		}
	})
}

func TestKeyTokens(t *testing.T) {
	seen := map[string]bool{}
	for _, key := range []string{"", "a", "A", "a b", `{}:{alertname="x"}`, strings.Repeat("x", 10_000)} {
		got := keyToken(key)
		assert.Regexp(t, token, got)
		assert.LessOrEqual(t, len(got), 24)
		assert.False(t, seen[got])
		seen[got] = true
	}
	assert.Equal(t, "-", keyToken(""))
}

func TestSubjects(t *testing.T) {
	n := names{"p"}
	got, ok := n.endpointOf(n.subject("out", "ops", "key"))
	assert.True(t, ok)
	assert.Equal(t, "ops", got)
	for _, bad := range []string{"", "p", "p.out", "q.out.ops.key"} {
		_, ok := n.endpointOf(bad)
		assert.False(t, ok, bad)
	}
}

func TestPrefix(t *testing.T) {
	for _, good := range []string{"a", "Alerts-2_x", strings.Repeat("x", 32)} {
		require.NoError(t, checkPrefix(good))
	}
	for _, bad := range []string{"", "a.b", "a b", "*", ">", "é", "a/b", strings.Repeat("x", 33)} {
		require.Error(t, checkPrefix(bad), bad)
	}
}
