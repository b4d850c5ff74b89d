package callback

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptrace"
	"time"
)

// ProbeOptions are the options of [Probe].
type ProbeOptions struct {
	// Options are those of the Caller that is tried. Its Client and Wrap are
	// used; nothing is logged or observed but what it asks for.
	Options
	// DryRun builds and signs the request, and sends nothing: not even the name
	// is resolved. A Signer that has to ask for its credentials does ask.
	DryRun bool
}

// headerTest marks a request as a test, so that nobody is woken by it.
const headerTest = "Webhook-Test"

// maxReportReply bounds Report.Reply, in bytes.
const maxReportReply = 1 << 10

// Probe makes one call as a Webhook for c would, over a connection of its own,
// and reports all about it: it is what a button "Test" wants. The request is a
// real one and is marked by the header Webhook-Test. A mistake in c is reported
// too. Probe holds on to nothing.
func Probe(ctx context.Context, c Config, m Message, o ProbeOptions) Report {
	r := Report{DryRun: o.DryRun, Endpoint: origin(c.URL)}
	w, err := newWebhook(c, o.Options, newPool)
	if err != nil {
		r.fail(&Error{Endpoint: r.Endpoint, MessageID: m.ID, Class: ClassRequest, Reason: ErrRefused, Last: configError(err)})
		return r
	}
	if w.pool != nil {
		defer w.pool.CloseIdleConnections()
	}
	w.base.Header[headerTest] = []string{"true"}
	if m.ID == "" {
		m.ID = NewID()
	}
	r.Endpoint = w.endpoint
	if o.DryRun {
		r.dryRun(ctx, w, m)
		return r
	}
	line := &timeline{start: time.Now()}
	w.transport = &witness{w.transport, &r, line}
	reply, err := w.Call(ctx, m)
	line.fill(&r, reply)
	if err != nil {
		r.fail(asError(err))
		return r
	}
	r.OK = true
	return r
}

// dryRun builds the request as Call would.
func (r *Report) dryRun(ctx context.Context, w *Webhook, m Message) {
	limited, cancel := context.WithTimeoutCause(ctx, w.timeout, errTimeout)
	defer cancel()
	e := &exchange{hook: w, message: m, start: time.Now()}
	var req *http.Request
	if req, e.err = e.request(limited); e.err != nil {
		e.expired = context.Cause(limited) == errTimeout
		r.fail(e.verdict(ctx))
		return
	}
	r.OK = true
	r.Request = requestReport(req)
}

// A witness notes which request is made, and when what becomes of it.
type witness struct {
	http.RoundTripper
	report *Report
	line   *timeline
}

func (w *witness) RoundTrip(r *http.Request) (*http.Response, error) {
	w.report.Request = requestReport(r)
	return w.RoundTripper.RoundTrip(r.WithContext(httptrace.WithClientTrace(r.Context(), w.line.trace())))
}

func requestReport(r *http.Request) RequestReport {
	return RequestReport{
		Method: r.Method,
		URL:    r.URL.Scheme + "://" + r.URL.Host + redactedPath(r.URL.Path, r.URL.RawQuery),
		Header: redactedHeader(r.Header),
		Size:   r.ContentLength,
	}
}

// publicHeaders are those whose values are no secret, whoever set them.
var publicHeaders = map[string]bool{
	headerID: true, headerKey: true, headerType: true, headerTest: true, "Accept-Encoding": true,
	"User-Agent": true, "Webhook-Timestamp": true,
}

func redactedHeader(h http.Header) map[string]string {
	out := make(map[string]string, len(h))
	for name, values := range h {
		out[name] = redacted
		if publicHeaders[name] && len(values) == 1 {
			out[name] = values[0]
		}
	}
	return out
}

const redacted = "[redacted]"

// redactedPath stands for a path and query, either of which may be the secret.
func redactedPath(path, query string) string {
	out := "/"
	if path != "" && path != "/" {
		out += redacted
	}
	if query != "" {
		out += "?" + redacted
	}
	return out
}

// asError returns what a Webhook failed with, which is always an Error.
func asError(err error) *Error {
	var e *Error
	if !errors.As(err, &e) {
		e = &Error{Class: ClassOther, Reason: ErrGaveUp, Last: err}
	}
	return e
}
