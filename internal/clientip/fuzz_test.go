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
	f.Add("[::ffff:10.0.0.9]")
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

// The short cut for the usual form reads what net/netip reads.
func FuzzRemote(f *testing.F) {
	for _, peer := range []string{"192.0.2.7:4711", "[::1]:1", "0.0.0.0:0", "1.2.3.4:00080", "01.2.3.4:80", "1.2.3.4:65536"} {
		f.Add(peer)
	}
	f.Fuzz(func(t *testing.T, peer string) {
		want, wantErr := netip.ParseAddrPort(peer)
		if wantErr != nil {
			return // the other forms are not the short cut's
		}
		got, err := clientip.Remote(request(peer, ""))
		if err != nil || got != want.Addr().Unmap().WithZone("") {
			t.Errorf("got %v, %v, want %v", got, err, want)
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
