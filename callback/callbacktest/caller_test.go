package callbacktest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
)

func webhook(t testing.TB, url string) callback.Caller {
	hook, err := callback.New(callback.Config{URL: url}, callback.Options{})
	require.NoError(t, err)
	return hook
}

func TestWebhookConforms(t *testing.T) { callbacktest.TestCaller(t, webhook) }

func TestDecoratedWebhookConforms(t *testing.T) {
	callbacktest.TestCaller(t, func(t testing.TB, url string) callback.Caller {
		return callback.Decorate(webhook(t, url),
			callback.Retry(callback.RetryPolicy{Attempts: 2, Base: time.Millisecond}),
			callback.Breaker(callback.BreakerPolicy{Failures: 50}),
			callback.Bulkhead(64),
			callback.Limit("k", func(ctx context.Context, _ string) error { return ctx.Err() }),
			callback.Recover())
	})
}

// broken is a decorator that spoils a webhook.
func broken(spoil func(ctx context.Context, m callback.Message, call func(context.Context, callback.Message) (callback.Reply, error)) (callback.Reply, error)) callbacktest.NewCaller {
	return func(t testing.TB, url string) callback.Caller {
		hook := webhook(t, url)
		return callback.CallerFunc(func(ctx context.Context, m callback.Message) (callback.Reply, error) {
			return spoil(ctx, m, hook.Call)
		})
	}
}

// naive is what one writes in five minutes.
func naive(client *http.Client, read func(*http.Response) ([]byte, error)) callbacktest.NewCaller {
	return func(_ testing.TB, url string) callback.Caller {
		return callback.CallerFunc(func(ctx context.Context, m callback.Message) (callback.Reply, error) {
			r, _ := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(m.Body))
			res, err := client.Do(r)
			if err != nil {
				return callback.Reply{}, err
			}
			body, err := read(res)
			if res.StatusCode >= 400 {
				return callback.Reply{}, fmt.Errorf("%s answered %d: %s", url, res.StatusCode, body)
			}
			return callback.Reply{Status: res.StatusCode, Body: body, Attempts: 1}, err
		})
	}
}

func readAll(res *http.Response) ([]byte, error) {
	defer res.Body.Close()
	return io.ReadAll(res.Body)
}

type call = func(context.Context, callback.Message) (callback.Reply, error)

// Each of these breaks one promise of a Caller, and the suite names it. That the
// webhook itself breaks none is TestWebhookConforms, with more patience.
func TestCallerSuiteFindsWhatIsBroken(t *testing.T) {
	tests := []struct {
		name   string
		caller callbacktest.NewCaller
		want   string
	}{
		{"encodes anew", broken(func(ctx context.Context, m callback.Message, next call) (callback.Reply, error) {
			m.Body = bytes.ReplaceAll(m.Body, []byte(" "), nil)
			return next(ctx, m)
		}), "sends the message"},
		{"new ID for each attempt", broken(func(ctx context.Context, m callback.Message, next call) (callback.Reply, error) {
			m.ID = callback.NewID()
			return next(ctx, m)
		}), "sends the message"},
		{"always JSON", broken(func(ctx context.Context, m callback.Message, next call) (callback.Reply, error) {
			m.ContentType = ""
			return next(ctx, m)
		}), "sends the message"},
		{"one value for each header", broken(func(ctx context.Context, m callback.Message, next call) (callback.Reply, error) {
			one := http.Header{}
			for name := range m.Header {
				one.Set(name, m.Header.Get(name))
			}
			m.Header = one
			return next(ctx, m)
		}), "sends the message"},
		{"keeps the reply to itself", broken(func(ctx context.Context, m callback.Message, next call) (callback.Reply, error) {
			reply, err := next(ctx, m)
			reply.Body = nil
			return reply, err
		}), "hands on the reply"},
		{"says that all replies are cut", broken(func(ctx context.Context, m callback.Message, next call) (callback.Reply, error) {
			reply, err := next(ctx, m)
			reply.Truncated = true
			return reply, err
		}), "hands on the reply"},
		{"changes the body", broken(func(ctx context.Context, m callback.Message, next call) (callback.Reply, error) {
			if len(m.Body) > 0 && m.Body[0] == '{' {
				m.Body[0] = '['
			}
			return next(ctx, m)
		}), "leaves the message alone"},
		{"changes the header", broken(func(ctx context.Context, m callback.Message, next call) (callback.Reply, error) {
			if m.Header != nil {
				m.Header["X-Sent"] = []string{"1"}
			}
			return next(ctx, m)
		}), "leaves the message alone"},
		{"only 200", broken(func(ctx context.Context, m callback.Message, next call) (callback.Reply, error) {
			reply, err := next(ctx, m)
			if err == nil && reply.Status != 200 {
				err = callbacktest.Failure(reply.Status)
			}
			return reply, err
		}), "takes every 2xx for a success"},
		{"any status", broken(func(ctx context.Context, m callback.Message, next call) (callback.Reply, error) {
			reply, err := next(ctx, m)
			if reply.Status != 0 {
				err = nil
			}
			return reply, err
		}), "tells failures apart"},
		{"429 is final", broken(func(ctx context.Context, m callback.Message, next call) (callback.Reply, error) {
			reply, err := next(ctx, m)
			var e *callback.Error
			if errors.As(err, &e) && e.Status == 429 {
				e.Reason = callback.ErrRefused
			}
			return reply, err
		}), "tells failures apart"},
		{"410 is not final", broken(func(ctx context.Context, m callback.Message, next call) (callback.Reply, error) {
			reply, err := next(ctx, m)
			var e *callback.Error
			if errors.As(err, &e) && e.Status == 410 {
				e.Reason = callback.ErrGaveUp
			}
			return reply, err
		}), "tells failures apart"},
		{"forgets Retry-After", broken(func(ctx context.Context, m callback.Message, next call) (callback.Reply, error) {
			reply, err := next(ctx, m)
			var e *callback.Error
			if errors.As(err, &e) {
				e.RetryAfter = 0
			}
			return reply, err
		}), "hands on Retry-After"},
		{"follows redirects", naive(http.DefaultClient, readAll), "follows no redirect"},
		{"ignores its context", broken(func(ctx context.Context, m callback.Message, next call) (callback.Reply, error) {
			patient, cancel := context.WithTimeout(context.WithoutCancel(ctx), 100*time.Millisecond)
			defer cancel()
			return next(patient, m)
		}), "ends with its context"},
		{"calls all the same", broken(func(ctx context.Context, m callback.Message, next call) (callback.Reply, error) {
			if ctx.Err() != nil {
				_, _ = next(context.WithoutCancel(ctx), m)
				return callback.Reply{}, ctx.Err()
			}
			return next(ctx, m)
		}), "sends nothing for an ended context"},
		{"reads the whole reply", naive(http.DefaultClient, readAll), "bounds the reply"},
		{"never closes", naive(http.DefaultClient, func(*http.Response) ([]byte, error) { return nil, nil }), "keeps connections"},
		{"client for each call", naive(&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, readAll), "keeps connections"},
		{"one at a time", func(t testing.TB, url string) callback.Caller {
			busy := make(chan struct{}, 1)
			hook := webhook(t, url)
			return callback.CallerFunc(func(ctx context.Context, m callback.Message) (callback.Reply, error) {
				select {
				case busy <- struct{}{}:
					defer func() { <-busy }()
					return hook.Call(ctx, m)
				default:
					return callback.Reply{}, errors.New("busy")
				}
			})
		}, "serves many at once"},
		{"tells the URL", naive(http.DefaultClient, readAll), "keeps secrets"},
		{"tells the reply", broken(func(ctx context.Context, m callback.Message, next call) (callback.Reply, error) {
			reply, err := next(ctx, m)
			var e *callback.Error
			if errors.As(err, &e) {
				e.Last = errors.New(e.Snippet)
			}
			return reply, err
		}), "keeps secrets"},
		{"panics at an empty message", broken(func(ctx context.Context, m callback.Message, next call) (callback.Reply, error) {
			_ = m.Body[0]
			return next(ctx, m)
		}), "takes an empty message"},
		{"dies of a reset", broken(func(ctx context.Context, m callback.Message, next call) (callback.Reply, error) {
			reply, err := next(ctx, m)
			if err != nil && reply.Status == 0 && ctx.Err() == nil {
				_ = reply.Header["X"][0]
			}
			return reply, err
		}), "survives a bad receiver"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := callbacktest.CallerFails(t, tt.want, tt.caller)
			assert.NotEmpty(t, got, "the check %q is content", tt.want)
		})
	}
}
