package intake

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/dispatch"
)

// LoadEndpoints reads a file of endpoints. An empty name is no file and no
// endpoint.
func LoadEndpoints(file string) ([]dispatch.Endpoint, error) {
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
		if e.Format != "" && e.Format != "raw" {
			return nil, fmt.Errorf("-endpoints: %s: %s: format %q is not known, there is \"raw\"", file, e.Name, e.Format)
		}
	}
	return endpoints, nil
}

// AddEndpoints makes the endpoints known to calls. The error names the first
// one that cannot be called as it is configured.
func AddEndpoints(ctx context.Context, endpoints []dispatch.Endpoint, calls dispatch.Dispatcher, log *slog.Logger) error {
	for _, e := range endpoints {
		hook, err := callback.New(e.Callback, callback.Options{Name: e.Name, Logger: log})
		if err == nil {
			err = calls.Add(ctx, e.Name, hook, e.Options)
		}
		if err != nil {
			return fmt.Errorf("endpoint %q: %w", e.Name, err)
		}
	}
	return nil
}

// LogOutcome returns a function for dispatch.MemoryOptions.Observe that logs
// every message that was not delivered.
func LogOutcome(log *slog.Logger) func(dispatch.Outcome) {
	return func(o dispatch.Outcome) {
		level := slog.LevelDebug
		if o.Result != dispatch.Delivered {
			level = slog.LevelWarn
		}
		log.LogAttrs(context.Background(), level, "callback "+string(o.Result),
			slog.String("endpoint", o.Endpoint), slog.String("message_id", o.Message.ID),
			slog.Int("attempts", o.Attempts), slog.Any("error", o.Err))
	}
}
