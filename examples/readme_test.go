package examples_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/auth"
	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/alertwire/alertwire/callback/dispatch"
	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/alertmanager"
)

// receive takes the alerts of Alertmanager in and calls a service for each.
func receive(token auth.Secret, service string) (http.Handler, error) {
	bearer, err := auth.NewBearer(token)
	if err != nil {
		return nil, err
	}
	hook, err := callback.New(callback.Config{URL: service}, callback.Options{})
	if err != nil {
		return nil, err
	}
	calls, err := dispatch.NewMemory(dispatch.MemoryOptions{}) // calls.Shutdown delivers the rest
	if err != nil {
		return nil, err
	}
	if err := calls.Add(context.Background(), "service", hook, dispatch.EndpointOptions{}); err != nil {
		return nil, err
	}
	accept := func(ctx context.Context, m *alertmanager.Message) (any, error) {
		msg, err := callback.NewMessage(m) // the bytes that came
		if err != nil {
			return nil, err
		}
		return nil, calls.Dispatch(ctx, msg) // queued: retries and the breaker come later
	}
	handler := payload.Handler(alertmanager.Decode, accept, payload.HandlerOptions{})
	return auth.Require(bearer, auth.RequireOptions{})(handler), nil
}

func Example_readme() {
	arrived := make(chan string)
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		arrived <- string(body)
	}))
	defer service.Close()
	handler, err := receive("s3cr3t", service.URL)
	if err != nil {
		fmt.Println(err)
		return
	}

	r := httptest.NewRequest("POST", "/webhook", strings.NewReader(`{"alerts":[{"labels":{"alertname":"HighCPU"}}]}`))
	r.Header.Set("Authorization", "Bearer s3cr3t")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)
	fmt.Println(<-arrived)
	// Output:
	// 200 {"status":"success"}
	// {"alerts":[{"labels":{"alertname":"HighCPU"}}]}
}

func TestReceiveRefusesStrangers(t *testing.T) {
	service := callbacktest.NewServer(t)
	handler, err := receive("s3cr3t", service.URL)
	require.NoError(t, err)
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest("POST", "/webhook", strings.NewReader(`{"alerts":[]}`)))
	assert.Equal(t, http.StatusUnauthorized, w.Code)
}

// TestReadmeShowsCodeThatRuns compares each Go block of the README with the
// functions of this file.
func TestReadmeShowsCodeThatRuns(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	here, err := os.ReadFile("readme_test.go")
	require.NoError(t, err)

	blocks := strings.Split(string(readme), "```go\n")[1:]
	require.NotEmpty(t, blocks)
	for _, block := range blocks {
		code, _, closed := strings.Cut(block, "\n```")
		require.True(t, closed)
		assert.Contains(t, string(here), code)
	}
}

// TestReadmeLinks looks for the files that the README points to.
func TestReadmeLinks(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	links := 0
	for _, part := range strings.Split(string(readme), "](")[1:] {
		target, _, closed := strings.Cut(part, ")")
		require.True(t, closed, part)
		if strings.Contains(target, "://") || strings.HasPrefix(target, "#") {
			continue
		}
		links++
		target, _, _ = strings.Cut(target, "#")
		_, err := os.Stat("../" + target)
		assert.NoError(t, err)
	}
	assert.Positive(t, links)
}
