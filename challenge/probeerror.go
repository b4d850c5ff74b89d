package challenge

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"syscall"

	"github.com/alertwire/alertwire/internal/egress"
)

// Outcomes of [Prober.Probe], one for each thing that an operator can put right.
var (
	// ErrURL says that the target cannot be asked at all. Nothing was sent.
	ErrURL = errors.New("the URL cannot be probed")
	// ErrBlocked says that no address of the host may be dialled. Nothing was
	// sent. See [ProberOptions.AllowPrivate].
	ErrBlocked = errors.New("the URL leads to an address that this program may not call")
	// ErrUnreachable says that there was no connection, or that it broke.
	ErrUnreachable = errors.New("no connection to the receiver")
	// ErrTLS says that there is no TLS, or none with the server in the URL.
	ErrTLS = errors.New("no TLS connection to the receiver")
	// ErrTimeout says that the reply was not complete in time.
	ErrTimeout = errors.New("the receiver did not answer in time")
	// ErrRedirect says that the receiver answered with a redirect.
	ErrRedirect = errors.New("the receiver redirects, which is not followed: set the URL it leads to")
	// ErrStatus says that CRC was answered with another status than 200.
	ErrStatus = errors.New("the receiver did not answer with status 200")
	// ErrReply says that CRC was answered with 200 and something else.
	ErrReply = errors.New("the reply is no answer to a crc_token")
	// ErrPrefix says that the response_token has another form.
	ErrPrefix = errors.New(`the response_token does not begin with "sha256="`)
	// ErrMismatch says that the response_token is not the right one.
	ErrMismatch = errors.New("the response_token is wrong: the receiver has another secret, " +
		"or does not sign the decoded crc_token, or does not write it in base64")
	// ErrNotGranted says that the receiver did not permit deliveries.
	ErrNotGranted = errors.New("the receiver does not permit deliveries from this origin")
)

// explain names the reason of an exchange that failed. The text of err stays
// here: it may hold the URL, an address or what the receiver sent.
func (p *Prober) explain(ctx, limited context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	late := fmt.Errorf("%w (%v)", ErrTimeout, p.timeout)
	if limited.Err() != nil {
		return late
	}
	if errors.Is(err, egress.ErrBlocked) {
		return ErrBlocked
	}
	var (
		name      x509.HostnameError
		authority x509.UnknownAuthorityError
		invalid   x509.CertificateInvalidError
		unproved  *tls.CertificateVerificationError
		record    tls.RecordHeaderError
		dns       *net.DNSError
		op        *net.OpError
		timeout   interface{ Timeout() bool }
	)
	switch {
	case errors.As(err, &name):
		return fmt.Errorf("%w: its certificate is for another name", ErrTLS)
	case errors.As(err, &authority):
		return fmt.Errorf("%w: its certificate is from an authority that is not trusted here", ErrTLS)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return fmt.Errorf("%w: its certificate has expired, or is not valid yet", ErrTLS)
	case errors.As(err, &invalid):
		return fmt.Errorf("%w: its certificate is not valid for a server", ErrTLS)
	case errors.As(err, &unproved):
		return fmt.Errorf("%w: its certificate cannot be verified", ErrTLS)
	case errors.As(err, &record):
		return fmt.Errorf("%w: it does not speak TLS at this port", ErrTLS)
	case errors.As(err, &dns):
		return fmt.Errorf("%w: its name cannot be resolved", ErrUnreachable)
	case errors.As(err, &timeout) && timeout.Timeout(): // just before limited knows of it
		return late
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("%w: the connection was refused", ErrUnreachable)
	case errors.As(err, &op) && op.Op == "remote error": // how crypto/tls hands on an alert
		return fmt.Errorf("%w: it refused the handshake", ErrTLS)
	case errors.As(err, &op) && op.Op == "dial":
		return fmt.Errorf("%w: there is no way to its address", ErrUnreachable)
	default:
		return fmt.Errorf("%w: it broke off, or does not speak HTTP at this port", ErrUnreachable)
	}
}
