//go:build unix

package callback_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/auth"
	"github.com/alertwire/alertwire/callback"
)

// serveBenchmark is set in the process that serves the benchmarks.
const serveBenchmark = "ALERTWIRE_BENCHMARK_SERVER"

// TestBenchmarkServer serves the benchmarks: in a process of its own, so that
// its work is not counted as the sender's.
func TestBenchmarkServer(t *testing.T) {
	kind := os.Getenv(serveBenchmark)
	if kind == "" {
		t.Skip("is for benchmarks")
	}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, `{"status":"success"}`)
	}))
	s.Config.ErrorLog = quiet()
	s.EnableHTTP2 = kind == "h2"
	var ca []byte
	if kind == "http" {
		s.Start()
	} else {
		s.StartTLS()
		ca = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	}
	fmt.Printf("%s %x.\n", s.URL, ca)
	_, _ = io.Copy(io.Discard, os.Stdin) // until the benchmark ends
}

// startServer starts a server in a process of its own, and returns the settings
// of a webhook for it.
func startServer(b *testing.B, kind string) callback.Config {
	b.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestBenchmarkServer$")
	cmd.Env = append(os.Environ(), serveBenchmark+"="+kind)
	in, err := cmd.StdinPipe()
	require.NoError(b, err)
	out, err := cmd.StdoutPipe()
	require.NoError(b, err)
	require.NoError(b, cmd.Start())
	b.Cleanup(func() {
		in.Close()
		_, _ = io.Copy(io.Discard, out)
		_ = cmd.Wait()
	})
	var url, ca string
	_, err = fmt.Fscan(out, &url, &ca)
	require.NoError(b, err)
	text, err := hex.DecodeString(strings.TrimSuffix(ca, "."))
	require.NoError(b, err)
	return callback.Config{URL: url + "/api/v1/hooks?team=ops", TLS: callback.TLSConfig{CA: string(text)}}
}

// cpu returns the processor time that this process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// body is as long as an event of Nightingale's.
var body = bytes.Repeat([]byte(`{"labels":{"a":"b"}} `), 203)[:4258]

// plainDo returns a call as it is written with net/http alone, over a transport
// that keeps enough connections.
func plainDo(b *testing.B, c callback.Config) func() error {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = 256
	if strings.HasPrefix(c.URL, "https") {
		t.TLSClientConfig = certPool(b, c.TLS.CA)
	}
	client := &http.Client{Transport: t}
	b.Cleanup(client.CloseIdleConnections)
	return func() error {
		r, err := http.NewRequest(http.MethodPost, c.URL, bytes.NewReader(body))
		if err != nil {
			return err
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Webhook-Id", "msg_1")
		resp, err := client.Do(r)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		_, err = io.ReadAll(resp.Body)
		return err
	}
}

func send(b *testing.B, c callback.Config) func() error {
	w := hook(b, c, callback.Options{})
	b.Cleanup(w.CloseIdleConnections)
	m := callback.Message{ID: "msg_1", Body: body}
	return func() error {
		_, err := w.Call(context.Background(), m)
		return err
	}
}

// BenchmarkSend is one warm call, of one sender.
func BenchmarkSend(b *testing.B) {
	signed := auth.Config{HMAC: auth.HMACConfig{
		Scheme: "standard-webhooks", Secret: auth.Sources{{Value: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}},
	}}
	for _, kind := range []string{"http", "https", "h2"} {
		c := startServer(b, kind)
		withAuth := c
		withAuth.Auth = signed
		for _, way := range []struct {
			name string
			call func() error
		}{{"Do", plainDo(b, c)}, {"Call", send(b, c)}, {"Signed", send(b, withAuth)}} {
			b.Run(kind+"/"+way.name, func(b *testing.B) {
				require.NoError(b, way.call())
				b.ReportAllocs()
				start := cpu()
				for b.Loop() {
					if err := way.call(); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(cpu()-start)/float64(b.N), "cpu-ns/op")
			})
		}
	}
}

// BenchmarkSendAgainstDo compares calls with those of net/http, round by round
// in one run, for one sender and for 64. It reports the medians of the ratios:
// of processor time, which is the figure to go by, and of the time that passed.
func BenchmarkSendAgainstDo(b *testing.B) {
	const perRound = 256
	for _, kind := range []string{"http", "https", "h2"} {
		for _, senders := range []int{1, 64} {
			b.Run(fmt.Sprintf("%s/%d", kind, senders), func(b *testing.B) {
				c := startServer(b, kind)
				do, call := plainDo(b, c), send(b, c)
				round := func(f func() error) (used, passed float64) {
					start, before := time.Now(), cpu()
					together(b, senders, perRound, f)
					return float64(cpu() - before), float64(time.Since(start))
				}
				round(do)
				round(call)
				var used, passed []float64
				for b.Loop() {
					baseUsed, basePassed := round(do)
					u, p := round(call)
					used, passed = append(used, u/baseUsed), append(passed, p/basePassed)
				}
				slices.Sort(used)
				slices.Sort(passed)
				b.ReportMetric(used[len(used)/2], "cpu-of-Do")
				b.ReportMetric(passed[len(passed)/2], "wall-of-Do")
				b.ReportMetric(0, "ns/op") // says nothing here
			})
		}
	}
}
