package challenge_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/challenge"
)

// untouched is a body that nobody may read.
type untouched struct{ t *testing.T }

func (u untouched) Read([]byte) (int, error) { u.t.Error("the body was read"); return 0, io.EOF }
func (u untouched) Close() error             { u.t.Error("the body was closed"); return nil }

// endless is a body of unknown length that never ends.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// schemeFunc is a Scheme of the user's own, without WantsBody.
type schemeFunc func(r *http.Request, body []byte) (challenge.Reply, bool, error)

func (f schemeFunc) Answer(r *http.Request, body []byte) (challenge.Reply, bool, error) {
	return f(r, body)
}

func signed(*http.Request, []byte) error { return nil }

func forged(*http.Request, []byte) error { return errors.New("signature is wrong") }

func newSlack(t testing.TB, verify func(*http.Request, []byte) error) *challenge.Slack {
	t.Helper()
	s, err := challenge.NewSlack(verify)
	require.NoError(t, err)
	return s
}

// serve sends r through Respond and says whether it reached the next handler.
func serve(s challenge.Scheme, o challenge.RespondOptions, r *http.Request) (w *httptest.ResponseRecorder, passed bool, rest string) {
	w = httptest.NewRecorder()
	challenge.Respond(s, o)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		passed = true
		if _, ok := r.Body.(untouched); ok {
			return
		}
		data, _ := io.ReadAll(r.Body)
		rest = string(data)
	})).ServeHTTP(w, r)
	return w, passed, rest
}

func TestRespondAnswers(t *testing.T) {
	w, passed, _ := serve(newCRC(t, "secret"), challenge.RespondOptions{}, httptest.NewRequest("GET", "/?crc_token=token", nil))
	assert.False(t, passed)
	assert.Equal(t, http.StatusOK, w.Code)
	assert.Equal(t, http.Header{
		"Content-Type":           {"application/json"},
		"Cache-Control":          {"no-store"},
		"X-Content-Type-Options": {"nosniff"},
	}, w.Header())
	assert.Equal(t, `{"response_token":"sha256=6UERDj0r/oJiHw4+FDRzDXMF0QbF9oyHFl0LJ6RhGko="}`, w.Body.String())
}

func TestRespondRefusesWithAConstantText(t *testing.T) {
	tests := []struct {
		name       string
		scheme     challenge.Scheme
		request    *http.Request
		wantStatus int
		wantBody   string
		wantErr    error
	}{
		{"malformed", newCRC(t, "secret"), httptest.NewRequest("GET", "/?crc_token=%3Cb%3E", nil), 400, `{"detail":"Invalid challenge"}`, challenge.ErrMalformed},
		{"method", newCRC(t, "secret"), httptest.NewRequest("HEAD", "/?crc_token=a", nil), 405, `{"detail":"Method Not Allowed"}`, challenge.ErrMethod},
		{"unverified", newSlack(t, forged), httptest.NewRequest("POST", "/", strings.NewReader(slackBody)), 401, `{"detail":"Unauthorized"}`, challenge.ErrUnverified},
		{"own scheme, no status", schemeFunc(func(*http.Request, []byte) (challenge.Reply, bool, error) {
			return challenge.Reply{Body: []byte("secret")}, false, io.ErrUnexpectedEOF
		}), httptest.NewRequest("GET", "/", nil), 400, `{"detail":"Invalid challenge"}`, io.ErrUnexpectedEOF},
		{"own scheme, a good status", schemeFunc(func(*http.Request, []byte) (challenge.Reply, bool, error) {
			return challenge.Reply{Status: 200}, true, io.ErrUnexpectedEOF
		}), httptest.NewRequest("GET", "/", nil), 400, `{"detail":"Invalid challenge"}`, io.ErrUnexpectedEOF},
		{"broken connection", newSlack(t, signed), httptest.NewRequest("POST", "/", io.MultiReader(strings.NewReader("{"), brokenReader{})), 400, `{"detail":"Invalid challenge"}`, io.ErrUnexpectedEOF},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var reason error
			o := challenge.RespondOptions{OnReject: func(r *http.Request, err error) { reason = err }}
			w, passed, _ := serve(tt.scheme, o, tt.request)
			assert.False(t, passed)
			assert.Equal(t, tt.wantStatus, w.Code)
			assert.Equal(t, tt.wantBody, w.Body.String())
			assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
			assert.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
			require.ErrorIs(t, reason, tt.wantErr)
			assert.NotContains(t, reason.Error(), "<b>")
		})
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestRespondIsSilentWithoutOnReject(t *testing.T) {
	w, _, _ := serve(newCRC(t, "secret"), challenge.RespondOptions{}, httptest.NewRequest("GET", "/?crc_token=", nil))
	assert.Equal(t, http.StatusBadRequest, w.Code)
}

func TestRespondLeavesTheBodyUnread(t *testing.T) {
	all := challenge.Any(newCRC(t, "secret"), newSlack(t, forged), challenge.EventGrid{}, challenge.MSGraph{}, challenge.Okta{})
	tests := []struct {
		name   string
		scheme challenge.Scheme
		method string
		length int64
	}{
		{"challenge in the query", newCRC(t, "secret"), "POST", -1},
		{"no POST", all, "PUT", -1},
		{"longer than a handshake", all, "POST", 64<<10 + 1},
		{"nil", nil, "POST", -1},
		{"none", challenge.Any(nil), "POST", -1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(tt.method, "/", nil)
			r.Body, r.ContentLength = untouched{t}, tt.length
			_, passed, _ := serve(tt.scheme, challenge.RespondOptions{}, r)
			assert.True(t, passed)
		})
	}
}

// A constructor whose error was ignored leaves a nil pointer in the interface.
func TestNilPointersAnswerNothing(t *testing.T) {
	var (
		crc   *challenge.CRC
		slack *challenge.Slack
	)
	for _, s := range []challenge.Scheme{crc, slack, challenge.Any(crc, slack), challenge.Any(challenge.Any(crc), nil)} {
		for _, r := range []*http.Request{request("GET /?crc_token=a", ""), request("POST /", slackBody)} {
			_, passed, _ := serve(s, challenge.RespondOptions{}, r)
			assert.True(t, passed, "%T", s)
		}
	}
}

func TestRespondRestoresTheBody(t *testing.T) {
	all := challenge.Any(newSlack(t, forged), newZoom(t, forged), challenge.EventGrid{}, newPasted(t, challenge.NewNetdataTest), newPasted(t, challenge.NewNotion))
	padding := strings.Repeat(" ", 64<<10)
	for _, body := range []string{
		"", "null", "[]", "{}", `"url_verification"`, `[{"type":"url_verification"}]`, `{"type":"event_callback","token":1}`,
		`{"type":"url_verification"`, `{"Type":"url_verification"}`, `{"x":{"type":"url_verification"}}`, slackBody + padding,
		`{"event":"url_validation"}`, `{"token":"abc","alert":"x"}`, `{"token":"abc","alarm":null}`, `{"Token":"abc"}`,
		`{"verification_token":"abc","type":"page.created"}`, `{"verification_token":null}`,
		`[{"eventType":"Microsoft.Storage.BlobCreated","data":{"x":"Microsoft.EventGrid.SubscriptionValidationEvent"}}]`,
		`[` + eventGridEvent + `,` + eventGridEvent + `]`,
	} {
		r := httptest.NewRequest("POST", "/", io.MultiReader(strings.NewReader(body))) // of unknown length
		_, passed, rest := serve(all, challenge.RespondOptions{}, r)
		assert.True(t, passed, body)
		assert.Equal(t, body, rest)
	}
}

func TestRespondBoundsTheBody(t *testing.T) {
	tests := []struct {
		name       string
		body       io.Reader
		max        int64
		wantPassed bool
		wantStatus int
	}{
		{"at it", strings.NewReader("12345"), 5, true, 200},
		{"over it", strings.NewReader("123456"), 5, false, 413},
		{"default, at it", strings.NewReader(strings.Repeat("x", 8<<20)), 0, true, 200},
		{"default, over it", strings.NewReader(strings.Repeat("x", 8<<20+1)), 0, false, 413},
		{"endless", endless{}, 0, false, 413},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest("POST", "/", io.MultiReader(tt.body))
			w, passed, _ := serve(newSlack(t, signed), challenge.RespondOptions{MaxBody: tt.max}, r)
			assert.Equal(t, tt.wantPassed, passed)
			assert.Equal(t, tt.wantStatus, w.Code)
		})
	}
}

func TestRespondTellsWhyABodyWasRefused(t *testing.T) {
	var reason error
	o := challenge.RespondOptions{MaxBody: 1, OnReject: func(_ *http.Request, err error) { reason = err }}
	serve(newSlack(t, signed), o, httptest.NewRequest("POST", "/", strings.NewReader("12")))
	require.ErrorIs(t, reason, challenge.ErrTooLarge)
}

func TestRespondReadsTheBodyForAnyOwnScheme(t *testing.T) {
	own := schemeFunc(func(_ *http.Request, body []byte) (challenge.Reply, bool, error) {
		return challenge.Reply{Status: http.StatusAccepted, Body: body}, len(body) > 2, nil
	})
	w, _, _ := serve(own, challenge.RespondOptions{}, httptest.NewRequest("PUT", "/", strings.NewReader("<b>")))
	assert.Equal(t, http.StatusAccepted, w.Code)
	assert.Equal(t, "<b>", w.Body.String())
	assert.Equal(t, "text/plain; charset=utf-8", w.Header().Get("Content-Type"))

	_, passed, rest := serve(challenge.Any(own), challenge.RespondOptions{}, httptest.NewRequest("PUT", "/", strings.NewReader("ab")))
	assert.True(t, passed)
	assert.Equal(t, "ab", rest)
}

func TestAnyPrefersAGoodAnswer(t *testing.T) {
	both := challenge.Any(newSlack(t, forged), newSlack(t, signed))
	w, _, _ := serve(both, challenge.RespondOptions{}, httptest.NewRequest("POST", "/", strings.NewReader(slackBody)))
	assert.Equal(t, http.StatusOK, w.Code)

	none := challenge.Any(newSlack(t, forged), challenge.Okta{}, newCRC(t, "secret"))
	w, passed, _ := serve(none, challenge.RespondOptions{}, httptest.NewRequest("POST", "/", strings.NewReader(slackBody)))
	assert.False(t, passed)
	assert.Equal(t, http.StatusUnauthorized, w.Code)
}

// Of several refusals the first one is sent.
func TestAnySendsTheFirstRefusal(t *testing.T) {
	both := challenge.Any(newWebSub(t), newCRC(t, "secret"))
	r := request("GET /?hub.mode=subscribe&hub.topic=x&hub.challenge=1&crc_token=", "")
	w, _, _ := serve(both, challenge.RespondOptions{}, r)
	assert.Equal(t, http.StatusNotFound, w.Code)
}

func TestRepliesShareNothing(t *testing.T) {
	crc := newCRC(t, "secret")
	w, _, _ := serve(crc, challenge.RespondOptions{}, httptest.NewRequest("GET", "/?crc_token=a", nil))
	for _, values := range w.Header() {
		values[0] = "overwritten"
		_ = append(values, "appended")
	}
	w, _, _ = serve(crc, challenge.RespondOptions{}, httptest.NewRequest("GET", "/?crc_token=a", nil))
	assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	assert.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
	assert.Equal(t, "application/json", w.Header().Get("Content-Type"))
}
