package intake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/alertwire/alertwire/callback/dispatch"
)

// drainTime is how long a program that was told to stop goes on delivering.
const drainTime = 20 * time.Second

// Run serves r on listen until ctx ends. Then it answers what is under way,
// delivers what is queued, and returns an error if something was left.
func (r *Receiver) Run(ctx context.Context, listen string) error {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", listen)
	if err != nil {
		return err
	}
	srv := &http.Server{
		Handler:           r,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute,
		WriteTimeout:      time.Minute,
		IdleTimeout:       6 * time.Minute, // Alertmanager keeps its connection for 5
		ErrorLog:          slog.NewLogLogger(r.log.Handler(), slog.LevelWarn),
	}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(l) }()
	r.log.Info("listening", slog.String("address", l.Addr().String()), slog.Int("endpoints", len(r.endpoints)))

	select {
	case err = <-ended: // the listener broke; what is queued is delivered all the same
	case <-ctx.Done():
		r.log.Info("stopping")
	}

	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	if shut := srv.Shutdown(drain); shut != nil {
		err = errors.Join(err, shut)
	}
	left, shut := r.calls.Shutdown(drain)
	if shut != nil {
		err = errors.Join(err, shut)
	}
	for _, u := range left {
		r.log.Error("not delivered", slog.String("endpoint", u.Endpoint),
			slog.String("message_id", u.Message.ID), slog.Int("attempts", u.Attempts))
	}
	if len(left) > 0 {
		return fmt.Errorf("%d callbacks were not delivered", len(left))
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// health answers what the document says, as far as it is true here.
func (r *Receiver) health(w http.ResponseWriter, req *http.Request) {
	stats, err := r.calls.Stats(req.Context())
	if err != nil {
		writeJSON(w, http.StatusServiceUnavailable, map[string]any{"detail": "Service not initialised"})
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"status":           "healthy",
		"webhook_endpoint": "available",
		"queue_size":       queued(stats),
	})
}

func queued(stats []dispatch.EndpointStats) int {
	n := 0
	for _, s := range stats {
		n += s.Queued + s.InFlight
	}
	return n
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client has gone
}
