package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats"
	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats/embedded"
	"github.com/alertwire/alertwire/examples/internal/amtest"
)

// TestNightOfAnOperator looks at a relay whose endpoint refuses everything,
// while it runs and after it was killed, and has one letter delivered by the
// next relay.
func TestNightOfAnOperator(t *testing.T) {
	t.Parallel()
	hook := callbacktest.NewServer(t, callbacktest.Status(503), callbacktest.Status(404))
	idle := callbacktest.NewServer(t, callbacktest.Status(404))
	dir := storeDir(t)
	args := []string{"-data", dir, "-endpoints", endpoints(t, "pager="+hook.URL, "idle="+idle.URL)}
	r := startRelay(t, args...)
	r.post(t, "A")
	died(t, "pager", 1, "-data", dir)
	hook.Play(callbacktest.Status(404))
	r.post(t, "B")
	r.post(t, "C")
	died(t, "pager", 3, "-data", dir)
	died(t, "idle", 3, "-data", dir)

	table := strings.Fields(done(t, "-data", dir, "queues"))
	assert.Equal(t, strings.Fields("ENDPOINT WAITING IN HAND RETRYING DEAD OLDEST idle 0 0 0 3 - pager 0 0 0 3 -"), table)
	letters := objects[jsonLetter](t, done(t, "-data", dir, "dead", "pager", "-json"))
	require.Len(t, letters, 3)
	list := done(t, "-data", dir, "dead", "pager")
	assert.Regexp(t, `(?m)^ID +DIED +TYPE +KEY +ATTEMPTS +REASON$`, list)
	assert.Equal(t, 3, strings.Count(list, "client: status 404: refused for good"))
	assert.Equal(t, 7, strings.Count(done(t, "-data", dir, "dead"), "\n"), "of all endpoints, and the titles")

	first := letters[0]
	id := fmt.Sprint(first.ID)
	shown := done(t, "-data", dir, "show", "pager", id)
	assert.Regexp(t, `(?m)^letter +`+id+` of pager$`, shown)
	assert.Regexp(t, `(?m)^message +`+first.MessageID+`$`, shown)
	assert.Contains(t, shown, `"alertname":"A"`)
	assert.Equal(t, 2, first.Attempts)

	r.kill()
	status, stdout, stderr := outbox("-data", dir, "queues")
	assert.Equal(t, 0, status)
	assert.Equal(t, "outbox: no relay is running\n", stderr)
	assert.Equal(t, table, strings.Fields(stdout))
	status, stdout, stderr = outbox("-data", dir, "replay", "pager", id)
	assert.Equal(t, 0, status)
	assert.Equal(t, "outbox: no relay is running: what was replayed waits for one\n", stderr)
	assert.Equal(t, "replayed 1 dead letter of pager\n", stdout)
	assert.Equal(t, 1, queue(t, "pager", "-data", dir).Waiting)

	before := len(hook.Requests())
	hook.Play(callbacktest.Status(200))
	startRelay(t, args...)
	hook.Await(before + 1)
	got := hook.Requests()[before]
	assert.Equal(t, first.MessageID, got.Header.Get("webhook-id"))
	assert.Contains(t, string(got.Body), `"alertname":"A"`)

	assert.Equal(t, "dropped 1 dead letter of pager\n", done(t, "-data", dir, "drop", "pager", fmt.Sprint(letters[1].ID), "-yes"))
	assert.Equal(t, "replayed 1 dead letter of pager\n", done(t, "-data", dir, "replay", "pager", "-all"))
	hook.Await(before + 2)
	assert.Equal(t, letters[2].MessageID, hook.Requests()[before+1].Header.Get("webhook-id"))
	assert.Equal(t, `{"dropped":3,"endpoint":"idle"}`+"\n", done(t, "-data", dir, "drop", "idle", "-all", "-yes", "-json"))
	status, stdout, stderr = outbox("-data", dir, "dead")
	assert.Equal(t, 0, status)
	assert.Empty(t, stdout)
	assert.Equal(t, "outbox: no dead letters\n", stderr)
}

// TestCluster looks at a relay whose queue is in NATS.
func TestCluster(t *testing.T) {
	t.Parallel()
	url := startNATS(t)
	hook := callbacktest.NewServer(t, callbacktest.Status(404))
	args := []string{"-nats", url, "-prefix", "night"}
	r := startRelay(t, append(args, "-endpoints", endpoints(t, "pager="+hook.URL))...)
	r.post(t, "A")
	died(t, "pager", 1, args...)
	hook.Play(callbacktest.Status(200))
	assert.Equal(t, "replayed 1 dead letter of pager\n", done(t, append(args, "replay", "pager", "-all")...))
	hook.Await(2)
	assert.Equal(t, 0, queue(t, "pager", args...).Dead)

	for name, args := range map[string][]string{
		"of that prefix":       {"-nats", url, "queues"},
		"no servers available": {"-nats", "nats://me:hunter2@" + amtest.Nobody(t), "queues"},
		"not a URL":            {"-nats", "nats://me:hunter2/@127.0.0.1:4222", "queues"},
	} {
		status, stdout, stderr := outbox(args...)
		assert.Equal(t, 1, status, name)
		assert.Empty(t, stdout)
		assert.Contains(t, stderr, name)
		assert.NotContains(t, stderr, "hunter2")
		assert.Equal(t, 1, strings.Count(stderr, "\n"), "an error is one line")
	}
}

// TestWatch watches a relay that is killed and comes back. It must not keep the
// next one from starting.
func TestWatch(t *testing.T) {
	t.Parallel()
	hook := callbacktest.NewServer(t, callbacktest.Status(404))
	dir := storeDir(t)
	args := []string{"-data", dir, "-endpoints", endpoints(t, "pager="+hook.URL)}
	r := startRelay(t, args...)
	ctx, stop := context.WithCancel(t.Context())
	var out, errs amtest.Output
	status := make(chan int, 1)
	go func() { status <- run(ctx, []string{"watch", "-data", dir, "-every", "20ms"}, &out, &errs) }()
	shows := func(what string) {
		t.Helper()
		from := len(out.String())
		amtest.Eventually(t, func() bool { return strings.Contains(out.String()[from:], what) }, "it does not show %q", what)
	}
	shows("pager     0        0        0         0     -\n")
	r.post(t, "A")
	shows("pager     0        0        0         1     -\n")
	r.kill()
	shows("no relay is running")
	r = startRelay(t, args...)
	r.post(t, "B")
	shows("pager     0        0        0         2     -\n")
	r.kill()
	require.NoError(t, os.Rename(dir, filepath.Join(storeDir(t), "moved")))
	shows("no relay is running")
	for range 3 {
		shows("pager     0        0        0         2     -\n")
	}
	assert.NotContains(t, out.String(), "there is no store", "it must not open it: a relay may be about to")
	stop()
	assert.Equal(t, 0, <-status)
	assert.Empty(t, errs.String())
	assert.NotContains(t, out.String(), "\x1b", "it is no terminal")
}

// TestWatchWithoutRelay begins to watch before there is a relay.
func TestWatchWithoutRelay(t *testing.T) {
	t.Parallel()
	hook := callbacktest.NewServer(t)
	dir := storeDir(t)
	args := []string{"-data", dir, "-endpoints", endpoints(t, "pager="+hook.URL)}
	startRelay(t, args...).kill()
	ctx, stop := context.WithCancel(t.Context())
	var out amtest.Output
	status := make(chan int, 1)
	go func() { status <- run(ctx, []string{"watch", "-data", dir, "-every", "10ms", "-json"}, &out, &out) }()
	lines := func() int { return strings.Count(out.String(), "\n") }
	amtest.Eventually(t, func() bool { return lines() > 3 }, "it did not come to pass")
	type look struct {
		Time     time.Time
		Endpoint string
	}
	last := func() look {
		all := objects[look](t, out.String()[:strings.LastIndex(out.String(), "\n")])
		return all[len(all)-1]
	}
	first := last()
	assert.Equal(t, "pager", first.Endpoint)
	startRelay(t, args...)
	amtest.Eventually(t, func() bool { return last().Time.After(first.Time) }, "it did not come to pass")
	stop()
	assert.Equal(t, 0, <-status)
}

// TestKilledWhileItCalled looks at what nobody has in hand any more.
func TestKilledWhileItCalled(t *testing.T) {
	t.Parallel()
	called, answer := make(chan struct{}), make(chan struct{})
	call := sync.OnceFunc(func() { close(called) })
	hook := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		call()
		<-answer
	}))
	t.Cleanup(hook.Close)
	t.Cleanup(func() { close(answer) })
	dir := storeDir(t)
	r := startRelay(t, "-data", dir, "-endpoints", endpoints(t, "pager="+hook.URL))
	r.post(t, "A")
	<-called
	q := queue(t, "pager", "-data", dir)
	assert.Equal(t, []int{0, 1}, []int{q.Waiting, q.InHand})
	r.kill()
	q = queue(t, "pager", "-data", dir)
	assert.Equal(t, []int{1, 0}, []int{q.Waiting, q.InHand})
	assert.False(t, q.Oldest.IsZero())
}

// TestRelayWaitsForOutbox starts a relay while the store is looked at.
func TestRelayWaitsForOutbox(t *testing.T) {
	t.Parallel()
	dir := storeDir(t)
	startRelay(t, "-data", dir).kill()
	at, err := embedded.Attach(t.Context(), dir, embedded.Options{})
	require.NoError(t, err)
	time.AfterFunc(300*time.Millisecond, at.Close)
	startRelay(t, "-data", dir)
	assert.Empty(t, objects[dispatchnats.Queue](t, done(t, "-data", dir, "queues", "-json")))
}

// TestWhatDoesNotWork looks for errors that say what is wrong, on one line.
func TestWhatDoesNotWork(t *testing.T) {
	t.Parallel()
	hook := callbacktest.NewServer(t, callbacktest.Status(404))
	dir := storeDir(t)
	r := startRelay(t, "-data", dir, "-endpoints", endpoints(t, "pager="+hook.URL, "chat="+hook.URL))
	r.post(t, "A")
	died(t, "pager", 1, "-data", dir)
	died(t, "chat", 1, "-data", dir)
	deaf := storeDir(t)
	startRelay(t, "-data", deaf, "-socket", "")
	empty := storeDir(t)
	tests := []struct {
		name string
		args string
		want string
	}{
		{"no such directory", "-data " + empty + "/nowhere queues", "there is no store in this directory"},
		{"an empty directory", "-data " + empty + " queues", "there is no store in this directory"},
		{"watch of an empty directory", "-data " + empty + " watch", "there is no store in this directory"},
		{"another prefix", "-data " + dir + " -prefix other queues", `no queues of that prefix: "other"`},
		{"in use without a socket", "-data " + deaf + " queues", "a process has it that cannot be reached"},
		{"unknown endpoint", "-data " + dir + " dead pagre", `there is no endpoint "pagre", only chat, pager`},
		{"unknown endpoint to show", "-data " + dir + " show pagre 1", `there is no endpoint "pagre"`},
		{"unknown letter to show", "-data " + dir + " show pager 99", `"pager" has no dead letter 99`},
		{"unknown letter to replay", "-data " + dir + " replay pager 99", `"pager" has no dead letter 99`},
		{"unknown letter to drop", "-data " + dir + " drop pager 99 -yes", `"pager" has no dead letter 99`},
		{"unknown endpoint to replay", "-data " + dir + " replay pagre -all", `there is no endpoint "pagre"`},
		{"unknown endpoint to drop", "-data " + dir + " drop pagre -all -yes", `there is no endpoint "pagre"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, stdout, stderr := outbox(strings.Fields(tt.args)...)
			assert.Equal(t, 1, status)
			assert.Empty(t, stdout)
			assert.Contains(t, stderr, tt.want)
			assert.Equal(t, 1, strings.Count(stderr, "\n"), stderr)
		})
	}
	left, err := os.ReadDir(empty)
	require.NoError(t, err)
	assert.Empty(t, left, "it makes no store")

	// Nothing is done to any if one of them is not there.
	of := fmt.Sprint(objects[jsonLetter](t, done(t, "-data", dir, "dead", "pager", "-json"))[0].ID)
	other := fmt.Sprint(objects[jsonLetter](t, done(t, "-data", dir, "dead", "chat", "-json"))[0].ID)
	status, _, stderr := outbox("-data", dir, "drop", "pager", of, other, "-yes")
	assert.Equal(t, 1, status)
	assert.Contains(t, stderr, fmt.Sprintf("%q has no dead letter %s", "pager", other))
	status, _, stderr = outbox("-data", dir, "drop", "pager", of, of)
	assert.Equal(t, 2, status)
	assert.Equal(t, `outbox: drop: 1 dead letter of "pager" would be gone for good: add -yes`+"\n", stderr)
	assert.Equal(t, 1, queue(t, "pager", "-data", dir).Dead)
	assert.Equal(t, 1, queue(t, "chat", "-data", dir).Dead)
}

// TestMistakes are found before anything is opened.
func TestMistakes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		args string
		want string
	}{
		{"nothing", "", "what?"},
		{"no command", "-data x", "what?"},
		{"unknown command", "-data x frob", `there is no command "frob"`},
		{"unknown flag", "-data x queues -frob", "-frob"},
		{"no place", "queues", "one of -data and -nats"},
		{"two places", "queues -data x -nats y", "one of -data and -nats"},
		{"too many words", "queues -data x pager", `unexpected argument "pager"`},
		{"too many words for dead", "dead -data x pager 1", `unexpected argument "1"`},
		{"nothing to show", "show -data x", "an endpoint and the ID of a letter are needed"},
		{"no ID to show", "show -data x pager", "an endpoint and the ID of a letter are needed"},
		{"two IDs to show", "show -data x pager 1 2", "an endpoint and the ID of a letter are needed"},
		{"no ID", "show -data x pager first", `"first" is not the ID of a letter`},
		{"zero", "show -data x pager 0", `"0" is not the ID of a letter`},
		{"a negative ID", "show -data x pager -- -1", `"-1" is not the ID of a letter`},
		{"nothing to replay", "replay -data x", "an endpoint is needed"},
		{"no ID to replay", "replay -data x pager", "IDs of letters or -all"},
		{"all of no endpoint", "replay -data x -all", "an endpoint is needed"},
		{"all and one", "drop -data x pager 1 -all", "either IDs or -all"},
		{"a flag of another command", "queues -data x -yes", "-yes is not for queues"},
		{"letters to list", "dead -data x -n -1", "must not be negative"},
		{"bytes to show", "show -data x pager 1 -body -1", "must not be negative"},
		{"no time at all", "watch -data x -every 0s", "-every must be more than nothing"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, stdout, stderr := outbox(strings.Fields(tt.args)...)
			assert.Equal(t, 2, status)
			assert.Empty(t, stdout)
			assert.Contains(t, stderr, tt.want)
		})
	}
	assert.NoDirExists(t, "x")
}

func TestHelp(t *testing.T) {
	t.Parallel()
	status, stdout, stderr := outbox("-h")
	assert.Equal(t, 0, status)
	assert.Empty(t, stdout)
	for name := range commands() {
		assert.Contains(t, stderr, "\n  "+name+" ")
	}
}

// TestNotNATS asks a server of another protocol.
func TestNotNATS(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			fmt.Fprint(c, "HTTP/1.1 200 OK\r\n\r\n")
			c.Close()
		}
	}()
	status, _, stderr := outbox("-nats", "nats://"+l.Addr().String(), "queues")
	assert.Equal(t, 1, status)
	assert.Equal(t, 1, strings.Count(stderr, "\n"), stderr)
}
