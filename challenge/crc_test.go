package challenge_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/challenge"
)

func newCRC(t testing.TB, secret string) *challenge.CRC {
	t.Helper()
	crc, err := challenge.NewCRC(secret, challenge.CRCOptions{})
	require.NoError(t, err)
	return crc
}

func TestCRCVectors(t *testing.T) {
	data, err := os.ReadFile("testdata/vectors/crc.json")
	require.NoError(t, err)
	var vectors []struct{ Source, Secret, Query, Token string }
	require.NoError(t, json.Unmarshal(data, &vectors))
	require.NotEmpty(t, vectors)
	for _, v := range vectors {
		t.Run(v.Source+" "+v.Query, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/webhook?"+v.Query, nil)
			reply, ok, err := newCRC(t, v.Secret).Answer(r, nil)
			require.NoError(t, err)
			require.True(t, ok)
			assert.JSONEq(t, `{"response_token":"`+v.Token+`"}`, string(reply.Body))
			assert.Equal(t, "application/json", reply.ContentType)
		})
	}
}

func TestCRCRequests(t *testing.T) {
	long := strings.Repeat("a", 512)
	tests := []struct {
		name, method, query string
		wantOK              bool
		wantStatus          int
		wantErr             error
	}{
		{"a token", "GET", "crc_token=abc", true, 0, nil},
		{"whole alphabet", "GET", "crc_token=azAZ09%2B/=_-", true, 0, nil},
		{"nonce is ignored", "GET", "nonce=%zz%00&crc_token=abc&x=a;b&&=&", true, 0, nil},
		{"escaped name", "GET", "crc%5ftoken=abc", true, 0, nil},
		{"512 characters", "GET", "crc_token=" + long, true, 0, nil},
		{"513 characters", "GET", "crc_token=a" + long, true, 400, challenge.ErrMalformed},
		{"empty", "GET", "crc_token=", true, 400, challenge.ErrMalformed},
		{"no value", "GET", "crc_token", true, 400, challenge.ErrMalformed},
		{"twice", "GET", "crc_token=a&crc_token=a", true, 400, challenge.ErrMalformed},
		{"twice, once escaped", "GET", "crc_token=a&crc%5Ftoken=b", true, 400, challenge.ErrMalformed},
		{"broken escape", "GET", "crc_token=%zz", true, 400, challenge.ErrMalformed},
		{"plus is a space", "GET", "crc_token=a+b", true, 400, challenge.ErrMalformed},
		{"JSON object", "GET", "crc_token=%7B%22a%22%3A1%7D", true, 400, challenge.ErrMalformed},
		{"JSON array", "GET", "crc_token=%5B1%5D", true, 400, challenge.ErrMalformed},
		{"input of a Slack signature", "GET", "crc_token=v0:1700000000:x", true, 400, challenge.ErrMalformed},
		{"input of a Stripe signature", "GET", "crc_token=1700000000.x", true, 400, challenge.ErrMalformed},
		{"NUL", "GET", "crc_token=a%00", true, 400, challenge.ErrMalformed},
		{"not ASCII", "GET", "crc_token=%C3%A9", true, 400, challenge.ErrMalformed},
		{"not UTF-8", "GET", "crc_token=%ff", true, 400, challenge.ErrMalformed},
		{"semicolon is no separator", "GET", "crc_token=a;crc_token=b", true, 400, challenge.ErrMalformed},
		{"HEAD", "HEAD", "crc_token=abc", true, 405, challenge.ErrMethod},
		{"PUT", "PUT", "crc_token=abc", true, 405, challenge.ErrMethod},
		{"POST is an event", "POST", "crc_token=abc", false, 0, nil},
		{"no token", "GET", "", false, 0, nil},
		{"other parameter", "GET", "xcrc_token=a&CRC_TOKEN=b", false, 0, nil},
		{"HEAD without token", "HEAD", "a=b", false, 0, nil},
	}
	crc := newCRC(t, "secret")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(tt.method, "/webhook", nil)
			r.URL.RawQuery = tt.query
			reply, ok, err := crc.Answer(r, nil)
			require.ErrorIs(t, err, tt.wantErr)
			assert.Equal(t, tt.wantOK, ok)
			assert.Equal(t, tt.wantStatus, reply.Status)
		})
	}
}

func TestCRCNamesTheMethodsItAllows(t *testing.T) {
	reply, _, err := newCRC(t, "secret").Answer(httptest.NewRequest("HEAD", "/?crc_token=a", nil), nil)
	require.ErrorIs(t, err, challenge.ErrMethod)
	assert.Equal(t, http.Header{"Allow": {"GET, POST"}}, reply.Header)
}

func TestCRCSecrets(t *testing.T) {
	long := strings.Repeat("k", 65)
	hashed := sha256.Sum256([]byte(long))
	tests := []struct {
		name    string
		secret  string
		options challenge.CRCOptions
		wantErr error
	}{
		{"any bytes", "\x00\xff", challenge.CRCOptions{}, nil},
		{"empty", "", challenge.CRCOptions{}, challenge.ErrEmptySecret},
		{"separate", "a", challenge.CRCOptions{EventSecrets: []string{"b", "c"}}, nil},
		{"empty event secret", "a", challenge.CRCOptions{EventSecrets: []string{""}}, challenge.ErrEmptySecret},
		{"shared", "a", challenge.CRCOptions{EventSecrets: []string{"b", "a"}}, challenge.ErrSharedSecret},
		{"shared and allowed", "a", challenge.CRCOptions{EventSecrets: []string{"a"}, AllowSharedSecret: true}, nil},
		{"shared, allowed, and any token", "a", challenge.CRCOptions{EventSecrets: []string{"a"}, AllowSharedSecret: true, UnsafeTokenChars: "{"}, challenge.ErrSharedSecret},
		{"shared as HMAC pads it", "a", challenge.CRCOptions{EventSecrets: []string{"a\x00"}}, challenge.ErrSharedSecret},
		{"shared as HMAC hashes it", long, challenge.CRCOptions{EventSecrets: []string{string(hashed[:])}}, challenge.ErrSharedSecret},
		{"shared in base64", "abc", challenge.CRCOptions{EventSecrets: []string{"whsec_" + base64.StdEncoding.EncodeToString([]byte("abc"))}}, challenge.ErrSharedSecret},
		{"shared in bare base64", "abc", challenge.CRCOptions{EventSecrets: []string{"YWJj"}}, challenge.ErrSharedSecret},
		{"shared in hex", "abc", challenge.CRCOptions{EventSecrets: []string{"616263"}}, challenge.ErrSharedSecret},
		{"64 bytes are not hashed", long[:64], challenge.CRCOptions{EventSecrets: []string{long}}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := challenge.NewCRC(tt.secret, tt.options)
			require.ErrorIs(t, err, tt.wantErr)
		})
	}
}

func TestCRCUnsafeTokenChars(t *testing.T) {
	crc, err := challenge.NewCRC("secret", challenge.CRCOptions{UnsafeTokenChars: ".:"})
	require.NoError(t, err)
	_, _, err = crc.Answer(httptest.NewRequest("GET", "/?crc_token=a.b:c", nil), nil)
	require.NoError(t, err)
	_, _, err = crc.Answer(httptest.NewRequest("GET", "/?crc_token=a.b:c,", nil), nil)
	require.ErrorIs(t, err, challenge.ErrMalformed)
}

// Options are logged when a program starts, and answers when somebody debugs it.
func TestSecretsAreNotPrinted(t *testing.T) {
	const canary = "c4nary"
	crc := newCRC(t, canary)
	meta, err := challenge.NewMeta(canary)
	require.NoError(t, err)
	prober, err := challenge.NewProber(challenge.ProberOptions{Secret: canary})
	require.NoError(t, err)
	options := challenge.CRCOptions{EventSecrets: []string{canary}}
	for _, v := range []any{crc, meta, prober, options, &options, challenge.ProberOptions{Secret: canary}} {
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("v", "v", v)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("v", "v", v)
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&log, verb, v)
		}
		assert.NotContains(t, log.String(), canary, "%T", v)
		assert.NotContains(t, log.String(), fmt.Sprintf("%x", canary), "%T", v)
	}
}

func TestZeroCRCRefuses(t *testing.T) {
	reply, _, err := new(challenge.CRC).Answer(httptest.NewRequest("GET", "/?crc_token=a", nil), nil)
	require.ErrorIs(t, err, challenge.ErrEmptySecret)
	assert.Equal(t, http.StatusInternalServerError, reply.Status)
}

// hexMAC is HMAC-SHA256 as its definition has it.
func hexMAC(secret, message string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(message))
	return hex.EncodeToString(mac.Sum(nil))
}
