package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats"
	"github.com/alertwire/alertwire/examples/internal/amtest"
)

const (
	soon = amtest.Soon
	tick = 20 * time.Millisecond
)

// built is the directory of the relay that the tests run.
var built string

func TestMain(m *testing.M) { os.Exit(testMain(m)) }

func testMain(m *testing.M) int {
	dir, err := os.MkdirTemp("", "outbox")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	built = dir
	return m.Run()
}

// relayBinary builds relay, once.
var relayBinary = sync.OnceValues(func() (string, error) {
	binary := filepath.Join(built, "relay.exe")
	out, err := exec.Command("go", "build", "-o", binary, "../relay").CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, out)
	}
	return binary, err
})

// A relay is one that runs as a process of its own.
type relay struct {
	url  string
	kill func() // kill -9
}

// startRelay runs relay until the test ends.
func startRelay(t *testing.T, args ...string) relay {
	t.Helper()
	binary, err := relayBinary()
	require.NoError(t, err)
	cmd := exec.Command(binary, append(args, "-no-auth", "-listen", "127.0.0.1:0", "-per-ip", "off")...)
	var out amtest.Output
	cmd.Stderr = &out
	require.NoError(t, cmd.Start())
	done := make(chan struct{})
	go func() { _ = cmd.Wait(); close(done) }()
	kill := func() { _ = cmd.Process.Kill(); <-done }
	t.Cleanup(func() {
		kill()
		if t.Failed() {
			t.Log(out.String())
		}
	})
	return relay{"http://" + amtest.Listening(t, &out), kill}
}

// post posts an alert of that name.
func (r relay) post(t *testing.T, name string) {
	t.Helper()
	for status := 0; status != http.StatusOK; { // 503 means that the disk is slow: come again
		resp, err := http.Post(r.url+"/webhook", "application/json",
			strings.NewReader(fmt.Sprintf(`{"status":"firing","alerts":[{"labels":{"alertname":%q}}]}`, name)))
		require.NoError(t, err)
		resp.Body.Close()
		status = resp.StatusCode
		require.Contains(t, []int{http.StatusOK, http.StatusServiceUnavailable}, status)
	}
}

// storeDir is a directory whose path leaves room for the name of a socket.
func storeDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "store")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(dir)) })
	return dir
}

// endpoints writes a file with endpoints, given as name=URL. Each message is
// tried twice.
func endpoints(t *testing.T, list ...string) string {
	t.Helper()
	var all []string
	for _, e := range list {
		name, url, _ := strings.Cut(e, "=")
		all = append(all, fmt.Sprintf(`{"name": %q, "callback": {"url": %q, "timeout": "2m"},
		  "endpoint": {"retry": {"attempts": 2, "base": "10ms"}, "breaker": {"off": true}}}`, name, url))
	}
	path := filepath.Join(t.TempDir(), "endpoints.json")
	require.NoError(t, os.WriteFile(path, []byte("["+strings.Join(all, ",")+"]"), 0o600))
	return path
}

// outbox runs the program.
func outbox(args ...string) (status int, stdout, stderr string) {
	var out, err bytes.Buffer
	status = run(context.Background(), args, &out, &err)
	return status, out.String(), err.String()
}

// done runs the program, which must do what it was asked to.
func done(t *testing.T, args ...string) string {
	t.Helper()
	status, stdout, stderr := outbox(args...)
	require.Equal(t, 0, status, stderr)
	return stdout
}

// objects reads lines of JSON.
func objects[T any](t *testing.T, lines string) []T {
	t.Helper()
	var all []T
	for s := bufio.NewScanner(strings.NewReader(lines)); s.Scan(); {
		var v T
		require.NoError(t, json.Unmarshal(s.Bytes(), &v), s.Text())
		all = append(all, v)
	}
	return all
}

// queue returns the queue of an endpoint.
func queue(t *testing.T, endpoint string, args ...string) dispatchnats.Queue {
	t.Helper()
	for _, q := range objects[dispatchnats.Queue](t, done(t, append(args, "queues", "-json")...)) {
		if q.Endpoint == endpoint {
			return q
		}
	}
	return dispatchnats.Queue{}
}

// died waits until an endpoint has n dead letters.
func died(t *testing.T, endpoint string, n int, args ...string) {
	t.Helper()
	amtest.Eventually(t, func() bool { return queue(t, endpoint, args...).Dead == n }, "it did not come to pass")
}

// startNATS runs a server on the loopback interface.
func startNATS(t *testing.T) (url string) {
	t.Helper()
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoLog: true, NoSigs: true,
	})
	require.NoError(t, err)
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	require.True(t, s.ReadyForConnections(soon))
	return s.ClientURL()
}
