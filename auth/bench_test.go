package auth_test

import (
	"bytes"
	"crypto/sha256"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/alertwire/alertwire/auth"
)

func jsonBody(size int) []byte {
	b := bytes.Repeat([]byte(" "), size)
	b[0], b[size-1] = '[', ']'
	return b
}

// BenchmarkRatio measures each operation and one SHA-256 of the same body in
// turn, and reports the ratio of the best rounds of both as x: a figure that
// stands on a machine that is busy with something else.
func BenchmarkRatio(b *testing.B) {
	sign := func(s auth.Signer, size int) (func(), int) {
		r, body := get("Webhook-Id", "msg_p5jXN8AQM9LWM0D4loKWxJek"), jsonBody(size)
		return func() { check(b, s.Sign(r, body)) }, size
	}
	verify := func(v auth.Verifier, s auth.Signer, size int) (func(), int) {
		r, body := get("Webhook-Id", "msg_p5jXN8AQM9LWM0D4loKWxJek"), jsonBody(size)
		check(b, s.Sign(r, body))
		return func() { check(b, v.Verify(r, body)) }, size
	}
	github := must(auth.NewHMAC(auth.GitHub(), auth.HMACOptions{Secrets: []auth.Secret{"s3cret"}}))
	one, three := standardWebhooks(whsec), standardWebhooks("whsec_"+canaryKey, zeros, whsec)

	ratio := func(name string, op func(), size int) {
		b.Run(name, func(b *testing.B) {
			body := jsonBody(size)
			floor, best := time.Hour, time.Hour
			for b.Loop() {
				floor = min(floor, timeOf(func() { sha256.Sum256(body) }))
				best = min(best, timeOf(op))
			}
			b.ReportMetric(float64(best)/float64(floor), "x")
			b.ReportMetric(0, "ns/op")
		})
	}
	with := func(name string) func(func(), int) {
		return func(op func(), size int) { ratio(name, op, size) }
	}
	with("sign/github/4KiB")(sign(github, 4<<10))
	with("sign/standard-webhooks/4KiB")(sign(one, 4<<10))
	with("sign/standard-webhooks/1KiB")(sign(one, 1<<10))
	with("verify/one secret/4KiB")(verify(one, one, 4<<10))
	with("verify/three secrets/4KiB")(verify(three, one, 4<<10))
}

// timeOf is how long 20 calls take.
func timeOf(f func()) time.Duration {
	start := time.Now()
	for range 20 {
		f()
	}
	return time.Since(start)
}

func check(b *testing.B, err error) {
	if err != nil {
		b.Fatal(err)
	}
}

// Signing a request whose sender reserved the headers by name, as one that
// clones a prepared header for each attempt does.
func BenchmarkSign(b *testing.B) {
	for _, bm := range []struct {
		name   string
		scheme auth.Scheme
		secret auth.Secret
		size   int
	}{
		{"github/4KiB", auth.GitHub(), "s3cret", 4 << 10},
		{"x/4KiB", auth.X(), "s3cret", 4 << 10},
		{"stripe/4KiB", auth.Stripe(), "s3cret", 4 << 10},
		{"standard-webhooks/4KiB", auth.StandardWebhooks(), whsec, 4 << 10},
		{"standard-webhooks/1KiB", auth.StandardWebhooks(), whsec, 1 << 10},
		{"standard-webhooks/32B", auth.StandardWebhooks(), whsec, 32},
		{"v1a/4KiB", auth.StandardWebhooks(), "whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=", 4 << 10},
	} {
		b.Run(bm.name, func(b *testing.B) {
			s := must(auth.NewHMAC(bm.scheme, auth.HMACOptions{Secrets: []auth.Secret{bm.secret}}))
			r, body := get("Webhook-Id", "msg_p5jXN8AQM9LWM0D4loKWxJek"), jsonBody(bm.size)
			for _, name := range s.Headers() {
				r.Header.Set(name, "")
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := s.Sign(r, body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// Signing a request that has none of the headers yet.
func BenchmarkSignFresh(b *testing.B) {
	s := standardWebhooks(whsec)
	r, body := get("Webhook-Id", "msg_p5jXN8AQM9LWM0D4loKWxJek"), jsonBody(1<<10)
	b.ReportAllocs()
	for b.Loop() {
		delete(r.Header, "Webhook-Signature")
		delete(r.Header, "Webhook-Timestamp")
		if err := s.Sign(r, body); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSignParallel(b *testing.B) {
	s, body := standardWebhooks(whsec), jsonBody(4<<10)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		r := get("Webhook-Id", "msg_1", "Webhook-Timestamp", "", "Webhook-Signature", "")
		for pb.Next() {
			if err := s.Sign(r, body); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	for _, bm := range []struct {
		name    string
		secrets []auth.Secret // the last one signed
	}{
		{"one secret", []auth.Secret{whsec}},
		{"three secrets", []auth.Secret{"whsec_" + canaryKey, zeros, whsec}},
	} {
		b.Run(bm.name+"/4KiB", func(b *testing.B) {
			v, body := standardWebhooks(bm.secrets...), jsonBody(4<<10)
			r := get("Webhook-Id", "msg_p5jXN8AQM9LWM0D4loKWxJek")
			if err := standardWebhooks(whsec).Sign(r, body); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := v.Verify(r, body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// A request without the means to sign costs the receiver next to nothing.
func BenchmarkVerifyRefused(b *testing.B) {
	v, body := standardWebhooks(whsec), jsonBody(4<<10)
	r := get("Webhook-Id", "msg_1", "Webhook-Timestamp", "1614265330", "Webhook-Signature", "v1,"+zeros)
	b.ReportAllocs()
	for b.Loop() {
		if v.Verify(r, body) == nil {
			b.Fatal("accepted")
		}
	}
}

// nothing is a ResponseWriter and a handler that do nothing.
type nothing struct{ header http.Header }

func (n *nothing) Header() http.Header                          { return n.header }
func (n *nothing) Write(p []byte) (int, error)                  { return len(p), nil }
func (n *nothing) WriteHeader(int)                              {}
func (n *nothing) ServeHTTP(http.ResponseWriter, *http.Request) {}

func BenchmarkRequire(b *testing.B) {
	for name, s := range map[string]auth.Strategy{
		"bearer": must(auth.NewBearer("s3cret-token-of-usual-length-0123456789")),
		"basic":  must(auth.NewBasic("user", "s3cret", auth.BasicOptions{})),
		"github": must(auth.NewHMAC(auth.GitHub(), auth.HMACOptions{Secrets: []auth.Secret{"s3cret"}})),
	} {
		b.Run(name+"/1KiB", func(b *testing.B) {
			w := &nothing{header: http.Header{}}
			h := auth.Require(s, auth.RequireOptions{})(w)
			body := jsonBody(1 << 10)
			reader := bytes.NewReader(body)
			wire := httptest.NewRequest(http.MethodPost, "/", reader)
			if err := s.Sign(wire, body); err != nil {
				b.Fatal(err)
			}
			r, fromWire := wire, wire.Body
			b.ReportAllocs()
			for b.Loop() {
				reader.Reset(body)
				r.Body = fromWire
				h.ServeHTTP(w, r)
			}
		})
	}
}
