// Package intake is what the receiving programs of this module share: the
// webhook endpoint of the OnCallM document, in front of any dispatcher.
//
// It is an example of how the packages of alertwire are put together, and meant
// to be copied: intake.go is the chain of handlers, accept.go what happens to
// a message, the rest is configuration and life cycle.
package intake

import (
	"errors"
	"log/slog"
	"net/http"

	"github.com/alertwire/alertwire/auth"
	"github.com/alertwire/alertwire/callback/dispatch"
	"github.com/alertwire/alertwire/challenge"
	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/alertmanager"
	"github.com/alertwire/alertwire/ratelimit"
)

// A Receiver takes alerts in over HTTP and hands them to a dispatcher.
type Receiver struct {
	calls     dispatch.Dispatcher
	endpoints []dispatch.Endpoint
	baseURL   string
	dedup     *ratelimit.Dedup
	log       *slog.Logger
	handler   http.Handler
}

// New returns a receiver that hands what it accepts to calls, which has the
// endpoints already. See [AddEndpoints].
func New(o Options, endpoints []dispatch.Endpoint, calls dispatch.Dispatcher, log *slog.Logger) (*Receiver, error) {
	r := &Receiver{
		calls:     calls,
		endpoints: endpoints,
		baseURL:   o.BaseURL,
		dedup:     &ratelimit.Dedup{Window: o.Dedup},
		log:       log,
	}
	webhook, err := r.webhook(o)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/webhook", webhook)
	mux.HandleFunc("GET /health", r.health)
	r.handler = mux
	return r, nil
}

// ServeHTTP serves /webhook and /health.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) { r.handler.ServeHTTP(w, req) }

// webhook returns the handler of /webhook, the cheapest check outermost: how
// often, is it a handshake, who sent it, what is it.
func (r *Receiver) webhook(o Options) (http.Handler, error) {
	h := payload.Handler(alertmanager.Decode, r.accept, payload.HandlerOptions{
		MaxBody:  o.MaxBody,
		OnReject: r.rejected("payload"),
	})

	if !o.NoAuth {
		token, err := auth.Config{Bearer: auth.Sources{{File: o.TokenFile}}}.Strategy()
		if err != nil {
			return nil, err
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
		Status:   func(*http.Request) int { return o.OverloadStatus },
		OnReject: r.rejected("ratelimit"),
	}, perIP, global)
	return limit(h), nil
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

// rejected logs why a request was turned away. The reasons of the packages hold
// no secret and nothing of the body.
func (r *Receiver) rejected(by string) func(*http.Request, error) {
	return func(req *http.Request, reason error) {
		r.log.LogAttrs(req.Context(), slog.LevelWarn, "request rejected",
			slog.String("by", by), slog.String("remote", req.RemoteAddr), slog.Any("reason", reason))
	}
}

// errInFlight is why a message waits for another one with the same alerts.
var errInFlight = errors.New("the same alerts are being accepted")
