//go:build unix

package callback

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"syscall"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/internal/egress"
)

// An alert stands in for the type of crypto/tls, which is not exported.
type alert uint8

func (a alert) Error() string { return "an alert" }

func TestClassify(t *testing.T) {
	dial := func(err error) error { return &net.OpError{Op: "dial", Err: err} }
	errno := func(op string, e syscall.Errno) error { return &net.OpError{Op: op, Err: os.NewSyscallError("x", e)} }
	tests := []struct {
		name   string
		err    error
		class  Class
		reason error
	}{
		{"name", dial(&net.DNSError{IsNotFound: true}), ClassDNS, ErrGaveUp},
		{"name server", &net.DNSError{IsTimeout: true}, ClassDNS, ErrGaveUp},
		{"refused", errno("dial", syscall.ECONNREFUSED), ClassRefused, ErrGaveUp},
		{"network", errno("dial", syscall.ENETUNREACH), ClassUnreachable, ErrGaveUp},
		{"host", errno("dial", syscall.EHOSTUNREACH), ClassUnreachable, ErrGaveUp},
		{"no port left", errno("dial", syscall.EADDRNOTAVAIL), ClassUnreachable, ErrGaveUp},
		{"firewall", errno("dial", syscall.EPERM), ClassUnreachable, ErrGaveUp},
		{"other trouble with dialling", dial(errors.New("x")), ClassUnreachable, ErrGaveUp},
		{"reset", errno("read", syscall.ECONNRESET), ClassReset, ErrGaveUp},
		{"pipe", errno("write", syscall.EPIPE), ClassReset, ErrGaveUp},
		{"timeout of the system", errno("dial", syscall.ETIMEDOUT), ClassTimeout, ErrGaveUp},
		{"timeout of a client", dial(context.DeadlineExceeded), ClassTimeout, ErrGaveUp},
		{"end", io.ErrUnexpectedEOF, ClassReset, ErrGaveUp},
		{"anything", errors.New("malformed HTTP response"), ClassReset, ErrGaveUp},
		{"authority", &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, ClassTLS, ErrRefused},
		{"authority, older form", x509.UnknownAuthorityError{}, ClassTLS, ErrRefused},
		{"no TLS", tls.RecordHeaderError{}, ClassTLS, ErrRefused},
		{"certificate refused", &net.OpError{Op: "remote error", Err: alert(42)}, ClassTLS, ErrRefused},
		{"certificate required", &net.OpError{Op: "remote error", Err: alert(116)}, ClassTLS, ErrRefused},
		{"version refused", &net.OpError{Op: "remote error", Err: alert(70)}, ClassTLS, ErrRefused},
		{"trouble within the server", &net.OpError{Op: "remote error", Err: alert(80)}, ClassTLS, ErrGaveUp},
		{"alert that is none", &net.OpError{Op: "remote error", Err: errors.New("x")}, ClassTLS, ErrGaveUp},
		{"own alert", &net.OpError{Op: "local error", Err: alert(20)}, ClassTLS, ErrGaveUp},
		{"guard", &egress.BlockedError{Host: "h", Reason: egress.ErrBlocked}, ClassBlocked, ErrBlocked},
		{"guard before a proxy", &net.OpError{Op: "proxyconnect", Err: &egress.BlockedError{Reason: egress.ErrBlocked}}, ClassBlocked, ErrBlocked},
		{"proxy", &net.OpError{Op: "proxyconnect", Err: errno("dial", syscall.ECONNREFUSED)}, ClassProxy, ErrGaveUp},
		{"proxy's certificate", &net.OpError{Op: "proxyconnect", Err: x509.UnknownAuthorityError{}}, ClassProxy, ErrGaveUp},
		{"proxy's answer", &proxyAnswer{407}, ClassProxy, ErrGaveUp},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, err := range []error{tt.err, &url.Error{Op: "Post", URL: "http://h/secret", Err: fmt.Errorf("w: %w", tt.err)}} {
				class, reason := classify(err)
				assert.Equal(t, tt.class, class)
				assert.Equal(t, tt.reason, reason)
				text := described(err, false, time.Second).Error()
				assert.NotEmpty(t, text)
				assert.NotContains(t, text, "secret")
				assert.LessOrEqual(t, len(text), 120)
			}
		})
	}
}

// A cause is found by type and value, and gives away no more than its text.
func TestCause(t *testing.T) {
	inner := &url.Error{Op: "Post", URL: "http://h/secret", Err: &net.OpError{Op: "read", Err: syscall.ECONNRESET}}
	err := described(inner, false, 0)
	require.ErrorIs(t, err, syscall.ECONNRESET)
	var op *net.OpError
	require.ErrorAs(t, err, &op)
	var u *url.Error
	require.False(t, errors.As(err, &u), "the URL is gone for good")
	require.NoError(t, errors.Unwrap(err))
	assert.Equal(t, "connection reset by peer", err.Error())
	assert.Equal(t, "no complete answer within 3s", described(inner, true, 3*time.Second).Error())
}

// Whatever it is made of, a snippet is one printable line within its bound, and
// has nothing that was not there.
func FuzzPrintable(f *testing.F) {
	f.Add([]byte("two\r\nlines"), 10)
	f.Add([]byte("\x00\xffä\u2028 b"), 3)
	f.Fuzz(func(t *testing.T, body []byte, limit int) {
		if limit < 0 {
			return
		}
		s := printable(body, limit)
		require.LessOrEqual(t, len(s), limit)
		require.True(t, utf8.ValidString(s))
		require.NotContains(t, s, "  ")
		for _, r := range s {
			require.True(t, unicode.IsPrint(r), "%q", r)
		}
		require.Equal(t, s, printable([]byte(s), limit), "it is its own snippet")
	})
}
