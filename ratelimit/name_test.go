package ratelimit_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/ratelimit"
)

// A name stands in headers and in the keys of other stores.
func TestNamesAreLettersDigitsAndFourMore(t *testing.T) {
	const good = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./"
	perMinute := ratelimit.Rate{Events: 1, Per: time.Minute}
	for c := range 256 {
		name := string([]byte{byte(c)})
		var wantErr error
		if !strings.Contains(good, name) {
			wantErr = ratelimit.ErrInvalid
		}
		_, err := ratelimit.New(perMinute, ratelimit.Options{Name: name})
		require.ErrorIs(t, err, wantErr, "New with %q", name)
	}
	for length, wantErr := range map[int]error{64: nil, 65: ratelimit.ErrInvalid} {
		_, err := ratelimit.New(perMinute, ratelimit.Options{Name: strings.Repeat("a", length)})
		require.ErrorIs(t, err, wantErr, "%d bytes", length)
	}
}

func TestErrorsOfRefusalsTellTheWait(t *testing.T) {
	e := ratelimit.Error{Limit: "ip", Reason: ratelimit.ErrLimited, Decision: ratelimit.Decision{RetryAfter: time.Second}}
	assert.Equal(t, "ratelimit: limit reached (ip), retry after 1s", e.Error())
	e = ratelimit.Error{Reason: context.DeadlineExceeded}
	assert.Equal(t, "context deadline exceeded", e.Error())
}
