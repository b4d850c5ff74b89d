package challenge_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/challenge"
)

// A challenge as X sends it: a UUID and a time in base64.
const query = "/webhook?nonce=MTY1NDUwMzg0OTY4MA%3D%3D&crc_token=NTEyZDM4YjYtYzdiOC00MGM4LTg5ZmUtZjQ2ZjllOTYyMmI2"

func BenchmarkCRC(b *testing.B) {
	crc := newCRC(b, "secret")
	r := httptest.NewRequest("GET", query, nil)
	b.Run("answer", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, ok, err := crc.Answer(r, nil); !ok || err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("answer/parallel", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				_, _, _ = crc.Answer(r, nil)
			}
		})
	})
	b.Run("handler", func(b *testing.B) {
		b.ReportAllocs()
		h := challenge.Respond(crc, challenge.RespondOptions{})(http.NotFoundHandler())
		w := &sink{header: http.Header{}}
		for b.Loop() {
			h.ServeHTTP(w, r)
		}
	})
}

// sink is a ResponseWriter that costs nothing.
type sink struct{ header http.Header }

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) Write(p []byte) (int, error) { return len(p), nil }
func (s *sink) WriteHeader(int)             {}

// What an event pays that is no handshake: one look at the query, or one search
// in a body of 4 KiB.
func BenchmarkPassOn(b *testing.B) {
	body := []byte(`{"type":"event_callback","event":{"text":"` + strings.Repeat("disk space usage is critical on db-3, ", 110) + `"}}`)
	schemes := []struct {
		name   string
		scheme challenge.Scheme
	}{
		{"CRC", newCRC(b, "secret")},
		{"Slack", newSlack(b, signed)},
		{"EventGrid", challenge.EventGrid{}},
	}
	for _, s := range schemes {
		b.Run(s.name, func(b *testing.B) {
			b.ReportAllocs()
			r := httptest.NewRequest("POST", "/webhook", nil)
			for b.Loop() {
				if _, ok, _ := s.scheme.Answer(r, body); ok {
					b.Fatal("taken for a handshake")
				}
			}
		})
	}
}

// What the answer costs over loopback: "crc/empty" compares it with an empty
// 200, "crc/fixed" with the same reply from a constant. All three take turns, so
// that what else the machine does meets them alike; the figures are ratios of
// the medians of their times.
func BenchmarkLoopback(b *testing.B) {
	crc := serveHTTP(b, challenge.Respond(newCRC(b, "secret"), challenge.RespondOptions{})(http.NotFoundHandler()).ServeHTTP)
	empty := serveHTTP(b, func(http.ResponseWriter, *http.Request) {})
	fixed := serveHTTP(b, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		io.WriteString(w, `{"response_token":"sha256=6UERDj0r/oJiHw4+FDRzDXMF0QbF9oyHFl0LJ6RhGko="}`)
	})
	servers := []*httptest.Server{crc, empty, fixed}
	times := make([][]time.Duration, len(servers))
	for b.Loop() {
		for i, s := range servers {
			times[i] = append(times[i], get(b, s))
		}
	}
	median := func(i int) float64 {
		slices.Sort(times[i])
		return float64(times[i][len(times[i])/2])
	}
	b.ReportMetric(median(0)/median(1), "crc/empty")
	b.ReportMetric(median(0)/median(2), "crc/fixed")
}

// get sends one challenge and returns how long it took.
func get(b *testing.B, s *httptest.Server) time.Duration {
	start := time.Now()
	reply, err := s.Client().Get(s.URL + query)
	require.NoError(b, err)
	_, err = io.Copy(io.Discard, reply.Body)
	require.NoError(b, err)
	require.NoError(b, reply.Body.Close())
	return time.Since(start)
}
