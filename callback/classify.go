package callback

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"reflect"
	"slices"
	"syscall"

	"github.com/alertwire/alertwire/auth"
	"github.com/alertwire/alertwire/internal/egress"
)

// judgeStatus returns the class of an answer that is no acceptance, and whether
// another attempt may get another answer.
func (e *exchange) judgeStatus() (Class, error) {
	status := e.reply.Status
	reason := ErrRefused
	if statusMayPass(status) {
		reason = ErrGaveUp
	}
	switch {
	case status < 200:
		return ClassReset, ErrGaveUp // an interim answer, where the final one is due
	case status < 300:
		return ClassReply, ErrRefused // Options.Success said no
	case status < 400:
		return ClassRedirect, ErrRefused
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return ClassAuth, ErrRefused
	case status == http.StatusProxyAuthRequired && e.hook.proxied && e.hook.base.URL.Scheme == "http":
		return ClassProxy, ErrGaveUp
	case status == http.StatusGone:
		return ClassGone, ErrGone
	case status == http.StatusTooManyRequests:
		return ClassThrottled, reason
	case status >= 500, reason == ErrGaveUp:
		return ClassServer, reason
	}
	return ClassClient, reason
}

// accepted reports whether the answer, which is complete, is an acceptance.
func (e *exchange) accepted() bool {
	switch {
	case e.reply.Status < 200 || e.refused():
		return false
	case e.hook.success != nil:
		return e.hook.success(e.reply)
	}
	return true
}

// refused reports whether the status is no acceptance, whatever the body says.
func (e *exchange) refused() bool {
	status := e.reply.Status
	return status >= 300 && (status < 400 || e.hook.success == nil)
}

// blame fills in f with what went wrong on the way.
func (e *exchange) blame(ctx context.Context, f *Error) {
	switch {
	case ctx.Err() != nil:
		s := stopped(ctx, f.Endpoint, e.message)
		f.Class, f.Reason, f.Last = s.Class, s.Reason, s.Last
	case e.class != "":
		f.Class, f.Reason, f.Last = e.class, ErrRefused, e.err
		if e.expired || errors.Is(e.err, auth.ErrUnavailable) {
			f.Reason = ErrGaveUp // the signer may get its credentials later
		}
	default:
		if e.refused() { // and something became of the body
			f.Class, f.Reason = e.judgeStatus()
		} else {
			f.Class, f.Reason = e.judge()
		}
		f.Last = described(e.err, e.expired, e.hook.timeout)
	}
}

// judge returns the class of the error of a round trip, and whether another
// attempt may fare better.
func (e *exchange) judge() (Class, error) {
	class, reason := classify(e.err)
	switch {
	case class == ClassBlocked:
	case e.hook.proxied && !e.connected && class != ClassTLS:
		// Before there is a connection through it, the proxy is all we met.
		class, reason = ClassProxy, ErrGaveUp
	case e.expired:
		class, reason = ClassTimeout, ErrGaveUp
	}
	return class, reason
}

// classify returns the class of the error of a round trip by its types, and
// whether another attempt may fare better.
func classify(err error) (Class, error) {
	var (
		op  *net.OpError
		dns *net.DNSError
		n   net.Error
	)
	err = withoutURL(err) // which claims to know whether it is a timeout
	switch {
	case errors.Is(err, egress.ErrBlocked):
		return ClassBlocked, ErrBlocked
	case errors.As(err, &op) && op.Op == "proxyconnect":
		return ClassProxy, ErrGaveUp
	case errors.As(err, new(*proxyAnswer)):
		return ClassProxy, ErrGaveUp
	case errors.As(err, &dns):
		return ClassDNS, ErrGaveUp
	case isIdentity(err):
		return ClassTLS, ErrRefused
	case isHandshake(err):
		return ClassTLS, ErrGaveUp
	case isErrno(err, refusedErrnos):
		return ClassRefused, ErrGaveUp
	case isErrno(err, unreachableErrnos):
		return ClassUnreachable, ErrGaveUp
	case isErrno(err, resetErrnos):
		return ClassReset, ErrGaveUp
	case errors.As(err, &n) && n.Timeout():
		return ClassTimeout, ErrGaveUp
	case errors.As(err, &op) && op.Op == "dial":
		return ClassUnreachable, ErrGaveUp
	}
	// The connection ended early, or what came over it is not HTTP.
	return ClassReset, ErrGaveUp
}

func isErrno(err error, in []syscall.Errno) bool {
	var errno syscall.Errno
	return errors.As(err, &errno) && slices.Contains(in, errno)
}

// isIdentity reports whether one side could not prove to the other who it is,
// or both could not agree on how. Trying again does not help.
func isIdentity(err error) bool {
	if errors.As(err, new(*tls.CertificateVerificationError)) || isX509(err) {
		return true
	}
	switch alertOf(err) {
	case 40, // handshake_failure
		42, 43, 44, 45, 46, // bad, unsupported, revoked, expired, unknown certificate
		48, 49, // unknown_ca, access_denied
		70, 71, // protocol_version, insufficient_security
		112, 116, 120: // unrecognized_name, certificate_required, no_application_protocol
		return true
	}
	// The server does not speak TLS at all.
	return errors.As(err, new(tls.RecordHeaderError))
}

func isX509(err error) bool {
	return errors.As(err, new(x509.UnknownAuthorityError)) ||
		errors.As(err, new(x509.HostnameError)) ||
		errors.As(err, new(x509.CertificateInvalidError)) ||
		errors.As(err, new(x509.SystemRootsError)) ||
		errors.As(err, new(x509.ConstraintViolationError)) ||
		errors.As(err, new(x509.UnhandledCriticalExtension)) ||
		errors.As(err, new(x509.InsecureAlgorithmError))
}

// isHandshake reports whether TLS failed in a way that may pass.
func isHandshake(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && (op.Op == "remote error" || op.Op == "local error") ||
		errors.As(err, new(tls.AlertError))
}

// alertOf returns the number of the TLS alert in err, or 0. The type of an alert
// is not exported outside of QUIC, but it is a number.
func alertOf(err error) uint64 {
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "remote error" || op.Err == nil {
		return 0
	}
	if v := reflect.ValueOf(op.Err); v.Kind() == reflect.Uint8 {
		return v.Uint()
	}
	return 0
}

// A proxyAnswer is the status with which a proxy refused to connect.
type proxyAnswer struct{ status int }

func (p *proxyAnswer) Error() string { return fmt.Sprintf("the proxy answered %d", p.status) }
