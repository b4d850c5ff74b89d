package auth_test

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/auth"
)

// A vector is a case of testdata/vectors; its README explains the fields.
type vector struct {
	Name    string
	Scheme  string
	Custom  auth.Scheme
	Rename  json.RawMessage
	Secrets []auth.Secret
	AnyBody bool `json:"any_body"`
	Now     *int64
	Header  map[string]string
	Body    string
	Want    string
	Signs   bool
}

// reasons are the words of Want.
func reasons() map[string]error {
	return map[string]error{
		"accepted":   nil,
		"missing":    auth.ErrMissing,
		"malformed":  auth.ErrMalformed,
		"mismatch":   auth.ErrMismatch,
		"stale":      auth.ErrStale,
		"body-shape": auth.ErrBodyShape,
	}
}

func schemes() map[string]auth.Scheme {
	m := make(map[string]auth.Scheme)
	for _, s := range []auth.Scheme{
		auth.StandardWebhooks(), auth.GitHub(), auth.Slack(), auth.Zoom(), auth.Stripe(), auth.PagerDuty(),
		auth.Grafana(), auth.GrafanaUntimed(), auth.X(), auth.Dropbox(),
	} {
		m[s.Name] = s
	}
	return m
}

func readVectors(t testing.TB) map[string][]vector {
	files, err := filepath.Glob("testdata/vectors/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	all := make(map[string][]vector)
	for _, name := range files {
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		var file struct{ Cases []vector }
		require.NoError(t, json.Unmarshal(data, &file), name)
		require.NotEmpty(t, file.Cases, name)
		all[strings.TrimSuffix(filepath.Base(name), ".json")] = file.Cases
	}
	return all
}

func (v vector) hmac(t testing.TB) *auth.HMAC {
	scheme := v.Custom
	if v.Scheme != "custom" {
		var ok bool
		scheme, ok = schemes()[v.Scheme]
		require.True(t, ok, "scheme %s", v.Scheme)
	}
	if v.Rename != nil {
		require.NoError(t, json.Unmarshal(v.Rename, &scheme))
	}
	o := auth.HMACOptions{Secrets: v.Secrets, AnyBody: v.AnyBody, Now: forbiddenClock(t)}
	if v.Now != nil {
		o.Now = at(time.Unix(*v.Now, 0))
	}
	h, err := auth.NewHMAC(scheme, o)
	require.NoError(t, err)
	return h
}

func (v vector) request() *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/hook", strings.NewReader(v.Body))
	for name, value := range v.Header {
		r.Header.Set(name, value)
	}
	return r
}

func at(t time.Time) func() time.Time { return func() time.Time { return t } }

func forbiddenClock(t testing.TB) func() time.Time {
	return func() time.Time {
		t.Error("the clock was read in a scheme without a time")
		return time.Time{}
	}
}

func TestVectors(t *testing.T) {
	for source, cases := range readVectors(t) {
		for _, v := range cases {
			t.Run(source+"/"+v.Name, func(t *testing.T) {
				want, known := reasons()[v.Want]
				require.True(t, known, "want %s", v.Want)
				h := v.hmac(t)
				require.ErrorIs(t, h.Verify(v.request(), []byte(v.Body)), want)
			})
		}
	}
}

func TestVectorsAreSigned(t *testing.T) {
	for source, cases := range readVectors(t) {
		for _, v := range cases {
			if !v.Signs {
				continue
			}
			t.Run(source+"/"+v.Name, func(t *testing.T) {
				h := v.hmac(t)
				want := v.request().Header
				r := v.request()
				for _, name := range h.Headers() {
					r.Header.Del(name)
				}
				require.NoError(t, h.Sign(r, []byte(v.Body)))
				assert.Equal(t, want, r.Header)
			})
		}
	}
}

// Requests as they were received from programs that sign or carry a secret.
func TestCaptures(t *testing.T) {
	bearer := func(tokens ...auth.Secret) auth.Verifier {
		b, err := auth.NewBearer(tokens...)
		require.NoError(t, err)
		return b
	}
	basic := func(user string, pass auth.Secret) auth.Verifier {
		b, err := auth.NewBasic(user, pass, auth.BasicOptions{})
		require.NoError(t, err)
		return b
	}
	header := func(name string, values ...auth.Secret) auth.Verifier {
		h, err := auth.NewHeader(name, values...)
		require.NoError(t, err)
		return h
	}
	grafana := func(s auth.Scheme) auth.Verifier {
		h, err := auth.NewHMAC(s, auth.HMACOptions{Secrets: []auth.Secret{"test-hmac-secret"}})
		require.NoError(t, err)
		return h
	}
	tests := []struct {
		file    string
		v       auth.Verifier
		wantErr error
	}{
		{"am025-auth-bearer", bearer("s3cr3t-token"), nil},
		{"am025-auth-bearer", bearer("s3cr3t-toke"), auth.ErrMismatch},
		{"am025-auth-bearer", basic("am", "pw"), auth.ErrMissing},
		{"am034-auth-bearer", bearer("other", "s3cr3t-token"), nil},
		{"am034-auth-oauth2-client-credentials", bearer("at-123"), nil},
		{"am034-auth-basic", basic("am", "s3cr3t"), nil},
		{"am034-auth-basic", basic("ma", "s3cr3t"), auth.ErrMismatch},
		{"am025-auth-basic-from-url-userinfo-with-query", basic("am", "pw"), nil},
		{"am025-auth-custom-type-token", header("Authorization", "Token abc123"), nil},
		{"am025-auth-custom-type-token", bearer("abc123"), auth.ErrMissing},
		{"grafana-basic", basic("graf", "s3cr3t"), nil},
		{"grafana-hmac-default-header", grafana(auth.GrafanaUntimed()), nil},
		{"grafana-hmac-default-header", grafana(auth.Grafana()), auth.ErrMissing},
		{"grafana-basic", grafana(auth.GrafanaUntimed()), auth.ErrMissing},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			f, err := os.Open("testdata/captures/" + tt.file + ".http")
			require.NoError(t, err)
			defer f.Close()
			r, err := http.ReadRequest(bufio.NewReader(f))
			require.NoError(t, err)
			body, err := io.ReadAll(r.Body)
			require.NoError(t, err)
			require.ErrorIs(t, tt.v.Verify(r, body), tt.wantErr)
		})
	}
}
