package main

import (
	"bytes"
	"net/http"
	"strconv"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/auth"
)

// TestStandardWebhooksBothWays has the official library verify what alertwire
// signs, and the other way round, white space and <>& in the body included.
func TestStandardWebhooksBothWays(t *testing.T) {
	secret := newSecret()
	theirs, err := standardwebhooks.NewWebhook(secret)
	require.NoError(t, err)
	ours, err := auth.NewHMAC(auth.StandardWebhooks(), auth.HMACOptions{Secrets: []auth.Secret{auth.Secret(newSecret()), auth.Secret(secret)}})
	require.NoError(t, err)
	body := []byte("{ \"url\" : \"http://a/?b&c=<d>\" }\n")
	request := func() *http.Request {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://127.0.0.1/", bytes.NewReader(body))
		require.NoError(t, err)
		r.Header.Set("webhook-id", "msg_1")
		return r
	}

	r := request()
	require.NoError(t, ours.Sign(r, body), "under both secrets")
	require.NoError(t, theirs.Verify(body, r.Header))
	require.Error(t, theirs.Verify(append([]byte(nil), body[1:]...), r.Header))

	r = request()
	now := time.Now()
	signature, err := theirs.Sign("msg_1", now, body)
	require.NoError(t, err)
	r.Header.Set("webhook-timestamp", now.UTC().Format("20060102"))
	r.Header.Set("webhook-signature", signature)
	require.Error(t, ours.Verify(r, body), "the time is no number")
	r.Header.Set("webhook-timestamp", unix(now))
	require.NoError(t, ours.Verify(r, body))
	require.ErrorIs(t, ours.Verify(r, body[1:]), auth.ErrMismatch)
}

func unix(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }
