package intake_test

import (
	"fmt"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestLoad sends 2,000 messages a second for a second, or for as long as
// ALERTWIRE_LOAD says:
//
//	ALERTWIRE_LOAD=20s go test -run TestLoad -v ./examples/internal/intake
//
// It asserts that everything is accounted for and that memory does not grow with
// the messages, and logs how long the answers took.
func TestLoad(t *testing.T) {
	lasts := time.Second
	if text := os.Getenv("ALERTWIRE_LOAD"); text != "" {
		var err error
		lasts, err = time.ParseDuration(text)
		require.NoError(t, err)
	}
	const rate, senders = 2000, 32
	total := int(lasts.Seconds() * rate)

	var arrived atomic.Int64
	hook := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { arrived.Add(1) }))
	srv, calls, _ := start(t, "["+endpoint("a", hook, `"queue":100000,"concurrency":8`)+","+endpoint("b", hook, `"queue":100000,"concurrency":8`)+"]",
		"-per-ip", "off", "-global", "off")

	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: senders}}
	took := make([]time.Duration, total)
	var next, refused atomic.Int64
	var half atomic.Uint64 // heap in the middle
	begin := time.Now()
	var wg sync.WaitGroup
	for range senders {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= total {
					return
				}
				time.Sleep(time.Until(begin.Add(time.Duration(i) * time.Second / rate)))
				if i == total/2 {
					half.Store(heap())
				}
				body := fmt.Sprintf(`{"status":"firing","alerts":[{"status":"firing","labels":{"alertname":"Load","n":"%d"},"startsAt":"2026-01-01T00:00:00Z"}]}`, i)
				r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL+"/webhook", strings.NewReader(body))
				if !assert.NoError(t, err) {
					return
				}
				r.Header.Set("Authorization", "Bearer s3cr3t-token")
				r.Header.Set("Content-Type", "application/json")
				sent := time.Now()
				resp, err := client.Do(r)
				if !assert.NoError(t, err) {
					return
				}
				resp.Body.Close()
				took[i] = time.Since(sent)
				if resp.StatusCode != http.StatusOK {
					refused.Add(1)
				}
			}
		})
	}
	wg.Wait()
	lasted := time.Since(begin)
	_, err := calls.Shutdown(t.Context())
	require.NoError(t, err)
	end := heap()

	stats, err := calls.Stats(t.Context())
	require.NoError(t, err)
	require.Len(t, stats, 2)
	for _, s := range stats {
		assert.EqualValues(t, int64(total)-refused.Load(), s.Accepted, s.Name)
		assert.Equal(t, s.Accepted, s.Delivered, s.Name)
	}
	assert.EqualValues(t, 2*(int64(total)-refused.Load()), arrived.Load())
	assert.Zero(t, refused.Load())
	assert.Less(t, float64(end), float64(half.Load())+32<<20, "the heap grew from the middle to the end")

	slices.Sort(took)
	t.Logf("%d messages in %s, p50 %s, p99 %s, heap %d KiB in the middle and %d KiB at the end",
		total, lasted.Round(time.Millisecond), took[total/2], took[total*99/100], half.Load()>>10, end>>10)
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
