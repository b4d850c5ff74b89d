package auth_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/auth"
)

func TestAny(t *testing.T) {
	var (
		bearer = must(auth.NewBearer("tok"))
		basic  = must(auth.NewBasic("u", "p", auth.BasicOptions{}))
		key    = must(auth.NewHeader("X-Key", "k"))
		github = must(auth.NewHMAC(auth.GitHub(), auth.HMACOptions{Secrets: []auth.Secret{"s"}}))
		body   = []byte(`{}`)
		signed = get()
	)
	require.NoError(t, github.Sign(signed, body))

	tests := []struct {
		name    string
		v       auth.Verifier
		r       *http.Request
		wantErr error
		notErr  error // what the error must not be in addition
	}{
		{"first", auth.Any(bearer, key), get("Authorization", "Bearer tok"), nil, auth.ErrMissing},
		{"second", auth.Any(bearer, key), get("X-Key", "k"), nil, auth.ErrMissing},
		{"second, first wrong", auth.Any(bearer, key), get("X-Key", "k", "Authorization", "Bearer x"), nil, auth.ErrMissing},
		{"all missing", auth.Any(bearer, key), get(), auth.ErrMissing, auth.ErrMismatch},
		{"one wrong, one missing", auth.Any(bearer, key), get("X-Key", "x"), auth.ErrMismatch, auth.ErrMissing},
		{"wrong scheme counts as missing", auth.Any(bearer, basic), get("Authorization", basicHeader("u:x")), auth.ErrMismatch, auth.ErrMissing},
		{"with a body, by header", auth.Any(github, bearer), get("Authorization", "Bearer tok"), nil, auth.ErrMissing},
		{"with a body, by signature", auth.Any(bearer, github), signed, nil, auth.ErrMissing},
		{"with a body, none", auth.Any(bearer, github), get(), auth.ErrMissing, auth.ErrMismatch},
		{"two wrong", auth.Any(bearer, key), get("X-Key", "", "Authorization", "Bearer x"), auth.ErrMalformed, auth.ErrMissing},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.v.Verify(tt.r, body)
			require.ErrorIs(t, err, tt.wantErr)
			assert.NotErrorIs(t, err, tt.notErr)
		})
	}
}

func TestAll(t *testing.T) {
	var (
		bearer = must(auth.NewBearer("tok"))
		key    = must(auth.NewHeader("X-Key", "k"))
		github = must(auth.NewHMAC(auth.GitHub(), auth.HMACOptions{Secrets: []auth.Secret{"s"}}))
		body   = []byte(`{}`)
		signed = get("Authorization", "Bearer tok")
	)
	require.NoError(t, github.Sign(signed, body))

	tests := []struct {
		name    string
		v       auth.Verifier
		r       *http.Request
		wantErr error
	}{
		{"both", auth.All(bearer, key), get("Authorization", "Bearer tok", "X-Key", "k"), nil},
		{"one missing", auth.All(bearer, key), get("Authorization", "Bearer tok"), auth.ErrMissing},
		{"one wrong", auth.All(bearer, key), get("Authorization", "Bearer tok", "X-Key", "x"), auth.ErrMismatch},
		{"with a body", auth.All(github, bearer), signed, nil},
		{"with a body, header wrong", auth.All(github, key), signed, auth.ErrMissing},
		{"with a body, signature missing", auth.All(github, key), get("X-Key", "k"), auth.ErrMissing},
		{"nested", auth.All(auth.Any(key, bearer), github), signed, nil},
		{"nil among them", auth.All(bearer, nil), get("Authorization", "Bearer tok"), auth.ErrMissing},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.ErrorIs(t, tt.v.Verify(tt.r, body), tt.wantErr)
		})
	}
}

// A combination does without the body exactly if each of its parts does.
func TestCombinationsKnowWhetherTheyNeedTheBody(t *testing.T) {
	bearer := must(auth.NewBearer("tok"))
	github := must(auth.NewHMAC(auth.GitHub(), auth.HMACOptions{Secrets: []auth.Secret{"s"}}))
	headerOnly := func(v auth.Verifier) bool {
		_, ok := v.(interface{ VerifyHeader(*http.Request) error })
		return ok
	}
	for _, combine := range []func(...auth.Verifier) auth.Verifier{auth.Any, auth.All} {
		assert.Equal(t, true, headerOnly(combine(bearer, bearer)))
		assert.Equal(t, true, headerOnly(combine(combine(bearer), bearer)))
		assert.Equal(t, true, headerOnly(combine()))
		assert.Equal(t, false, headerOnly(combine(bearer, github)))
		assert.Equal(t, false, headerOnly(combine(bearer, combine(github))))
		assert.Equal(t, false, headerOnly(combine(verifierFunc(nil))))
	}
}

// verifierFunc is a verifier of somebody else.
type verifierFunc func(r *http.Request, body []byte) error

func (f verifierFunc) Verify(r *http.Request, body []byte) error { return f(r, body) }

func TestForeignVerifiersSeeTheBody(t *testing.T) {
	errForeign := errors.New("not mine")
	v := verifierFunc(func(_ *http.Request, body []byte) error {
		if string(body) != "yes" {
			return errForeign
		}
		return nil
	})
	require.NoError(t, auth.Any(must(auth.NewBearer("x")), v).Verify(get(), []byte("yes")))
	require.ErrorIs(t, auth.All(v).Verify(get(), []byte("no")), errForeign)
}
