package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/dispatch"
	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats"
	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats/embedded"
)

// A morgue is a store that this process has open, with an endpoint that gives
// up everything for one reason.
type morgue struct {
	*embedded.Dispatcher
	dir      string
	endpoint string
	died     chan struct{}
}

func newMorgue(t *testing.T, endpoint, reason string) *morgue {
	t.Helper()
	m := &morgue{dir: storeDir(t), endpoint: endpoint, died: make(chan struct{})}
	var err error
	m.Dispatcher, err = embedded.Open(t.Context(), m.dir, embedded.Options{
		NoSync: true, Socket: "relay.sock",
		Engine: dispatchnats.Options{Observe: func(dispatch.Outcome) { m.died <- struct{}{} }},
	})
	require.NoError(t, err)
	t.Cleanup(func() { _, _ = m.Shutdown(context.Background()) })
	refuse := callback.CallerFunc(func(context.Context, callback.Message) (callback.Reply, error) {
		return callback.Reply{}, &callback.Error{Class: callback.ClassClient, Reason: callback.ErrRefused, Last: errors.New(reason)}
	})
	require.NoError(t, m.Add(t.Context(), endpoint, refuse, dispatch.EndpointOptions{Concurrency: 1}))
	return m
}

// bury gives a message up, and returns the ID of its letter.
func (m *morgue) bury(t *testing.T, msg callback.Message) (id string) {
	t.Helper()
	require.NoError(t, m.Dispatch(t.Context(), msg))
	<-m.died
	for l, err := range m.Dead("").All(t.Context()) {
		require.NoError(t, err)
		id = fmt.Sprint(l.ID)
	}
	return id
}

// hostile is what a terminal would obey: it clears the screen, sets the title,
// turns the text around, asks for input, and goes back to the beginning of the
// line.
const hostile = "a\x1b[2J\x1b]0;title\x07\u202e\u009b6n\r\x00\x7f\xff\u2028\U000e0001b"

// TestNothingHostileReachesTheTerminal has it wherever others can put it.
func TestNothingHostileReachesTheTerminal(t *testing.T) {
	t.Parallel()
	m := newMorgue(t, "pager\x1b[31m", hostile)
	valid := strings.ToValidUTF8(hostile, "")
	id := m.bury(t, callback.Message{
		ID: "m", Type: hostile, Key: hostile, ContentType: hostile, Body: []byte("line\n" + hostile),
		Header: http.Header{"X-" + valid: {valid}},
	})
	for _, args := range [][]string{
		{"queues"}, {"queues", "-json"}, {"dead"}, {"dead", "-json"}, {"dead", m.endpoint},
		{"show", m.endpoint, id}, {"show", m.endpoint, id, "-json"}, {"show", m.endpoint, id, "-secrets"},
		{"show", "x", id}, {"show", hostile, id}, {"show", m.endpoint, hostile}, {hostile}, {"queues", hostile},
		{"queues", "-prefix", hostile}, {"drop", m.endpoint, id},
		{"replay", m.endpoint, id}, {"drop", m.endpoint, "-all", "-yes"},
	} {
		status, stdout, stderr := outbox(append([]string{"-data", m.dir}, args...)...)
		if args[0] == "replay" {
			require.Equal(t, 0, status, stderr)
			<-m.died
		}
		assert.NotEmpty(t, stdout+stderr, args)
		harmless(t, stdout)
		harmless(t, stderr)
	}
	status, _, stderr := outbox("-data", m.dir+hostile, "queues")
	assert.Equal(t, 1, status)
	harmless(t, stderr)
}

func harmless(t *testing.T, s string) {
	t.Helper()
	assert.True(t, utf8.ValidString(s), "%q", s)
	i := strings.IndexFunc(s, func(r rune) bool { return r != '\n' && r != '\t' && !unicode.IsPrint(r) })
	assert.Equal(t, -1, i, "%q", s)
}

// TestJSONIsExact reads back what it has escaped.
func TestJSONIsExact(t *testing.T) {
	t.Parallel()
	m := newMorgue(t, "pager", "no")
	text := strings.ToValidUTF8(hostile, "") + `<&>"\`
	id := m.bury(t, callback.Message{
		ID: "m", Type: "firing", Key: text, ContentType: "text/plain", Body: []byte(text),
		Header: http.Header{"X-Text": {text}},
	})
	var got jsonLetter
	require.NoError(t, json.Unmarshal([]byte(done(t, "-data", m.dir, "show", "pager", id, "-json")), &got))
	assert.Equal(t, text, got.Key)
	assert.Equal(t, text, *got.Body)
	assert.Equal(t, []string{text}, got.Header["X-Text"])
	assert.Equal(t, "text/plain", got.ContentType)
	assert.Equal(t, 1, got.Attempts)
	assert.Len(t, got.History, 1)
	assert.Empty(t, got.BodyBase64)

	id = m.bury(t, callback.Message{ID: "b", Body: []byte("\xff\x00")})
	got = jsonLetter{}
	require.NoError(t, json.Unmarshal([]byte(done(t, "-data", m.dir, "show", "pager", id, "-json")), &got))
	assert.Nil(t, got.Body)
	assert.Equal(t, "\xff\x00", string(got.BodyBase64))
	id = m.bury(t, callback.Message{ID: "e"})
	assert.Contains(t, done(t, "-data", m.dir, "show", "pager", id, "-json"), `"body":""`)
}

// TestSecretsAreNotShown shows the headers of a letter, one that can be decoded
// and one that cannot.
func TestSecretsAreNotShown(t *testing.T) {
	t.Parallel()
	m := newMorgue(t, "pager", "no")
	h := http.Header{"X-Tenant": {"blue"}}
	for _, name := range []string{
		"Authorization", "Proxy-Authorization", "Cookie", "X-Auth-Token", "X_API_KEY", "X-Hub-Signature-256", "Client-Secret", "X-Password",
		"X-Access-Key", "Ocp-Apim-Subscription-Key", "X-Session",
	} {
		h[name] = []string{"hunter2"}
	}
	id := m.bury(t, callback.Message{ID: "m", Header: h})
	for range 2 {
		for _, format := range []string{"-json", "-body=10"} {
			shown := done(t, "-data", m.dir, "show", "pager", id, format)
			assert.Contains(t, shown, "blue")
			assert.NotContains(t, shown, "hunter2")
			assert.Equal(t, len(h)-1, strings.Count(shown, "[redacted]"), shown)
			shown = done(t, "-data", m.dir, "show", "pager", id, format, "-secrets")
			assert.Equal(t, len(h)-1, strings.Count(shown, "hunter2"), shown)
		}
		id = m.unreadable(t, id)
	}
	status, stdout, stderr := outbox("-data", m.dir, "replay", "pager", "-all")
	assert.Equal(t, 0, status, stderr)
	<-m.died
	assert.Equal(t, "replayed 1 dead letter of pager, of 3\n", stdout)
	assert.Equal(t, "outbox: what cannot be decoded is left; drop removes it\n", stderr)
	status, _, stderr = outbox("-data", m.dir, "replay", "pager", id)
	assert.Equal(t, 1, status)
	assert.Contains(t, stderr, "cannot be decoded")
}

// unreadable puts a copy of a letter among the dead, of a version that is not
// known.
func (m *morgue) unreadable(t *testing.T, id string) string {
	t.Helper()
	js, err := jetstream.New(m.Conn())
	require.NoError(t, err)
	s, err := js.Stream(t.Context(), "alertwire_DEAD")
	require.NoError(t, err)
	var seq uint64
	_, err = fmt.Sscan(id, &seq)
	require.NoError(t, err)
	raw, err := s.GetMsg(t.Context(), seq)
	require.NoError(t, err)
	msg := &nats.Msg{Subject: raw.Subject, Header: raw.Header, Data: raw.Data}
	msg.Header.Del("Nats-Msg-Id")
	msg.Header.Set("Alertwire-Version", "99")
	ack, err := js.PublishMsg(t.Context(), msg)
	require.NoError(t, err)
	return fmt.Sprint(ack.Sequence)
}

func TestBodyIsBounded(t *testing.T) {
	t.Parallel()
	m := newMorgue(t, "pager", "no")
	body := "12345678é" // 10 bytes
	id := m.bury(t, callback.Message{ID: "m", Body: []byte(body)})
	tests := []struct{ most, want string }{
		{"10", "\n12345678é\n"},
		{"9", "\n12345678\n… and 2 bytes more; -body 10 prints all\n"},
		{"8", "\n12345678\n… and 2 bytes more; -body 10 prints all\n"},
		{"1", "\n1\n… and 9 bytes more; -body 10 prints all\n"},
		{"0", "10 bytes\n… and 10 bytes more; -body 10 prints all\n"},
	}
	for _, tt := range tests {
		t.Run(tt.most, func(t *testing.T) {
			shown := done(t, "-data", m.dir, "show", "pager", id, "-body", tt.most)
			assert.True(t, strings.HasSuffix(shown, tt.want), "%s", shown)
		})
	}
	binary := strings.Repeat("\x80", 5000)
	id = m.bury(t, callback.Message{ID: "b", Body: []byte(binary)})
	shown := done(t, "-data", m.dir, "show", "pager", id)
	assert.Equal(t, 4096, strings.Count(shown, `\x80`))
}

// TestNewestAreListed lists as many letters as there are, and fewer.
func TestNewestAreListed(t *testing.T) {
	t.Parallel()
	m := newMorgue(t, "pager", "no")
	var ids []string
	for n := range 7 {
		ids = append(ids, m.bury(t, callback.Message{ID: fmt.Sprint("m", n)}))
	}
	tests := []struct {
		most string
		want []string
		note string
	}{
		{"0", ids, ""},
		{"7", ids, ""},
		{"6", ids[1:], "outbox: 6 of 7, the newest; -n 0 lists all\n"},
		{"1", ids[6:], "outbox: 1 of 7, the newest; -n 0 lists all\n"},
	}
	for _, tt := range tests {
		t.Run(tt.most, func(t *testing.T) {
			status, stdout, stderr := outbox("-data", m.dir, "dead", "-n", tt.most)
			assert.Equal(t, 0, status)
			assert.Equal(t, tt.note, stderr)
			var got []string
			for _, row := range strings.Split(strings.TrimSpace(stdout), "\n")[1:] {
				got = append(got, strings.Fields(row)[0])
			}
			assert.Equal(t, tt.want, got)
		})
	}
}

// TestRemovedEndpoint shows letters that have nowhere to go.
func TestRemovedEndpoint(t *testing.T) {
	t.Parallel()
	m := newMorgue(t, "-odd name", "no")
	m.bury(t, callback.Message{ID: "m"})
	require.NoError(t, m.Remove(t.Context(), m.endpoint))
	assert.Contains(t, done(t, "-data", m.dir, "queues"), "-odd name (no queue)")
	for _, args := range [][]string{{"-all", "--", m.endpoint}, {"--", m.endpoint, "1"}} {
		status, stdout, stderr := outbox(append([]string{"-data", m.dir, "replay"}, args...)...)
		assert.Equal(t, 1, status)
		assert.Empty(t, stdout)
		assert.Equal(t, `outbox: "-odd name" has no queue: start a relay that has it among its -endpoints, once`+"\n", stderr)
	}
	assert.Equal(t, "dropped 1 dead letter of -odd name\n", done(t, "-data", m.dir, "drop", "-yes", "-all", "--", m.endpoint))
}
