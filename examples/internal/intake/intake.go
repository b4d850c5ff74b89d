// Package intake is what the receiving programs of this module share: the
// webhook endpoint of the OnCallM document, in front of any dispatcher.
//
// It is an example of how the packages of alertwire are put together, and meant
// to be copied. intake.go is the chain of handlers, accept.go what happens to a
// message, format.go what is sent on, history.go and page.go what a person sees,
// metrics.go what Prometheus sees; the rest is configuration and life cycle.
package intake

import (
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/alertwire/alertwire/auth"
	"github.com/alertwire/alertwire/callback/dispatch"
	"github.com/alertwire/alertwire/challenge"
	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/ratelimit"
)

// A Receiver takes alerts in over HTTP and hands them to a dispatcher.
type Receiver struct {
	calls     dispatch.Dispatcher
	endpoints []dispatch.Endpoint
	baseURL   string
	dedup     *ratelimit.Dedup
	history   *history
	metrics   *metrics
	log       *slog.Logger
	handler   http.Handler
	ready     atomic.Bool
	patience  time.Duration
	keeps     bool
}

// webhook returns the handler of /webhook, the cheapest check outermost: how
// often, is it a handshake, who sent it, what is it.
func (r *Receiver) webhook(o Options) (http.Handler, error) {
	var h http.Handler = payload.Handler(formats().Decode, r.accept, payload.HandlerOptions{
		MaxBody:     o.MaxBody,
		Timeout:     r.patience,
		RetryStatus: o.OverloadStatus.Func(),
		OnReject:    r.rejected("payload"),
	})

	if !o.NoAuth {
		token, err := auth.Config{Bearer: auth.Sources{{File: o.TokenFile}}}.Strategy()
		if err != nil {
			return nil, fmt.Errorf("-token-file: %w", err)
		}
		h = onlyPost(auth.Require(token, auth.RequireOptions{
			MaxBody:  o.MaxBody,
			OnReject: r.rejected("auth"),
		})(h), h)
	}

	if o.ChallengeSecret != "" {
		crc, err := challenge.NewCRC(string(o.ChallengeSecret), challenge.CRCOptions{})
		if err != nil {
			return nil, err
		}
		h = challenge.Respond(crc, challenge.RespondOptions{OnReject: r.rejected("challenge")})(h)
	}

	perIP, err := o.limit("per-ip", o.PerIP, ratelimit.RemoteIP)
	if err != nil {
		return nil, err
	}
	global, err := o.limit("global", o.Global, ratelimit.Everyone)
	if err != nil {
		return nil, err
	}
	limit := ratelimit.Enforce(ratelimit.EnforceOptions{
		Status:   o.OverloadStatus.Func(),
		OnReject: r.rejected("ratelimit"),
	}, perIP, global)
	return r.whenReady(r.metrics.measure(limit(h))), nil
}

// onlyPost sends what is not a POST straight to the handler behind the check of
// the sender, which answers it with 405 and Allow: the method is wrong whoever
// asks.
func onlyPost(checked, unchecked http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			checked.ServeHTTP(w, r)
			return
		}
		unchecked.ServeHTTP(w, r)
	})
}

// whenReady answers 503 before everything is set up and while what is queued is
// delivered at the end: senders come back.
func (r *Receiver) whenReady(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if !r.ready.Load() {
			notReady(w)
			return
		}
		h.ServeHTTP(w, req)
	})
}

func notReady(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "5")
	writeJSON(w, http.StatusServiceUnavailable, map[string]any{"detail": "Service not initialised"})
}

// rejected counts and logs why a request was turned away. The reasons of the
// packages hold no secret and nothing of the body.
func (r *Receiver) rejected(by string) func(*http.Request, error) {
	count := r.metrics.alertwire.Rejected(by)
	return func(req *http.Request, reason error) {
		count(req, reason)
		r.log.LogAttrs(req.Context(), slog.LevelWarn, "request rejected",
			slog.String("by", by), slog.String("remote", req.RemoteAddr), slog.Any("reason", reason))
	}
}
