package callback_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/alertwire/alertwire/callback"
)

func TestRefusedHeaderNames(t *testing.T) {
	for _, name := range []string{
		"Host", "host", "Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "TE", "Trailer", "Upgrade",
		"Proxy-Authorization", "proxy-connection", "Webhook-Id", "webhook-signature", "Webhook-Anything", "Idempotency-Key",
		"", "a b", "a:", "ä", "a\n",
	} {
		_, err := callback.New(callback.Config{URL: "https://h/", Headers: map[string]string{name: "x"}}, callback.Options{})
		assert.ErrorContains(t, err, "callback: config: headers", name)
	}
	for _, name := range []string{"Authorization", "Content-Type", "Accept", "X-API-Key", "User-Agent", "Cookie", "X-Webhook-Id"} {
		_, err := callback.New(callback.Config{URL: "https://h/", Headers: map[string]string{name: "x"}}, callback.Options{})
		assert.NoError(t, err, name)
	}
}
