package clientip_test

import (
	"net/netip"
	"testing"

	"github.com/alertwire/alertwire/internal/clientip"
)

// Whatever a client writes, what the trusted proxy appended decides.
func FuzzForwarded(f *testing.F) {
	f.Add("198.51.100.1")
	f.Add("10.0.0.9, 10.0.0.8")
	f.Add(`for="`)
	f.Add(`for="\`)
	f.Add(`for=_x;host="a,b`)
	client := netip.MustParseAddr("192.0.2.7")
	f.Fuzz(func(t *testing.T, spoofed string) {
		got, err := clientip.Forwarded(request("10.0.0.1:1", "X-Forwarded-For", spoofed+", 192.0.2.7, 10.0.0.2"), proxies)
		if err != nil || got != client {
			t.Errorf("X-Forwarded-For: got %v, %v", got, err)
		}
		got, err = clientip.ForwardedRFC7239(request("10.0.0.1:1", "Forwarded", spoofed+`, for="192.0.2.7:1";by="x\",y", for=10.0.0.2`), proxies)
		if err != nil || got != client {
			t.Errorf("Forwarded: got %v, %v", got, err)
		}
		got, err = clientip.Forwarded(request(spoofed, "X-Forwarded-For", spoofed), proxies)
		if (err == nil) != got.IsValid() || got.Zone() != "" || got.Is4In6() {
			t.Errorf("got %v, %v", got, err)
		}
	})
}

func BenchmarkRemote(b *testing.B) {
	for name, peer := range map[string]string{"IPv4": "192.0.2.7:4711", "IPv6": "[2001:db8::7]:4711"} {
		b.Run(name, func(b *testing.B) {
			r := request(peer, "")
			b.ReportAllocs()
			for b.Loop() {
				if _, err := clientip.Remote(r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
