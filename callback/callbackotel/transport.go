package callbackotel

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Wrap returns base with a client span around each request. It is for
// callback.Options.Wrap, and works under any other http.Client. A nil base is
// http.DefaultTransport.
func (t *Tracing) Wrap(base http.RoundTripper) http.RoundTripper {
	if base == nil {
		base = http.DefaultTransport
	}
	return &transport{t, base}
}

type transport struct {
	*Tracing
	base http.RoundTripper
}

// RoundTrip implements http.RoundTripper. The span ends with the body of the
// answer, which is part of the attempt.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, span := t.tracer.Start(r.Context(), spanName(r.Method),
		trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(requestAttributes(r)...))
	open := false // the body of the answer ends the span
	defer func() {
		if !open {
			span.End()
		}
	}()
	r = r.WithContext(ctx)
	if t.propagator != nil {
		r.Header = r.Header.Clone() // a RoundTripper must not change its request
		if r.Header == nil {
			r.Header = make(http.Header)
		}
		t.propagator.Inject(ctx, propagation.HeaderCarrier(r.Header))
	}
	if !span.IsRecording() {
		return t.base.RoundTrip(r)
	}

	returned := false
	defer func() {
		if !returned {
			panicked(span)
		}
	}()
	resp, err := t.base.RoundTrip(r)
	returned = true
	if err != nil {
		fail(ctx, span, err)
		return resp, err
	}
	span.SetAttributes(answerAttributes(resp)...)
	if resp.StatusCode >= 300 {
		span.SetStatus(codes.Error, "")
	}
	if resp.Body != nil {
		open = true
		resp.Body = wrapBody(ctx, span, resp.Body)
	}
	return resp, nil
}

// CloseIdleConnections is passed on to the base.
func (t *transport) CloseIdleConnections() {
	if c, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// fail says that there was no answer. Errors of the network name addresses and
// hosts, which the owner of the trace may see, but also whatever a proxy or a
// resolver put into them; so the type has to do.
func fail(ctx context.Context, span trace.Span, err error) {
	kind := "other"
	var timeout interface{ Timeout() bool }
	var dns *net.DNSError
	var op *net.OpError
	switch {
	case errors.Is(ctx.Err(), context.Canceled): // net/http gives the cause of it, which may be anything
		kind = "cancelled"
	case ctx.Err() != nil || errors.As(err, &timeout) && timeout.Timeout():
		kind = "timeout"
	case errors.As(err, &dns):
		kind = "dns"
	case errors.As(err, &op):
		kind = op.Op
	}
	setError(span, kind)
}

// body ends the span when it has been read to its end, or closed.
type body struct {
	io.ReadCloser
	ctx  context.Context // of the request, whose body it is
	span trace.Span
	once sync.Once
}

// wrapBody returns b with the end of the span. The body of a 101 is the
// connection, which can be written to as well.
func wrapBody(ctx context.Context, span trace.Span, b io.ReadCloser) io.ReadCloser {
	wrapped := &body{ReadCloser: b, ctx: ctx, span: span}
	if w, ok := b.(io.Writer); ok {
		return &connection{wrapped, w}
	}
	return wrapped
}

type connection struct {
	*body
	io.Writer
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.once.Do(func() {
			if err != io.EOF {
				fail(b.ctx, b.span, err)
			}
			b.span.End()
		})
	}
	return n, err
}

func (b *body) Close() error {
	err := b.ReadCloser.Close()
	b.once.Do(func() { b.span.End() })
	return err
}
