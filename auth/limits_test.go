package auth_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/auth"
)

// The longest secret that a constructor takes is also verified.
func TestLongestSecrets(t *testing.T) {
	tests := []struct {
		name   string
		most   int
		scheme func(auth.Secret) (auth.Strategy, error)
	}{
		{"bearer", 8 << 10, func(s auth.Secret) (auth.Strategy, error) { return auth.NewBearer(s) }},
		{"header", 8 << 10, func(s auth.Secret) (auth.Strategy, error) { return auth.NewHeader("X-Key", s) }},
		{"query", 8 << 10, func(s auth.Secret) (auth.Strategy, error) { return auth.NewQuery("key", s) }},
		{"password", 4 << 10, func(s auth.Secret) (auth.Strategy, error) { return auth.NewBasic("u", s, auth.BasicOptions{}) }},
		{"user", 4 << 10, func(s auth.Secret) (auth.Strategy, error) { return auth.NewBasic(string(s), "p", auth.BasicOptions{}) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			longest := auth.Secret(strings.Repeat("s", tt.most))
			s, err := tt.scheme(longest)
			require.NoError(t, err)
			r := get()
			require.NoError(t, s.Sign(r, nil))
			require.NoError(t, s.Verify(r, nil))
			_, err = tt.scheme(longest + "s")
			require.ErrorIs(t, err, auth.ErrBadSecret)
		})
	}
}

// An id is visible ASCII, without the full stop that ends it in what is signed.
func TestWhatAnIDIsMadeOf(t *testing.T) {
	key := standardWebhooks(whsec)
	for c := range 256 {
		var wantErr error
		if c < '!' || c > '~' || c == '.' {
			wantErr = auth.ErrMalformed
		}
		r := get("Webhook-Id", "msg"+string([]byte{byte(c)})+"1")
		require.ErrorIs(t, key.Sign(r, []byte(`{}`)), wantErr, "%q", c)
	}
	for length, wantErr := range map[int]error{0: auth.ErrMalformed, 512: nil, 513: auth.ErrMalformed} {
		r := get("Webhook-Id", strings.Repeat("m", length))
		require.ErrorIs(t, key.Sign(r, []byte(`{}`)), wantErr, "%d bytes", length)
	}
}

// The name of a header is a token of RFC 9110.
func TestWhatANameIsMadeOf(t *testing.T) {
	const token = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~"
	for c := range 256 {
		name := string([]byte{byte(c)})
		_, err := auth.NewHeader("X"+name, "s3cret")
		assert.Equal(t, strings.Contains(token, name), err == nil, "%q: %v", name, err)
	}
}
