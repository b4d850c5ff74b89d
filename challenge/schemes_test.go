package challenge_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/challenge"
)

const (
	slackBody      = `{"token":"Jhj5dZrVaK7ZwHHjRyZWjbDl","challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P","type":"url_verification"}`
	zoomBody       = `{"payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"},"event_ts":1654503849680,"event":"endpoint.url_validation"}`
	eventGridEvent = `{"id":"2d1781af-3a4c-4d7c-bd0c-e34b19da4e66","topic":"/subscriptions/x","subject":"","eventType":"Microsoft.EventGrid.SubscriptionValidationEvent","eventTime":"2018-01-25T22:12:19.4556811Z","metadataVersion":"1","dataVersion":"1","data":{"validationCode":"512d38b6-c7b8-40c8-89fe-f46f9e9622b6","validationUrl":"https://rp-eastus2.eventgrid.azure.net:553/x"}}`
	netdataBody    = `{"message": "This is a Test Notification. If you're receiving it, your Webhook integration is configured properly!", "title": "Test Notification", "token": "00000000-0000-4000-8000-000000000000"}`
)

var errHook = errors.New("nobody waits for this")

func newZoom(t testing.TB, verify func(*http.Request, []byte) error) *challenge.Zoom {
	t.Helper()
	z, err := challenge.NewZoom("secret", verify)
	require.NoError(t, err)
	return z
}

func newMeta(t testing.TB, build func(string) (*challenge.Meta, error)) *challenge.Meta {
	t.Helper()
	m, err := build("my token & more")
	require.NoError(t, err)
	return m
}

// newWebSub agrees to one topic.
func newWebSub(t testing.TB) *challenge.WebSub {
	t.Helper()
	s, err := challenge.NewWebSub(func(_ *http.Request, mode, topic string) error {
		if mode+" "+topic == "subscribe https://example.com/feed" || mode+" "+topic == "unsubscribe https://example.com/old" {
			return nil
		}
		return errHook
	})
	require.NoError(t, err)
	return s
}

// newAsana waits for one secret.
func newAsana(t testing.TB) *challenge.Asana {
	t.Helper()
	a, err := challenge.NewAsana(func(_ *http.Request, secret string) error {
		if secret == "b537207f20cbfa02357cf448134da559" {
			return nil
		}
		return errHook
	})
	require.NoError(t, err)
	return a
}

func newCloudEvents(t testing.TB, o challenge.CloudEventsOptions) *challenge.CloudEvents {
	t.Helper()
	c, err := challenge.NewCloudEvents(o)
	require.NoError(t, err)
	return c
}

// newPasted accepts every token but "refused".
func newPasted(t testing.TB, build func(func(*http.Request, string) error) (*challenge.Pasted, error)) *challenge.Pasted {
	t.Helper()
	p, err := build(func(_ *http.Request, token string) error {
		if token == "refused" {
			return errHook
		}
		return nil
	})
	require.NoError(t, err)
	return p
}

// request builds a request from "METHOD target", headers as "Name: value", and
// a body.
func request(line, body string, headers ...string) *http.Request {
	method, target, _ := strings.Cut(line, " ")
	r := httptest.NewRequest(method, "/", strings.NewReader(body))
	r.URL.Path, r.URL.RawQuery, _ = strings.Cut(target, "?")
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Add(name, value)
	}
	return r
}

func TestSchemesAnswer(t *testing.T) {
	const (
		text = "text/plain; charset=utf-8"
		json = "application/json"
	)
	meta, strava, webSub := newMeta(t, challenge.NewMeta), newMeta(t, challenge.NewStrava), newWebSub(t)
	one := newCloudEvents(t, challenge.CloudEventsOptions{Origins: []string{"a.example", "B.example"}, Rate: 120})
	every := newCloudEvents(t, challenge.CloudEventsOptions{AnyOrigin: true})
	tests := []struct {
		name       string
		scheme     challenge.Scheme
		request    *http.Request
		wantType   string
		wantBody   string
		wantHeader http.Header
	}{
		{"Slack", newSlack(t, signed), request("POST /", slackBody), text, "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P", nil},
		{"Slack, 64 KiB", newSlack(t, signed), request("POST /", slackBody+strings.Repeat(" ", 64<<10-len(slackBody))), text, "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P", nil},
		{"Zoom", newZoom(t, signed), request("POST /", zoomBody), json, `{"plainToken":"qgg8vlvZRS6UYooatFL8Aw","encryptedToken":"` + hexMAC("secret", "qgg8vlvZRS6UYooatFL8Aw") + `"}`, nil},
		{"Meta", meta, request("GET /?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=my+token+%26+more", ""), text, "1158201444", nil},
		{"Strava", strava, request("GET /?hub.verify_token=my%20token%20%26%20more&hub.challenge=15f7d1a91c1f40f8a748fd134752feb3&hub.mode=subscribe", ""), json, `{"hub.challenge":"15f7d1a91c1f40f8a748fd134752feb3"}`, nil},
		{"WebSub", webSub, request("GET /?hub.mode=subscribe&hub.topic=https%3A%2F%2Fexample.com%2Ffeed&hub.challenge=x.y~z&hub.lease_seconds=10", ""), text, "x.y~z", nil},
		{"WebSub, end", webSub, request("GET /?hub.mode=unsubscribe&hub.topic=https://example.com/old&hub.challenge=1", ""), text, "1", nil},
		{"Meta and WebSub at one URL", challenge.Any(meta, webSub), request("GET /?hub.mode=subscribe&hub.topic=https://example.com/feed&hub.challenge=1", ""), text, "1", nil},
		{"Dropbox", challenge.Dropbox{}, request("GET /?challenge=abc-123_XYZ", ""), text, "abc-123_XYZ", nil},
		{"Onfleet", challenge.Echo{Parameter: "check"}, request("GET /?check=abc", ""), text, "abc", nil},
		{"MSGraph", challenge.MSGraph{}, request("POST /?x=1&validationToken=Validation%3a+Testing+client+application+reachability+for+subscription+Request-Id%3a+522a8e7e-096a-494c-aaf1-ac0dcfca45b7", ""), text, "Validation: Testing client application reachability for subscription Request-Id: 522a8e7e-096a-494c-aaf1-ac0dcfca45b7", nil},
		{"SharePoint", challenge.MSGraph{}, request("POST /?validationtoken=UQe-zq5k90S5JFxKGFGgtQ", ""), text, "UQe-zq5k90S5JFxKGFGgtQ", nil},
		{"EventGrid", challenge.EventGrid{}, request("POST /", " ["+eventGridEvent+"]\n"), json, `{"validationResponse":"512d38b6-c7b8-40c8-89fe-f46f9e9622b6"}`, nil},
		{"EventGrid, object", challenge.EventGrid{}, request("POST /", eventGridEvent), json, `{"validationResponse":"512d38b6-c7b8-40c8-89fe-f46f9e9622b6"}`, nil},
		{"Okta", challenge.Okta{}, request("GET /", "", "X-Okta-Verification-Challenge: My verification challenge"), json, `{"verification":"My verification challenge"}`, nil},
		{"Asana", newAsana(t), request("POST /", "{}", "X-Hook-Secret: b537207f20cbfa02357cf448134da559"), "", "", http.Header{"X-Hook-Secret": {"b537207f20cbfa02357cf448134da559"}}},
		{"CloudEvents", one, request("OPTIONS /", "", "WebHook-Request-Origin: a.example", "WebHook-Request-Rate: 1000", "WebHook-Request-Callback: https://evil.test"), "", "", http.Header{"Webhook-Allowed-Origin": {"a.example"}, "Webhook-Allowed-Rate": {"120"}, "Allow": {"POST"}}},
		{"CloudEvents, case", one, request("OPTIONS /", "", "WebHook-Request-Origin: b.EXAMPLE"), "", "", http.Header{"Webhook-Allowed-Origin": {"b.EXAMPLE"}, "Webhook-Allowed-Rate": {"120"}, "Allow": {"POST"}}},
		{"CloudEvents, every origin", every, request("OPTIONS /", "", "WebHook-Request-Origin: c.example"), "", "", http.Header{"Webhook-Allowed-Origin": {"*"}, "Webhook-Allowed-Rate": {"*"}, "Allow": {"POST"}}},
		{"Netdata", newPasted(t, challenge.NewNetdataTest), request("POST /", netdataBody), "", "", nil},
		{"Notion", newPasted(t, challenge.NewNotion), request("POST /", `{"verification_token":"secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl"}`), "", "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w, passed, _ := serve(tt.scheme, challenge.RespondOptions{}, tt.request)
			require.False(t, passed)
			assert.Equal(t, http.StatusOK, w.Code)
			assert.Equal(t, tt.wantType, w.Header().Get("Content-Type"))
			assert.Equal(t, tt.wantBody, w.Body.String())
			assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
			assert.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
			for name, values := range tt.wantHeader {
				assert.Equal(t, values, w.Header()[name])
			}
		})
	}
}

func TestSchemesRefuse(t *testing.T) {
	meta, webSub := newMeta(t, challenge.NewMeta), newWebSub(t)
	origins := newCloudEvents(t, challenge.CloudEventsOptions{Origins: []string{"a.example", "k.example"}})
	netdata := newPasted(t, challenge.NewNetdataTest)
	const verified = "GET /?hub.mode=subscribe&hub.verify_token=my+token+%26+more"
	long := strings.Repeat("a", 513)
	tests := []struct {
		name       string
		scheme     challenge.Scheme
		request    *http.Request
		wantStatus int
		wantErr    error
	}{
		{"Slack, forged", newSlack(t, forged), request("POST /", slackBody), 401, challenge.ErrUnverified},
		{"Slack, forged and malformed", newSlack(t, forged), request("POST /", `{"type":"url_verification"}`), 401, challenge.ErrUnverified},
		{"Slack, zero", new(challenge.Slack), request("POST /", slackBody), 401, challenge.ErrUnverified},
		{"Slack, no challenge", newSlack(t, signed), request("POST /", `{"type":"url_verification"}`), 400, challenge.ErrMalformed},
		{"Slack, markup", newSlack(t, signed), request("POST /", `{"type":"url_verification","challenge":"\u003cb>"}`), 400, challenge.ErrMalformed},
		{"Slack, number", newSlack(t, signed), request("POST /", `{"type":"url_verification","challenge":1}`), 400, challenge.ErrMalformed},
		{"Zoom, forged", newZoom(t, forged), request("POST /", zoomBody), 401, challenge.ErrUnverified},
		{"Zoom, zero", new(challenge.Zoom), request("POST /", zoomBody), 401, challenge.ErrUnverified},
		{"Zoom, an event as token", newZoom(t, signed), request("POST /", `{"event":"endpoint.url_validation","payload":{"plainToken":"v0:1700000000:{}"}}`), 400, challenge.ErrMalformed},
		{"Zoom, no payload", newZoom(t, signed), request("POST /", `{"event":"endpoint.url_validation","payload":[]}`), 400, challenge.ErrMalformed},
		{"Meta, wrong token", meta, request("GET /?hub.mode=subscribe&hub.verify_token=my+token&hub.challenge=1", ""), 401, challenge.ErrUnverified},
		{"Meta, no token", meta, request("GET /?hub.mode=subscribe&hub.challenge=1", ""), 401, challenge.ErrUnverified},
		{"Meta, two tokens", meta, request(verified+"&hub.verify_token=my+token+%26+more&hub.challenge=1", ""), 401, challenge.ErrUnverified},
		{"Meta, zero", new(challenge.Meta), request("GET /?hub.mode=subscribe&hub.verify_token=&hub.challenge=1", ""), 401, challenge.ErrUnverified},
		{"Meta, no challenge", meta, request(verified, ""), 400, challenge.ErrMalformed},
		{"Meta, two challenges", meta, request(verified+"&hub.challenge=1&hub.challenge=1", ""), 400, challenge.ErrMalformed},
		{"Meta, two modes", meta, request(verified+"&hub.mode=subscribe&hub.challenge=1", ""), 400, challenge.ErrMalformed},
		{"Meta, markup", meta, request(verified+"&hub.challenge=%3Cscript%3E", ""), 400, challenge.ErrMalformed},
		{"WebSub, other topic", webSub, request("GET /?hub.mode=subscribe&hub.topic=https://example.com/old&hub.challenge=1", ""), 404, challenge.ErrUnverified},
		{"WebSub, the hook's reason", webSub, request("GET /?hub.mode=subscribe&hub.topic=x&hub.challenge=1", ""), 404, errHook},
		{"WebSub beside Meta", challenge.Any(meta, webSub), request("GET /?hub.mode=subscribe&hub.topic=x&hub.challenge=1", ""), 404, challenge.ErrUnverified},
		{"WebSub, zero", new(challenge.WebSub), request("GET /?hub.mode=subscribe&hub.topic=x&hub.challenge=1", ""), 404, challenge.ErrUnverified},
		{"WebSub, two topics", webSub, request("GET /?hub.mode=subscribe&hub.topic=x&hub.topic=https://example.com/feed&hub.challenge=1", ""), 400, challenge.ErrMalformed},
		{"WebSub, no challenge", webSub, request("GET /?hub.mode=subscribe&hub.topic=https://example.com/feed", ""), 400, challenge.ErrMalformed},
		{"Dropbox, markup", challenge.Dropbox{}, request("GET /?challenge=%3Cscript%3Ealert(1)%3C/script%3E", ""), 400, challenge.ErrMalformed},
		{"Dropbox, line feed", challenge.Dropbox{}, request("GET /?challenge=a%0ab", ""), 400, challenge.ErrMalformed},
		{"Dropbox, DEL", challenge.Dropbox{}, request("GET /?challenge=a%7f", ""), 400, challenge.ErrMalformed},
		{"Dropbox, empty", challenge.Dropbox{}, request("GET /?challenge=", ""), 400, challenge.ErrMalformed},
		{"Dropbox, twice", challenge.Dropbox{}, request("GET /?challenge=a&challenge=a", ""), 400, challenge.ErrMalformed},
		{"Dropbox, too long", challenge.Dropbox{}, request("GET /?challenge="+long, ""), 400, challenge.ErrMalformed},
		{"MSGraph, not ASCII", challenge.MSGraph{}, request("POST /?validationToken=%C3%A9", ""), 400, challenge.ErrMalformed},
		{"MSGraph, twice", challenge.MSGraph{}, request("POST /?validationToken=a&validationToken=a", ""), 400, challenge.ErrMalformed},
		{"MSGraph, once in each case", challenge.MSGraph{}, request("POST /?validationToken=a&validationtoken=a", ""), 400, challenge.ErrMalformed},
		{"EventGrid, no code", challenge.EventGrid{}, request("POST /", `[{"eventType":"Microsoft.EventGrid.SubscriptionValidationEvent"}]`), 400, challenge.ErrMalformed},
		{"EventGrid, quote", challenge.EventGrid{}, request("POST /", `[{"eventType":"Microsoft.EventGrid.SubscriptionValidationEvent","data":{"validationCode":"\""}}]`), 400, challenge.ErrMalformed},
		{"Okta, backslash", challenge.Okta{}, request("GET /", "", `X-Okta-Verification-Challenge: \`), 400, challenge.ErrMalformed},
		{"Okta, twice", challenge.Okta{}, request("GET /", "", "X-Okta-Verification-Challenge: a", "X-Okta-Verification-Challenge: a"), 400, challenge.ErrMalformed},
		{"Asana, unexpected", newAsana(t), request("POST /", "{}", "X-Hook-Secret: 0123456789"), 401, challenge.ErrUnverified},
		{"Asana, the hook's reason", newAsana(t), request("POST /", "{}", "X-Hook-Secret: 0123456789"), 401, errHook},
		{"Asana, zero", new(challenge.Asana), request("POST /", "{}", "X-Hook-Secret: 0123456789"), 401, challenge.ErrUnverified},
		{"Asana, empty", newAsana(t), request("POST /", "{}", "X-Hook-Secret: "), 400, challenge.ErrMalformed},
		{"Asana, no token", newAsana(t), request("POST /", "{}", "X-Hook-Secret: {}"), 400, challenge.ErrMalformed},
		{"Asana, two", newAsana(t), request("POST /", "{}", "X-Hook-Secret: a", "X-Hook-Secret: b"), 400, challenge.ErrMalformed},
		{"CloudEvents, prefix", origins, request("OPTIONS /", "", "WebHook-Request-Origin: a.example.evil.test"), 401, challenge.ErrUnverified},
		{"CloudEvents, suffix", origins, request("OPTIONS /", "", "WebHook-Request-Origin: evil.a.example"), 401, challenge.ErrUnverified},
		{"CloudEvents, star", origins, request("OPTIONS /", "", "WebHook-Request-Origin: *"), 401, challenge.ErrUnverified},
		{"CloudEvents, list", origins, request("OPTIONS /", "", "WebHook-Request-Origin: a.example,k.example"), 401, challenge.ErrUnverified},
		{"CloudEvents, two", origins, request("OPTIONS /", "", "WebHook-Request-Origin: a.example", "WebHook-Request-Origin: a.example"), 400, challenge.ErrMalformed},
		{"CloudEvents, Kelvin sign", origins, request("OPTIONS /", "", "WebHook-Request-Origin: \u212a.example"), 400, challenge.ErrMalformed},
		{"CloudEvents, empty", origins, request("OPTIONS /", "", "WebHook-Request-Origin: "), 400, challenge.ErrMalformed},
		{"CloudEvents, zero", new(challenge.CloudEvents), request("OPTIONS /", "", "WebHook-Request-Origin: a.example"), 401, challenge.ErrUnverified},
		{"Netdata, the hook's reason", netdata, request("POST /", `{"token":"refused"}`), 503, errHook},
		{"Netdata, line feed", netdata, request("POST /", `{"token":"a\nb"}`), 400, challenge.ErrMalformed},
		{"Netdata, not UTF-8", netdata, request("POST /", "{\"token\":\"a\xff\"}"), 400, challenge.ErrMalformed},
		{"Netdata, empty", netdata, request("POST /", `{"token":""}`), 400, challenge.ErrMalformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var reason error
			o := challenge.RespondOptions{OnReject: func(_ *http.Request, err error) { reason = err }}
			w, passed, _ := serve(tt.scheme, o, tt.request)
			require.False(t, passed)
			assert.Equal(t, tt.wantStatus, w.Code)
			assert.Empty(t, w.Header()["Webhook-Allowed-Origin"])
			assert.Empty(t, w.Header()["X-Hook-Secret"])
			require.ErrorIs(t, reason, tt.wantErr)
		})
	}
}

func TestSchemesPassOn(t *testing.T) {
	all := challenge.Any(newCRC(t, "secret"), newSlack(t, forged), newZoom(t, forged), newMeta(t, challenge.NewMeta), newWebSub(t),
		challenge.Echo{}, challenge.Dropbox{}, challenge.EventGrid{}, challenge.Okta{}, newAsana(t),
		newCloudEvents(t, challenge.CloudEventsOptions{AnyOrigin: true}), newPasted(t, challenge.NewNetdataTest), new(challenge.Pasted))
	for _, r := range []*http.Request{
		request("GET /?", ""),
		request("GET /?=&=x", ""),
		request("PUT /?", slackBody),
		request("PUT /?", eventGridEvent),
		request("POST /?challenge=a", "{}"),
		request("HEAD /?challenge=a", ""),
		request("GET /?validationToken=a", ""),
		request("POST /?hub.mode=subscribe&hub.verify_token=x&hub.challenge=1", "{}"),
		request("GET /?hub.mode=denied&hub.topic=x&hub.challenge=1", ""),
		request("GET /?hub.mode=publish&hub.verify_token=x&hub.challenge=1", ""),
		request("POST /", "{}", "X-Okta-Verification-Challenge: a"),
		request("GET /", "", "X-Hook-Secret: a"),
		request("POST /", "{}", "X-Hook-Signature: a"),
		request("POST /", "{}", "WebHook-Request-Origin: a.example"),
		request("OPTIONS /", "", "Origin: https://a.example", "Access-Control-Request-Method: POST"),
	} {
		_, passed, _ := serve(all, challenge.RespondOptions{}, r)
		assert.True(t, passed, "%s %s %v", r.Method, r.URL, r.Header)
	}
}

func TestEventsAreNotVerifiedTwice(t *testing.T) {
	calls := 0
	count := func(*http.Request, []byte) error { calls++; return nil }
	_, passed, _ := serve(newSlack(t, count), challenge.RespondOptions{}, request("POST /", `{"type":"event_callback","text":"url_verification"}`))
	assert.True(t, passed)
	assert.Zero(t, calls)
}

func TestVerifierSeesTheRawBody(t *testing.T) {
	body := "  " + zoomBody + "\r\n"
	var seen string
	z := newZoom(t, func(_ *http.Request, body []byte) error { seen = string(body); return nil })
	serve(z, challenge.RespondOptions{}, request("POST /", body))
	assert.Equal(t, body, seen)
}

func TestPastedTokenIsNotRepeated(t *testing.T) {
	var shown string
	p, err := challenge.NewNetdataTest(func(_ *http.Request, token string) error { shown = token; return nil })
	require.NoError(t, err)
	w, _, _ := serve(p, challenge.RespondOptions{}, request("POST /", netdataBody))
	assert.Equal(t, "00000000-0000-4000-8000-000000000000", shown)
	assert.NotContains(t, w.Body.String(), shown)
}

// What is printed of a scheme, on its own or in a struct of the user's, holds no
// secret.
func TestSchemesPrintNoSecret(t *testing.T) {
	const secret = "s3cret-canary"
	zoom, err := challenge.NewZoom(secret, signed)
	require.NoError(t, err)
	meta, err := challenge.NewMeta(secret)
	require.NoError(t, err)
	strava, err := challenge.NewStrava(secret)
	require.NoError(t, err)
	crc, prober := newCRC(t, secret), local(t)
	for _, v := range []any{
		crc, zoom, meta, strava, prober, challenge.Any(crc, zoom, meta, strava),
		struct{ M challenge.Meta }{*meta}, struct{ S challenge.Scheme }{strava},
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
			text := fmt.Sprintf(verb, v)
			assert.NotContains(t, text, secret, "%T", v)
			assert.NotContains(t, text, hex.EncodeToString([]byte(secret)), "%T", v)
		}
	}
}

func TestConstructorsRefuse(t *testing.T) {
	tests := []struct {
		name  string
		build func() (challenge.Scheme, error)
		want  string
	}{
		{"Slack", func() (challenge.Scheme, error) { return challenge.NewSlack(nil) }, "challenge: Slack: no function that verifies the request"},
		{"Zoom", func() (challenge.Scheme, error) { return challenge.NewZoom("secret", nil) }, "challenge: Zoom: no function that verifies the request"},
		{"Zoom, secret", func() (challenge.Scheme, error) { return challenge.NewZoom("", signed) }, "challenge: Zoom: empty secret"},
		{"Meta", func() (challenge.Scheme, error) { return challenge.NewMeta("") }, "challenge: Meta: empty secret"},
		{"Strava", func() (challenge.Scheme, error) { return challenge.NewStrava("") }, "challenge: Strava: empty secret"},
		{"WebSub", func() (challenge.Scheme, error) { return challenge.NewWebSub(nil) }, "challenge: WebSub: no function that agrees to a topic"},
		{"Asana", func() (challenge.Scheme, error) { return challenge.NewAsana(nil) }, "challenge: Asana: no function that accepts a secret"},
		{"Netdata", func() (challenge.Scheme, error) { return challenge.NewNetdataTest(nil) }, "challenge: Netdata: no function that shows the token"},
		{"Notion", func() (challenge.Scheme, error) { return challenge.NewNotion(nil) }, "challenge: Notion: no function that shows the token"},
		{"CloudEvents", func() (challenge.Scheme, error) {
			return challenge.NewCloudEvents(challenge.CloudEventsOptions{})
		}, "challenge: CloudEvents: no origin is allowed"},
		{"CloudEvents, star", func() (challenge.Scheme, error) {
			return challenge.NewCloudEvents(challenge.CloudEventsOptions{Origins: []string{"*"}})
		}, `challenge: CloudEvents: "*" is no origin`},
		{"CloudEvents, empty", func() (challenge.Scheme, error) {
			return challenge.NewCloudEvents(challenge.CloudEventsOptions{Origins: []string{"a", ""}})
		}, `challenge: CloudEvents: "" is no origin`},
		{"CloudEvents, rate", func() (challenge.Scheme, error) {
			return challenge.NewCloudEvents(challenge.CloudEventsOptions{AnyOrigin: true, Rate: -1})
		}, "challenge: CloudEvents: negative rate"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tt.build()
			require.EqualError(t, err, tt.want)
		})
	}
}
