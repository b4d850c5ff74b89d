package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/alertwire/alertwire/examples/internal/amtest"
)

// TestMain makes the test binary the program itself where it is told to be.
func TestMain(m *testing.M) {
	if os.Getenv("RELAY_TEST_CHILD") != "" {
		os.Exit(run(context.Background(), os.Args[1:], os.Stderr))
	}
	os.Exit(m.Run())
}

// TestAcceptedSurvivesKill kills the program once it has answered 200 and while
// the endpoint is down. The next one delivers.
func TestAcceptedSurvivesKill(t *testing.T) {
	const n = 20
	dir := t.TempDir()
	hook := callbacktest.NewServer(t, callbacktest.Status(503))
	endpoints := write(t, "endpoints.json", fmt.Sprintf(`[
	  {"name": "raw", "callback": {"url": %q}, "endpoint": {"retry": {"base": "50ms", "cap": "200ms"}, "breaker": {"off": true}}},
	  {"name": "slack", "format": "slack", "callback": {"url": %[1]q}, "endpoint": {"retry": {"base": "50ms", "cap": "200ms"}, "breaker": {"off": true}}}
	]`, hook.URL))
	args := []string{"-no-auth", "-endpoints", endpoints, "-data", dir, "-per-ip", "off"}

	url, kill := child(t, args...)
	for i := range n {
		for status := 0; status != http.StatusOK; { // 503 means that the disk is slow: come again
			resp, err := http.Post(url+"/webhook", "application/json",
				strings.NewReader(fmt.Sprintf(`{"alerts":[{"labels":{"alertname":"A%d"}}]}`, i)))
			require.NoError(t, err)
			resp.Body.Close()
			status = resp.StatusCode
			require.Contains(t, []int{http.StatusOK, http.StatusServiceUnavailable}, status)
		}
	}
	hook.Await(1)
	kill()
	before := len(hook.Requests())
	hook.Play(callbacktest.Status(200))

	child(t, args...)
	raw, slack := map[string]int{}, map[string]int{}
	amtest.Eventually(t, func() bool {
		clear(raw)
		clear(slack)
		for _, r := range hook.Requests()[before:] {
			var m struct {
				Alerts []struct{ Labels map[string]string }
				Text   string
			}
			require.NoError(t, json.Unmarshal(r.Body, &m))
			if len(m.Alerts) > 0 {
				raw[m.Alerts[0].Labels["alertname"]]++
			} else {
				slack[m.Text]++
			}
		}
		return len(raw) == n && len(slack) == n
	}, "raw %v, slack %v", &raw, &slack)
}

// TestRealAlertmanagerAndAKill kills the program between an alert that a real
// Alertmanager was told is accepted and its delivery. The next one, on the same
// address, delivers it and the resolution.
func TestRealAlertmanagerAndAKill(t *testing.T) {
	hook := callbacktest.NewServer(t, callbacktest.Status(503))
	endpoints := write(t, "endpoints.json", fmt.Sprintf(`[{"name": "ops", "callback": {"url": %q},
	  "endpoint": {"order": "strict", "retry": {"base": "50ms", "cap": "200ms"}, "breaker": {"off": true}}}]`, hook.URL))
	address := amtest.Free(t)
	args := []string{"-token-file", write(t, "token", "s3cr3t-token"), "-endpoints", endpoints, "-data", t.TempDir()}
	_, kill := childAt(t, address, args...)
	am := amtest.Start(t, "http://"+address+"/webhook")

	am.Post(t, `[{"labels":{"alertname":"HighCPU"}}]`)
	hook.Await(1)
	kill()
	before := len(hook.Requests())
	hook.Play(callbacktest.Status(200))
	childAt(t, address, args...)
	hook.Await(before + 1)
	am.Post(t, `[{"labels":{"alertname":"HighCPU"},"endsAt":"`+time.Now().UTC().Format(time.RFC3339)+`"}]`)

	var states []string
	amtest.Eventually(t, func() bool {
		states = nil
		for _, r := range hook.Requests()[before:] {
			var m struct{ Status string }
			require.NoError(t, json.Unmarshal(r.Body, &m))
			states = append(states, m.Status)
		}
		return len(states) > 0 && states[len(states)-1] == "resolved"
	}, "it did not come to pass")
	assert.Equal(t, "firing", states[0], states)
}

func TestMistakesStartNothing(t *testing.T) {
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"no engine", []string{"-no-auth"}, "one of -data and -nats"},
		{"both", []string{"-no-auth", "-data", "x", "-nats", "nats://127.0.0.1:1"}, "one of -data and -nats"},
		{"replicas on one machine", []string{"-no-auth", "-data", "x", "-replicas", "3"}, "-replicas"},
		{"a socket that cannot be", []string{"-no-auth", "-data", t.TempDir(), "-socket", strings.Repeat("s", 200)}, "-socket: "},
		{"no URL of a cluster", []string{"-no-auth", "-nats", "nats://me:hunter2/@127.0.0.1:4222"}, "-nats: not a URL"},
		{"a file in place of the directory", []string{"-no-auth", "-data", write(t, "file", "x")}, "-data"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var stderr bytes.Buffer
			assert.Equal(t, 2, run(t.Context(), append([]string{"-listen", "127.0.0.1:0"}, tt.args...), &stderr))
			assert.Contains(t, stderr.String(), tt.want)
			assert.NotContains(t, stderr.String(), "hunter2")
		})
	}
}

// TestDirectoryInUse starts a second program on the directory of the first.
func TestDirectoryInUse(t *testing.T) {
	dir := t.TempDir()
	child(t, "-no-auth", "-data", dir)
	var stderr bytes.Buffer
	assert.Equal(t, 2, run(t.Context(), []string{"-no-auth", "-listen", "127.0.0.1:0", "-data", dir}, &stderr))
	assert.Contains(t, stderr.String(), "in use")
}

// child runs the program as a process of its own. kill is kill -9.
func child(t *testing.T, args ...string) (url string, kill func()) {
	t.Helper()
	return childAt(t, "127.0.0.1:0", args...)
}

func childAt(t *testing.T, address string, args ...string) (url string, kill func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0], append(args, "-listen", address)...)
	cmd.Env = append(os.Environ(), "RELAY_TEST_CHILD=1")
	var stderr amtest.Output
	cmd.Stderr = &stderr
	require.NoError(t, cmd.Start())
	done := make(chan struct{})
	go func() { _ = cmd.Wait(); close(done) }()
	kill = func() { _ = cmd.Process.Kill(); <-done }
	t.Cleanup(func() {
		kill()
		if t.Failed() {
			t.Log(stderr.String())
		}
	})
	return "http://" + amtest.Listening(t, &stderr), kill
}

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}
