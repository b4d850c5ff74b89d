package payload_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/alertmanager"
	"github.com/alertwire/alertwire/payload/payloadtest"
)

// BenchmarkHandler is a whole request, from its body to the answer, against
// decoding alone.
func BenchmarkHandler(b *testing.B) {
	body, err := payloadtest.AlertmanagerGroup(10, 0).AppendJSON(nil)
	if err != nil {
		b.Fatal(err)
	}
	accept := func(context.Context, *alertmanager.Message) (any, error) { return nil, nil }
	formats := payload.Formats{alertmanager.Format()}
	handlers := map[string]http.Handler{
		"type": payload.Handler(alertmanager.Decode, accept, payload.HandlerOptions{}),
		"formats": payload.Handler(formats.Decode,
			func(context.Context, payload.Payload) (any, error) { return nil, nil }, payload.HandlerOptions{}),
		"once": payload.Handler(alertmanager.Decode, accept, payload.HandlerOptions{
			Once: func(context.Context, string) (func(error), bool, error) { return nil, true, nil },
		}),
	}
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := alertmanager.Decode(body); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, name := range []string{"type", "formats", "once"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			r := httptest.NewRequest(http.MethodPost, "/", nil)
			r.Header.Set("Content-Type", "application/json")
			for b.Loop() {
				r.Body = readCloser{bytes.NewReader(body)}
				r.ContentLength = int64(len(body))
				w := httptest.NewRecorder()
				handlers[name].ServeHTTP(w, r)
				if w.Code != http.StatusOK {
					b.Fatal(w.Code)
				}
			}
		})
	}
}

type readCloser struct{ *bytes.Reader }

func (readCloser) Close() error { return nil }
