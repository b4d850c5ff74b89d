package auth_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alertwire/alertwire/auth"
)

// The property of all targets here: what nobody signed is never accepted.

// FuzzSignature puts arbitrary headers and bodies before verifiers that know
// the secrets of the vectors. Whatever is accepted must be one of the messages
// that the vectors say were signed.
func FuzzSignature(f *testing.F) {
	type message struct{ scheme, id, timestamp, body string }
	names := []string{"dropbox", "github", "grafana", "grafana-untimed", "pagerduty", "slack", "standard-webhooks", "stripe", "x", "zoom"}
	place := schemes()
	signed := make(map[message]bool)
	secrets := make(map[string][]auth.Secret)
	timeOf := func(scheme string, signature, timestamp string) string {
		if scheme != "stripe" {
			return timestamp
		}
		for part := range strings.SplitSeq(signature, ",") {
			if t, ok := strings.CutPrefix(strings.Trim(part, " "), "t="); ok {
				return t
			}
		}
		return ""
	}
	for _, cases := range readVectors(f) {
		for _, v := range cases {
			s, ok := place[v.Scheme]
			if !ok || v.Rename != nil {
				continue
			}
			h := v.request().Header
			signature, id, timestamp := h.Get(s.Header), h.Get(orNone(s.IDHeader)), h.Get(orNone(s.TimestampHeader))
			f.Add(slices.Index(names, v.Scheme), signature, id, timestamp, []byte(v.Body))
			if v.Want == "accepted" || v.Want == "stale" || v.Want == "body-shape" {
				signed[message{v.Scheme, id, timeOf(v.Scheme, signature, timestamp), v.Body}] = true
				for _, secret := range v.Secrets {
					if !slices.Contains(secrets[v.Scheme], secret) && len(secrets[v.Scheme]) < 16 {
						secrets[v.Scheme] = append(secrets[v.Scheme], secret)
					}
				}
			}
		}
	}
	verifiers := make(map[string]*auth.HMAC)
	for _, name := range names {
		verifiers[name] = must(auth.NewHMAC(place[name], auth.HMACOptions{
			Secrets: secrets[name], AnyBody: true, Tolerance: 290 * 365 * 24 * time.Hour, Now: at(time.Unix(1767225600, 0)),
		}))
	}
	f.Fuzz(func(t *testing.T, n int, signature, id, timestamp string, body []byte) {
		if n < 0 || n >= len(names) {
			return
		}
		name := names[n]
		s := place[name]
		r := get(s.Header, signature)
		if s.IDHeader != "" {
			r.Header.Set(s.IDHeader, id)
		} else {
			id = ""
		}
		if s.TimestampHeader != "" {
			r.Header.Set(s.TimestampHeader, timestamp)
		} else {
			timestamp = ""
		}
		m := message{name, id, timeOf(name, signature, timestamp), string(body)}
		if verifiers[name].Verify(r, body) == nil && !signed[m] {
			t.Errorf("a message that nobody signed was accepted: %q", m)
		}
	})
}

func orNone(name string) string {
	if name == "" {
		return "None"
	}
	return name
}

// FuzzAuthorization compares with the reading of net/http.
func FuzzAuthorization(f *testing.F) {
	basic := must(auth.NewBasic("user", "pa:ss", auth.BasicOptions{}))
	bearer := must(auth.NewBearer("new.token", "old-token"))
	for _, s := range []string{"", "Basic", "Bearer ", "Basic dXNlcjpwYTpzcw==", "basic  dXNlcjpwYTpzcw==", "Bearer new.token", "BEARER old-token", "Bearer new.token, x", "Token old-token"} {
		f.Add(s, false)
	}
	f.Add("Bearer new.token", true)
	f.Fuzz(func(t *testing.T, value string, twice bool) {
		r := get("Authorization", value)
		if twice {
			r.Header.Add("Authorization", value)
		}
		if basic.Verify(r, nil) == nil {
			// net/http wants exactly one space.
			scheme, rest, _ := strings.Cut(value, " ")
			r.Header.Set("Authorization", scheme+" "+strings.Trim(rest, " "))
			user, pass, _ := r.BasicAuth()
			if user != "user" || pass != "pa:ss" || twice {
				t.Errorf("accepted as Basic: %q", value)
			}
		}
		if bearer.Verify(r, nil) == nil {
			words := strings.Fields(value)
			if len(words) != 2 || !strings.EqualFold(words[0], "bearer") || words[1] != "new.token" && words[1] != "old-token" || twice {
				t.Errorf("accepted as Bearer: %q", value)
			}
		}
	})
}

// FuzzHeaderValue accepts the values and nothing else.
func FuzzHeaderValue(f *testing.F) {
	h := must(auth.NewHeader("X-Key", "new value", "old"))
	for _, s := range []string{"", "new value", "old", "old ", "OLD", "new valu"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		accepted := h.Verify(get("X-Key", value), nil) == nil
		if want := value == "new value" || value == "old"; accepted != want {
			t.Errorf("%q: accepted is %v", value, accepted)
		}
	})
}

// FuzzQuery compares with the reading of net/url, and signs over what is there.
func FuzzQuery(f *testing.F) {
	q := must(auth.NewQuery("token", "s3 cret"))
	for _, s := range []string{"", "token=s3+cret", "a=b&token=s3%20cret&c", "token=x&token=s3+cret", "t%6fken=s3+cret", "token=%zz", "a;token=s3+cret", "&&=&token"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, query string) {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.URL.RawQuery = query
		values, _ := url.ParseQuery(query)
		if q.Verify(r, nil) == nil && !slices.Equal(values["token"], []string{"s3 cret"}) {
			t.Errorf("accepted: %q", query)
		}
		if err := q.Sign(r, nil); err != nil {
			t.Fatal(err)
		}
		if err := q.Verify(r, nil); err != nil {
			t.Errorf("%q became %q: %v", query, r.URL.RawQuery, err)
		}
	})
}

// FuzzCertificateHeader accepts only what has the certificate of the sender
// in it, first.
func FuzzCertificateHeader(f *testing.F) {
	read := func(name string) *x509.Certificate {
		data, err := os.ReadFile("testdata/certs/" + name + ".pem")
		if err != nil {
			f.Fatal(err)
		}
		block, _ := pem.Decode(data)
		return must(x509.ParseCertificate(block.Bytes))
	}
	ca, good, other := read("ca"), read("sender"), read("other")
	roots := x509.NewCertPool()
	roots.AddCert(ca)
	v := must(auth.NewClientCert(auth.ClientCertOptions{
		Roots: roots, Names: []string{sender}, Header: "X-Cert", TrustedProxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.1/32")},
	}))
	text := base64.StdEncoding.EncodeToString(good.Raw)
	for _, c := range []*x509.Certificate{good, other, ca} {
		der := base64.StdEncoding.EncodeToString(c.Raw)
		for _, s := range []string{der, ":" + der + ":", url.PathEscape(pemOf(c)), url.QueryEscape(pemOf(c)), url.QueryEscape(der), der + "," + text,
			strings.ReplaceAll(pemOf(c), "\n", " "), strings.ReplaceAll(pemOf(c)+pemOf(good), "\n", " "), strings.ReplaceAll(pemOf(c), "\n", ""), url.PathEscape(pemOf(c) + pemOf(good))} {
			f.Add(s)
		}
	}
	f.Add("")
	f.Add("-----BEGIN")
	f.Add(strings.Replace(url.PathEscape(pemOf(good)), "MII", "!!!", 1) + url.PathEscape(pemOf(good)))
	f.Fuzz(func(t *testing.T, value string) {
		r := get("X-Cert", value)
		r.RemoteAddr = "192.0.2.1:1"
		r.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{good}} // that of the proxy does not count
		if v.Verify(r, nil) != nil {
			return
		}
		unescape := url.PathUnescape
		if strings.HasPrefix(value, "-----BEGIN+") && strings.Contains(value, "%") {
			unescape = url.QueryUnescape
		}
		unescaped, err := unescape(value)
		if err != nil {
			unescaped = value
		}
		plain := strings.NewReplacer("\n", "", "\r", "", " ", "", "\t", "").Replace(unescaped)
		first := strings.Index(plain, text)
		if first < 0 || strings.Count(plain[:first], "-----BEGIN") > 1 || strings.Contains(plain[:first], ",") {
			t.Errorf("accepted: %q", value)
		}
	})
}

// FuzzScheme makes schemes of its own. What can be constructed signs, verifies
// what it signed, and does not verify another body.
func FuzzScheme(f *testing.F) {
	for _, s := range schemes() {
		f.Add(must(json.Marshal(s)), "msg_1", []byte(`{"a":1}`), byte('x'))
	}
	for _, v := range readVectors(f)["custom"] {
		f.Add(must(json.Marshal(v.Custom)), "msg_1", []byte(`[]`), byte(' '))
	}
	f.Fuzz(func(t *testing.T, data []byte, id string, body []byte, more byte) {
		var s auth.Scheme
		if json.Unmarshal(data, &s) != nil {
			return
		}
		secret := auth.Secret(zeros)
		if s.Key == "hex" {
			secret = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
		}
		h, err := auth.NewHMAC(s, auth.HMACOptions{Secrets: []auth.Secret{secret}, AnyBody: true, Now: at(time.Unix(1767225600, 0))})
		if err != nil {
			return
		}
		r := get()
		if s.IDHeader != "" {
			r.Header.Set(s.IDHeader, id)
		}
		if h.Sign(r, body) != nil {
			return // an id that the scheme cannot carry
		}
		if err := h.Verify(r, body); err != nil {
			t.Errorf("not accepted: %v", err)
		}
		if h.Verify(r, append(body[:len(body):len(body)], more)) == nil {
			t.Error("another body was accepted")
		}
	})
}

// FuzzConfig reads arbitrary configurations. What can be constructed verifies
// what it signs; no secret comes out again.
func FuzzConfig(f *testing.F) {
	for _, s := range []string{
		`{}`, `{"basic":["u","c4nary"]}`, `{"bearer":["c4nary","b"]}`, `{"header":{"name":"X-Key","value":"c4nary"}}`,
		`{"query":{"name":"t","value":"c4nary"}}`, `{"hmac":{"scheme":"slack","secret":"c4nary","tolerance":"1m"}}`,
		`{"hmac":{"scheme":"custom","secret":"c4nary","custom":{"header":"X-Sig","signed":"{body}"}},"bearer":"c4nary"}`,
		`{"basic":{"user":"u","password":{"env":"NONE"}}}`, `{"bearer":null}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if text := strings.ToLower(string(data)); strings.Contains(text, "file") || strings.Contains(text, `\u`) {
			return // the target opens no files
		}
		var c auth.Config
		if json.Unmarshal(data, &c) != nil {
			return
		}
		s, err := c.Strategy()
		if err != nil {
			return
		}
		r := get("Webhook-Id", "msg_1")
		if err := s.Sign(r, []byte("{}")); err != nil {
			return
		}
		err = s.Verify(r, []byte("{}"))
		if c.IsZero() != (err != nil) {
			t.Errorf("%s: %v", data, err)
		}
		out, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		for _, source := range slices.Concat(c.Bearer, c.Header.Value, c.Query.Value, c.HMAC.Secret, auth.Sources{c.Basic.Password}) {
			if len(source.Value) > 8 && strings.Contains(string(out), string(source.Value)) && !strings.Contains("[redacted]", string(source.Value)) {
				t.Errorf("%s came out as %s", data, out)
			}
		}
	})
}

// FuzzToken reads arbitrary answers of a token endpoint. What comes of them
// can be sent in a header, or it is an error that repeats nothing.
func FuzzToken(f *testing.F) {
	for _, s := range []string{`{"access_token":"t","expires_in":60}`, `{"access_token":"a b"}`, `{"error":"invalid_client"}`, `[]`, `{"access_token":"t","expires_in":"1e9"}`} {
		f.Add(200, []byte(s))
		f.Add(400, []byte(s))
	}
	f.Fuzz(func(t *testing.T, status int, answer []byte) {
		client := &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader(string(answer)))}, nil
		})}
		s := must(auth.NewOAuth2(auth.OAuth2Options{TokenURL: "https://id.example.com/", ClientID: "id", ClientSecret: "s", Client: client}))
		r := get()
		if err := s.Sign(r, nil); err != nil {
			if len(answer) > 60 && strings.Contains(err.Error(), string(answer)) {
				t.Errorf("the answer is in the error: %v", err)
			}
			return
		}
		token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !ok || token == "" || strings.ContainsFunc(token, func(c rune) bool { return c <= ' ' || c > '~' }) {
			t.Errorf("token %q", token)
		}
	})
}
