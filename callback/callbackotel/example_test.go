package callbackotel_test

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbackotel"
)

func ExampleNew() {
	exporter := tracetest.NewInMemoryExporter() // a real one sends to a collector
	provider := trace.NewTracerProvider(trace.WithSyncer(exporter))
	tracing, err := callbackotel.New(callbackotel.Options{TracerProvider: provider})
	if err != nil {
		fmt.Println(err)
		return
	}

	hook, err := callback.New(callback.Config{URL: "http://127.0.0.1:1/hook"}, // nobody listens there
		callback.Options{Wrap: tracing.Wrap})
	if err != nil {
		fmt.Println(err)
		return
	}
	msg, _ := callback.NewMessage([]byte(`{}`))
	_, _ = callback.Decorate(hook, tracing.Message("ops")).Call(context.Background(), msg)

	for _, span := range exporter.GetSpans() {
		fmt.Println(span.Name, span.Status.Description)
	}
	// Output:
	// POST dial
	// callback ops refused
}
