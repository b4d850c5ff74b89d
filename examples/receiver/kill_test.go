package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/alertwire/alertwire/examples/internal/amtest"
)

// TestMain makes the test binary the program itself, or a sender of alerts, where
// it is told to be.
func TestMain(m *testing.M) {
	switch url := os.Getenv("RECEIVER_TEST_SENDER"); {
	case os.Getenv("RECEIVER_TEST_CHILD") != "":
		main()
	case url != "":
		sendAll(url)
	default:
		os.Exit(m.Run())
	}
}

const alerts = 400 // that are sent in a test

// A book is which alerts were sent, acknowledged and delivered.
type book struct {
	mu        sync.Mutex
	sent      map[int]int       // how often, by number
	acked     map[int]time.Time // when the call began
	delivered map[int]int
	strange   []string // what no alert is
}

func newBook() *book {
	return &book{sent: map[int]int{}, acked: map[int]time.Time{}, delivered: map[int]int{}}
}

// do calls f with the book to itself.
func (b *book) do(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f()
}

func (b *book) ackedAtLeast(n int) func() bool {
	return func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		return len(b.acked) >= n
	}
}

func alert(n int) callback.Message {
	body := fmt.Sprintf(`{"alerts":[{"labels":{"alertname":"A%d"},"annotations":{"text":%q},"startsAt":"2026-01-01T00:00:00Z"}]}`,
		n, strings.Repeat("t", 2000))
	return callback.Message{ID: fmt.Sprintf("alert_%d", n), Body: []byte(body)}
}

// endpoint returns the URL of an endpoint that takes its time, and writes into
// the book what came.
func (b *book) endpoint(t *testing.T) string {
	return callbacktest.NewServer(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var m struct {
			Alerts []struct{ Labels map[string]string }
		}
		var n int
		if err == nil {
			err = json.Unmarshal(body, &m)
		}
		if err == nil && len(m.Alerts) == 1 {
			_, err = fmt.Sscanf(m.Alerts[0].Labels["alertname"], "A%d", &n)
		}
		b.do(func() {
			if err != nil || !bytes.Equal(body, alert(n).Body) {
				b.strange = append(b.strange, string(body))
				return
			}
			b.delivered[n]++
		})
		callbacktest.Delay(2*time.Millisecond, callbacktest.Status(204))(w, r)
	}).URL
}

// sender returns what sends an alert until it is acknowledged.
func sender(url string, observe func(context.Context, callback.Attempt)) (callback.Caller, error) {
	hook, err := callback.New(callback.Config{URL: url + "/webhook", Timeout: 5 * time.Second}, callback.Options{Observe: observe})
	if err != nil {
		return nil, err
	}
	return callback.Retry(callback.RetryPolicy{Attempts: 1 << 30, Base: 5 * time.Millisecond, Cap: 50 * time.Millisecond})(hook), nil
}

// sendAll sends all alerts from first to last, says which are acknowledged, and
// waits to be killed.
func sendAll(url string) {
	c, err := sender(url, nil)
	if err != nil {
		panic(err)
	}
	for n := range alerts {
		if _, err := c.Call(context.Background(), alert(n)); err != nil {
			panic(err)
		}
		fmt.Println("acknowledged", n)
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// A process is the test binary in another part.
type process struct {
	cmd    *exec.Cmd
	stderr bytes.Buffer
	done   chan struct{}
}

func startProcess(t *testing.T, lines func(string), env string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(os.Args[0], args...), done: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), env)
	p.cmd.Stderr = &p.stderr
	out, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	in, err := p.cmd.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	go func() {
		defer close(p.done)
		for s := bufio.NewScanner(out); s.Scan(); {
			lines(s.Text())
		}
		_ = p.cmd.Wait()
		_ = in.Close()
	}()
	t.Cleanup(func() {
		p.end(syscall.SIGKILL)
		if t.Failed() {
			t.Log(p.stderr.String())
		}
	})
	return p
}

// end sends a signal and waits for the end.
func (p *process) end(s syscall.Signal) int {
	_ = p.cmd.Process.Signal(s) // it may have ended
	<-p.done
	return p.cmd.ProcessState.ExitCode()
}

func startChild(t *testing.T, address, endpoint string) *process {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("there is no SIGTERM on Windows")
	}
	file := t.TempDir() + "/endpoints.json"
	require.NoError(t, os.WriteFile(file, fmt.Appendf(nil, `[{"name": "ops", "callback": {"url": %q}}]`, endpoint), 0o600))
	p := startProcess(t, func(string) {}, "RECEIVER_TEST_CHILD=1",
		"-no-auth", "-per-ip", "off", "-global", "off", "-dedup", "1h", "-endpoints", file, "-listen", address)
	amtest.Ready(t, "http://"+address+"/health")
	return p
}

// TestReceiverKilledUnderLoad kills the receiver twice while alerts come. What it
// promises is kept: nothing comes to the endpoint that was not sent, each as it
// was sent; what is lost was acknowledged by one that was killed; and the one
// that was told to stop delivers what it has acknowledged before it ends. The
// alerts that were never acknowledged are all sent again, and come.
func TestReceiverKilledUnderLoad(t *testing.T) {
	b := newBook()
	endpoint, address := b.endpoint(t), amtest.Free(t)
	c, err := sender("http://"+address, func(_ context.Context, a callback.Attempt) {
		var n int
		_, _ = fmt.Sscanf(a.MessageID, "alert_%d", &n)
		b.do(func() {
			b.sent[n]++
			if a.Err == nil {
				b.acked[n] = a.Start
			}
		})
	})
	require.NoError(t, err)
	receiver := startChild(t, address, endpoint)

	var senders sync.WaitGroup
	numbers := make(chan int)
	for range 8 {
		senders.Go(func() {
			for n := range numbers {
				_, err := c.Call(t.Context(), alert(n))
				assert.NoError(t, err)
			}
		})
	}
	senders.Go(func() {
		defer close(numbers)
		for n := range alerts {
			numbers <- n
		}
	})
	var killed time.Time
	for _, at := range []int{alerts / 4, alerts / 2} {
		amtest.Eventually(t, b.ackedAtLeast(at+rand.IntN(20)), "it did not come to pass")
		receiver.end(syscall.SIGKILL)
		killed = time.Now()
		receiver = startChild(t, address, endpoint)
	}
	senders.Wait()
	assert.Equal(t, 0, receiver.end(syscall.SIGTERM), "it ends in good order")

	b.mu.Lock()
	defer b.mu.Unlock()
	lost, repeated := 0, 0
	for n := range alerts {
		assert.Contains(t, b.acked, n)
		switch got := b.delivered[n]; {
		case got == 0:
			lost++
			assert.True(t, b.acked[n].Before(killed), "alert %d was acknowledged by the last receiver, and lost", n)
		case got > 1:
			repeated++
			assert.LessOrEqual(t, got, b.sent[n], "alert %d came more often than it was sent", n)
		}
	}
	assert.Empty(t, b.strange)
	t.Logf("%d alerts acknowledged, %d lost with those that were killed, %d came twice", len(b.acked), lost, repeated)
}

// TestSenderKilledUnderLoad kills a sender twice, and starts it again from the
// beginning. The endpoint of the receiver gets each alert once, as it was sent:
// no part of one, and no repeat.
func TestSenderKilledUnderLoad(t *testing.T) {
	b := newBook()
	address := amtest.Free(t)
	receiver := startChild(t, address, b.endpoint(t))
	begin := func() *process {
		return startProcess(t, func(line string) {
			var n int
			if _, err := fmt.Sscanf(line, "acknowledged %d", &n); err == nil {
				b.do(func() { b.acked[n] = time.Now() })
			}
		}, "RECEIVER_TEST_SENDER=http://"+address)
	}
	for _, at := range []int{alerts / 4, alerts / 2} {
		s := begin()
		amtest.Eventually(t, b.ackedAtLeast(at+rand.IntN(20)), "it did not come to pass")
		s.end(syscall.SIGKILL)
	}
	begin()
	amtest.Eventually(t, b.ackedAtLeast(alerts), "it did not come to pass")
	assert.Equal(t, 0, receiver.end(syscall.SIGTERM), "it ends in good order")

	b.mu.Lock()
	defer b.mu.Unlock()
	for n := range alerts {
		assert.Equal(t, 1, b.delivered[n], "alert %d", n)
	}
	assert.Empty(t, b.strange)
}
