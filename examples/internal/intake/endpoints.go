package intake

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/dispatch"
)

// loadEndpoints reads a file of endpoints. An empty name is no file and no
// endpoint.
func loadEndpoints(file string) ([]dispatch.Endpoint, error) {
	if file == "" {
		return nil, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("-endpoints: %w", err)
	}
	endpoints, err := dispatch.ParseEndpoints(data)
	if err != nil {
		return nil, fmt.Errorf("-endpoints: %s: %w", file, err)
	}
	for _, e := range endpoints {
		if _, known := outgoing[e.Format]; !known && e.Format != "" && e.Format != "raw" {
			return nil, fmt.Errorf("-endpoints: %s: %q: format: %q is not one of raw, %s",
				file, e.Name, e.Format, strings.Join(slices.Sorted(maps.Keys(outgoing)), ", "))
		}
	}
	return endpoints, nil
}

// callers makes a Caller for each endpoint. The error names the first one that
// cannot be called as it is configured.
func (r *Receiver) callers() ([]callback.Caller, error) {
	all := make([]callback.Caller, len(r.endpoints))
	for i, e := range r.endpoints {
		hook, err := callback.New(e.Callback, callback.Options{Name: e.Name, Logger: r.log, Observe: r.attempt})
		if err != nil {
			return nil, fmt.Errorf("-endpoints: %q: %w", e.Name, err)
		}
		all[i] = hook
	}
	return all, nil
}

func (r *Receiver) attempt(ctx context.Context, a callback.Attempt) {
	r.metrics.alertwire.Observe(ctx, a)
	r.history.attempt(ctx, a)
}

// outcome is told what finally became of each message.
func (r *Receiver) outcome(o dispatch.Outcome) {
	r.history.outcome(o)
	level := slog.LevelWarn
	switch o.Result {
	case dispatch.Delivered:
		level = slog.LevelDebug
	case dispatch.Returned: // drain says so
		return
	}
	r.log.LogAttrs(context.Background(), level, "callback "+string(o.Result),
		slog.String("endpoint", o.Endpoint), slog.String("message_id", o.Message.ID),
		slog.Int("attempts", o.Attempts), slog.Any("error", o.Err))
}
