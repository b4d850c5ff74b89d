package callback_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/auth"
	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
)

func ExampleNew() {
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println("the receiver got", r.Header.Get("Authorization"))
		fmt.Fprint(w, `{"status":"queued"}`)
	}))
	defer receiver.Close()

	hook, err := callback.New(callback.Config{
		URL:     receiver.URL + "/alerts",
		Auth:    auth.Config{Bearer: auth.Sources{{Value: "t0ken"}}},
		Timeout: 5 * time.Second,
	}, callback.Options{Name: "ops"})
	if err != nil {
		fmt.Println(err)
		return
	}
	msg, err := callback.NewMessage(map[string]string{"status": "firing"})
	if err != nil {
		fmt.Println(err)
		return
	}
	reply, err := hook.Call(context.Background(), msg)
	fmt.Println(hook, "answered", reply.Status, string(reply.Body), err)
	// Output:
	// the receiver got Bearer t0ken
	// ops answered 200 {"status":"queued"} <nil>
}

func ExampleError() {
	receiver := httptest.NewServer(http.NotFoundHandler())
	defer receiver.Close()
	hook, err := callback.New(callback.Config{URL: receiver.URL}, callback.Options{Name: "ops"})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = hook.Call(context.Background(), callback.Message{Body: []byte(`{}`)})
	var failure *callback.Error
	if errors.As(err, &failure) {
		fmt.Println(failure.Class, failure.Status, failure.Snippet)
	}
	fmt.Println(err)
	// Output:
	// client 404 404 page not found
	// callback: call ops: client: status 404: refused for good
}

// hook returns a Webhook for c, which is patient if nothing else is said.
func hook(t testing.TB, c callback.Config, o callback.Options) *callback.Webhook {
	t.Helper()
	if c.Timeout == 0 {
		c.Timeout = patience
	}
	w, err := callback.New(c, o)
	require.NoError(t, err)
	return w
}

// failed returns err as what a failed call must return.
func failed(t testing.TB, err error) *callback.Error {
	t.Helper()
	var e *callback.Error
	require.ErrorAs(t, err, &e)
	return e
}

var message = callback.Message{ID: "msg_1", Type: "firing", Body: []byte(`{"a": "<&>"}`)}

// A colon without a port is no part of the name of the host.
func TestAPortMayBeLeftOut(t *testing.T) {
	for _, host := range []string{"hook.example", "[2001:db8::1]"} {
		var asked *http.Request
		o := callback.Options{Wrap: func(http.RoundTripper) http.RoundTripper {
			return roundTripper(func(r *http.Request) (*http.Response, error) {
				asked = r
				return &http.Response{StatusCode: 200}, nil
			})
		}}
		for _, c := range []callback.Config{{URL: "https://" + host + ":"}, {URL: "https://" + host + ":/{{ .ID }}", Template: true}} {
			w := hook(t, c, o)
			_, err := w.Call(t.Context(), message)
			require.NoError(t, err)
			assert.Equal(t, host, asked.Host)
			assert.Equal(t, host, asked.URL.Host)
			assert.Equal(t, "https://"+host, w.Endpoint())
		}
	}
}

func TestCallOnTheWire(t *testing.T) {
	srv := callbacktest.NewServer(t, callbacktest.Answer(202, `{"ok":true}`, "X-Reply", "r"))
	w := hook(t, callback.Config{
		URL:     srv.URL + "/a%2Fb?c=d e",
		Method:  "PUT",
		Headers: map[string]string{"x-custom": "1", "Authorization": "Token t"},
		Cookies: map[string]string{"sid": "c1", "b": "2"},
	}, callback.Options{})
	m := message
	m.Header = http.Header{"X-Message": {"m1"}, "x-message": {"m1"}, "X-Custom": {"not this"}}
	reply, err := w.Call(t.Context(), m)
	require.NoError(t, err)
	assert.Equal(t, 202, reply.Status)
	assert.Equal(t, `{"ok":true}`, string(reply.Body))
	assert.Equal(t, "r", reply.Header.Get("X-Reply"))
	assert.False(t, reply.Truncated)
	assert.Equal(t, 1, reply.Attempts)
	assert.Positive(t, reply.Took)

	got := srv.Await(1)[0]
	assert.Equal(t, "PUT", got.Method)
	assert.Equal(t, "/a%2Fb?c=d%20e", got.URI)
	assert.Equal(t, string(m.Body), string(got.Body))
	assert.Equal(t, http.Header{
		"X-Custom":        {"1"},
		"X-Message":       {"m1", "m1"},
		"Authorization":   {"Token t"},
		"Cookie":          {"b=2; sid=c1"},
		"Content-Type":    {"application/json"},
		"Content-Length":  {"12"},
		"Webhook-Id":      {"msg_1"},
		"Idempotency-Key": {"msg_1"},
		"User-Agent":      {"alertwire"},
		"Accept-Encoding": {"gzip"},
	}, got.Header)
}

// What the sender adds of its own accord gives way to whoever says otherwise.
func TestDefaultHeadersGiveWay(t *testing.T) {
	srv := callbacktest.NewServer(t)
	m := message
	m.Header = http.Header{"User-Agent": {"relay/1"}, "accept-encoding": {"identity"}}
	for _, headers := range []map[string]string{nil, {"User-Agent": "ops/2"}} {
		_, err := hook(t, callback.Config{URL: srv.URL, Headers: headers}, callback.Options{}).Call(t.Context(), m)
		require.NoError(t, err)
	}
	got := srv.Await(2)
	assert.Equal(t, []string{"relay/1"}, got[0].Header["User-Agent"])
	assert.Equal(t, []string{"identity"}, got[0].Header["Accept-Encoding"])
	assert.Equal(t, []string{"ops/2"}, got[1].Header["User-Agent"])
}

func TestContentType(t *testing.T) {
	srv := callbacktest.NewServer(t)
	m := message
	m.ContentType = "text/plain"
	_, err := hook(t, callback.Config{URL: srv.URL}, callback.Options{}).Call(t.Context(), m)
	require.NoError(t, err)
	configured := callback.Config{URL: srv.URL, Headers: map[string]string{"content-type": "application/x-own"}}
	_, err = hook(t, configured, callback.Options{}).Call(t.Context(), m)
	require.NoError(t, err)
	got := srv.Await(2)
	assert.Equal(t, "text/plain", got[0].Header.Get("Content-Type"))
	assert.Equal(t, []string{"application/x-own"}, got[1].Header["Content-Type"])
}

func TestGetHasNoBodyUnlessAsked(t *testing.T) {
	srv := callbacktest.NewServer(t)
	for _, asked := range []bool{false, true} {
		_, err := hook(t, callback.Config{URL: srv.URL, Method: "GET", BodyOnGet: asked}, callback.Options{}).Call(t.Context(), message)
		require.NoError(t, err)
	}
	got := srv.Await(2)
	assert.Empty(t, got[0].Body)
	assert.Empty(t, got[0].Header.Get("Content-Type"))
	assert.Equal(t, message.Body, got[1].Body)
}

func TestEmptyMessage(t *testing.T) {
	srv := callbacktest.NewServer(t)
	_, err := hook(t, callback.Config{URL: srv.URL}, callback.Options{}).Call(t.Context(), callback.Message{})
	require.NoError(t, err)
	got := srv.Await(1)[0]
	assert.Empty(t, got.Body)
	assert.Equal(t, "0", got.Header.Get("Content-Length"))
	assert.Regexp(t, `^msg_[A-Z2-7]{26}$`, got.Header.Get("Webhook-Id"), "it is made where there is none")
}

func TestUserInfoBecomesACredential(t *testing.T) {
	srv := callbacktest.NewServer(t)
	w := hook(t, callback.Config{URL: strings.Replace(srv.URL, "http://", "http://us%40er:pa%3Ass@", 1)}, callback.Options{})
	assert.Equal(t, srv.URL, w.Endpoint())
	_, err := w.Call(t.Context(), message)
	require.NoError(t, err)
	r := &http.Request{Header: srv.Await(1)[0].Header}
	user, pass, _ := r.BasicAuth()
	assert.Equal(t, "us@er", user)
	assert.Equal(t, "pa:ss", pass)
}

func TestMessagesThatCannotBeSent(t *testing.T) {
	srv := callbacktest.NewServer(t)
	w := hook(t, callback.Config{URL: srv.URL, Auth: auth.Config{Bearer: auth.Sources{{Value: "t"}}}}, callback.Options{})
	tests := []struct {
		name string
		m    callback.Message
		want string
	}{
		{"full stop in the ID", callback.Message{ID: "a.b"}, "ID of the message"},
		{"space in the ID", callback.Message{ID: "a b"}, "ID of the message"},
		{"line in the ID", callback.Message{ID: "a\r\nX: y"}, "ID of the message"},
		{"long ID", callback.Message{ID: strings.Repeat("a", 257)}, "ID of the message"},
		{"line in the content type", callback.Message{ContentType: "a\nb"}, "content type"},
		{"refused header", callback.Message{Header: http.Header{"Host": {"x"}}}, `header "Host" of the message: refused`},
		{"header of the signer", callback.Message{Header: http.Header{"authorization": {"x"}}}, "the credentials are sent in it"},
		{"odd header", callback.Message{Header: http.Header{"a b": {"x"}}}, "not a name of a header"},
		{"line in a header", callback.Message{Header: http.Header{"X-A": {"c4n4ry\n"}}}, "control character"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := w.Call(t.Context(), tt.m)
			require.ErrorIs(t, err, callback.ErrRefused)
			require.ErrorContains(t, err, tt.want)
			assert.NotContains(t, err.Error(), "c4n4ry")
			assert.Equal(t, callback.ClassRequest, failed(t, err).Class)
			assert.Zero(t, failed(t, err).Attempts)
		})
	}
	_, err := w.Call(t.Context(), callback.Message{ID: strings.Repeat("a", 256)})
	require.NoError(t, err)
	assert.Len(t, srv.Requests(), 1)
}

// The receiver may accept what others would not, and refuse a 200.
func TestSuccessDecides(t *testing.T) {
	tests := []struct {
		step  http.HandlerFunc
		class callback.Class
	}{
		{callbacktest.JSON(`{"code":0}`), ""},
		{callbacktest.JSON(`{"code":1}`), callback.ClassReply},
		{callbacktest.Answer(409, `{"code":0}`), ""},
		{callbacktest.Answer(409, `{"code":1}`), callback.ClassClient},
		{callbacktest.Answer(302, `{"code":0}`), callback.ClassRedirect},
	}
	srv := callbacktest.NewServer(t)
	w := hook(t, callback.Config{URL: srv.URL}, callback.Options{Success: func(r callback.Reply) bool {
		var answer struct{ Code int }
		return json.Unmarshal(r.Body, &answer) == nil && answer.Code == 0
	}})
	for i, tt := range tests {
		srv.Play(tt.step)
		_, err := w.Call(t.Context(), message)
		var class callback.Class
		if err != nil {
			require.ErrorIs(t, err, callback.ErrRefused)
			class = failed(t, err).Class
		}
		assert.Equal(t, tt.class, class, "%d", i)
	}
}

func TestZeroWebhookRefuses(t *testing.T) {
	var w callback.Webhook
	_, err := w.Call(t.Context(), callback.Message{ID: "m1"})
	require.ErrorIs(t, err, callback.ErrRefused)
	w.CloseIdleConnections()
}
