package callback

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"time"
)

// errTimeout is the cause of the context of an attempt whose time is up.
var errTimeout = errors.New("time of the attempt is up")

// errNoAnswer is the error of a transport that returns nothing at all.
var errNoAnswer = errors.New("the transport returned no answer")

// errPanic is the error of an exchange that did not come to its end.
var errPanic = errors.New("panic")

// An exchange is one request and its answer.
type exchange struct {
	hook    *Webhook
	message Message
	start   time.Time

	reply     Reply
	err       error // what went wrong on the way; a failing status is not here
	class     Class // of err, if it is known already
	expired   bool  // the attempt ran out of time
	connected bool  // a connection was had; known only if it is traced
	reused    bool  // and it was open before

	context callContext
	visit   visit

	// Parts of the request that would be small allocations of their own.
	url    url.URL
	body   bytes.Reader
	values [6]string
}

// A callContext is the context of a request, in which its exchange can be found.
type callContext struct {
	context.Context
	exchange *exchange
}

type exchangeKey struct{}

func (c *callContext) Value(key any) any {
	if key == (exchangeKey{}) {
		return c.exchange
	}
	return c.Context.Value(key)
}

// run makes the request and fills in what became of it.
func (e *exchange) run(ctx context.Context) {
	ctx, cancel := context.WithTimeoutCause(ctx, e.hook.timeout, errTimeout)
	defer cancel()
	e.err = errPanic
	e.hook.gate.enter()
	defer func() { e.hook.gate.leave(&e.visit, e.err != nil) }()
	e.context = callContext{ctx, e}
	r, err := e.request(&e.context)
	if err == nil {
		err = e.roundTrip(r)
	}
	e.err = err
	e.expired = err != nil && context.Cause(ctx) == errTimeout
	e.reply.Attempts = 1
	e.reply.Took = time.Since(e.start)
}

// request returns the request, signed. Its errors have their class set.
func (e *exchange) request(ctx context.Context) (*http.Request, error) {
	w, m := e.hook, &e.message
	e.class = ClassRequest
	if err := checkMessage(m); err != nil {
		return nil, err
	}
	r := w.base.WithContext(ctx)
	r.Header = make(http.Header, len(w.base.Header)+len(m.Header)+len(w.signed)+len(w.defaults)+3)
	for name, values := range m.Header {
		canonical, err := checkName(name, w.signed)
		if err != nil {
			return nil, headerError(name, err)
		}
		for _, v := range values {
			if err := checkValue(v); err != nil {
				return nil, headerError(name, err)
			}
		}
		if had := r.Header[canonical]; had != nil { // under the same name in another case
			values = append(had[:len(had):len(had)], values...)
		}
		// A signer that adds to it must not write behind what others send too.
		r.Header[canonical] = slices.Clip(values)
	}
	e.values[0], e.values[1] = m.ID, m.ContentType
	r.Header[headerID] = e.values[0:1:1]
	r.Header[headerKey] = e.values[0:1:1]
	var body []byte
	if w.sendBody {
		body = m.Body
		if e.values[1] == "" {
			e.values[1] = defaultContentType
		}
		if r.Header[headerType] == nil {
			r.Header[headerType] = e.values[1:2:2]
		}
	}
	for name, values := range w.base.Header {
		r.Header[name] = values
	}
	for name, values := range w.defaults {
		if r.Header[name] == nil {
			r.Header[name] = values
		}
	}
	if w.templates != nil {
		e.class = ClassTemplate
		if err := w.templates.apply(r, m); err != nil {
			return nil, err
		}
		e.class = ClassRequest
	}
	e.setBody(r, body)
	if err := e.sign(r, body); err != nil {
		return nil, err
	}
	e.class = ""
	return r, nil
}

// setBody gives r a body that net/http can read again by itself, when the
// connection it took from the pool turns out to be closed. The types matter: a
// reader that net/http does not know costs a write of its own for the header.
func (e *exchange) setBody(r *http.Request, body []byte) {
	if len(body) == 0 {
		r.Body, r.GetBody = http.NoBody, func() (io.ReadCloser, error) { return http.NoBody, nil }
		return
	}
	r.ContentLength = int64(len(body))
	e.body.Reset(body)
	r.Body = io.NopCloser(&e.body)
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
}

// sign puts the credentials on r. The signer may change r.URL and write into the
// slots that are reserved for its headers, so both are of this request alone.
func (e *exchange) sign(r *http.Request, body []byte) error {
	w := e.hook
	if w.signer == nil {
		return nil
	}
	e.url = *r.URL
	r.URL = &e.url
	slots := e.values[2:]
	if len(w.signed) > len(slots) {
		slots = make([]string, len(w.signed))
	}
	for i, name := range w.signed {
		if r.Header[name] == nil { // an ID is there, for the signer to read
			r.Header[name] = slots[i : i+1 : i+1]
		}
	}
	if err := w.signer.Sign(r, body); err != nil {
		return err
	}
	for _, name := range w.signed {
		if v := r.Header[name]; len(v) == 1 && v[0] == "" {
			delete(r.Header, name) // it was not needed this time
		}
	}
	return checkSigned(r.Header)
}

// checkSigned refuses what net/http would not send, for a reason that it keeps
// to itself: it would look like a broken connection.
func checkSigned(h http.Header) error {
	for name, values := range h {
		if !isToken(name) {
			return errors.New("the signer set a header without a valid name")
		}
		for _, v := range values {
			if err := checkValue(v); err != nil {
				return fmt.Errorf("the signer set the header %s: %w", cut(name, 64), err)
			}
		}
	}
	return nil
}

// roundTrip sends r and reads the answer.
func (e *exchange) roundTrip(r *http.Request) error {
	resp, err := e.hook.transport.RoundTrip(e.traced(r))
	switch {
	case err != nil:
		return err
	case resp == nil:
		return errNoAnswer
	}
	e.reply.Status, e.reply.Header = resp.StatusCode, resp.Header
	e.reply.Body, e.reply.Truncated, err = readReply(resp, replyLimit(r.Context(), e.hook.limit))
	return err
}

// traced returns r with a trace of its connection, where somebody wants to know.
// It is not on the context of a signer, which may make requests of its own.
func (e *exchange) traced(r *http.Request) *http.Request {
	if e.hook.observe == nil && !e.hook.proxied {
		return r
	}
	return r.WithContext(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{
		GotConn: func(i httptrace.GotConnInfo) { e.connected, e.reused = true, i.Reused },
	}))
}
