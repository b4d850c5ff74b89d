package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"

	"github.com/nats-io/nats.go"
)

// A logger hands on what the server says, and remembers what it calls an error:
// the server says so and goes on without its store.
type logger struct {
	to *slog.Logger

	mu     sync.Mutex
	errors [2]error // the first one, and the first fatal one
}

const (
	anError = iota
	fatalError
)

// expected is what the server says at each start about a maxPayload as large as
// ours. It is no news to anybody: the bound is chosen, and documented.
const expected = "Maximum payloads over "

// ofGuest begins what the server says about one connection: who sends garbage
// to the socket has broken nothing.
const ofGuest = "pipe - cid:"

func (l *logger) say(level slog.Level, format string, v []any) {
	if ctx := context.Background(); l.to.Enabled(ctx, level) {
		l.to.LogAttrs(ctx, level, "nats-server", slog.String("text", fmt.Sprintf(format, v...)))
	}
}

// client hands on what goes wrong in the client, which would write it to the
// standard error of the process.
func (l *logger) client(_ *nats.Conn, _ *nats.Subscription, err error) {
	l.to.LogAttrs(context.Background(), slog.LevelWarn, "nats client", slog.String("error", err.Error()))
}

func (l *logger) remember(what int, format string, v []any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.errors[what] == nil {
		l.errors[what] = errors.New("nats-server: " + fmt.Sprintf(format, v...))
	}
}

func (l *logger) recall(what int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.errors[what]
}

func (l *logger) fatal() error  { return l.recall(fatalError) }
func (l *logger) failed() error { return l.recall(anError) }

func (l *logger) Noticef(string, ...any) {}
func (l *logger) Debugf(string, ...any)  {}
func (l *logger) Tracef(string, ...any)  {}
func (l *logger) Warnf(format string, v ...any) {
	if !strings.HasPrefix(format, expected) {
		l.say(slog.LevelWarn, format, v)
	}
}
func (l *logger) Errorf(format string, v ...any) {
	l.say(slog.LevelError, format, v)
	if !strings.HasPrefix(format, ofGuest) {
		l.remember(anError, format, v)
	}
}
func (l *logger) Fatalf(format string, v ...any) {
	l.say(slog.LevelError, format, v)
	l.remember(fatalError, format, v)
}
