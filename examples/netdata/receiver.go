package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"

	"github.com/alertwire/alertwire/auth"
	"github.com/alertwire/alertwire/challenge"
	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/netdata"
	"github.com/alertwire/alertwire/ratelimit"
)

// A receiver takes the notifications of Netdata Cloud in.
type receiver struct {
	out io.Writer // for a person
	log *slog.Logger
}

// handler is the chain: who sent it, is it a handshake, what is it. The check of
// the certificate is outermost, because Netdata shows it with the challenge too;
// the token is checked behind the challenge, which comes without.
func (r *receiver) handler(o options) (http.Handler, error) {
	once := &ratelimit.Dedup{}
	h := payload.Handler(netdata.Decode, r.accept, payload.HandlerOptions{Once: once.Reserve, OnReject: r.rejected})

	if !o.credentials.IsZero() {
		token, err := o.credentials.Strategy()
		if err != nil {
			return nil, err
		}
		h = auth.Require(token, auth.RequireOptions{OnReject: r.rejected})(h)
	}
	if o.challengeSecret != "" {
		crc, err := challenge.NewCRC(string(o.challengeSecret), challenge.CRCOptions{})
		if err != nil {
			return nil, err
		}
		h = challenge.Respond(crc, challenge.RespondOptions{OnReject: r.rejected})(h)
	}
	if o.clients != nil {
		cert, err := auth.NewClientCert(*o.clients)
		if err != nil {
			return nil, err
		}
		h = auth.Require(cert, auth.RequireOptions{OnReject: r.rejected})(h)
	}
	mux := http.NewServeMux()
	mux.Handle("/netdata", h)
	return mux, nil
}

// accept prints what came. A real service would queue it: Netdata waits for five
// seconds.
func (r *receiver) accept(_ context.Context, n *netdata.Notification) (any, error) {
	if n.Test != nil {
		_, err := fmt.Fprintf(r.out, "test notification: copy this token into the console of Netdata: %s\n", n.Test.Token)
		return nil, err
	}
	for _, e := range n.Events() {
		if _, err := fmt.Fprintf(r.out, "%s %s %q\n", e.Kind, e.Severity, e.Title); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

func (r *receiver) rejected(req *http.Request, reason error) {
	r.log.Warn("request rejected", slog.String("remote", req.RemoteAddr), slog.Any("reason", reason))
}

// errOpen is why the program does not start without any proof of the sender.
var errOpen = errors.New("one of -token-file, -basic-file and -client-ca is needed: without them anybody may send")
