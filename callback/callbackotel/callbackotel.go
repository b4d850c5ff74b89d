// Package callbackotel traces with OpenTelemetry what package callback does:
// one span for each message, and below it one client span for each attempt.
//
//	tracing, err := callbackotel.New(callbackotel.Options{TracerProvider: provider})
//	hook, err := callback.New(config, callback.Options{Name: "ops", Wrap: tracing.Wrap})
//	caller := callback.Decorate(hook, tracing.Message("ops"), callback.Retry(policy))
//
// Message goes outside of Retry, so that all attempts are under one span. A
// dispatcher calls in its own time: there each call is a message span of its own,
// with the number of the attempt, and what ties them together is the message ID.
//
// # What a span tells
//
// The span of a message, "callback ops", is of kind internal. It has
//
//	alertwire.endpoint      the name that was given to Message
//	alertwire.message.id    Message.ID, also in the spans of its attempts
//	alertwire.message.type  Message.Type
//	alertwire.attempt       the number of the call, which a dispatcher counts; 1 without one
//	alertwire.attempts      how many attempts were made within the span
//	error.type              the callback.Class of a failure, also the text of the status
//
// The span of an attempt, "POST", follows the semantic conventions for HTTP
// clients, with http.request.resend_count from the second attempt on, and with
// two exceptions. There is no url.full: the path of a webhook is often its secret,
// as much as the query and the user name are, so a span names scheme, host and
// port and nothing more of the URL. And a redirect is an error, because package
// callback does not follow one. Nor does a span hold headers, bodies, or the text
// of an error or of a panic.
//
// No trace header goes out unless Options.Propagator says so: a receiver that
// belongs to somebody else has no business with the trace context of this
// program, and can abuse it to be sampled. Of what is not sampled nothing is
// recorded, and the body of the answer is left alone.
package callbackotel

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/alertwire/alertwire/callback"
)

const scope = "github.com/alertwire/alertwire/callback/callbackotel"

// Options are the options of [New].
type Options struct {
	// TracerProvider makes the tracer. Required: there is no global one here.
	TracerProvider trace.TracerProvider
	// Propagator puts the trace context into the headers of each request, for
	// receivers that belong to the owner of this program. Nil puts nothing.
	Propagator propagation.TextMapPropagator
}

// Tracing makes spans. It is safe for concurrent use.
type Tracing struct {
	tracer     trace.Tracer
	propagator propagation.TextMapPropagator
}

// New returns a Tracing. It returns an error if there is no TracerProvider.
func New(o Options) (*Tracing, error) {
	if o.TracerProvider == nil {
		return nil, errors.New("callbackotel: TracerProvider is required")
	}
	return &Tracing{
		tracer:     o.TracerProvider.Tracer(scope, trace.WithSchemaURL(semconv.SchemaURL)),
		propagator: o.Propagator,
	}, nil
}

// Message returns a decorator that makes one span for each message to the
// endpoint of that name.
func (t *Tracing) Message(endpoint string) callback.Decorator {
	endpoint = valid(endpoint)
	name := "callback " + endpoint
	return func(next callback.Caller) callback.Caller {
		return callback.CallerFunc(func(ctx context.Context, m callback.Message) (callback.Reply, error) {
			ctx, span := t.tracer.Start(ctx, name, trace.WithAttributes(
				keyEndpoint.String(endpoint), keyMessageID.String(valid(m.ID)), keyType.String(valid(m.Type)),
				keyAttempt.Int(callback.AttemptNumber(ctx))))
			returned := false
			// Not span.End itself: that would record the text of a panic.
			defer func() {
				if !returned {
					panicked(span)
				}
				span.End()
			}()
			reply, err := next.Call(ctx, m)
			returned = true
			describe(span, reply, err)
			return reply, err
		})
	}
}

// describe says what came of a message. The text of an error is not used: its
// class says what happened, and there are few of them.
func describe(span trace.Span, reply callback.Reply, err error) {
	if err == nil {
		span.SetAttributes(keyAttempts.Int(reply.Attempts))
		return
	}
	class := callback.ClassOther
	var e *callback.Error
	if errors.As(err, &e) {
		class = e.Class
		span.SetAttributes(keyAttempts.Int(e.Attempts))
	}
	setError(span, valid(string(class)))
}

// panicked says that a call did not return. What it panicked with may be
// anything, and is not told.
func panicked(span trace.Span) { setError(span, string(callback.ClassPanic)) }

func setError(span trace.Span, kind string) {
	span.SetAttributes(semconv.ErrorTypeKey.String(kind))
	span.SetStatus(codes.Error, kind)
}
