// Package amtest runs a real Alertmanager for the tests of the programs.
package amtest

import (
	"bytes"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// An Alertmanager is one that runs until the test ends.
type Alertmanager struct {
	api string
}

// Start runs an Alertmanager on a free port that notifies url with the bearer
// token "s3cr3t-token". It skips the test where the program is not installed.
func Start(t *testing.T, url string) *Alertmanager {
	t.Helper()
	binary, err := exec.LookPath("prometheus-alertmanager")
	if err != nil {
		t.Skip("prometheus-alertmanager is not installed (Debian package prometheus-alertmanager)")
	}
	dir := t.TempDir()
	config := filepath.Join(dir, "am.yml")
	require.NoError(t, os.WriteFile(config, []byte(`
route: {receiver: w, group_by: [alertname], group_wait: 100ms, group_interval: 1s, repeat_interval: 1h}
receivers:
  - name: w
    webhook_configs:
      - url: '`+url+`'
        http_config: {authorization: {credentials: s3cr3t-token}}
`), 0o600))

	address := Free(t)
	cmd := exec.Command(binary, "--config.file="+config, "--storage.path="+dir,
		"--web.listen-address="+address, "--web.external-url=http://"+address, "--cluster.listen-address=")
	var out Output
	cmd.Stdout, cmd.Stderr = &out, &out
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(out.String())
		}
	})
	Ready(t, "http://"+address+"/-/ready")
	return &Alertmanager{"http://" + address + "/api/v2/alerts"}
}

// Post posts alerts, a JSON list, to the API.
func (a *Alertmanager) Post(t *testing.T, alerts string) {
	t.Helper()
	resp, err := http.Post(a.api, "application/json", strings.NewReader(alerts))
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusOK, resp.StatusCode)
}

// Soon is for how long a test waits for what must come. Only one that fails waits
// for so long.
const Soon = 2 * time.Minute

// Listening waits until a program that was told to listen on port 0 has logged
// the address that it listens on, and returns that.
func Listening(t *testing.T, out *Output) (address string) {
	t.Helper()
	require.Eventually(t, func() bool {
		_, rest, ok := strings.Cut(out.String(), "msg=listening address=")
		if ok {
			address, _, ok = strings.Cut(rest, " ")
		}
		return ok
	}, Soon, 5*time.Millisecond)
	return address
}

// Ready waits until url answers 200.
func Ready(t *testing.T, url string) {
	t.Helper()
	require.Eventually(t, func() bool {
		resp, err := http.Get(url)
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	}, Soon, 20*time.Millisecond, url)
}

// Free returns an address that nobody listens on, for a program that cannot be
// told to find one itself, or that is started at the same one again.
func Free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.Addr().String()
}

// Output is what a program printed, from several goroutines.
type Output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write implements io.Writer.
func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

// String returns what was printed so far.
func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}
