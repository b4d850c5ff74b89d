package callback_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
)

const canary = "c4n4ry"

// A safe is a writer for many goroutines.
type safe struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safe) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

// texts writes the texts of err and of everything that it wraps.
func texts(w io.Writer, err error) {
	if err == nil {
		return
	}
	fmt.Fprintf(w, "%v\n%+v\n%q\n", err, err, err)
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		texts(w, e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			texts(w, inner)
		}
	}
}

// Secrets are put wherever secrets can be, and everything that can go wrong
// does. None of them is in any error, log record, attempt or report.
func TestCanary(t *testing.T) {
	ca := callbacktest.NewAuthority(t)
	dead := nobody(t)
	resolveWith(t, nil)
	srv := callbacktest.NewServer(t)
	secure := callbacktest.NewTLSServer(t, callbacktest.TLSOptions{Authority: ca})
	_, proxy := newProxy(t, dead)
	proxy.Start()
	echo := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Echo", r.Header.Get("Authorization"))
			w.Header().Set("Location", "http://"+canary+".example/"+r.URL.RequestURI())
			w.WriteHeader(status)
			_ = r.Header.Write(w)
			_, _ = io.Copy(w, r.Body)
		}
	}
	withUser := strings.Replace(proxy.URL, "://", "://"+canary+":"+canary+"@", 1)
	tests := []struct {
		name string
		c    callback.Config
		step http.HandlerFunc
	}{
		{"accepted", callback.Config{}, echo(200)},
		{"redirect", callback.Config{}, echo(307)},
		{"unauthorized", callback.Config{}, echo(401)},
		{"client error", callback.Config{}, echo(422)},
		{"gone", callback.Config{}, echo(410)},
		{"throttled", callback.Config{}, echo(429)},
		{"server error", callback.Config{}, echo(500)},
		{"reset", callback.Config{}, callbacktest.Reset()},
		{"garbage", callback.Config{}, callbacktest.Garbage()},
		{"garbage that repeats the request", callback.Config{}, garbageEcho},
		{"close in the body", callback.Config{}, callbacktest.CloseMidBody()},
		{"timeout", callback.Config{Timeout: 20 * time.Millisecond}, callbacktest.Hang()},
		{"header bomb", callback.Config{}, callbacktest.HeaderBomb(1 << 20)},
		{"no such name", callback.Config{URL: "http://nobody.example"}, nil},
		{"nobody listens", callback.Config{URL: "http://" + dead}, nil},
		{"unknown authority", callback.Config{URL: secure.URL}, nil},
		{"no TLS", callback.Config{URL: strings.Replace(srv.URL, "http:", "https:", 1)}, nil},
		{"blocked", callback.Config{Network: callback.NetworkPublic}, nil},
		{"proxy cannot connect", callback.Config{URL: "https://h.example", Proxy: withUser}, nil},
		{"proxy is dead", callback.Config{Proxy: "http://" + canary + ":" + canary + "@" + dead}, nil},
		{"proxy is no URL", callback.Config{Proxy: "http://" + canary + ":%zz@p"}, nil},
		{"template", callback.Config{URL: srv.URL + "/{{ $event." + canary + " }}", Template: true}, nil},
		{"bad URL", callback.Config{URL: "http://h/%zz"}, nil},
		{"bad key", callback.Config{TLS: callback.TLSConfig{Cert: canary, Key: canary}}, nil},
	}
	for _, client := range []*http.Client{nil, {}} {
		for _, tt := range tests {
			t.Run(fmt.Sprintf("%s/%v", tt.name, client != nil), func(t *testing.T) {
				if client != nil && (tt.c.Proxy != "" || tt.c.TLS != callback.TLSConfig{} || tt.c.Network != "") {
					t.Skip("is not for a client of one's own")
				}
				if tt.step != nil {
					srv.Play(tt.step)
				}
				var out safe
				callWithCanaries(t, srv.URL, tt.c, client, &out)
				require.NotEmpty(t, out.b.String())
				assert.NotContains(t, out.b.String(), canary)
				assert.NotContains(t, out.b.String(), "YzRuNHJ5", "nor in base64")
			})
		}
	}
}

// callWithCanaries makes a call with secrets everywhere, and writes down all
// that can be seen of it.
func callWithCanaries(t *testing.T, base string, c callback.Config, client *http.Client, out *safe) {
	if c.URL == "" {
		c.URL = base
	}
	c.URL = strings.Replace(c.URL, "://", "://"+canary+":"+canary+"@", 1)
	if !c.Template {
		c.URL += "/" + canary + "?token=" + canary
	}
	c.Headers = map[string]string{"X-Key": canary}
	c.Cookies = map[string]string{"session": canary}
	m := callback.Message{ID: "msg_1", Type: "firing", Body: []byte(`{"secret": "` + canary + `"}`), Header: http.Header{"X-More": {canary}}}

	logger := slog.New(slog.NewJSONHandler(out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	o := callback.Options{Client: client, Logger: logger, Observe: func(_ context.Context, a callback.Attempt) {
		fmt.Fprintf(out, "%+v %#v\n", a, a)
		texts(out, a.Err)
	}}
	report := callback.Probe(t.Context(), c, m, callback.ProbeOptions{Options: callback.Options{Client: client}})
	report.Reply = "" // which is the receiver's
	text, err := json.Marshal(report)
	require.NoError(t, err)
	fmt.Fprintf(out, "%s\n%v\n%v\n", text, c, &c)
	texts(out, report.Err)

	hook, err := callback.New(c, o)
	if err != nil {
		texts(out, err)
		return
	}
	caller := callback.Decorate(hook, callback.Retry(callback.RetryPolicy{Attempts: 2, Waits: []time.Duration{0}}), callback.Breaker(callback.BreakerPolicy{Logger: logger}))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		fmt.Fprintf(out, verb+verb, hook, caller)
	}
	_, err = caller.Call(t.Context(), m)
	texts(out, err)
	var e *callback.Error
	if errors.As(err, &e) {
		fmt.Fprintf(out, "%s %s %d", e.Endpoint, e.MessageID, e.Attempts)
	}
	_, _ = callback.Decorate(hook, callback.BestEffort(logger)).Call(t.Context(), m)
}

// garbageEcho answers with the request in place of an answer.
func garbageEcho(w http.ResponseWriter, r *http.Request) {
	var request bytes.Buffer
	_ = r.Header.Write(&request)
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	line := strings.NewReplacer("\r\n", "", " ", "").Replace(request.String()) // net/http repeats one without spaces
	_, _ = conn.Write([]byte(line + "\r\n\r\n"))
}
