package callback_test

import (
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// A fakeDNS is a name server on the loopback interface. It gives one answer
// after the other for a name, and the last one for good.
type fakeDNS struct {
	mu      sync.Mutex
	answers map[string][][]string
}

// nameServer is where the process asks for names, or nil for the name servers of
// the machine.
var nameServer atomic.Pointer[string]

// The resolver of the process is replaced once, before anything uses it: a dial
// that an earlier test has given up may still read it.
func init() {
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		if own := nameServer.Load(); own != nil {
			network, address = "udp", *own
		}
		return new(net.Dialer).DialContext(ctx, network, address)
	}}
}

// resolveWith makes the process ask a name server that knows nothing but
// answers, until the test ends.
func resolveWith(t *testing.T, answers map[string][][]string) {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	d := &fakeDNS{answers: answers}
	go d.serve(conn)
	address := conn.LocalAddr().String()
	nameServer.Store(&address)
	t.Cleanup(func() {
		nameServer.Store(nil)
		conn.Close()
	})
}

func (d *fakeDNS) serve(conn net.PacketConn) {
	buf := make([]byte, 1500)
	for {
		n, from, err := conn.ReadFrom(buf)
		if err != nil {
			return
		}
		if reply := d.answer(buf[:n]); reply != nil {
			_, _ = conn.WriteTo(reply, from)
		}
	}
}

// answer returns the reply to a query with one question (RFC 1035, section 4).
func (d *fakeDNS) answer(q []byte) []byte {
	var labels []string
	i := 12
	for i < len(q) && q[i] != 0 {
		labels = append(labels, string(q[i+1:i+1+int(q[i])]))
		i += 1 + int(q[i])
	}
	end := i + 5 // the root, type and class
	if end > len(q) {
		return nil
	}
	typ := binary.BigEndian.Uint16(q[i+1:])
	addrs, known := d.next(strings.Join(labels, "."), typ)

	reply := append([]byte(nil), q[:end]...)
	reply[2], reply[3] = 0x85, 0x80 // an answer, authoritative
	if !known {
		reply[3] |= 3 // no such name
	}
	binary.BigEndian.PutUint16(reply[6:], uint16(len(addrs)))
	binary.BigEndian.PutUint32(reply[8:], 0)
	for _, a := range addrs {
		ip := a.AsSlice()
		reply = append(reply, 0xc0, 12, 0, byte(typ), 0, 1, 0, 0, 0, 0, 0, byte(len(ip)))
		reply = append(reply, ip...)
	}
	return reply
}

// next returns the addresses of a name that are of the type asked for. The
// question for IPv4 moves on to the next answer.
func (d *fakeDNS) next(name string, typ uint16) (addrs []netip.Addr, known bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	sets := d.answers[name]
	if len(sets) == 0 {
		return nil, false
	}
	for _, s := range sets[0] {
		a := netip.MustParseAddr(s)
		if a.Is4() == (typ == 1) && (typ == 1 || typ == 28) {
			addrs = append(addrs, a)
		}
	}
	if typ == 1 && len(sets) > 1 {
		d.answers[name] = sets[1:]
	}
	return addrs, true
}
