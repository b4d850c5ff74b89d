package auth_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/auth"
)

// must returns what a constructor made.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// get is a request with a header, given as name and value in turn.
func get(header ...string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "http://hook.example.com/path?a=b", nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	return r
}

// strategies is one of each kind, all with the canary as their secret.
func strategies() map[string]auth.Strategy {
	const key = "whsec_" + canaryKey
	return map[string]auth.Strategy{
		"basic":             must(auth.NewBasic("user", canary, auth.BasicOptions{})),
		"bearer":            must(auth.NewBearer(canary)),
		"header":            must(auth.NewHeader("X-Api-Key", canary)),
		"query":             must(auth.NewQuery("token", canary)),
		"github":            must(auth.NewHMAC(auth.GitHub(), auth.HMACOptions{Secrets: []auth.Secret{canary}})),
		"standard-webhooks": must(auth.NewHMAC(auth.StandardWebhooks(), auth.HMACOptions{Secrets: []auth.Secret{key}})),
		"v1a": must(auth.NewHMAC(auth.StandardWebhooks(), auth.HMACOptions{
			Secrets: []auth.Secret{"whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="},
		})),
		"stripe": must(auth.NewHMAC(auth.Stripe(), auth.HMACOptions{Secrets: []auth.Secret{canary}})),
	}
}

// canaryKey is a key of 26 bytes in base64: canary twice.
const canaryKey = "YzRuYXJ5LXMzY3JldGM0bmFyeS1zM2NyZXQ="

// What a strategy signs it verifies, over any body that it accepts.
func TestStrategiesVerifyWhatTheySign(t *testing.T) {
	for name, s := range strategies() {
		t.Run(name, func(t *testing.T) {
			body := []byte(`{"a":"<&>"}`)
			r := get("Webhook-Id", "msg_1")
			require.NoError(t, s.Sign(r, body))
			require.NoError(t, s.Verify(r, body))
			require.NoError(t, s.Sign(r, body), "a second attempt on the same request")
			require.NoError(t, s.Verify(r, body))
			require.Error(t, s.Verify(get(), body), "an unsigned request")
		})
	}
}

// The names that a signer declares are those that it sets.
func TestSignersDeclareTheirHeaders(t *testing.T) {
	for name, s := range strategies() {
		t.Run(name, func(t *testing.T) {
			r := get("Webhook-Id", "msg_1")
			before := r.Header.Clone()
			require.NoError(t, s.Sign(r, []byte("{}")))
			var set []string
			for name := range r.Header {
				if _, ok := before[name]; !ok {
					set = append(set, name)
				}
			}
			var declared []string
			if h, ok := s.(interface{ Headers() []string }); ok {
				declared = h.Headers()
			}
			assert.ElementsMatch(t, set, declared)
		})
	}
}

// A secret does not come out of a strategy through fmt, nor through its
// errors.
func TestStrategiesPrintNoSecret(t *testing.T) {
	forms := []string{canary, canaryKey, fmt.Sprintf("%x", canary), "dXNlcjpj", "nWGxne"}
	for name, s := range strategies() {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, s.Sign(get("Webhook-Id", "msg_1"), []byte("{}")))
			wrong := get("Authorization", "Bearer x", "X-Api-Key", "x", "X-Hub-Signature-256", "sha256="+strings.Repeat("00", 32))
			outer := struct{ S auth.Strategy }{s}
			texts := []string{s.Verify(wrong, []byte("{}")).Error()}
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
				texts = append(texts, fmt.Sprintf(verb, s), fmt.Sprintf(verb, outer))
			}
			for _, text := range texts {
				for _, form := range forms {
					assert.NotContains(t, text, form)
				}
			}
		})
	}
}

// The zero value of each verifier refuses, and that of each signer does not
// sign.
func TestZeroValuesRefuse(t *testing.T) {
	signed := get("Authorization", "Bearer x", "Webhook-Id", "msg_1")
	basic := get("Authorization", basicHeader(":"))
	withCert := get()
	withCert.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{newAuthority(t, "CA", nil).client(t, "").Leaf}}
	assert.ErrorIs(t, new(auth.Basic).Verify(basic, nil), auth.ErrMismatch)
	assert.ErrorIs(t, new(auth.ClientCert).Verify(withCert, nil), auth.ErrMismatch)
	assert.Empty(t, new(auth.HMAC).Headers())
	for _, v := range []auth.Verifier{
		new(auth.Basic), new(auth.Bearer), new(auth.Header), new(auth.Query), new(auth.HMAC),
		new(auth.ClientCert), new(auth.Addresses), auth.Any(), auth.All(), auth.Any(nil), auth.All(nil),
	} {
		assert.Error(t, v.Verify(signed, []byte("{}")), "%T", v)
		status, _ := serve(t, auth.Require(v, auth.RequireOptions{}), signed.Clone(t.Context()))
		assert.Equal(t, http.StatusUnauthorized, status, "%T", v)
		if s, ok := v.(auth.Signer); ok {
			assert.ErrorIs(t, s.Sign(get(), nil), auth.ErrEmptySecret, "%T", v)
		}
	}
	assert.ErrorIs(t, new(auth.OAuth2).Sign(get(), nil), auth.ErrEmptySecret)
	assert.ErrorContains(t, new(auth.Header).Replace("x"), "not constructed", "nobody knows which header")
	assert.ErrorContains(t, new(auth.Query).Replace("x"), "not constructed", "nobody knows which parameter")
	assert.ErrorContains(t, new(auth.HMAC).Replace("x"), "not constructed")
	zero := must(auth.Config{}.Strategy())
	assert.ErrorIs(t, zero.Verify(signed, nil), auth.ErrMissing)
}

// A constructor whose error was ignored leaves a nil pointer in the interface:
// that is nil, and nil refuses.
func TestNilPointersRefuse(t *testing.T) {
	var (
		basic     *auth.Basic
		bearer    *auth.Bearer
		header    *auth.Header
		query     *auth.Query
		key       *auth.HMAC
		cert      *auth.ClientCert
		addresses *auth.Addresses
	)
	full := get("Authorization", "Bearer x", "X-Key", "x", "X-Hub-Signature-256", "sha256="+strings.Repeat("0", 64))
	for _, v := range []auth.Verifier{basic, bearer, header, query, key, cert, addresses} {
		for _, gate := range []auth.Verifier{v, auth.Any(v), auth.All(v), auth.All(auth.Any(v), must(auth.NewBearer("x")))} {
			var reason error
			status, _ := serve(t, auth.Require(gate, auth.RequireOptions{
				OnReject: func(_ *http.Request, err error) { reason = err },
			}), full.Clone(t.Context()))
			assert.Equal(t, http.StatusUnauthorized, status, "%T in %T", v, gate)
			assert.ErrorIs(t, reason, auth.ErrMissing, "%T in %T", v, gate)
		}
		if s, ok := v.(auth.Signer); ok {
			_, err := (&auth.Transport{Signer: s}).RoundTrip(get())
			assert.ErrorContains(t, err, "no signer", "%T", v)
		}
	}
	var oauth2 *auth.OAuth2
	_, err := (&auth.Transport{Signer: oauth2}).RoundTrip(get())
	require.ErrorContains(t, err, "no signer")
}

func TestEmptySecretsAreRefused(t *testing.T) {
	for name, err := range map[string]error{
		"basic":        second(auth.NewBasic("user", "", auth.BasicOptions{})),
		"basic, both":  second(auth.NewBasic("", "", auth.BasicOptions{AllowEmptyPassword: true})),
		"bearer":       second(auth.NewBearer("")),
		"no bearer":    second(auth.NewBearer()),
		"one of them":  second(auth.NewBearer("a", "")),
		"header":       second(auth.NewHeader("X-Key", "")),
		"query":        second(auth.NewQuery("token", "")),
		"hmac":         second(auth.NewHMAC(auth.GitHub(), auth.HMACOptions{Secrets: []auth.Secret{""}})),
		"no hmac":      second(auth.NewHMAC(auth.GitHub(), auth.HMACOptions{})),
		"whsec_ alone": second(auth.NewHMAC(auth.StandardWebhooks(), auth.HMACOptions{Secrets: []auth.Secret{"whsec_"}})),
		"replace":      must(auth.NewBearer("a")).Replace(),
	} {
		assert.ErrorIs(t, err, auth.ErrEmptySecret, name)
	}
}

func second[T any](_ T, err error) error { return err }

// serve sends r through the middleware and returns the status and the text.
func serve(t *testing.T, middleware func(http.Handler) http.Handler, r *http.Request) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
	})).ServeHTTP(w, r)
	return w.Code, w.Body.String()
}
