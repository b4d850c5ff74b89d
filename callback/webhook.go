package callback

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/alertwire/alertwire/auth"
)

// A Webhook is the Caller that makes one HTTP request for each message. It is
// safe for concurrent use and needs no Close: webhooks that dial, prove and
// trust alike share one pool of connections, which goes when the last of them
// does. New makes one; the zero Webhook refuses every call.
type Webhook struct {
	endpoint  string
	base      *http.Request // what all requests have in common
	defaults  http.Header   // for which neither the message nor base has a value
	signed    []string
	sendBody  bool
	timeout   time.Duration
	limit     int64
	templates *templates // nil if nothing is one
	signer    auth.Signer
	transport http.RoundTripper
	pool      *pool // nil with Options.Client, and the gate too
	gate      *gate
	proxied   bool
	success   func(Reply) bool
	log       *slog.Logger
	observe   func(context.Context, Attempt)
}

var _ Caller = (*Webhook)(nil)

// errNotMade is what the zero Webhook answers.
var errNotMade = errors.New("a Webhook that New did not make")

// New returns a Webhook for c. It checks all of c, reads the files and
// variables that c names and nothing else, and connects to nobody. Its errors
// name the key that is wrong and repeat no value.
func New(c Config, o Options) (*Webhook, error) {
	if c.Type != "" && c.Type != basicType {
		return nil, configError(fmt.Errorf("type: want %q; for others use a Registry", basicType))
	}
	w, err := newWebhook(c, o, poolFor)
	if err != nil {
		return nil, configError(err)
	}
	return w, nil
}

// newWebhook returns a Webhook whose connections come from what open returns.
func newWebhook(c Config, o Options, open func(*dialPlan) (*pool, error)) (*Webhook, error) {
	t, err := c.target()
	if err != nil {
		return nil, err
	}
	w := &Webhook{
		endpoint: o.Name, sendBody: t.sendBody,
		timeout: t.timeout, limit: t.limit,
		success: o.Success, log: o.Logger, observe: o.Observe,
		defaults: defaultHeaders(),
	}
	if w.endpoint == "" {
		w.endpoint = t.url.Scheme + "://" + t.url.Host
	}
	if w.log == nil {
		w.log = slog.New(slog.DiscardHandler)
	}
	if w.signer, err = signerOf(c, o, t.user); err != nil {
		return nil, err
	}
	w.signed = signedBy(w.signer)
	header, err := c.headers(w.signed)
	if err != nil {
		return nil, err
	}
	if c.Template {
		if w.templates, err = parseTemplates(c.URL, header); err != nil {
			return nil, err
		}
	}
	if err := c.setCookies(header); err != nil {
		return nil, err
	}
	w.base = (&http.Request{
		Method: t.method, URL: t.url, Host: t.url.Host,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: header,
	}).WithContext(context.Background())
	if err := w.setTransport(c, o, t.url, open); err != nil {
		return nil, err
	}
	return w, nil
}

// signerOf returns what puts the credentials on a request; nil if there are
// none.
func signerOf(c Config, o Options, user *url.Userinfo) (auth.Signer, error) {
	switch {
	case user != nil && (o.Signer != nil || !c.Auth.IsZero()):
		return nil, errors.New("url: has user info, and there are other credentials")
	case o.Signer != nil:
		return o.Signer, nil
	case user != nil:
		password, _ := user.Password()
		s, err := auth.NewBasic(user.Username(), auth.Secret(password), auth.BasicOptions{AllowEmptyPassword: true})
		if err != nil {
			return nil, fmt.Errorf("url: user info: %w", err)
		}
		return s, nil
	case !c.Auth.IsZero():
		s, err := c.Auth.Strategy()
		if err != nil {
			return nil, fmt.Errorf("auth: %w", err)
		}
		return s, nil
	}
	return nil, nil
}

// setTransport sets how requests are made.
func (w *Webhook) setTransport(c Config, o Options, u *url.URL, open func(*dialPlan) (*pool, error)) error {
	if o.Client != nil {
		if err := c.needsNoTransport(); err != nil {
			return err
		}
		w.transport = clientTransport(o.Client)
	} else {
		plan, err := c.dialPlan(u)
		if err != nil {
			return err
		}
		if w.pool, err = open(plan); err != nil {
			return err
		}
		w.gate = w.pool.gate(u)
		w.proxied = plan.proxy != ""
		w.transport = w.pool
		if c.TLS.InsecureSkipVerify {
			w.log.LogAttrs(context.Background(), slog.LevelWarn, "callback does not verify certificates",
				slog.String("endpoint", w.endpoint))
		}
	}
	if o.Wrap != nil {
		if w.transport = o.Wrap(w.transport); w.transport == nil {
			return errors.New("Options.Wrap returned nil")
		}
	}
	return nil
}

// Endpoint returns the name of the destination: Options.Name, or the scheme
// and host of the URL.
func (w *Webhook) Endpoint() string { return w.endpoint }

// CloseIdleConnections closes the connections that are not in use, of this
// webhook and of those that share its pool. Nobody has to call it: they close
// by themselves after 90 s.
func (w *Webhook) CloseIdleConnections() {
	if c, ok := w.transport.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	} else if w.pool != nil {
		w.pool.CloseIdleConnections()
	}
}

// String returns the name of the destination.
func (w *Webhook) String() string { return w.endpoint }

// GoString returns the name of the destination as well, and no header.
func (w *Webhook) GoString() string { return "callback.Webhook{" + w.endpoint + "}" }

// Call sends m once and reads the reply. A failure is an [*Error]; the reply that
// comes with it has what was received, as far as it came. An answer that breaks
// off is a failure even if its status is a 2xx, and the receiver may then see the
// message again: its ID tells. Every other status says what it says, with or
// without the rest.
func (w *Webhook) Call(ctx context.Context, m Message) (Reply, error) {
	if ctx.Err() != nil {
		return Reply{}, stopped(ctx, w.endpoint, m)
	}
	if m.ID == "" {
		m.ID = NewID()
	}
	if w.transport == nil {
		return Reply{}, &Error{MessageID: m.ID, Class: ClassRequest, Reason: ErrRefused, Last: errNotMade}
	}
	e := &exchange{hook: w, message: m, start: time.Now()}
	e.run(ctx)
	return e.finish(ctx)
}
