package auth_test

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/auth"
)

const (
	whsec = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	zeros = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" // 32 bytes
)

func standardWebhooks(secrets ...auth.Secret) *auth.HMAC {
	return must(auth.NewHMAC(auth.StandardWebhooks(), auth.HMACOptions{Secrets: secrets}))
}

// signedMessage is a request that s signed now.
func signedMessage(t *testing.T, s auth.Signer, body string) *http.Request {
	t.Helper()
	r := get("Webhook-Id", "msg_1")
	require.NoError(t, s.Sign(r, []byte(body)))
	return r
}

func TestHMACRefusesBadHeaders(t *testing.T) {
	const body = `{"a":1}`
	repeat := func(s string, n int) string { return strings.TrimSuffix(strings.Repeat(s+" ", n), " ") }
	tests := []struct {
		name    string
		mangle  func(h http.Header)
		wantErr error
	}{
		{"untouched", func(http.Header) {}, nil},
		{"no signature", func(h http.Header) { h.Del("webhook-signature") }, auth.ErrMissing},
		{"no time", func(h http.Header) { h.Del("webhook-timestamp") }, auth.ErrMissing},
		{"no id", func(h http.Header) { h.Del("webhook-id") }, auth.ErrMissing},
		{"signature twice", func(h http.Header) { h.Add("webhook-signature", h.Get("webhook-signature")) }, auth.ErrMalformed},
		{"time twice", func(h http.Header) { h.Add("webhook-timestamp", h.Get("webhook-timestamp")) }, auth.ErrMalformed},
		{"id twice", func(h http.Header) { h.Add("webhook-id", "msg_1") }, auth.ErrMalformed},
		{"signature empty", func(h http.Header) { h.Set("webhook-signature", "") }, auth.ErrMalformed},
		{"signature without text", func(h http.Header) { h.Set("webhook-signature", "v1,") }, auth.ErrMalformed},
		{"version alone", func(h http.Header) { h.Set("webhook-signature", "v1") }, auth.ErrMissing},
		{"trailing space", func(h http.Header) { h.Set("webhook-signature", h.Get("webhook-signature")+" ") }, auth.ErrMalformed},
		{"two spaces", func(h http.Header) { h.Set("webhook-signature", "v2,x  "+h.Get("webhook-signature")) }, auth.ErrMalformed},
		{"not base64", func(h http.Header) { h.Set("webhook-signature", "v1,!"+zeros[1:]) }, auth.ErrMalformed},
		{"URL alphabet", func(h http.Header) { h.Set("webhook-signature", "v1,-_"+zeros[2:]) }, auth.ErrMalformed},
		{"one byte too long", func(h http.Header) { h.Set("webhook-signature", "v1,"+strings.Repeat("A", 44)) }, auth.ErrMalformed},
		{"much too long", func(h http.Header) { h.Set("webhook-signature", "v1,"+strings.Repeat("A", 1<<16)) }, auth.ErrMalformed},
		{"invalid UTF-8", func(h http.Header) { h.Set("webhook-signature", "v1,\xff\xfe") }, auth.ErrMalformed},
		{"a right and a broken one", func(h http.Header) { h.Set("webhook-signature", h.Get("webhook-signature")+" v1,AAAA") }, nil},
		{"a wrong and a broken one", func(h http.Header) { h.Set("webhook-signature", "v1,"+zeros+" v1,AAAA") }, auth.ErrMalformed},
		{"16 signatures, the last right", func(h http.Header) {
			h.Set("webhook-signature", repeat("v1,"+zeros, 15)+" "+h.Get("webhook-signature"))
		}, nil},
		{"17 signatures, the last right", func(h http.Header) {
			h.Set("webhook-signature", repeat("v1,"+zeros, 16)+" "+h.Get("webhook-signature"))
		}, auth.ErrMalformed},
		{"4 signatures of v1a and a right one", func(h http.Header) {
			h.Set("webhook-signature", repeat("v1a,"+strings.Repeat("A", 86)+"==", 4)+" "+h.Get("webhook-signature"))
		}, nil},
		{"5 signatures of v1a and a right one", func(h http.Header) {
			h.Set("webhook-signature", repeat("v1a,"+strings.Repeat("A", 86)+"==", 5)+" "+h.Get("webhook-signature"))
		}, auth.ErrMalformed},
		{"32 elements, the last right", func(h http.Header) {
			h.Set("webhook-signature", repeat("v2,x", 31)+" "+h.Get("webhook-signature"))
		}, nil},
		{"33 elements", func(h http.Header) {
			h.Set("webhook-signature", repeat("v2,x", 32)+" "+h.Get("webhook-signature"))
		}, auth.ErrMalformed},
		{"10,000 signatures", func(h http.Header) { h.Set("webhook-signature", repeat("v1,"+zeros, 10_000)) }, auth.ErrMalformed},
		{"id empty", func(h http.Header) { h.Set("webhook-id", "") }, auth.ErrMalformed},
		{"id with a space", func(h http.Header) { h.Set("webhook-id", "a b") }, auth.ErrMalformed},
		{"id not ASCII", func(h http.Header) { h.Set("webhook-id", "é") }, auth.ErrMalformed},
		{"id too long", func(h http.Header) { h.Set("webhook-id", strings.Repeat("x", 513)) }, auth.ErrMalformed},
		{"id of another message", func(h http.Header) { h.Set("webhook-id", strings.Repeat("x", 512)) }, auth.ErrMismatch},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := standardWebhooks(whsec)
			r := signedMessage(t, s, body)
			tt.mangle(r.Header)
			require.ErrorIs(t, s.Verify(r, []byte(body)), tt.wantErr)
		})
	}
}

func TestHMACTimes(t *testing.T) {
	now := time.Unix(1767225600, 0)
	decade := 10 * 365 * 24 * time.Hour
	tests := []struct {
		name, timestamp string
		wantErr         error // signed with that very text
	}{
		{"now", "1767225600", nil},
		{"tolerance, past", "1767225300", nil},
		{"beyond, past", "1767225299", auth.ErrStale},
		{"tolerance, future", "1767225900", nil},
		{"beyond, future", "1767225901", auth.ErrStale},
		{"ten years ago", strconv.FormatInt(now.Add(-decade).Unix(), 10), auth.ErrStale},
		{"in ten years", strconv.FormatInt(now.Add(decade).Unix(), 10), auth.ErrStale},
		{"zero", "0", auth.ErrStale},
		{"greatest", strconv.FormatInt(math.MaxInt64, 10), auth.ErrStale},
		{"overflow", "9223372036854775808", auth.ErrMalformed},
		{"overflow by far", strings.Repeat("9", 40), auth.ErrMalformed},
		{"too long", strings.Repeat("0", 1<<16), auth.ErrMalformed},
		{"negative", "-1767225600", auth.ErrMalformed},
		{"sign", "+1767225600", auth.ErrMalformed},
		{"leading zero", "01767225600", auth.ErrMalformed},
		{"milliseconds", "1767225600000", auth.ErrStale},
		{"fraction", "1767225600.0", auth.ErrMalformed},
		{"space", "1767225600 ", auth.ErrMalformed},
		{"hexadecimal", "0x69573000", auth.ErrMalformed},
		{"underscore", "1_767_225_600", auth.ErrMalformed},
		{"Arabic digits", "١٧٦٧٢٢٥٦٠٠", auth.ErrMalformed},
		{"date", "2026-01-01T00:00:00Z", auth.ErrMalformed},
		{"empty", "", auth.ErrMissing},
	}
	// What a sender with the right secret and any clock at all would send.
	plain := auth.Scheme{Header: "Webhook-Signature", Prefix: "v1,", Encoding: "base64", Key: "base64", KeyPrefix: "whsec_"}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := must(auth.NewHMAC(auth.StandardWebhooks(), auth.HMACOptions{Secrets: []auth.Secret{whsec}, Now: at(now)}))
			plain.Signed = "msg_1." + tt.timestamp + ".{body}"
			s := must(auth.NewHMAC(plain, auth.HMACOptions{Secrets: []auth.Secret{whsec}}))
			r := get("Webhook-Id", "msg_1", "Webhook-Timestamp", tt.timestamp)
			require.NoError(t, s.Sign(r, []byte("{}")))
			require.ErrorIs(t, v.Verify(r, []byte("{}")), tt.wantErr)
		})
	}
}

func TestHMACTimesInRFC3339(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	scheme := auth.Scheme{Header: "X-Sig", TimestampHeader: "X-Time", TimestampFormat: "rfc3339", Signed: "{timestamp}{body}"}
	v := must(auth.NewHMAC(scheme, auth.HMACOptions{Secrets: []auth.Secret{"s"}, Now: at(now)}))
	tests := []struct {
		timestamp string
		wantErr   error
	}{
		{"2026-01-01T00:00:00Z", nil},
		{"2026-01-01T00:05:00Z", nil},
		{"2026-01-01T00:05:01Z", auth.ErrStale},
		{"2025-12-31T23:54:59Z", auth.ErrStale},
		{"2026-01-01T01:00:00.123456789+01:00", nil},
		{"2026-01-01T00:00:00", auth.ErrMalformed},
		{"2026-01-01 00:00:00Z", auth.ErrMalformed},
		{"2026-02-30T00:00:00Z", auth.ErrMalformed},
		{"1767225600", auth.ErrMalformed},
		{"2026-01-01T00:00:00." + strings.Repeat("0", 40) + "Z", auth.ErrMalformed},
	}
	for _, tt := range tests {
		s := must(auth.NewHMAC(auth.Scheme{Header: "X-Sig", Signed: tt.timestamp + "{body}"}, auth.HMACOptions{Secrets: []auth.Secret{"s"}}))
		r := get("X-Time", tt.timestamp)
		require.NoError(t, s.Sign(r, []byte("{}")))
		require.ErrorIs(t, v.Verify(r, []byte("{}")), tt.wantErr, tt.timestamp)
	}
}

// The clock is time.Now unless another one is given.
func TestHMACAges(t *testing.T) {
	tests := []struct {
		name      string
		tolerance time.Duration
		age       time.Duration
		wantErr   error
	}{
		{"default, in time", 0, 5 * time.Minute, nil},
		{"default, late", 0, 5*time.Minute + time.Second, auth.ErrStale},
		{"a minute, in time", time.Minute, time.Minute, nil},
		{"a minute, late", time.Minute, time.Minute + time.Second, auth.ErrStale},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := must(auth.NewHMAC(auth.Slack(), auth.HMACOptions{Secrets: []auth.Secret{"s"}, Tolerance: tt.tolerance}))
				r := signedMessage(t, s, "a=b")
				time.Sleep(tt.age)
				require.ErrorIs(t, s.Verify(r, []byte("a=b")), tt.wantErr)
			})
		})
	}
}

// Each attempt is signed anew, under the same id.
func TestHMACSignsEachAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := standardWebhooks(whsec)
		r := signedMessage(t, s, "{}")
		first := r.Header.Clone()
		time.Sleep(10 * time.Minute)
		require.ErrorIs(t, s.Verify(r, []byte("{}")), auth.ErrStale)
		require.NoError(t, s.Sign(r, []byte("{}")))
		require.NoError(t, s.Verify(r, []byte("{}")))
		assert.Equal(t, first.Get("webhook-id"), r.Header.Get("webhook-id"))
		assert.NotEqual(t, first.Get("webhook-timestamp"), r.Header.Get("webhook-timestamp"))
		assert.NotEqual(t, first.Get("webhook-signature"), r.Header.Get("webhook-signature"))
	})
}

func TestHMACSignNeedsAnID(t *testing.T) {
	s := standardWebhooks(whsec)
	require.ErrorIs(t, s.Sign(get(), nil), auth.ErrMissing)
	require.ErrorIs(t, s.Sign(get("Webhook-Id", "with.dot"), nil), auth.ErrMalformed)
	require.ErrorIs(t, s.Sign(get("Webhook-Id", "a", "Webhook-Id", "b"), nil), auth.ErrMalformed)

	r := get()
	require.Error(t, s.Sign(r, nil))
	assert.Empty(t, r.Header, "a request that could not be signed is left alone")
}

func TestHMACBodyShape(t *testing.T) {
	github := must(auth.NewHMAC(auth.GitHub(), auth.HMACOptions{Secrets: []auth.Secret{"s"}}))
	open := must(auth.NewHMAC(auth.GitHub(), auth.HMACOptions{Secrets: []auth.Secret{"s"}, AnyBody: true}))
	slack := must(auth.NewHMAC(auth.Slack(), auth.HMACOptions{Secrets: []auth.Secret{"s"}}))
	tests := []struct {
		name, body string
		wantErr    error
	}{
		{"object", `{}`, nil},
		{"array", `[]`, nil},
		{"white space first", " \t\r\n{}", nil},
		{"number", `123`, auth.ErrBodyShape},
		{"word", `true`, auth.ErrBodyShape},
		{"text", `"{}"`, auth.ErrBodyShape},
		{"form", `payload=%7B%7D`, auth.ErrBodyShape},
		{"token of a challenge", `MTIzNDU2Nzg5MGFiY2RlZg==`, auth.ErrBodyShape},
		{"nothing", ``, auth.ErrBodyShape},
		{"white space", " \n", auth.ErrBodyShape},
		{"other white space", "\v{}", auth.ErrBodyShape},
		{"byte order mark", "\ufeff{}", auth.ErrBodyShape},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			body := []byte(tt.body)
			require.ErrorIs(t, github.Verify(signedMessage(t, github, tt.body), body), tt.wantErr)
			require.NoError(t, open.Verify(signedMessage(t, open, tt.body), body))
			require.NoError(t, slack.Verify(signedMessage(t, slack, tt.body), body), "a signed time tells it from a token")
		})
	}
}

func TestHMACSecrets(t *testing.T) {
	secret := func(n int) auth.Secret { return auth.Secret("whsec_" + strings.Repeat("AAAA", n/3)) }
	many := func(n int) []auth.Secret {
		list := make([]auth.Secret, n)
		for i := range list {
			list[i] = whsec
		}
		return list
	}
	const seed = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="
	tests := []struct {
		name    string
		secrets []auth.Secret
		wantErr error
	}{
		{"24 bytes", []auth.Secret{secret(24)}, nil},
		{"21 bytes", []auth.Secret{secret(21)}, auth.ErrBadSecret},
		{"63 bytes", []auth.Secret{secret(63)}, nil},
		{"64 bytes", []auth.Secret{secret(63) + "AA=="}, nil},
		{"66 bytes", []auth.Secret{secret(66)}, auth.ErrBadSecret},
		{"without a prefix", []auth.Secret{auth.Secret(whsec[6:])}, nil},
		{"not base64", []auth.Secret{"whsec_????????????????????????????????"}, auth.ErrBadSecret},
		{"padding missing", []auth.Secret{auth.Secret("whsec_" + zeros[:43])}, auth.ErrBadSecret},
		{"trailing newline", []auth.Secret{whsec + "\n!"}, auth.ErrBadSecret},
		{"16 of them", many(16), nil},
		{"17 of them", many(17), auth.ErrBadSecret},
		{"4 Ed25519 keys", []auth.Secret{"whsk_" + seed, "whsk_" + seed, "whpk_" + seed, "whpk_" + seed}, nil},
		{"5 Ed25519 keys", []auth.Secret{"whsk_" + seed, "whsk_" + seed, "whpk_" + seed, "whpk_" + seed, "whpk_" + seed}, auth.ErrBadSecret},
		{"Ed25519 seed", []auth.Secret{"whsk_" + seed}, nil},
		{"Ed25519 public key", []auth.Secret{"whpk_" + seed}, nil},
		{"Ed25519 key truncated", []auth.Secret{auth.Secret("whsk_" + seed[:40])}, auth.ErrBadSecret},
		{"Ed25519 key not base64", []auth.Secret{"whsk_?"}, auth.ErrBadSecret},
		{"Ed25519 halves that do not belong together", []auth.Secret{
			"whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2CdYbGd7/1aYLqESvSS7CzEREnFaXsyaRlwO6wDHK5/YA=="}, auth.ErrBadSecret},
		{"Ed25519 prefix alone", []auth.Secret{"whsk_"}, auth.ErrBadSecret},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := auth.NewHMAC(auth.StandardWebhooks(), auth.HMACOptions{Secrets: tt.secrets})
			require.ErrorIs(t, err, tt.wantErr)
			for _, s := range tt.secrets {
				if err != nil && len(s) > 8 {
					assert.NotContains(t, err.Error(), string(s[6:]), "the secret is not in the error")
				}
			}
		})
	}
}

// What is wrong with the length of a key is said in the bounds that there are.
func TestHMACKeyLengths(t *testing.T) {
	scheme := auth.Scheme{Header: "X-Sig", Signed: "{body}", KeyMin: 4}
	_, err := auth.NewHMAC(scheme, auth.HMACOptions{Secrets: []auth.Secret{"abc"}})
	require.EqualError(t, err, "auth: X-Sig: unusable secret: the key has less than 4 bytes")
	scheme.KeyMax = 5
	_, err = auth.NewHMAC(scheme, auth.HMACOptions{Secrets: []auth.Secret{"abcdef"}})
	require.EqualError(t, err, "auth: X-Sig: unusable secret: the key has more than 5 bytes")
	for _, secret := range []auth.Secret{"abcd", "abcde"} {
		_, err = auth.NewHMAC(scheme, auth.HMACOptions{Secrets: []auth.Secret{secret}})
		require.NoError(t, err)
	}
}

func TestPublicKeysDoNotSign(t *testing.T) {
	private := standardWebhooks("whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=")
	public := standardWebhooks("whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")
	r := signedMessage(t, private, "{}")
	require.NoError(t, public.Verify(r, []byte("{}")))
	require.ErrorIs(t, public.Verify(r, []byte("[]")), auth.ErrMismatch)
	require.ErrorIs(t, public.Sign(r, []byte("{}")), auth.ErrBadSecret)

	// Beside a key that signs, a public one verifies only.
	both := standardWebhooks("whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", whsec)
	require.NoError(t, both.Verify(r, []byte("{}")))
	assert.NotContains(t, signedMessage(t, both, "{}").Header.Get("webhook-signature"), "v1a,")

	// A body that is larger than what is kept between computations.
	large := "{" + strings.Repeat(" ", 1<<20) + "}"
	require.NoError(t, public.Verify(signedMessage(t, private, large), []byte(large)))
}

func TestHMACOptionsAreChecked(t *testing.T) {
	_, err := auth.NewHMAC(auth.Slack(), auth.HMACOptions{Secrets: []auth.Secret{"s"}, Tolerance: -1})
	require.Error(t, err)
	require.Error(t, new(auth.HMAC).Replace("s"))

	// The list is copied: what the caller does with it afterwards changes nothing.
	secrets := []auth.Secret{"s"}
	s := must(auth.NewHMAC(auth.GitHub(), auth.HMACOptions{Secrets: secrets}))
	r := signedMessage(t, s, "{}")
	secrets[0] = "other"
	require.NoError(t, s.Verify(r, []byte("{}")))
}
