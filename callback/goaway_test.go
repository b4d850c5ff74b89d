package callback_test

import (
	"crypto/tls"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
)

// HTTP/2 lets a server say that it has not looked at a request and closes the
// connection (GOAWAY with the last stream 0): whoever asks may try again on
// another one. net/http does, at once and for as long as its context lasts: a
// server that says so always would cost thousands of handshakes for one call.
func TestAServerThatSendsEveryoneAwayCostsFewConnections(t *testing.T) {
	ca := callbacktest.NewAuthority(t)
	addr, made := sendAway(t, ca)
	w := hook(t, callback.Config{URL: "https://" + addr, TLS: callback.TLSConfig{CA: string(ca.PEM()), ServerName: "hook.example"}}, callback.Options{})
	for n := range int64(2) {
		_, err := w.Call(t.Context(), message)
		require.ErrorIs(t, err, callback.ErrGaveUp)
		assert.Equal(t, callback.ClassReset, failed(t, err).Class)
		assert.LessOrEqual(t, made.Load(), 64*(n+1))
	}
	assert.Greater(t, made.Load(), int64(2), "one that does so once is not the end of a call")
}

// sendAway serves HTTP/2 and sends GOAWAY for every request. It counts the
// connections.
func sendAway(t *testing.T, ca *callbacktest.Authority) (addr string, made *atomic.Int64) {
	pair, err := tls.X509KeyPair(ca.Issue("hook.example", time.Time{}))
	require.NoError(t, err)
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"h2"}})
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	made = new(atomic.Int64)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			made.Add(1)
			go goAway(conn)
		}
	}()
	return l.Addr().String(), made
}

func goAway(conn net.Conn) {
	defer conn.Close()
	if _, err := io.CopyN(io.Discard, conn, int64(len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))); err != nil {
		return
	}
	_, _ = conn.Write([]byte{0, 0, 0, 4, 0, 0, 0, 0, 0}) // SETTINGS
	for {
		var head [9]byte
		if _, err := io.ReadFull(conn, head[:]); err != nil {
			return
		}
		size := int64(head[0])<<16 | int64(head[1])<<8 | int64(head[2])
		if _, err := io.CopyN(io.Discard, conn, size); err != nil {
			return
		}
		if head[3] == 1 { // HEADERS: a request
			_, _ = conn.Write([]byte{0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}) // GOAWAY, last stream 0
		}
	}
}
