package challenge_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/challenge"
)

func TestProberMeetsCRC(t *testing.T) {
	responder := challenge.Respond(newCRC(t, "s3cret-canary"), challenge.RespondOptions{})(http.NotFoundHandler())
	var mu sync.Mutex
	var queries []string
	s := serveHTTP(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		queries = append(queries, r.URL.RawQuery)
		mu.Unlock()
		responder.ServeHTTP(w, r)
	})
	p := local(t)
	require.NoError(t, p.Probe(t.Context(), s.URL))
	require.NoError(t, p.Probe(t.Context(), s.URL+"/hook?b=%2f&a&b=1#fragment"))

	require.Len(t, queries, 2)
	first, ok := strings.CutPrefix(queries[0], "crc_token=")
	require.True(t, ok)
	second, ok := strings.CutPrefix(queries[1], "b=%2f&a&b=1&crc_token=")
	require.True(t, ok)
	assert.NotEqual(t, first, second, "the token is random")
	assert.GreaterOrEqual(t, len(first), 26, "base32 of 128 bits")
}

func TestProberReasonsOfCRC(t *testing.T) {
	right := func(w http.ResponseWriter, r *http.Request) string {
		w.Header().Set("Content-Type", "text/html") // some do
		return hexMAC("s3cret-canary", r.URL.Query().Get("crc_token"))
	}
	pad := strings.Repeat(" ", 64<<10)
	crc := challenge.Respond(newCRC(t, "s3cret-canary"), challenge.RespondOptions{})(http.NotFoundHandler())
	good := func(w http.ResponseWriter, r *http.Request) string {
		rec := httptest.NewRecorder()
		crc.ServeHTTP(rec, r)
		return rec.Body.String()
	}
	tests := []struct {
		name     string
		handler  http.HandlerFunc
		wantErr  error
		wantText string
	}{
		{"good", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, good(w, r)) }, nil, ""},
		{"64 KiB", func(w http.ResponseWriter, r *http.Request) {
			body := good(w, r)
			fmt.Fprint(w, body, pad[:64<<10-len(body)])
		}, nil, ""},
		{"64 KiB and 1", func(w http.ResponseWriter, r *http.Request) {
			body := good(w, r)
			fmt.Fprint(w, body, pad[:64<<10-len(body)+1])
		}, challenge.ErrReply, "the reply is no answer to a crc_token: it is longer than 64 KiB"},
		{"endless", func(w http.ResponseWriter, r *http.Request) {
			for {
				if _, err := io.WriteString(w, pad); err != nil {
					return
				}
			}
		}, challenge.ErrReply, "the reply is no answer to a crc_token: it is longer than 64 KiB"},
		{"status 201", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusCreated)
			fmt.Fprint(w, good(w, r))
		}, challenge.ErrStatus, "the receiver did not answer with status 200 (status 201)"},
		{"status 404", http.NotFound, challenge.ErrStatus, "the receiver did not answer with status 200 (status 404)"},
		{"not modified", answer(304, ""), challenge.ErrRedirect, "the receiver redirects, which is not followed: set the URL it leads to (status 304)"},
		{"no JSON", answer(200, "<h1>ok</h1>"), challenge.ErrReply, "the reply is no answer to a crc_token: it is no JSON object"},
		{"array", answer(200, "[]"), challenge.ErrReply, "the reply is no answer to a crc_token: it is no JSON object"},
		{"empty", answer(200, ""), challenge.ErrReply, "the reply is no answer to a crc_token: it is no JSON object"},
		{"null", answer(200, "null"), challenge.ErrReply, "the reply is no answer to a crc_token: it has no response_token"},
		{"other name", answer(200, `{"Response_Token":"sha256=x"}`), challenge.ErrReply, "the reply is no answer to a crc_token: it has no response_token"},
		{"number", answer(200, `{"response_token":1}`), challenge.ErrReply, "the reply is no answer to a crc_token: it has no response_token"},
		{"typing error in the prefix", answer(200, `{"response_token":"sha265=x"}`), challenge.ErrPrefix, `the response_token does not begin with "sha256="`},
		{"hex", func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, `{"response_token":"sha256=%s"}`, right(w, r))
		}, challenge.ErrMismatch, challenge.ErrMismatch.Error()},
		{"prefix alone", answer(200, `{"response_token":"sha256="}`), challenge.ErrMismatch, challenge.ErrMismatch.Error()},
		{"other secret", challenge.Respond(newCRC(t, "other"), challenge.RespondOptions{})(http.NotFoundHandler()).ServeHTTP, challenge.ErrMismatch, challenge.ErrMismatch.Error()},
		{"connection closed", func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) }, challenge.ErrUnreachable,
			"no connection to the receiver: it broke off, or does not speak HTTP at this port"},
		{"body cut off", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, "{")
		}, challenge.ErrUnreachable, "no connection to the receiver: it broke off, or does not speak HTTP at this port"},
		{"huge header", answer(200, "{}", "X-Big", strings.Repeat("x", 70<<10)), challenge.ErrUnreachable,
			"no connection to the receiver: it broke off, or does not speak HTTP at this port"},
		{"gzip is not asked for", func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Accept-Encoding") == "" {
				fmt.Fprint(w, good(w, r))
			}
		}, nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := serveHTTP(t, tt.handler)
			err := local(t).Probe(t.Context(), s.URL+"/path-canary?query=canary")
			require.ErrorIs(t, err, tt.wantErr)
			if tt.wantErr != nil {
				assert.EqualError(t, err, fmt.Sprintf("challenge: probe %q: %s", s.URL, tt.wantText))
			}
		})
	}
}

func TestProberMeetsCloudEvents(t *testing.T) {
	responder := challenge.Respond(newCloudEvents(t, challenge.CloudEventsOptions{Origins: []string{"alerts.example"}, Rate: 100}),
		challenge.RespondOptions{})(http.NotFoundHandler())
	var asked []string
	s := serveHTTP(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.URL.RawQuery, r.Header.Get("WebHook-Request-Origin"), r.Header.Get("WebHook-Request-Rate"))
		responder.ServeHTTP(w, r)
	})
	var granted []any
	p := newProber(t, challenge.ProberOptions{Origin: "Alerts.example", Rate: 120, AllowPrivate: true,
		OnGrant: func(target string, rate int) { granted = append(granted, target, rate) }})
	require.NoError(t, p.Probe(t.Context(), s.URL+"/?a=b"))
	assert.Equal(t, []string{"OPTIONS a=b", "Alerts.example", "120"}, asked)
	assert.Equal(t, []any{s.URL + "/?a=b", 100}, granted)

	other := newProber(t, challenge.ProberOptions{Origin: "alerts.example.evil.test", AllowPrivate: true})
	require.ErrorIs(t, other.Probe(t.Context(), s.URL), challenge.ErrNotGranted)
}

func TestProberReasonsOfCloudEvents(t *testing.T) {
	const origin, rate = "WebHook-Allowed-Origin", "WebHook-Allowed-Rate"
	const denied = "the receiver does not permit deliveries from this origin: "
	tests := []struct {
		name     string
		rate     int
		handler  http.HandlerFunc
		wantRate int
		wantText string
	}{
		{"any origin, any rate", 1, answer(200, "", origin, "*", rate, "*"), 0, ""},
		{"status proves nothing", 1, answer(405, "", origin, "a.example", rate, "1"), 1, ""},
		{"case of letters", 1, answer(200, "", origin, "A.Example", rate, "2"), 2, ""},
		{"no rate asked, none given", 0, answer(200, "", origin, "a.example"), 0, ""},
		{"no rate asked, one given", 0, answer(200, "", origin, "a.example", rate, "7"), 7, ""},
		{"headers are enough", 0, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set(origin, "*")
			w.(http.Flusher).Flush()
			<-r.Context().Done() // the body never ends
		}, 0, ""},
		{"200 without headers", 0, answer(200, ""), 0, denied + "its reply has no WebHook-Allowed-Origin"},
		{"two origins", 0, answer(200, "", origin, "a.example", origin, "*"), 0, denied + "its reply has no WebHook-Allowed-Origin"},
		{"longer origin", 0, answer(200, "", origin, "a.example.test"), 0, denied + "it permits another"},
		{"shorter origin", 0, answer(200, "", origin, "a.exampl"), 0, denied + "it permits another"},
		{"rate asked, none given", 1, answer(200, "", origin, "*"), 0, denied + "its reply has no WebHook-Allowed-Rate"},
		{"two rates", 0, answer(200, "", origin, "*", rate, "1", rate, "2"), 0, denied + "its reply has no WebHook-Allowed-Rate"},
		{"rate of zero", 0, answer(200, "", origin, "*", rate, "0"), 0, denied + "its WebHook-Allowed-Rate is neither a positive number nor *"},
		{"negative rate", 0, answer(200, "", origin, "*", rate, "-1"), 0, denied + "its WebHook-Allowed-Rate is neither a positive number nor *"},
		{"rate too large", 0, answer(200, "", origin, "*", rate, "99999999999999999999"), 0, denied + "its WebHook-Allowed-Rate is neither a positive number nor *"},
		{"rate of words", 0, answer(200, "", origin, "*", rate, "many"), 0, denied + "its WebHook-Allowed-Rate is neither a positive number nor *"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := serveHTTP(t, tt.handler)
			granted := -1
			p := newProber(t, challenge.ProberOptions{Origin: "a.example", Rate: tt.rate, AllowPrivate: true,
				OnGrant: func(_ string, rate int) { granted = rate }})
			err := p.Probe(t.Context(), s.URL)
			if tt.wantText == "" {
				require.NoError(t, err)
				assert.Equal(t, tt.wantRate, granted)
				return
			}
			require.ErrorIs(t, err, challenge.ErrNotGranted)
			assert.ErrorContains(t, err, tt.wantText)
			assert.Equal(t, -1, granted)
		})
	}
}
