package callback_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/auth"
)

func quiet() *log.Logger { return log.New(io.Discard, "", 0) }

func asSecret(b []byte) auth.Secret { return auth.Secret(b) }

// patience is how long a call may take that is not to run out of time, and what
// is waited for. A machine that is busy with other things needs it.
const patience = time.Minute

// nobody returns an address where nobody listens, and can as long as the test
// lasts: it belongs to one end of a connection. The port of a listener that was
// closed is anybody's.
func nobody(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	conn, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	return conn.LocalAddr().String()
}

// inTime calls try with a time that is too short for what is to happen in it,
// and with ever more of it until it was long enough.
func inTime(t testing.TB, try func(timeout time.Duration) (enough bool)) {
	t.Helper()
	for timeout := brief; !try(timeout); timeout *= 3 {
		require.Less(t, timeout, patience, "it did not happen")
	}
}

// inOneRun calls try until it succeeds, for what depends on connections that are
// used again: net/http gives up a sound one whose writer did not get to run for
// 50 ms, which happens where others use the processor too. What one of the runs
// can do, this code can.
func inOneRun(t testing.TB, try func() bool) {
	t.Helper()
	for range 20 {
		if try() {
			return
		}
	}
	require.Fail(t, "a connection was given up in each of the runs")
}

// eventually waits until ok says so. Unlike that of testify it starts no
// goroutine, so that ok may count them.
func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	timeout := time.After(patience)
	for !ok() {
		select {
		case <-tick.C:
		case <-timeout:
			t.Fatal("it did not come to pass")
		}
	}
}

// certPool returns settings that trust the authorities in a PEM.
func certPool(t testing.TB, pem string) *tls.Config {
	t.Helper()
	pool := x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM([]byte(pem)))
	return &tls.Config{RootCAs: pool}
}
