package callback_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
)

// Every status has one class and one verdict about another attempt.
func TestStatuses(t *testing.T) {
	tests := []struct {
		statuses []int
		class    callback.Class
		reason   error
	}{
		{[]int{200, 201, 202, 204, 207, 226, 299}, "", nil},
		{[]int{300, 301, 302, 303, 304, 307, 308, 399}, callback.ClassRedirect, callback.ErrRefused},
		{[]int{401, 403}, callback.ClassAuth, callback.ErrRefused},
		{[]int{400, 402, 404, 405, 407, 409, 413, 415, 418, 422, 451, 499}, callback.ClassClient, callback.ErrRefused},
		{[]int{408, 425, 500, 502, 503, 504, 599}, callback.ClassServer, callback.ErrGaveUp},
		{[]int{429}, callback.ClassThrottled, callback.ErrGaveUp},
		{[]int{410}, callback.ClassGone, callback.ErrGone},
		{[]int{501}, callback.ClassServer, callback.ErrRefused},
	}
	srv := callbacktest.NewServer(t)
	w := hook(t, callback.Config{URL: srv.URL}, callback.Options{})
	for _, tt := range tests {
		for _, status := range tt.statuses {
			t.Run(fmt.Sprint(status), func(t *testing.T) {
				srv.Play(callbacktest.RetryAfter(status, 7))
				reply, err := w.Call(t.Context(), message)
				assert.Equal(t, status, reply.Status)
				require.ErrorIs(t, err, tt.reason)
				if tt.reason == nil {
					return
				}
				e := failed(t, err)
				assert.Equal(t, tt.class, e.Class)
				assert.Equal(t, status, e.Status)
				assert.Equal(t, 1, e.Attempts)
				assert.Equal(t, "msg_1", e.MessageID)
				assert.Equal(t, tt.reason == callback.ErrGaveUp, e.Temporary())
				assert.Equal(t, 7*time.Second, e.RetryAfter)
				wait, again := callback.RetryPolicy{}.Next(1, err)
				assert.Equal(t, e.Temporary(), again)
				assert.Equal(t, e.Temporary(), wait == 7*time.Second, "advice counts where there is another attempt")
			})
		}
	}
}

// A receiver can do its worst: the call ends in time, with bounded memory, and
// says what it was.
func TestTroublesomeReceivers(t *testing.T) {
	tests := []struct {
		name   string
		step   http.HandlerFunc
		class  callback.Class
		status int
		reused bool // the connection is good for another call
	}{
		{"hang", callbacktest.Hang(), callback.ClassTimeout, 0, false},
		{"drip", callbacktest.Drip(20 * time.Millisecond), callback.ClassTimeout, 200, false},
		{"reset", callbacktest.Reset(), callback.ClassReset, 0, false},
		{"close", callbacktest.Close(), callback.ClassReset, 0, false},
		{"close in the header", callbacktest.CloseMidHeader(), callback.ClassReset, 0, false},
		{"close in the body", callbacktest.CloseMidBody(), callback.ClassReset, 200, false},
		{"garbage", callbacktest.Garbage(), callback.ClassReset, 0, false},
		{"header bomb", callbacktest.HeaderBomb(1 << 20), callback.ClassReset, 0, false},
		{"endless interim answers", callbacktest.Informational(), callback.ClassReset, 0, false},
		{"switching protocols", callbacktest.Answer(101, "", "Connection", "upgrade", "Upgrade", "x"), callback.ClassReset, 101, false},
		{"bad gzip", callbacktest.Answer(200, "this is not gzip", "Content-Encoding", "gzip"), callback.ClassReset, 200, true},
		{"truncated but short", callbacktest.Huge(100 << 10), "", 200, true},
		{"1 GiB", callbacktest.Huge(1 << 30), "", 200, false},
		{"gzip bomb", callbacktest.Answer(200, bomb(t), "Content-Encoding", "gzip"), "", 200, false},
		{"error with 1 GiB", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(500)
			callbacktest.Huge(1<<30)(w, r)
		}, callback.ClassServer, 500, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inTime(t, func(timeout time.Duration) (enough bool) {
				srv := callbacktest.NewServer(t, tt.step)
				c := callback.Config{URL: srv.URL}
				if tt.class == callback.ClassTimeout {
					c.Timeout = timeout
				}
				w := hook(t, c, callback.Options{})
				before := allocated()
				reply, err := w.Call(t.Context(), message)
				assert.Less(t, allocated()-before, uint64(8<<20), "bytes allocated")
				if tt.class == callback.ClassTimeout && (len(srv.Requests()) == 0 || reply.Status < tt.status) {
					return false
				}
				assert.Equal(t, tt.status, reply.Status)
				assert.LessOrEqual(t, len(reply.Body), 64<<10)
				if tt.class == "" {
					require.NoError(t, err)
					assert.True(t, reply.Truncated)
					assert.Len(t, reply.Body, 64<<10)
				} else {
					require.ErrorIs(t, err, callback.ErrGaveUp)
					e := failed(t, err)
					assert.Equal(t, tt.class, e.Class, err)
					assert.Equal(t, tt.status, e.Status)
					assert.LessOrEqual(t, len(e.Snippet), 256)
				}
				srv.Play(callbacktest.Status(200))
				_, err = hook(t, callback.Config{URL: srv.URL}, callback.Options{}).Call(t.Context(), message)
				require.NoError(t, err, "the next call is not the worse for it")
				got := srv.Await(2)
				reused := got[0].Remote == got[1].Remote
				assert.False(t, reused && !tt.reused, "connection reused")
				return reused == tt.reused // see inOneRun
			})
		})
	}
}

// A status that refuses says so before the body, and stands whatever becomes of
// that: a page of an error that drips or breaks off is no reason to try again.
func TestARefusalStandsWithoutItsBody(t *testing.T) {
	tests := []struct {
		status int
		class  callback.Class
		reason error
	}{
		{302, callback.ClassRedirect, callback.ErrRefused},
		{400, callback.ClassClient, callback.ErrRefused},
		{401, callback.ClassAuth, callback.ErrRefused},
		{410, callback.ClassGone, callback.ErrGone},
		{429, callback.ClassThrottled, callback.ErrGaveUp},
		{501, callback.ClassServer, callback.ErrRefused},
		{503, callback.ClassServer, callback.ErrGaveUp},
	}
	brokenOff := func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }
	endless := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	noGzip := func(http.ResponseWriter, *http.Request) {}
	for _, tt := range tests {
		for name, end := range map[string]http.HandlerFunc{"broken off": brokenOff, "endless": endless, "not gzip": noGzip} {
			t.Run(fmt.Sprintf("%d/%s", tt.status, name), func(t *testing.T) {
				t.Parallel()
				srv := callbacktest.NewServer(t, func(w http.ResponseWriter, r *http.Request) {
					if name == "not gzip" {
						w.Header().Set("Content-Encoding", "gzip")
					}
					w.Header().Set("Retry-After", "7")
					w.WriteHeader(tt.status)
					_, _ = io.WriteString(w, "the beginning")
					w.(http.Flusher).Flush()
					end(w, r)
				})
				c := callback.Config{URL: srv.URL}
				var reply callback.Reply
				var err error
				inTime(t, func(timeout time.Duration) (enough bool) {
					if name == "endless" {
						c.Timeout = timeout // and in it the status is to come, and the beginning
					}
					reply, err = hook(t, c, callback.Options{}).Call(t.Context(), message)
					return name != "endless" || failed(t, err).Snippet != ""
				})
				assert.Equal(t, tt.status, reply.Status)
				require.ErrorIs(t, err, tt.reason)
				e := failed(t, err)
				assert.Equal(t, tt.class, e.Class)
				assert.Equal(t, tt.status, e.Status)
				assert.Equal(t, 7*time.Second, e.RetryAfter)
				require.Error(t, e.Last, "what became of the body is told too")
				if name != "not gzip" {
					assert.Equal(t, "the beginning", e.Snippet)
				}
			})
		}
	}
}

// Whoever takes a 404 for a success takes it from an answer that is complete.
func TestSuccessIsNotAskedAboutHalfAnAnswer(t *testing.T) {
	srv := callbacktest.NewServer(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	})
	w := hook(t, callback.Config{URL: srv.URL}, callback.Options{Success: func(r callback.Reply) bool { return r.Status == 404 }})
	_, err := w.Call(t.Context(), message)
	require.ErrorIs(t, err, callback.ErrGaveUp)
	assert.Equal(t, callback.ClassReset, failed(t, err).Class)
}

// bomb returns 32 KiB that have 16 MiB when they are decoded: one gzip member,
// many times.
func bomb(t *testing.T) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write(make([]byte, 1<<18))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return strings.Repeat(b.String(), 1<<6)
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

func TestReplyLimit(t *testing.T) {
	tests := []struct {
		size      int64
		kept      int
		truncated bool
	}{{0, 0, false}, {9, 9, false}, {10, 10, false}, {11, 10, true}, {1000, 10, true}}
	for _, tt := range tests {
		srv := callbacktest.NewServer(t, callbacktest.Huge(tt.size))
		reply, err := hook(t, callback.Config{URL: srv.URL, ReplyLimit: 10}, callback.Options{}).Call(t.Context(), message)
		require.NoError(t, err)
		assert.Len(t, reply.Body, tt.kept)
		assert.Equal(t, tt.truncated, reply.Truncated, "%d", tt.size)
	}
}

func TestTheGreatestReplyLimitIsNoPanic(t *testing.T) {
	srv := callbacktest.NewServer(t, callbacktest.JSON(`{"ok":true}`))
	for _, limit := range []int64{math.MaxInt64, math.MaxInt64 - 1} {
		reply, err := hook(t, callback.Config{URL: srv.URL, ReplyLimit: limit}, callback.Options{}).Call(t.Context(), message)
		require.NoError(t, err)
		assert.JSONEq(t, `{"ok":true}`, string(reply.Body))
	}
}

// Where no answer comes at all, the class says how far it got.
func TestNoAnswer(t *testing.T) {
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	tests := []struct {
		name, url string
		class     callback.Class
		reason    error
		text      string
	}{
		{"nobody listens", "http://" + nobody(t), callback.ClassRefused, callback.ErrGaveUp, "connection refused"},
		{"https to a port that speaks http", strings.Replace(plain.URL, "http:", "https:", 1), callback.ClassTLS, callback.ErrRefused, "the server does not speak TLS"},
		{"a blocked address", "http://169.254.169.254/latest", callback.ClassBlocked, callback.ErrBlocked, "which no setting permits"},
		{"an odd form of a loopback address", "http://0x7f.1:80/", callback.ClassBlocked, callback.ErrBlocked, `"0x7f.1"`},
		{"a zone", "http://[fe80::1%25lo]/", callback.ClassBlocked, callback.ErrBlocked, "IPv6 zone"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := hook(t, callback.Config{URL: tt.url}, callback.Options{})
			reply, err := w.Call(t.Context(), message)
			require.ErrorIs(t, err, tt.reason)
			assert.Equal(t, tt.class, failed(t, err).Class)
			assert.ErrorContains(t, err, tt.text)
			assert.Zero(t, reply.Status)
			assert.Equal(t, 1, failed(t, err).Attempts)
		})
	}
}

func TestBrokenPlainConnectionsToTLS(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Close() // in the middle of the handshake
		}
	}()
	_, err = hook(t, callback.Config{URL: "https://" + l.Addr().String()}, callback.Options{}).Call(t.Context(), message)
	require.ErrorIs(t, err, callback.ErrGaveUp)
	assert.Equal(t, callback.ClassReset, failed(t, err).Class)
}

// The snippet is one short printable line, whatever the receiver answers.
func TestSnippet(t *testing.T) {
	tests := []struct{ body, want string }{
		{"", ""},
		{" plain ", "plain"},
		{"two\r\n\r\nlines\x1b[31m", "two lines [31m"},
		{"\x00\xff\xfe", ""},
		{strings.Repeat("a", 256), strings.Repeat("a", 256)},
		{strings.Repeat("a", 257), strings.Repeat("a", 256)},
		{strings.Repeat("ä", 200), strings.Repeat("ä", 128)},
		{"x" + strings.Repeat("ä", 200), "x" + strings.Repeat("ä", 127)},
		{strings.Repeat("a", 255) + " b", strings.Repeat("a", 255)},
	}
	for _, tt := range tests {
		srv := callbacktest.NewServer(t, callbacktest.Answer(400, tt.body))
		_, err := hook(t, callback.Config{URL: srv.URL}, callback.Options{}).Call(t.Context(), message)
		e := failed(t, err)
		assert.Equal(t, tt.want, e.Snippet)
		assert.Equal(t, "callback: call "+srv.URL+": client: status 400: refused for good", err.Error(), "it is not in the text")
	}
}
