package payload_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/payload"
)

const noteBody = `{"note":"hello"}`

func accepted(context.Context, *note) (any, error) { return nil, nil }

func post(body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/webhook", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	return r
}

func serve(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func gzipped(text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.WriteString(z, text)
	z.Close()
	return b.String()
}

func TestHandlerRequests(t *testing.T) {
	const (
		invalid  = `{"detail":"Invalid alert format"}`
		success  = `{"status":"success"}`
		tooLarge = `{"detail":"Request body too large; Alertmanager can be told to send less with max_alerts"}`
		badType  = `{"detail":"Unsupported Media Type"}`
	)
	with := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	pad := func(n int) string { // a body of n bytes
		const before, after = `{"note":"hello","pad":"`, `"}`
		return before + strings.Repeat("x", n-len(before+after)) + after
	}
	tests := []struct {
		name   string
		body   string
		change func(*http.Request)
		o      payload.HandlerOptions
		status int
		want   string
	}{
		{"ordinary", noteBody, nil, payload.HandlerOptions{}, 200, success},
		{"charset", noteBody, with("Content-Type", "application/json; charset=utf-8"), payload.HandlerOptions{}, 200, success},
		{"charset in capitals", noteBody, with("Content-Type", "Application/JSON;charset=UTF-8"), payload.HandlerOptions{}, 200, success},
		{"charset misspelt", noteBody, with("Content-Type", "application/json; charset=utf8"), payload.HandlerOptions{}, 200, success},
		{"charset of which UTF-8 is a superset", noteBody, with("Content-Type", `application/json; charset="US-ASCII"`), payload.HandlerOptions{}, 200, success},
		{"junk parameter", noteBody, with("Content-Type", "application/json; charset"), payload.HandlerOptions{}, 200, success},
		{"suffix", noteBody, with("Content-Type", "application/cloudevents+json"), payload.HandlerOptions{}, 200, success},
		{"no content type", noteBody, func(r *http.Request) { r.Header.Del("Content-Type") }, payload.HandlerOptions{}, 200, success},
		{"another charset", noteBody, with("Content-Type", "application/json; charset=latin1"), payload.HandlerOptions{}, 415, badType},
		{"form", noteBody, with("Content-Type", "application/x-www-form-urlencoded"), payload.HandlerOptions{}, 415, badType},
		{"junk content type", noteBody, with("Content-Type", "a/b/c;"), payload.HandlerOptions{}, 415, badType},
		{"any content type", noteBody, with("Content-Type", "application/text"), payload.HandlerOptions{ContentTypes: []string{"*"}}, 200, success},
		{"own content type", noteBody, with("Content-Type", "text/x-note; a=b"), payload.HandlerOptions{ContentTypes: []string{"text/X-Note"}}, 200, success},
		{"own list without JSON", noteBody, nil, payload.HandlerOptions{ContentTypes: []string{"text/x-note"}}, 415, badType},
		{"none in own list", noteBody, func(r *http.Request) { r.Header.Del("Content-Type") }, payload.HandlerOptions{ContentTypes: []string{""}}, 200, success},
		{"status", noteBody, nil, payload.HandlerOptions{Status: 202}, 202, success},
		{"no content", noteBody, nil, payload.HandlerOptions{Status: 204}, 204, ""},

		{"GET", "", func(r *http.Request) { r.Method = "GET" }, payload.HandlerOptions{}, 405, `{"detail":"Method Not Allowed"}`},
		{"PUT", noteBody, func(r *http.Request) { r.Method = "PUT" }, payload.HandlerOptions{Methods: []string{"POST", "PUT"}}, 200, success},

		{"empty", "", nil, payload.HandlerOptions{}, 400, invalid},
		{"not JSON", "hello", nil, payload.HandlerOptions{}, 400, invalid},
		{"byte order mark", "\ufeff" + noteBody, nil, payload.HandlerOptions{}, 200, success},
		{"two byte order marks", "\ufeff\ufeff" + noteBody, nil, payload.HandlerOptions{}, 400, invalid},
		{"nothing but a byte order mark", "\ufeff", nil, payload.HandlerOptions{}, 400, invalid},
		{"gzip, byte order mark", gzipped("\ufeff" + noteBody), with("Content-Encoding", "gzip"), payload.HandlerOptions{}, 200, success},
		{"UTF-16", "\xff\xfe{\x00}\x00", nil, payload.HandlerOptions{}, 400, invalid},
		{"not an object", "[]", nil, payload.HandlerOptions{}, 400, invalid},
		{"not valid", `{"note":""}`, nil, payload.HandlerOptions{}, 400, invalid},

		{"largest", pad(100), nil, payload.HandlerOptions{MaxBody: 100}, 200, success},
		{"too large", pad(101), nil, payload.HandlerOptions{MaxBody: 100}, 413, tooLarge},
		{"too large without a length", pad(101), func(r *http.Request) { r.ContentLength = -1 }, payload.HandlerOptions{MaxBody: 100}, 413, tooLarge},
		{"largest by default", pad(8 << 20), nil, payload.HandlerOptions{}, 200, success},
		{"too large by default", pad(8<<20 + 1), nil, payload.HandlerOptions{}, 413, tooLarge},
		{"too large for another handler", pad(101), func(r *http.Request) { r.Body = http.MaxBytesReader(nil, r.Body, 100) }, payload.HandlerOptions{}, 413, tooLarge},

		{"gzip", gzipped(noteBody), with("Content-Encoding", "gzip"), payload.HandlerOptions{}, 200, success},
		{"gzip in capitals", gzipped(noteBody), with("Content-Encoding", "GZIP"), payload.HandlerOptions{}, 200, success},
		{"identity", noteBody, with("Content-Encoding", "identity"), payload.HandlerOptions{}, 200, success},
		{"gzip, largest", gzipped(pad(1000)), with("Content-Encoding", "gzip"), payload.HandlerOptions{MaxBody: 1000}, 200, success},
		{"gzip, too large inside", gzipped(pad(1001)), with("Content-Encoding", "gzip"), payload.HandlerOptions{MaxBody: 1000}, 413, tooLarge},
		{"no bound", noteBody, nil, payload.HandlerOptions{MaxBody: math.MaxInt64}, 200, success},
		{"gzip, no bound", gzipped(noteBody), with("Content-Encoding", "gzip"), payload.HandlerOptions{MaxBody: math.MaxInt64}, 200, success},
		{"gzip, not gzip", noteBody, with("Content-Encoding", "gzip"), payload.HandlerOptions{}, 400, `{"detail":"Body not readable"}`},
		{"gzip, cut off", gzipped(noteBody)[:30], with("Content-Encoding", "gzip"), payload.HandlerOptions{}, 400, `{"detail":"Body not readable"}`},
		{"another encoding", noteBody, with("Content-Encoding", "br"), payload.HandlerOptions{}, 415, `{"detail":"Unsupported Content-Encoding"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := post(tt.body)
			if tt.change != nil {
				tt.change(r)
			}
			var reasons []error
			tt.o.OnReject = func(_ *http.Request, reason error) { reasons = append(reasons, reason) }
			w := serve(payload.Handler(decodeNote, accepted, tt.o), r)
			assert.Equal(t, tt.status, w.Code)
			assert.Equal(t, tt.want, w.Body.String())
			if tt.status < 300 {
				assert.Empty(t, reasons)
				return
			}
			require.Len(t, reasons, 1)
			var rejection *payload.Rejection
			require.ErrorAs(t, reasons[0], &rejection)
			assert.Equal(t, tt.status, rejection.Status)
			assert.Equal(t, fmt.Sprintf("payload: answered %d: %v", tt.status, rejection.Err), reasons[0].Error())
			assert.Equal(t, "application/json", w.Header().Get("Content-Type"))
			assert.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
		})
	}
}

func TestHandlerAllow(t *testing.T) {
	r := post("")
	r.Method = http.MethodGet
	assert.Equal(t, "POST", serve(payload.Handler(decodeNote, accepted, payload.HandlerOptions{}), r).Header().Get("Allow"))
	o := payload.HandlerOptions{Methods: []string{"POST", "PUT"}}
	h := payload.Handler(decodeNote, accepted, o)
	o.Methods[0] = "CHANGED"
	assert.Equal(t, "POST, PUT", serve(h, r).Header().Get("Allow"))
}

type appender struct{}

func (appender) AppendJSON(dst []byte) ([]byte, error) { return append(dst, `{"own":1}`...), nil }

func TestHandlerAnswers(t *testing.T) {
	unavailable := `{"detail":"Service unavailable, try again later"}`
	tests := []struct {
		name   string
		reply  any
		err    error
		status int
		want   string
		wait   string
	}{
		{"nothing", nil, nil, 200, `{"status":"success"}`, ""},
		{"a struct", struct{ A int }{1}, nil, 200, `{"A":1}`, ""},
		{"bytes", []byte(`{"b":1}`), nil, 200, `{"b":1}`, ""},
		{"raw", json.RawMessage(`{"c":1}`), nil, 200, `{"c":1}`, ""},
		{"an appender", appender{}, nil, 200, `{"own":1}`, ""},
		{"what is not JSON", func() {}, nil, 503, unavailable, "5"},
		{"invalid", nil, fmt.Errorf("no such tenant: %w", payload.ErrInvalid), 400, `{"detail":"Invalid alert format"}`, ""},
		{"retry", nil, fmt.Errorf("full: %w", &payload.RetryError{After: 1500 * time.Millisecond}), 503, unavailable, "2"},
		{"retry by default", nil, &payload.RetryError{}, 503, unavailable, "5"},
		{"another error", nil, errors.New("secret"), 503, unavailable, "5"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := payload.Handler(decodeNote, func(context.Context, *note) (any, error) { return tt.reply, tt.err }, payload.HandlerOptions{})
			w := serve(h, post(noteBody))
			assert.Equal(t, tt.status, w.Code)
			assert.Equal(t, tt.want, w.Body.String())
			assert.Equal(t, tt.wait, w.Header().Get("Retry-After"))
		})
	}
}

// once is a store for HandlerOptions.Once.
type once struct {
	mu    sync.Mutex
	state map[string]string
	err   error
}

func (o *once) reserve(_ context.Context, id string) (func(error), bool, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.err != nil:
		return nil, false, o.err
	case o.state[id] == "committed":
		return nil, false, nil
	case o.state[id] == "in flight":
		return nil, false, errors.New("in flight")
	}
	if o.state == nil {
		o.state = map[string]string{}
	}
	o.state[id] = "in flight"
	return func(err error) {
		o.mu.Lock()
		defer o.mu.Unlock()
		delete(o.state, id)
		if err == nil {
			o.state[id] = "committed"
		}
	}, true, nil
}

func TestHandlerOnce(t *testing.T) {
	var store once
	var calls int
	var result error
	var inside func()
	h := payload.Handler(decodeNote, func(context.Context, *note) (any, error) {
		calls++
		if inside != nil {
			inside()
		}
		return map[string]int{"call": calls}, result
	}, payload.HandlerOptions{Once: store.reserve})

	result = errors.New("queue full")
	assert.Equal(t, 503, serve(h, post(noteBody)).Code)
	assert.Equal(t, 1, calls)

	result = nil
	inside = func() {
		inside = nil
		w := serve(h, post(noteBody))
		assert.Equal(t, 503, w.Code, "one in flight")
		assert.Equal(t, "5", w.Header().Get("Retry-After"))
	}
	w := serve(h, post(noteBody))
	assert.Equal(t, 200, w.Code, "what failed was released")
	assert.Equal(t, `{"call":2}`, w.Body.String())

	w = serve(h, post(noteBody))
	assert.Equal(t, 200, w.Code)
	assert.Equal(t, `{"status":"success","message":"Already received"}`, w.Body.String())
	assert.Equal(t, 2, calls, "a repeat is not accepted again")

	assert.Equal(t, 200, serve(h, post(`{"note":"another"}`)).Code)
	assert.Equal(t, 3, calls)

	inside = func() { panic("oops") }
	assert.Panics(t, func() { serve(h, post(`{"note":"panics"}`)) })
	inside = nil
	assert.Equal(t, `{"call":5}`, serve(h, post(`{"note":"panics"}`)).Body.String(), "a panic releases")

	store.err = errors.New("store down")
	assert.Equal(t, 503, serve(h, post(noteBody)).Code)
}

// mute is a payload without identity.
type mute struct{ note }

func (*mute) DeliveryID() string { return "" }

func TestHandlerOnceWithoutIdentity(t *testing.T) {
	reserved := 0
	o := payload.HandlerOptions{Once: func(context.Context, string) (func(error), bool, error) {
		reserved++
		return nil, true, nil
	}}
	for range 2 {
		h := payload.Handler(func([]byte) (*mute, error) { return &mute{note{"x"}}, nil },
			func(context.Context, *mute) (any, error) { return nil, nil }, o)
		assert.Equal(t, 200, serve(h, post(noteBody)).Code)
		h = payload.Handler(func(b []byte) ([]byte, error) { return b, nil },
			func(context.Context, []byte) (any, error) { return nil, nil }, o)
		assert.Equal(t, 200, serve(h, post(noteBody)).Code)
		h = payload.Handler(payload.RawFormat().Decode, func(context.Context, payload.Payload) (any, error) { return nil, nil }, o)
		assert.Equal(t, 200, serve(h, post(noteBody)).Code)
	}
	assert.Zero(t, reserved)
	assert.Equal(t, 200, serve(payload.Handler(decodeNote, accepted, o), post(noteBody)).Code)
	assert.Equal(t, 1, reserved, "a nil done is fine")
}

func TestHandlerTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := payload.Handler(decodeNote, func(ctx context.Context, _ *note) (any, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}, payload.HandlerOptions{Timeout: time.Second})
		began := time.Now()
		assert.Equal(t, 503, serve(h, post(noteBody)).Code)
		assert.Equal(t, time.Second, time.Since(began))
	})
}

func TestHandlerLeavesTheBodyReadable(t *testing.T) {
	r := post(noteBody)
	serve(payload.Handler(decodeNote, accepted, payload.HandlerOptions{}), r)
	b, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	assert.Equal(t, noteBody, string(b))
}

func TestHandlerOverTheWire(t *testing.T) {
	s := httptest.NewServer(payload.Handler(decodeNote, func(_ context.Context, n *note) (any, error) {
		return map[string]string{"got": n.text}, nil
	}, payload.HandlerOptions{MaxBody: 1 << 10}))
	defer s.Close()
	resp, err := http.Post(s.URL, "application/json", strings.NewReader(noteBody))
	require.NoError(t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	assert.Equal(t, `{"got":"hello"}`, string(b))

	// 100 MB of unknown length are refused once the bound is read.
	resp, err = http.Post(s.URL, "application/json", io.LimitReader(zeros{}, 100<<20))
	if err == nil { // the server may hang up before the client has sent it all
		assert.Equal(t, http.StatusRequestEntityTooLarge, resp.StatusCode)
		resp.Body.Close()
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

func TestHandlerPanicsWhenItIsMisused(t *testing.T) {
	assert.Panics(t, func() { payload.Handler[*note](nil, accepted, payload.HandlerOptions{}) })
	assert.Panics(t, func() { payload.Handler(decodeNote, nil, payload.HandlerOptions{}) })
	for _, o := range []payload.HandlerOptions{{Status: 199}, {Status: 300}, {MaxBody: -1}, {Timeout: -1}} {
		assert.Panics(t, func() { payload.Handler(decodeNote, accepted, o) })
	}
	assert.NotPanics(t, func() { payload.Handler(decodeNote, accepted, payload.HandlerOptions{Status: 299}) })
}
