package auth_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/auth"
)

func TestQueryVerify(t *testing.T) {
	q := must(auth.NewQuery("api key", "n&w=1 +", "old"))
	tests := []struct {
		name, query string
		wantErr     error
	}{
		{"first", "api+key=n%26w%3D1+%2B", nil},
		{"other escapes", "%61pi%20key=n%26w%3d1%20%2B", nil},
		{"second", "a=b&api+key=old&c", nil},
		{"wrong", "api+key=older", auth.ErrMismatch},
		{"none", "a=b", auth.ErrMissing},
		{"no query", "", auth.ErrMissing},
		{"empty", "api+key=", auth.ErrMalformed},
		{"no value", "api+key", auth.ErrMalformed},
		{"twice", "api+key=old&api+key=old", auth.ErrMalformed},
		{"twice, once escaped", "api+key=x&%61pi+key=old", auth.ErrMalformed},
		{"bad escape", "api+key=%zz", auth.ErrMalformed},
		{"bad escape elsewhere", "x=%zz&%zz=1&api+key=old", nil},
		{"too long", "api+key=" + strings.Repeat("x", 8<<10+1), auth.ErrMalformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest("POST", "/", nil)
			r.URL.RawQuery = tt.query
			require.ErrorIs(t, q.Verify(r, nil), tt.wantErr)
			require.ErrorIs(t, q.VerifyHeader(r), tt.wantErr)
		})
	}
}

// A form in the body is not the query, whoever parsed it before.
func TestQueryIgnoresForms(t *testing.T) {
	q := must(auth.NewQuery("token", "s3cret"))
	r := httptest.NewRequest("POST", "/", strings.NewReader("token=s3cret"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	require.NoError(t, r.ParseForm())
	require.ErrorIs(t, q.Verify(r, nil), auth.ErrMissing)
}

func TestQuerySign(t *testing.T) {
	q := must(auth.NewQuery("token", "a&b"))
	tests := []struct{ name, query, want string }{
		{"no query", "", "token=a%26b"},
		{"order and escapes stay", "z=%7E&a=1&&b", "z=%7E&a=1&b&token=a%26b"},
		{"replaced", "token=x&a=1&t%6Fken=y", "a=1&token=a%26b"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest("POST", "/", nil)
			r.URL.RawQuery = tt.query
			require.NoError(t, q.Sign(r, nil))
			assert.Equal(t, tt.want, r.URL.RawQuery)
			require.NoError(t, q.Verify(r, nil))
		})
	}
}

func TestNewQueryRefuses(t *testing.T) {
	_, err := auth.NewQuery("", "x")
	assert.Error(t, err)
	q := must(auth.NewQuery("token", "old"))
	require.ErrorIs(t, q.Replace("new", ""), auth.ErrEmptySecret)
	require.NoError(t, q.Replace("new"))
	r := httptest.NewRequest("POST", "/?token=new", nil)
	require.NoError(t, q.Verify(r, nil))
}
