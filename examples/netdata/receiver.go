package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

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
		token := n.Test.Token
		if strings.ContainsFunc(token, func(c rune) bool { return !strconv.IsPrint(c) }) {
			token = strconv.Quote(token) // a stranger's, which a terminal would obey
		}
		_, err := fmt.Fprintln(r.out, "test notification: copy this token into the console of Netdata:", token)
		return nil, err
	}
	for _, e := range n.Events() {
		words := []string{string(e.Kind)}
		if e.Severity != "" {
			words = append(words, string(e.Severity))
		}
		if _, err := fmt.Fprintf(r.out, "%s %q\n", strings.Join(words, " "), e.Title); err != nil {
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
