// Package amtest runs a real Alertmanager for the tests of the programs.
package amtest

import (
	"bytes"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
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
	Eventually(t, func() bool {
		_, rest, ok := strings.Cut(out.String(), "msg=listening address=")
		if ok {
			address, _, ok = strings.Cut(rest, " ")
		}
		return ok
	}, "the program does not listen")
	return address
}

// Ready waits until url answers 200.
func Ready(t *testing.T, url string) {
	t.Helper()
	Eventually(t, func() bool {
		resp, err := http.Get(url)
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	}, "%s is not ready", url)
}

// Eventually waits until ok says so. Unlike that of testify it asks in the
// goroutine of the test, which may end there.
func Eventually(t testing.TB, ok func() bool, format string, args ...any) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(Soon); !ok(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf(format, args...)
		}
	}
}

// takenPorts are those that Free has returned.
var takenPorts sync.Map

// Free returns an address that nobody listens on, for a program that cannot be
// told to find one itself, or that is started at the same one again. Its port is
// below those that systems give to clients, so that no connection takes it before
// the program listens there, or while it is gone.
func Free(t testing.TB) string {
	t.Helper()
	const low, high = 2_000, 12_000
	for range high - low {
		port := low + rand.IntN(high-low)
		if _, taken := takenPorts.LoadOrStore(port, true); taken {
			continue
		}
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		if l, err := net.Listen("tcp", address); err == nil {
			require.NoError(t, l.Close())
			return address
		}
	}
	t.Fatal("no port is free")
	return ""
}

// Nobody returns an address where nobody listens, and can as long as the test
// lasts: it belongs to one end of a connection.
func Nobody(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	conn, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	return conn.LocalAddr().String()
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
