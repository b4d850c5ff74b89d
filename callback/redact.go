package callback

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"syscall"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/alertwire/alertwire/internal/egress"
)

// maxSnippet bounds Error.Snippet, in bytes.
const maxSnippet = 256

// A cause is an error with a text of our own. The texts of net/http, net, crypto
// and text/template repeat URLs, resolved addresses, templates and what the
// server sent. Who asks for an error by its type or value still finds it, but
// who writes down all that is wrapped does not.
type cause struct {
	text string
	err  error
}

func (c *cause) Error() string        { return c.text }
func (c *cause) Is(target error) bool { return errors.Is(c.err, target) }
func (c *cause) As(target any) bool   { return errors.As(c.err, target) }

// described returns err with a text that may be logged.
func described(err error, late bool, timeout time.Duration) error {
	err = withoutURL(err)
	var blocked *egress.BlockedError
	switch {
	case errors.As(err, &blocked):
		return blocked
	case late:
		return &cause{fmt.Sprintf("no complete answer within %v", timeout), err}
	}
	return &cause{describe(err), err}
}

// withoutURL returns what is below the errors of url in err, each of which holds
// a whole URL: nobody is to find them.
func withoutURL(err error) error {
	for u := (*url.Error)(nil); errors.As(err, &u); {
		err = u.Err
	}
	return err
}

// describe returns what err is in words that are ours or the operating
// system's.
func describe(err error) string {
	var (
		errno   syscall.Errno
		dns     *net.DNSError
		proxy   *proxyAnswer
		name    x509.HostnameError
		invalid x509.CertificateInvalidError
	)
	switch {
	case errors.As(err, &proxy):
		return proxy.Error()
	case errors.As(err, &dns):
		return describeDNS(dns)
	case errors.As(err, &name):
		return "the certificate is not for this host"
	case errors.As(err, new(x509.UnknownAuthorityError)):
		return "the certificate is signed by an authority that is not trusted"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "the certificate has expired or is not valid yet"
	case isX509(err), errors.As(err, new(*tls.CertificateVerificationError)):
		return "the certificate is not valid"
	case errors.As(err, new(tls.RecordHeaderError)):
		return "the server does not speak TLS"
	case alertOf(err) != 0:
		return "the server ended TLS: " + tls.AlertError(alertOf(err)).Error()
	case errors.As(err, &errno):
		return errno.Error()
	}
	var n net.Error
	if errors.As(err, &n) && n.Timeout() {
		return "timed out"
	}
	return "the connection ended early, or the answer is not HTTP"
}

// describeDNS leaves out the server that was asked.
func describeDNS(err *net.DNSError) string {
	switch {
	case err.IsNotFound:
		return "no such host"
	case err.IsTimeout:
		return "the name server did not answer"
	}
	return "the name could not be resolved"
}

// snippet returns the beginning of body as one printable line.
func snippet(body []byte) string { return printable(body, maxSnippet) }

// printable returns the beginning of body as one printable line of at most
// limit bytes, in which each run of anything else is one space.
func printable(body []byte, limit int) string {
	var b strings.Builder
	space := false
	for len(body) > 0 {
		r, size := utf8.DecodeRune(body)
		body = body[size:]
		if r == ' ' || r == utf8.RuneError || !unicode.IsPrint(r) {
			space = b.Len() > 0
			continue
		}
		need := utf8.RuneLen(r)
		if space {
			need++
		}
		if b.Len()+need > limit {
			break
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteRune(r)
	}
	return b.String()
}

// cut returns at most n bytes of s.
func cut(s string, n int) string {
	if len(s) > n {
		s = s[:n]
	}
	return s
}
