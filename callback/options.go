package callback

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/alertwire/alertwire/auth"
)

// Options are the options of [New]: what data cannot say. The zero value is
// ready.
type Options struct {
	// Name is what the destination is called in errors, logs and an [Attempt].
	// Empty means the scheme and host of the URL, which several may share.
	Name string
	// Client makes the calls in place of the shared transport. It is the
	// caller's: no address is judged, and a Config with settings of Network,
	// Allow, Proxy or TLS is refused, because they would be ignored. Redirects
	// are not followed all the same. Nil means the shared transport.
	Client *http.Client
	// Wrap puts something around the transport, for tracing as an example. Nil
	// means nothing: no trace header goes out unless somebody put it in.
	Wrap func(http.RoundTripper) http.RoundTripper
	// Signer puts credentials on each attempt, within its Timeout. It overrides
	// Config.Auth. What it fails with is final, of [ClassRequest], unless the time
	// of the attempt is up or it wraps [auth.ErrUnavailable]: then another attempt
	// may fare better.
	Signer auth.Signer
	// Success says whether an answer is an acceptance. It is asked about every
	// answer that is complete, but not about a redirect, which never is one.
	// Nil means that every 2xx is.
	Success func(Reply) bool
	// Logger gets one record for each attempt, at level Debug if it was accepted
	// and Info if not, and one Warn from New if a certificate is not verified.
	// Nil is silent: only net/http itself tells the logger of package log what a
	// receiver sends although nobody has asked for it.
	Logger *slog.Logger
	// Observe is told each attempt once it is over. It is called by the
	// goroutine that made the call, and may be called by many at once. It must
	// not panic, nor must Success: a panic passes through Call, and a dispatcher
	// takes the message for failed although it was delivered. Nil means that
	// nobody is told.
	Observe func(ctx context.Context, a Attempt)
}

const (
	defaultMethod  = http.MethodPost
	defaultTimeout = 10 * time.Second
	defaultReply   = 64 << 10
	defaultAgent   = "alertwire"
)
