package callbackotel

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// Wrap returns base with a client span around each request. It is for
// callback.Options.Wrap, and works under any other http.Client.
func (t *Tracing) Wrap(base http.RoundTripper) http.RoundTripper {
	return &transport{t, base}
}

type transport struct {
	*Tracing
	base http.RoundTripper
}

// RoundTrip implements http.RoundTripper. The span ends with the body of the
// answer, which is part of the attempt.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, span := t.tracer.Start(r.Context(), r.Method,
		trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attributes(r)...))
	r = r.WithContext(ctx)
	if t.propagator != nil {
		r.Header = r.Header.Clone() // a RoundTripper must not change its request
		t.propagator.Inject(ctx, propagation.HeaderCarrier(r.Header))
	}

	resp, err := t.base.RoundTrip(r)
	if err != nil {
		fail(ctx, span, err)
		span.End()
		return nil, err
	}
	span.SetAttributes(semconv.HTTPResponseStatusCode(resp.StatusCode),
		semconv.NetworkProtocolVersion(strconv.Itoa(resp.ProtoMajor)+"."+strconv.Itoa(resp.ProtoMinor)))
	if resp.StatusCode >= 300 { // a redirect is a failure as well: it is not followed
		span.SetAttributes(semconv.ErrorTypeKey.String(strconv.Itoa(resp.StatusCode)))
		span.SetStatus(codes.Error, "")
	}
	resp.Body = &body{ReadCloser: resp.Body, ctx: ctx, span: span}
	return resp, nil
}

// attributes are what a span says of a request.
func attributes(r *http.Request) []attribute.KeyValue {
	attrs := []attribute.KeyValue{
		semconv.HTTPRequestMethodKey.String(r.Method),
		semconv.URLScheme(r.URL.Scheme),
		semconv.ServerAddress(r.URL.Hostname()),
	}
	if port := portOf(r.URL); port > 0 {
		attrs = append(attrs, semconv.ServerPort(port))
	}
	if r.ContentLength > 0 {
		attrs = append(attrs, semconv.HTTPRequestBodySize(int(r.ContentLength)))
	}
	if id := r.Header.Get("Webhook-Id"); id != "" {
		attrs = append(attrs, keyMessageID.String(id))
	}
	return attrs
}

func portOf(u *url.URL) int {
	switch u.Port() {
	case "":
		if u.Scheme == "https" {
			return 443
		}
		return 80
	default:
		n, _ := strconv.Atoi(u.Port()) // net/http refuses what is no number
		return n
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
	span.SetAttributes(semconv.ErrorTypeKey.String(kind))
	span.SetStatus(codes.Error, kind)
}

// body ends the span when it has been read to its end, or closed.
type body struct {
	io.ReadCloser
	ctx  context.Context // of the request, whose body it is
	span trace.Span
	once sync.Once
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
