package auth_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/auth"
)

func TestHeaderVerify(t *testing.T) {
	h := must(auth.NewHeader("x-api-KEY", "new value", "old"))
	tests := []struct {
		name    string
		values  []string
		wantErr error
	}{
		{"first", []string{"new value"}, nil},
		{"second", []string{"old"}, nil},
		{"case", []string{"OLD"}, auth.ErrMismatch},
		{"longer", []string{"old "}, auth.ErrMismatch},
		{"none", nil, auth.ErrMissing},
		{"empty", []string{""}, auth.ErrMalformed},
		{"twice", []string{"old", "old"}, auth.ErrMalformed},
		{"8 KiB", []string{strings.Repeat("x", 8<<10)}, auth.ErrMismatch},
		{"more than 8 KiB", []string{strings.Repeat("x", 8<<10+1)}, auth.ErrMalformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := get()
			r.Header["X-Api-Key"] = tt.values
			require.ErrorIs(t, h.Verify(r, nil), tt.wantErr)
			require.ErrorIs(t, h.VerifyHeader(r), tt.wantErr)
		})
	}
}

func TestHeaderSignsWithTheFirst(t *testing.T) {
	r := &http.Request{} // without a header map
	require.NoError(t, must(auth.NewHeader("x-api-key", "new", "old")).Sign(r, nil))
	assert.Equal(t, http.Header{"X-Api-Key": {"new"}}, r.Header)
}

func TestNewHeaderRefuses(t *testing.T) {
	for _, name := range []string{"", "X Key", "X:Key", "X\nKey", "Clé", "host", "content-LENGTH", "Connection", "transfer-encoding"} {
		_, err := auth.NewHeader(name, "value")
		assert.Error(t, err, "name %q", name)
	}
	for _, value := range []auth.Secret{"a\nb", "a\r\nX-Admin: 1", "a\x00", " a", "a\t"} {
		_, err := auth.NewHeader("X-Key", value)
		assert.ErrorIs(t, err, auth.ErrBadSecret, "value of %d bytes", len(value))
	}
}

func TestHeaderReplace(t *testing.T) {
	h := must(auth.NewHeader("X-Key", "old"))
	require.ErrorIs(t, h.Replace(""), auth.ErrEmptySecret)
	require.NoError(t, h.Replace("new"))
	require.NoError(t, h.Verify(get("X-Key", "new"), nil))
	require.ErrorIs(t, h.Verify(get("X-Key", "old"), nil), auth.ErrMismatch)
}
