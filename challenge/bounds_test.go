package challenge_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/challenge"
)

func TestWhatAnEchoIsMadeOf(t *testing.T) {
	ask := func(value string) (challenge.Reply, error) {
		r := httptest.NewRequest(http.MethodGet, "/?check="+value, nil)
		reply, ok, err := challenge.Echo{Parameter: "check"}.Answer(r, nil)
		require.True(t, ok)
		return reply, err
	}
	for c := range 256 {
		var wantErr error
		if c < ' ' || c > '~' || strings.IndexByte("\"'`&<>\\", byte(c)) >= 0 {
			wantErr = challenge.ErrMalformed
		}
		value := string([]byte{byte(c)})
		reply, err := ask(url.QueryEscape(value))
		require.ErrorIs(t, err, wantErr, "%q", value)
		assert.Equal(t, wantErr == nil, string(reply.Body) == value, "%q", value)
	}
	for length, wantErr := range map[int]error{0: challenge.ErrMalformed, 1: nil, 512: nil, 513: challenge.ErrMalformed} {
		_, err := ask(strings.Repeat("c", length))
		require.ErrorIs(t, err, wantErr, "%d characters", length)
	}
	reply, err := ask("+a+")
	require.NoError(t, err)
	assert.Equal(t, " a ", string(reply.Body), "a plus sign is a space")
}

func TestWhatAnOriginIsMadeOf(t *testing.T) {
	for c := range 256 {
		origin := "a" + string([]byte{byte(c)})
		_, err := challenge.NewCloudEvents(challenge.CloudEventsOptions{Origins: []string{origin}})
		assert.Equal(t, c > ' ' && c <= '~', err == nil, "%q: %v", origin, err)
	}
	for length, good := range map[int]bool{1: true, 512: true, 513: false} {
		_, err := challenge.NewCloudEvents(challenge.CloudEventsOptions{Origins: []string{strings.Repeat("o", length)}})
		assert.Equal(t, good, err == nil, "%d bytes: %v", length, err)
	}
}

func TestOriginsHaveNoCase(t *testing.T) {
	const lower, upper = "abcdefghijklmnopqrstuvwxyz.example", "ABCDEFGHIJKLMNOPQRSTUVWXYZ.EXAMPLE"
	c, err := challenge.NewCloudEvents(challenge.CloudEventsOptions{Origins: []string{lower, "[0].example"}})
	require.NoError(t, err)
	for origin, wantErr := range map[string]error{
		lower: nil, upper: nil, "[0].EXAMPLE": nil, "{0}.example": challenge.ErrUnverified,
	} {
		r := httptest.NewRequest(http.MethodOptions, "/", nil)
		r.Header.Set("WebHook-Request-Origin", origin)
		_, _, err := c.Answer(r, nil)
		require.ErrorIs(t, err, wantErr, origin)
	}
}

func TestEvery3xxIsARedirectToAProber(t *testing.T) {
	for status, want := range map[int]error{300: challenge.ErrRedirect, 399: challenge.ErrRedirect, 299: challenge.ErrStatus, 400: challenge.ErrStatus} {
		s := serveHTTP(t, answer(status, ""))
		require.ErrorIs(t, local(t).Probe(t.Context(), s.URL), want, status)
	}
}
