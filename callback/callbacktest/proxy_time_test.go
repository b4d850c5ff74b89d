package callbacktest_test

import (
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback/callbacktest"
)

// arrival returns how long n bytes that are written to one end take to the
// other, by the clock of the bubble.
func arrival(t *testing.T, from, to net.Conn, n int) time.Duration {
	t.Helper()
	start := time.Now()
	go func() { _, _ = io.WriteString(from, strings.Repeat("x", n)) }()
	_, err := io.ReadFull(to, make([]byte, n))
	require.NoError(t, err)
	return time.Since(start)
}

func TestProxyIsSlow(t *testing.T) {
	tests := []struct {
		name  string
		f     callbacktest.Fault
		bytes int
		want  time.Duration
	}{
		{"not", callbacktest.Fault{}, 1 << 20, 0},
		{"latency", callbacktest.Fault{Latency: 300 * time.Millisecond}, 100, 300 * time.Millisecond},
		{"a large piece has it once", callbacktest.Fault{Latency: time.Second}, 32 << 10, time.Second},
		{"rate", callbacktest.Fault{Rate: 1000}, 500, 500 * time.Millisecond},
		{"rate of a byte", callbacktest.Fault{Rate: 1}, 3, 3 * time.Second},
		{"both", callbacktest.Fault{Latency: time.Second, Rate: 1000}, 500, 1500 * time.Millisecond},
		{"of nobody", callbacktest.Fault{Latency: time.Second, Share: 1e-9}, 100, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, server, _ := callbacktest.NewPipe(t, tt.f)
				assert.Equal(t, tt.want, arrival(t, client, server, tt.bytes))
				assert.Equal(t, tt.want, arrival(t, server, client, tt.bytes), "and back")
			})
		})
	}
}

// Jitter lies between its bounds, and is the same for the same seed.
func TestProxyJitters(t *testing.T) {
	arrivals := func(seed uint64) (all []time.Duration) {
		synctest.Test(t, func(t *testing.T) {
			client, server, _ := callbacktest.NewPipe(t, callbacktest.Fault{Latency: time.Second, Jitter: time.Second, Seed: seed})
			for range 20 {
				took := arrival(t, client, server, 10)
				assert.GreaterOrEqual(t, took, time.Second)
				assert.Less(t, took, 2*time.Second)
				all = append(all, took)
			}
		})
		return all
	}
	one := arrivals(1)
	assert.Equal(t, one, arrivals(1))
	assert.NotEqual(t, one, arrivals(2))
	assert.NotEqual(t, one[0], one[1])
}

// What a fault holds up goes on as soon as the fault is over.
func TestProxyHealsWhatIsUnderWay(t *testing.T) {
	for _, f := range []callbacktest.Fault{{Latency: time.Hour}, {Rate: 1}, {Stall: true}} {
		synctest.Test(t, func(t *testing.T) {
			client, server, p := callbacktest.NewPipe(t, f)
			time.AfterFunc(time.Minute, p.Heal)
			assert.Equal(t, time.Minute, arrival(t, client, server, 1000))
			assert.Zero(t, arrival(t, server, client, 1000))
		})
	}
}
