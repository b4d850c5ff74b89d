package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
)

// A logger hands on what the server says, and remembers what it calls fatal:
// the server says so and goes on without its store.
type logger struct {
	to *slog.Logger

	mu  sync.Mutex
	err error
}

func (l *logger) say(level slog.Level, format string, v []any) {
	if ctx := context.Background(); l.to.Enabled(ctx, level) {
		l.to.LogAttrs(ctx, level, "nats-server", slog.String("text", fmt.Sprintf(format, v...)))
	}
}

func (l *logger) Noticef(string, ...any)         {}
func (l *logger) Debugf(string, ...any)          {}
func (l *logger) Tracef(string, ...any)          {}
func (l *logger) Warnf(format string, v ...any)  { l.say(slog.LevelWarn, format, v) }
func (l *logger) Errorf(format string, v ...any) { l.say(slog.LevelError, format, v) }
func (l *logger) Fatalf(format string, v ...any) {
	l.say(slog.LevelError, format, v)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil {
		l.err = errors.New("nats-server: " + fmt.Sprintf(format, v...))
	}
}

// fatal returns the first fatal error.
func (l *logger) fatal() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}
