package examples_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
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

// receive queues each message of Alertmanager for the services that calls knows.
func receive(token auth.Secret, calls dispatch.Dispatcher) (http.Handler, error) {
	bearer, err := auth.NewBearer(token)
	if err != nil {
		return nil, err
	}
	accept := func(ctx context.Context, m *alertmanager.Message) (any, error) {
		msg, err := callback.NewMessage(m) // the bytes that came
		if err != nil {
			return nil, err
		}
		return nil, calls.Dispatch(ctx, msg) // queued; else 503, and Alertmanager comes again
	}
	handler := payload.Handler(alertmanager.Decode, accept, payload.HandlerOptions{})
	return auth.Require(bearer, auth.RequireOptions{})(handler), nil
}

// send calls service with what is queued, retries and breaker included.
func send(ctx context.Context, calls dispatch.Dispatcher, service string) error {
	hook, err := callback.New(callback.Config{URL: service}, callback.Options{})
	if err != nil {
		return err
	}
	return calls.Add(ctx, "service", hook, dispatch.EndpointOptions{})
}

func Example_readme() {
	ctx := context.Background()
	service := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Println(string(body))
	}))
	defer service.Close()
	calls, err := dispatch.NewMemory(dispatch.MemoryOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := send(ctx, calls, service.URL); err != nil {
		fmt.Println(err)
		return
	}
	handler, err := receive("s3cr3t", calls)
	if err != nil {
		fmt.Println(err)
		return
	}

	r := httptest.NewRequest("POST", "/webhook", strings.NewReader(`{"alerts":[{"labels":{"alertname":"HighCPU"}}]}`))
	r.Header.Set("Authorization", "Bearer s3cr3t")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	if _, err := calls.Shutdown(ctx); err != nil {
		fmt.Println(err)
	}
	fmt.Println(w.Code, w.Body)
	// Output:
	// {"alerts":[{"labels":{"alertname":"HighCPU"}}]}
	// 200 {"status":"success"}
}

func TestReceiveRefusesStrangers(t *testing.T) {
	calls, err := dispatch.NewMemory(dispatch.MemoryOptions{})
	require.NoError(t, err)
	service := callbacktest.NewServer(t)
	require.NoError(t, send(t.Context(), calls, service.URL))
	handler, err := receive("s3cr3t", calls)
	require.NoError(t, err)
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest("POST", "/webhook", strings.NewReader(`{"alerts":[]}`)))
	assert.Equal(t, http.StatusUnauthorized, w.Code)
	_, err = calls.Shutdown(t.Context())
	require.NoError(t, err)
	assert.Empty(t, service.Requests(), "nothing was queued")
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

// TestLinks looks for the files and the headings that the documents point to.
func TestLinks(t *testing.T) {
	var documents []string
	for _, pattern := range []string{"../*.md", "*/README.md"} {
		found, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, found)
		documents = append(documents, found...)
	}
	links := 0
	for _, document := range documents {
		text, err := os.ReadFile(document)
		require.NoError(t, err)
		for _, part := range strings.Split(string(text), "](")[1:] {
			target, _, closed := strings.Cut(part, ")")
			require.True(t, closed, part)
			if strings.Contains(target, "://") {
				continue
			}
			links++
			file, heading, hasHeading := strings.Cut(target, "#")
			if file == "" {
				file = filepath.Base(document)
			}
			linked := filepath.Join(filepath.Dir(document), file)
			_, err := os.Stat(linked)
			require.NoError(t, err, document)
			if hasHeading {
				text, err := os.ReadFile(linked)
				require.NoError(t, err)
				assert.Contains(t, headings(string(text)), heading, document)
			}
		}
	}
	assert.Positive(t, links)
}

// headings returns the anchors that GitHub gives the headings of a document.
func headings(text string) []string {
	var anchors []string
	for line := range strings.Lines(text) {
		if title, ok := strings.CutPrefix(strings.TrimLeft(line, "#"), " "); ok && strings.HasPrefix(line, "#") {
			anchors = append(anchors, strings.ReplaceAll(strings.ToLower(strings.TrimSpace(title)), " ", "-"))
		}
	}
	return anchors
}

// TestReadmeNamesExamplesThatExist looks for each `Example…` in the file that
// its link leads to.
func TestReadmeNamesExamplesThatExist(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	links := regexp.MustCompile("\\[`(Example\\w*)`\\]\\(([^)]+)\\)").FindAllStringSubmatch(string(readme), -1)
	require.NotEmpty(t, links)
	for _, link := range links {
		file, err := os.ReadFile("../" + link[2])
		require.NoError(t, err)
		assert.Contains(t, string(file), "\nfunc "+link[1]+"() {")
	}
}
