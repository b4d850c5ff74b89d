package auth_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/auth"
)

func TestBearerVerify(t *testing.T) {
	b := must(auth.NewBearer("new.token~1", "old/token=="))
	tests := []struct {
		name    string
		headers []string
		wantErr error
	}{
		{"first", []string{"Bearer new.token~1"}, nil},
		{"second", []string{"Bearer old/token=="}, nil},
		{"case of the scheme", []string{"bEARER new.token~1"}, nil},
		{"case of the token", []string{"Bearer New.token~1"}, auth.ErrMismatch},
		{"prefix", []string{"Bearer new.token~"}, auth.ErrMismatch},
		{"longer", []string{"Bearer new.token~11"}, auth.ErrMismatch},
		{"both in one", []string{"Bearer new.token~1, old/token=="}, auth.ErrMismatch},
		{"none", nil, auth.ErrMissing},
		{"empty header", []string{""}, auth.ErrMissing},
		{"another scheme", []string{"Token new.token~1"}, auth.ErrMissing},
		{"no scheme", []string{"new.token~1"}, auth.ErrMissing},
		{"no space", []string{"Bearernew.token~1"}, auth.ErrMissing},
		{"no token", []string{"Bearer"}, auth.ErrMalformed},
		{"two headers, both right", []string{"Bearer new.token~1", "Bearer new.token~1"}, auth.ErrMalformed},
		{"two headers, one right", []string{"Basic Zm9vOmJhcg==", "Bearer new.token~1"}, auth.ErrMalformed},
		{"invalid UTF-8", []string{"Bearer \xff\xfe"}, auth.ErrMismatch},
		{"1 MiB", []string{"Bearer " + strings.Repeat("x", 1<<20)}, auth.ErrMalformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := get()
			r.Header["Authorization"] = tt.headers
			require.ErrorIs(t, b.Verify(r, nil), tt.wantErr)
			require.ErrorIs(t, b.VerifyHeader(r), tt.wantErr)
		})
	}
}

func TestBearerSignsWithTheFirst(t *testing.T) {
	r := get()
	require.NoError(t, must(auth.NewBearer("new", "old")).Sign(r, nil))
	assert.Equal(t, []string{"Bearer new"}, r.Header["Authorization"])
}

func TestNewBearerRefuses(t *testing.T) {
	for _, token := range []auth.Secret{"two words", "línea", "a\nb", "a\x7f", auth.Secret(strings.Repeat("x", 8<<10+1))} {
		_, err := auth.NewBearer(token)
		assert.ErrorIs(t, err, auth.ErrBadSecret, "token of %d bytes", len(token))
	}
	_, err := auth.NewBearer(auth.Secret(strings.Repeat("x", 8<<10)))
	assert.NoError(t, err)
}

func TestReplaceChangesNothingOnError(t *testing.T) {
	b := must(auth.NewBearer("old"))
	require.ErrorIs(t, b.Replace("two words"), auth.ErrBadSecret)
	require.NoError(t, b.Verify(get("Authorization", "Bearer old"), nil))
	require.NoError(t, b.Replace("new"))
	require.NoError(t, b.Verify(get("Authorization", "Bearer new"), nil))
	require.ErrorIs(t, b.Verify(get("Authorization", "Bearer old"), nil), auth.ErrMismatch)
}
