package main

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/payload/flashduty"
	"github.com/alertwire/alertwire/payload/payloadtest"
)

func push(t *testing.T, url, secret string, body []byte) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/flashduty", bytes.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Flashduty-Secret", secret)
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	return resp.StatusCode
}

// edited returns the body of a new incident with another event ID and time.
func edited(t *testing.T, id string, ms int64) []byte {
	t.Helper()
	p, err := flashduty.Decode(payloadtest.Body("flashduty", "incident-new"))
	require.NoError(t, err)
	p.EventID, p.EventTime = id, flashduty.UnixMilliTime(ms)
	b, err := p.AppendJSON(nil)
	require.NoError(t, err)
	return b
}

// TestAnswersWhileTheWorkStands has a worker that never ends: each push is
// answered all the same, until the queue is full.
func TestAnswersWhileTheWorkStands(t *testing.T) {
	held := make(chan struct{})
	r, err := newReceiver("X-Flashduty-Secret", "s3cr3t", 100, func(context.Context, *flashduty.Push) { <-held }, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	srv := httptest.NewServer(r.handler)
	defer srv.Close()
	var wg sync.WaitGroup
	wg.Go(func() { _ = r.queue.Run(context.Background()) })

	for i := range 100 {
		require.Equal(t, http.StatusOK, push(t, srv.URL, "s3cr3t", edited(t, "e"+strings.Repeat("x", i), 1_700_000_000_000)))
	}
	full := http.StatusOK
	for i := 0; full == http.StatusOK && i < 3; i++ { // one is in the hands of the worker
		full = push(t, srv.URL, "s3cr3t", edited(t, "more"+strings.Repeat("x", i), 1_700_000_000_000))
	}
	assert.Equal(t, http.StatusServiceUnavailable, full)
	close(held)
	r.queue.Close()
	wg.Wait()
}

func TestRepeatsAndStalePushesAreDropped(t *testing.T) {
	var got []string
	r, err := newReceiver("X-Flashduty-Secret", "s3cr3t", 10, func(_ context.Context, p *flashduty.Push) { got = append(got, p.EventID) }, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	srv := httptest.NewServer(r.handler)
	defer srv.Close()

	for _, body := range [][]byte{
		edited(t, "first", 2000),
		edited(t, "first", 2000), // a repeat
		edited(t, "third", 3000),
		edited(t, "second", 2500), // overtaken by the third
		edited(t, "fourth", 3000), // within one tick of the third
	} {
		require.Equal(t, http.StatusOK, push(t, srv.URL, "s3cr3t", body))
	}
	r.queue.Close()
	require.NoError(t, r.queue.Run(t.Context()))
	assert.Equal(t, []string{"first", "third", "fourth"}, got)
}

func TestStrangersAreRefused(t *testing.T) {
	r, err := newReceiver("X-Flashduty-Secret", "s3cr3t", 10, nil, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	srv := httptest.NewServer(r.handler)
	defer srv.Close()
	assert.Equal(t, http.StatusUnauthorized, push(t, srv.URL, "guess", edited(t, "e", 1)))
	assert.Equal(t, http.StatusBadRequest, push(t, srv.URL, "s3cr3t", []byte(`{"text":"hello"}`)))
	assert.Zero(t, r.queue.Len())
}

func TestMistakesStartNothing(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	good := filepath.Join(t.TempDir(), "good")
	require.NoError(t, os.WriteFile(good, []byte("s3cr3t\n"), 0o600))
	for _, tt := range []struct {
		args []string
		want string
	}{
		{nil, "-secret-file is missing"},
		{[]string{"-secret-file", empty + ".none"}, "-secret-file"},
		{[]string{"-secret-file", empty}, "-secret-file: "},
		{[]string{"-secret-file", good, "-workers", "0"}, "-workers"},
		{[]string{"-secret-file", good, "-queue", "0"}, "-queue"},
		{[]string{"-secret-file", good, "-header", "Host"}, "Host"},
		{[]string{"-secret-file", good, "more"}, `unexpected argument "more"`},
		{[]string{"-nope"}, "-nope"},
	} {
		var stderr bytes.Buffer
		assert.Equal(t, 2, run(t.Context(), tt.args, &bytes.Buffer{}, &stderr))
		assert.Contains(t, stderr.String(), tt.want)
	}
}

func TestPrintsWhatIsNew(t *testing.T) {
	p, err := flashduty.Decode(payloadtest.Body("flashduty", "incident-new"))
	require.NoError(t, err)
	assert.Regexp(t, `^\d{4}-\d\d-\d\dT\S+ firing incident/\S+ ".+"$`, describe(p))
}
