package challenge_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/alertwire/alertwire/challenge"
)

// A query is answered if, and only if, it has exactly one crc_token of the
// opaque alphabet, as net/url reads it.
func FuzzCRC(f *testing.F) {
	for _, seed := range []string{
		"crc_token=token", "nonce=a&crc_token=a%2Bb", "crc_token=a+b", "crc_token=", "crc_token", "", "&&", "=",
		"crc_token=a&crc_token=b", "crc%5Ftoken=a", "crc_token=%7B%22a%22%3A1%7D", "crc_token=%zz", "a;crc_token=b", "crc_token=a;b",
	} {
		f.Add(seed)
	}
	crc := newCRC(f, "secret")
	token := regexp.MustCompile(`\A[A-Za-z0-9+/=_-]{1,512}\z`)
	f.Fuzz(func(t *testing.T, query string) {
		r := &http.Request{Method: "GET", URL: &url.URL{Path: "/", RawQuery: query}, Header: http.Header{}}
		reply, ok, err := crc.Answer(r, nil)
		values, malformed := url.ParseQuery(query)
		tokens := values["crc_token"]
		good := len(tokens) == 1 && token.MatchString(tokens[0])
		switch {
		case ok && err == nil && !good:
			t.Errorf("answered %q", tokens)
		case ok && err == nil:
			mac, _ := hex.DecodeString(hexMAC("secret", tokens[0]))
			if want := `{"response_token":"sha256=` + base64.StdEncoding.EncodeToString(mac) + `"}`; string(reply.Body) != want {
				t.Errorf("answer to %q is %s, not %s", tokens[0], reply.Body, want)
			}
		case malformed == nil && good:
			t.Errorf("did not answer %q", tokens[0])
		case malformed == nil && ok != (len(tokens) > 0):
			t.Errorf("%d tokens, handshake %v", len(tokens), ok)
		}
	})
}

// What nobody signed is not answered, the body is left alone, and what is
// echoed is harmless to a browser and to JSON.
func FuzzBodies(f *testing.F) {
	for _, seed := range []string{
		slackBody, zoomBody, eventGridEvent, "[" + eventGridEvent + "]", netdataBody, `{"verification_token":"a"}`, "", "[", "null",
		`{"type":"url_verification","challenge":"\u0000"}`, `{"token":"a","token":{}}`,
	} {
		f.Add(seed)
	}
	unsigned := challenge.Any(newSlack(f, forged), newZoom(f, forged))
	open := challenge.Any(newSlack(f, signed), newZoom(f, signed), challenge.EventGrid{},
		newPasted(f, challenge.NewNetdataTest), newPasted(f, challenge.NewNotion))
	f.Fuzz(func(t *testing.T, body string) {
		if _, ok, err := unsigned.Answer(request("POST /", body), []byte(body)); ok && err == nil {
			t.Error("answered a handshake that nobody signed")
		}
		w, passed, rest := serve(open, challenge.RespondOptions{}, request("POST /", body))
		if passed && rest != body {
			t.Errorf("the next handler got %q", rest)
		}
		if passed || w.Code != http.StatusOK || w.Body.Len() == 0 {
			return
		}
		if w.Header().Get("Content-Type") == "application/json" && !json.Valid(w.Body.Bytes()) {
			t.Errorf("invalid JSON: %s", w.Body)
		}
		if strings.ContainsAny(w.Body.String(), "<>&'\\`\x00\r\n") {
			t.Errorf("echoed %q", w.Body)
		}
	})
}

// Only the origin that is allowed is granted, whatever surrounds it.
func FuzzOrigin(f *testing.F) {
	for _, seed := range []string{"a.example", "A.EXAMPLE", "a.example.evil.test", "evil.a.example", "a.example, a.example", "*", "", "a.exam\u212ale"} {
		f.Add(seed)
	}
	scheme := newCloudEvents(f, challenge.CloudEventsOptions{Origins: []string{"a.example"}})
	f.Fuzz(func(t *testing.T, origin string) {
		r := httptest.NewRequest("OPTIONS", "/", nil)
		r.Header["Webhook-Request-Origin"] = []string{origin}
		reply, ok, err := scheme.Answer(r, nil)
		granted := ok && err == nil
		if want := len(origin) == len("a.example") && strings.EqualFold(origin, "a.example"); granted != want {
			t.Errorf("granted %q: %v", origin, granted)
		}
		if got := reply.Header.Get("WebHook-Allowed-Origin"); granted != (got != "") || granted && got != origin {
			t.Errorf("allowed %q to %q", got, origin)
		}
	})
}

// A reply is believed only if it holds the one right value.
func FuzzProberReply(f *testing.F) {
	p := local(f)
	mac, _ := hex.DecodeString(hexMAC("s3cret-canary", "token"))
	want := "sha256=" + base64.StdEncoding.EncodeToString(mac)
	for _, seed := range []string{`{"response_token":"` + want + `"}`, `{"response_token":"sha256="}`, `{"response_token":"` + strings.TrimRight(want, "=") + `"}`, "", "[]"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		var reply map[string]any
		right := json.Unmarshal([]byte(body), &reply) == nil && reply["response_token"] == want
		if got := p.CheckCRC("token", []byte(body)) == nil; got != right {
			t.Errorf("believed %q: %v", body, got)
		}
	})
}
