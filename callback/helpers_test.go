package callback_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/auth"
)

func quiet() *log.Logger { return log.New(io.Discard, "", 0) }

func asSecret(b []byte) auth.Secret { return auth.Secret(b) }

// eventually waits until ok says so. Unlike that of testify it starts no
// goroutine, so that ok may count them.
func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	timeout := time.After(20 * time.Second)
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
