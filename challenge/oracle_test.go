package challenge_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/auth"
	"github.com/alertwire/alertwire/challenge"
)

// The oracle: a stranger sends handshakes to endpoints that answer under a
// secret, and tries to pass off what he was told as the proof of an event under
// the same secret. These tests are that stranger. They assume the worst: the
// secret is shared everywhere, Slack and Zoom believe every handshake, and the
// verifier's clock stands where the stranger wants it.

const shared = "one secret of 32 bytes for all.."

// A sender is a way to put a token before a challenge scheme.
type sender struct {
	name   string
	scheme challenge.Scheme
	ask    func(token string) *http.Request
}

func inQuery(method, format string) func(string) *http.Request {
	return func(token string) *http.Request {
		r := httptest.NewRequest(method, "/", nil)
		r.URL.RawQuery = fmt.Sprintf(format, url.QueryEscape(token))
		return r
	}
}

func inBody(format string) func(string) *http.Request {
	return func(token string) *http.Request {
		quoted, _ := json.Marshal(token)
		return httptest.NewRequest("POST", "/", strings.NewReader(fmt.Sprintf(format, quoted)))
	}
}

func inHeader(method, name string) func(string) *http.Request {
	return func(token string) *http.Request {
		r := httptest.NewRequest(method, "/", nil)
		r.Header.Set(name, token)
		return r
	}
}

// senders returns every scheme of the package under the shared secret.
func senders(t testing.TB) []sender {
	crc, err := challenge.NewCRC(shared, challenge.CRCOptions{EventSecrets: []string{shared}, AllowSharedSecret: true})
	require.NoError(t, err)
	zoom, err := challenge.NewZoom(shared, signed)
	require.NoError(t, err)
	meta, err := challenge.NewMeta(shared)
	require.NoError(t, err)
	strava, err := challenge.NewStrava(shared)
	require.NoError(t, err)
	agreeing, err := challenge.NewWebSub(func(*http.Request, string, string) error { return nil })
	require.NoError(t, err)
	accepting, err := challenge.NewAsana(func(*http.Request, string) error { return nil })
	require.NoError(t, err)
	const hub = "hub.mode=subscribe&hub.verify_token=a+guess&hub.challenge=%s"
	return []sender{
		{"CRC", crc, inQuery("GET", "crc_token=%s")},
		{"Slack", newSlack(t, signed), inBody(`{"type":"url_verification","challenge":%s}`)},
		{"Zoom", zoom, inBody(`{"event":"endpoint.url_validation","payload":{"plainToken":%s}}`)},
		{"Meta", meta, inQuery("GET", hub)},
		{"Strava", strava, inQuery("GET", hub)},
		{"WebSub", agreeing, inQuery("GET", "hub.mode=subscribe&hub.topic=x&hub.challenge=%s")},
		{"Dropbox", challenge.Dropbox{}, inQuery("GET", "challenge=%s")},
		{"Echo", challenge.Echo{Parameter: "check"}, inQuery("GET", "check=%s")},
		{"MSGraph", challenge.MSGraph{}, inQuery("POST", "validationToken=%s")},
		{"EventGrid", challenge.EventGrid{}, inBody(`[{"eventType":"Microsoft.EventGrid.SubscriptionValidationEvent","data":{"validationCode":%s}}]`)},
		{"Okta", challenge.Okta{}, inHeader("GET", "X-Okta-Verification-Challenge")},
		{"Asana", accepting, inHeader("POST", "X-Hook-Secret")},
		{"CloudEvents", newCloudEvents(t, challenge.CloudEventsOptions{AnyOrigin: true}), inHeader("OPTIONS", "WebHook-Request-Origin")},
		{"Netdata", newPasted(t, challenge.NewNetdataTest), inBody(`{"token":%s}`)},
		{"Notion", newPasted(t, challenge.NewNotion), inBody(`{"verification_token":%s}`)},
	}
}

// obtain adds to texts all that an answer to the token gives away: each text in
// it, with and without a prefix, as it is and decoded.
func (s sender) obtain(token string, texts map[string]string) {
	w, passed, _ := serve(s.scheme, challenge.RespondOptions{}, s.ask(token))
	if passed || w.Code != http.StatusOK {
		return
	}
	given := []string{w.Body.String(), w.Header().Get("X-Hook-Secret"), w.Header().Get("WebHook-Allowed-Origin")}
	var members map[string]string
	if json.Unmarshal(w.Body.Bytes(), &members) == nil {
		for _, value := range members {
			given = append(given, value)
		}
	}
	for _, text := range given {
		texts[text] = s.name
		text = text[strings.LastIndexByte(strings.TrimRight(text, "="), '=')+1:]
		if mac, err := hex.DecodeString(text); err == nil && len(mac) == 32 {
			texts[string(mac)] = s.name
		}
		if mac, err := base64.StdEncoding.DecodeString(text); err == nil && len(mac) == 32 {
			texts[string(mac)] = s.name
		}
	}
}

// eventSchemes are the schemes of package auth and some that a user may think of.
func eventSchemes() []auth.Scheme {
	return []auth.Scheme{
		auth.StandardWebhooks(), auth.GitHub(), auth.Slack(), auth.Zoom(), auth.Stripe(), auth.PagerDuty(),
		auth.Grafana(), auth.GrafanaUntimed(), auth.X(), auth.Dropbox(),
		{Name: "bare hex", Header: "X-Own", Signed: "{body}"},
		{Name: "bare base64", Header: "X-Own", Signed: "{body}", Encoding: "base64"},
		{Name: "word", Header: "X-Own", Signed: "alert={body}"},
		{Name: "time without separator", Header: "X-Own", Signed: "{timestamp}{body}", TimestampHeader: "X-Own-Time"},
		{Name: "time with an opaque one", Header: "X-Own", Signed: "{timestamp}-{body}", TimestampHeader: "X-Own-Time"},
		{Name: "milliseconds", Header: "X-Own", Signed: "{timestamp}/{body}", TimestampHeader: "X-Own-Time", TimestampFormat: "unix-milli"},
		{Name: "id without separator", Header: "X-Own", Signed: "{id}{body}", IDHeader: "X-Own-Id"},
		{Name: "id with an opaque one", Header: "X-Own", Signed: "{id}_{body}", IDHeader: "X-Own-Id"},
	}
}

// A verifier of events, and the clock that the stranger sets.
type target struct {
	scheme auth.Scheme
	hmac   *auth.HMAC
	now    *time.Time
}

func targets(t testing.TB, o auth.HMACOptions) (all []target) {
	for _, s := range eventSchemes() {
		now := new(time.Time)
		secret := shared
		if s.Key == "base64" {
			secret = s.KeyPrefix + base64.StdEncoding.EncodeToString([]byte(shared))
		}
		o.Secrets, o.Now = []auth.Secret{auth.Secret(secret)}, func() time.Time { return *now }
		h, err := auth.NewHMAC(s, o)
		require.NoError(t, err, s.Name)
		all = append(all, target{s, h, now})
	}
	return all
}

// A reading is one way to take a token for what a scheme signs.
type reading struct{ id, timestamp, body string }

// readings returns every way in which the template can give the token.
func readings(template, token string) []reading {
	switch {
	case template == "{body}":
		return []reading{{body: token}}
	case strings.HasPrefix(template, "{"):
		place, rest, _ := strings.Cut(template[1:], "}")
		var all []reading
		for i := range len(token) + 1 {
			for _, r := range readings(rest, token[i:]) {
				if place == "id" {
					r.id = token[:i]
				} else {
					r.timestamp = token[:i]
				}
				all = append(all, r)
			}
		}
		return all
	case token != "" && token[0] == template[0]:
		return readings(template[1:], token[1:])
	}
	return nil
}

// forge says whether the target takes text for the signature of an event.
func (g target) forge(text string, event reading) bool {
	s := g.scheme
	r := httptest.NewRequest("POST", "/", strings.NewReader(event.body))
	*g.now = time.Unix(1_700_000_000, 0)
	if n, err := strconv.ParseInt(event.timestamp, 10, 64); err == nil {
		*g.now = time.Unix(n, 0)
		if s.TimestampFormat == "unix-milli" {
			*g.now = time.UnixMilli(n)
		}
	}
	if s.IDHeader != "" {
		r.Header.Set(s.IDHeader, event.id)
	}
	var before string
	switch {
	case s.TimestampHeader != "":
		r.Header.Set(s.TimestampHeader, event.timestamp)
	case s.TimestampPrefix != "":
		before = s.TimestampPrefix + event.timestamp + s.Separator
	}
	for _, signature := range []string{
		text,
		s.Prefix + text,
		s.Prefix + hex.EncodeToString([]byte(text)),
		s.Prefix + base64.StdEncoding.EncodeToString([]byte(text)),
	} {
		r.Header.Set(s.Header, before+signature)
		if g.hmac.Verify(r, []byte(event.body)) == nil {
			return true
		}
	}
	return false
}

// attack returns the forgeries that succeed when the stranger has token signed.
func attack(askable []sender, verifiers []target, token string) (forgeries []string) {
	texts := make(map[string]string)
	for _, s := range askable {
		s.obtain(token, texts)
	}
	for _, g := range verifiers {
		for _, event := range readings(g.scheme.Signed, token) {
			for text, from := range texts {
				if g.forge(text, event) {
					forgeries = append(forgeries, fmt.Sprintf("%s signs %q for %s", from, event.body, g.scheme.Name))
				}
			}
		}
	}
	return forgeries
}

// tokens are what a stranger would like to have signed: every scheme's input
// for bodies of every kind, and words that are JSON and opaque at once.
func tokens() []string {
	all := make(map[string]bool)
	for _, body := range []string{"{}", "[]", `{"alert":"disk_full"}`, "[1]", " {}", "true", "123", "abc", "a=b", "", "YWJj", "sha256=abc"} {
		for _, s := range eventSchemes() {
			timestamp := "1700000000"
			if s.TimestampFormat == "unix-milli" {
				timestamp += "000"
			}
			all[strings.NewReplacer("{id}", "msg1", "{timestamp}", timestamp, "{body}", body).Replace(s.Signed)] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

func TestNoAnswerIsASignature(t *testing.T) {
	askable, verifiers := senders(t), targets(t, auth.HMACOptions{})
	for _, token := range tokens() {
		assert.Empty(t, attack(askable, verifiers, token))
	}
}

// The stranger of these tests is able: where a setting that is named for its
// danger opens the door, he comes in.
func TestTheStrangerFindsAnOracle(t *testing.T) {
	wide, err := challenge.NewCRC(shared, challenge.CRCOptions{UnsafeTokenChars: "{}[]:.\" "})
	require.NoError(t, err)
	unsafe := []sender{{"wide CRC", wide, inQuery("GET", "crc_token=%s")}}
	verifiers := targets(t, auth.HMACOptions{})
	found := make(map[string]bool)
	for _, token := range tokens() {
		for _, forgery := range attack(unsafe, verifiers, token) {
			found[forgery] = true
		}
	}
	for _, s := range eventSchemes() {
		assert.Contains(t, found, fmt.Sprintf("wide CRC signs %q for %s", "{}", s.Name))
	}

	crc, zoom, anyBody := senders(t)[0:1], senders(t)[2:3], targets(t, auth.HMACOptions{AnyBody: true})
	assert.Contains(t, attack(crc, anyBody, "true"), `CRC signs "true" for x`)
	assert.Contains(t, attack(crc, anyBody, "1700000000abc"), `CRC signs "abc" for time without separator`)
	assert.Contains(t, attack(zoom, anyBody, "true"), `Zoom signs "true" for github`)
}

func TestNoAnswerIsACredential(t *testing.T) {
	secret := strings.ReplaceAll(shared, " ", "_")
	crc, err := challenge.NewCRC(secret, challenge.CRCOptions{})
	require.NoError(t, err)
	meta, err := challenge.NewMeta(secret)
	require.NoError(t, err)
	zoom, err := challenge.NewZoom(secret, signed)
	require.NoError(t, err)
	askable := senders(t)
	askable = append(askable, sender{"CRC", crc, askable[0].ask}, sender{"Zoom", zoom, askable[2].ask}, sender{"Meta", meta, askable[3].ask})

	basic, err := auth.NewBasic("user", auth.Secret(secret), auth.BasicOptions{})
	require.NoError(t, err)
	bearer, err := auth.NewBearer(auth.Secret(secret))
	require.NoError(t, err)
	header, err := auth.NewHeader("X-Api-Key", auth.Secret(secret))
	require.NoError(t, err)
	query, err := auth.NewQuery("key", auth.Secret(secret))
	require.NoError(t, err)
	door := auth.Any(basic, bearer, header, query)

	texts := make(map[string]string)
	for _, token := range tokens() {
		for _, s := range askable {
			s.obtain(token, texts)
		}
	}
	require.Greater(t, len(texts), 20)
	for text, from := range texts {
		r := httptest.NewRequest("POST", "/", nil)
		r.URL.RawQuery = "key=" + url.QueryEscape(text)
		r.Header.Set("X-Api-Key", text)
		r.Header.Set("Authorization", "Bearer "+text)
		require.Error(t, door.Verify(r, nil), from)
		r.SetBasicAuth("user", text)
		require.Error(t, door.Verify(r, nil), from)
	}
}

func FuzzOracle(f *testing.F) {
	for _, token := range []string{"true", "{}", "v0:1700000000:{}", "1700000000.{}", "1700000000true", "msg_1.1700000000.{}", "alert={}"} {
		f.Add(token)
	}
	askable, verifiers := senders(f), targets(f, auth.HMACOptions{})
	f.Fuzz(func(t *testing.T, token string) {
		if len(token) > 40 { // all readings of a longer one take long
			return
		}
		for _, forgery := range attack(askable, verifiers, token) {
			t.Error(forgery)
		}
	})
}
