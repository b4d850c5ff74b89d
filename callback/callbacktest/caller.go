package callbacktest

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alertwire/alertwire/callback"
)

// NewCaller returns a Caller that posts to url, for [TestCaller].
type NewCaller func(t testing.TB, url string) callback.Caller

// TestCaller tests a Caller, or a decorator around one, that posts messages over
// HTTP: what it sends, what it takes for a success, what its errors say, that it
// ends with its context, that it survives a bad receiver, and that it keeps
// secrets. newCaller is called for every part anew. A Caller that tries again
// should wait milliseconds here.
func TestCaller(t *testing.T, newCaller NewCaller) {
	t.Helper()
	runAll(t, callerChecks, newCaller)
}

var callerChecks = []check[NewCaller]{
	{"sends the message", sendsTheMessage},
	{"leaves the message alone", leavesTheMessageAlone},
	{"hands on the reply", handsOnTheReply},
	{"takes every 2xx for a success", takesEvery2xx},
	{"tells failures apart", tellsFailuresApart},
	{"hands on Retry-After", handsOnRetryAfter},
	{"follows no redirect", followsNoRedirect},
	{"ends with its context", endsWithItsContext},
	{"sends nothing for an ended context", sendsNothingWhenEnded},
	{"survives a bad receiver", survivesABadReceiver},
	{"bounds the reply", boundsTheReply},
	{"keeps connections", keepsConnections},
	{"serves many at once", servesManyAtOnce},
	{"keeps secrets", keepsSecrets},
	{"takes an empty message", takesAnEmptyMessage},
}

const sampleBody = `{"alert": "CPU <hot> & rising", "n": 1.0,  "u": "é\u00e9"}`

func sample() callback.Message {
	return callback.Message{
		ID: "msg_sample", Type: "firing", Key: "cpu", Time: time.Unix(1_700_000_000, 0),
		Header: http.Header{"X-Team": {"ops", "night"}}, Body: []byte(sampleBody),
	}
}

func sendsTheMessage(t testing.TB, newCaller NewCaller) {
	srv := NewServer(t)
	m := sample()
	reply, err := newCaller(t, srv.URL+"/hook").Call(t.Context(), m)
	if err != nil {
		t.Fatalf("a call that was answered with 200 failed: %v", err)
	}
	if reply.Status != http.StatusOK || reply.Attempts != 1 {
		t.Errorf("the reply has status %d and %d attempts, want 200 and 1", reply.Status, reply.Attempts)
	}
	got := srv.Await(1)[0]
	if string(got.Body) != sampleBody {
		t.Errorf("the receiver got the body %q, want the bytes of the message", got.Body)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/json", "Webhook-Id": m.ID, "Idempotency-Key": m.ID,
	} {
		if v := got.Header.Get(name); v != want {
			t.Errorf("the receiver got %s %q, want %q", name, v, want)
		}
	}
	if v := got.Header.Values("X-Team"); !slices.Equal(v, m.Header["X-Team"]) {
		t.Errorf("the receiver got X-Team %q, want the values of Message.Header, %q", v, m.Header["X-Team"])
	}
	m.ContentType = "text/plain"
	if _, err := newCaller(t, srv.URL).Call(t.Context(), m); err != nil {
		t.Fatalf("a text failed: %v", err)
	}
	if v := srv.Await(2)[1].Header.Get("Content-Type"); v != "text/plain" {
		t.Errorf("the receiver got the content type %q, want that of the message", v)
	}
}

func handsOnTheReply(t testing.TB, newCaller NewCaller) {
	const body = `{"ticket": 42}`
	srv := NewServer(t, Answer(http.StatusCreated, body, "X-Ticket", "42"))
	reply, err := newCaller(t, srv.URL).Call(t.Context(), sample())
	if err != nil {
		t.Fatalf("a call that was answered with 201 failed: %v", err)
	}
	if string(reply.Body) != body || reply.Truncated || reply.Header.Get("X-Ticket") != "42" {
		t.Errorf("the reply has the body %q, cut %t, and X-Ticket %q; want %q, whole, and 42: callback.Update reads it",
			reply.Body, reply.Truncated, reply.Header.Get("X-Ticket"), body)
	}
}

func leavesTheMessageAlone(t testing.TB, newCaller NewCaller) {
	srv := NewServer(t, Status(500), Status(200))
	m := sample()
	c := newCaller(t, srv.URL)
	_, _ = c.Call(t.Context(), m)
	_, _ = c.Call(t.Context(), m)
	if want := sample(); !reflect.DeepEqual(m, want) {
		t.Errorf("the message is now %+v, want %+v", m, want)
	}
}

func takesEvery2xx(t testing.TB, newCaller NewCaller) {
	for _, status := range []int{200, 201, 202, 204, 206, 299} {
		c := newCaller(t, NewServer(t, Status(status)).URL)
		if reply, err := c.Call(t.Context(), sample()); err != nil || reply.Status != status {
			t.Errorf("status %d: got %d and %v, want a success", status, reply.Status, err)
		}
	}
}

func tellsFailuresApart(t testing.TB, newCaller NewCaller) {
	for status, reason := range map[int]error{
		300: callback.ErrRefused, 304: callback.ErrRefused, 399: callback.ErrRefused,
		400: callback.ErrRefused, 401: callback.ErrRefused, 404: callback.ErrRefused, 413: callback.ErrRefused,
		408: callback.ErrGaveUp, 425: callback.ErrGaveUp, 429: callback.ErrGaveUp,
		410: callback.ErrGone, 501: callback.ErrRefused,
		500: callback.ErrGaveUp, 502: callback.ErrGaveUp, 503: callback.ErrGaveUp, 504: callback.ErrGaveUp,
	} {
		_, err := newCaller(t, NewServer(t, Status(status)).URL).Call(t.Context(), sample())
		var e *callback.Error
		if !errors.As(err, &e) {
			t.Errorf("status %d: got the error %v, want a *callback.Error", status, err)
			continue
		}
		if e.Status != status || !errors.Is(err, reason) || e.Attempts < 1 || e.Class == "" {
			t.Errorf("status %d: got %+v, want the status, the reason %q, attempts and a class", status, e, reason)
		}
		if e.MessageID != sample().ID {
			t.Errorf("status %d: the error is about message %q", status, e.MessageID)
		}
	}
}

func handsOnRetryAfter(t testing.TB, newCaller NewCaller) {
	for name, step := range map[string]http.HandlerFunc{
		"seconds": RetryAfter(429, 120), "date": RetryAfterDate(503, 2*time.Minute),
	} {
		// Nobody waits two minutes here: this context ends the call at the first
		// attempt.
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		_, err := newCaller(t, NewServer(t, step).URL).Call(ctx, sample())
		cancel()
		var e *callback.Error
		if !errors.As(err, &e) || e.RetryAfter < 100*time.Second || e.RetryAfter > 2*time.Minute {
			t.Errorf("%s: got %+v, want RetryAfter of two minutes", name, e)
		}
	}
}

func followsNoRedirect(t testing.TB, newCaller NewCaller) {
	decoy := NewServer(t)
	for _, status := range []int{301, 302, 303, 307, 308} {
		_, err := newCaller(t, NewServer(t, Redirect(status, decoy.URL)).URL).Call(t.Context(), sample())
		if !errors.Is(err, callback.ErrRefused) {
			t.Errorf("status %d: got the error %v, want ErrRefused", status, err)
		}
	}
	if n := len(decoy.Requests()); n != 0 {
		t.Errorf("%d redirects were followed", n)
	}
}

func keepsConnections(t testing.TB, newCaller NewCaller) {
	srv := NewServer(t, Answer(200, strings.Repeat("x", 2000)))
	c := newCaller(t, srv.URL)
	for range 50 {
		if _, err := c.Call(t.Context(), sample()); err != nil {
			t.Fatalf("a call failed: %v", err)
		}
	}
	if made, _ := srv.Connections(); made > 5 {
		t.Errorf("50 calls, one after the other, made %d connections", made)
	}
}

func servesManyAtOnce(t testing.TB, newCaller NewCaller) {
	srv := NewServer(t)
	c := newCaller(t, srv.URL)
	m := sample()
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			if _, err := c.Call(t.Context(), m); err != nil {
				t.Errorf("one of many calls failed: %v", err)
			}
		})
	}
	wg.Wait()
	for _, r := range srv.Requests() {
		if !bytes.Equal(r.Body, m.Body) || r.Header.Get("Webhook-Id") != m.ID {
			t.Errorf("among many calls one sent the body %q with Webhook-Id %q, want %q with %q",
				r.Body, r.Header.Get("Webhook-Id"), m.Body, m.ID)
			return // the others may well be the same
		}
	}
}

func keepsSecrets(t testing.TB, newCaller NewCaller) {
	const canary = "canary-1f0e"
	m := sample()
	m.Header = maps.Clone(m.Header)
	m.Header.Set("X-Token", canary)
	m.Body = []byte(`"` + canary + `"`)
	for name, step := range map[string]http.HandlerFunc{
		"status": Answer(500, canary), "refusal": Answer(400, canary), "reset": Reset(), "garbage": Garbage(),
		"redirect": Redirect(302, "/?token="+canary),
	} {
		_, err := newCaller(t, NewServer(t, step).URL+"/hook?token="+canary).Call(t.Context(), m)
		if err == nil {
			t.Errorf("%s: the call succeeded", name)
		} else if strings.Contains(err.Error(), canary) {
			t.Errorf("%s: a secret of the URL, the message or the reply is in the error", name)
		}
	}
}

func takesAnEmptyMessage(t testing.TB, newCaller NewCaller) {
	srv := NewServer(t)
	c := newCaller(t, srv.URL)
	within(t, "a call with an empty message", func() {
		if _, err := c.Call(t.Context(), callback.Message{}); err != nil {
			t.Errorf("an empty message failed: %v", err)
		}
	})
	if id := srv.Await(1)[0].Header.Get("Webhook-Id"); id == "" {
		t.Errorf("a message without an ID was sent without one")
	}
}
