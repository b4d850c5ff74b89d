package intake

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/alertwire/alertwire/callback/dispatch"
	"github.com/alertwire/alertwire/ratelimit"
)

// How long a program that was told to stop goes on delivering, while it sends
// senders away: long where what is left then is lost, and for what is under way
// where it is kept.
const (
	drainTime     = 20 * time.Second
	drainTimeKept = 5 * time.Second
)

// defaultPatience is for how long NetPulse waits for an answer. A cluster may be
// away for minutes.
const defaultPatience = 5 * time.Second

// maxRemembered is how many alerts at how many endpoints are remembered at a
// time: a minute of 1,000 alerts a second at four endpoints. It takes 16 MiB.
const maxRemembered = 1 << 18

// An Opener returns the dispatcher of a program. It is given where to report
// what finally became of each message.
type Opener func(ctx context.Context, log *slog.Logger, outcome func(dispatch.Outcome)) (dispatch.Dispatcher, error)

// New returns a receiver with the endpoints of the options. It checks all of
// them before it opens the dispatcher.
func New(ctx context.Context, o Options, open Opener, log *slog.Logger) (*Receiver, error) {
	endpoints, err := loadEndpoints(o.Endpoints)
	if err != nil {
		return nil, err
	}
	for i := range endpoints {
		endpoints[i].Options.Breaker.Logger = log // why an endpoint is not called for a while
	}
	metrics, err := newMetrics(o.MetricsPrefix)
	if err != nil {
		return nil, err
	}
	r := &Receiver{
		endpoints: endpoints,
		baseURL:   o.BaseURL,
		dedup:     &ratelimit.Dedup{Window: o.Dedup, MaxKeys: maxRemembered},
		history:   newHistory(),
		metrics:   metrics,
		log:       log,
		patience:  cmp.Or(o.Patience, defaultPatience),
		keeps:     o.Keeps,
	}
	callers, err := r.callers()
	if err != nil {
		return nil, err
	}
	webhook, err := r.webhook(o)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/webhook", webhook)
	mux.HandleFunc("GET /health", r.health)
	mux.HandleFunc("GET /{$}", r.index)
	mux.HandleFunc("GET /report/{key}", r.report)
	mux.Handle("GET /metrics", metrics.handler())
	r.handler = mux

	if r.calls, err = open(ctx, log, r.outcome); err != nil {
		return nil, err
	}
	metrics.alertwire.Watch(r.calls)
	for i, e := range endpoints {
		if err := r.calls.Add(ctx, e.Name, callers[i], e.Options); err != nil {
			return nil, fmt.Errorf("-endpoints: %q: %w", e.Name, err)
		}
	}
	if len(endpoints) == 0 {
		log.Warn("no endpoints: alerts are accepted and go nowhere; see -endpoints")
	}
	r.ready.Store(true)
	return r, nil
}

// ServeHTTP serves /webhook, /health, /metrics and the pages.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) { r.handler.ServeHTTP(w, req) }

// Run serves r on listen until ctx ends. Then it sends newcomers away, answers
// what is under way, delivers what is queued, and returns an error if something
// was left.
func (r *Receiver) Run(ctx context.Context, listen string) error {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", listen)
	if err != nil {
		return errors.Join(err, r.drain(ctx))
	}
	if r.baseURL == "" {
		r.baseURL = urlOf(l.Addr())
	}
	r.log.Info("listening", slog.String("address", l.Addr().String()), slog.String("base_url", r.baseURL),
		slog.Int("endpoints", len(r.endpoints)))
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

	var broken error
	select {
	case broken = <-ended: // what is queued is delivered all the same
	case <-ctx.Done():
	}
	r.log.Info("stopping: delivering what is queued", slog.Duration("at_most", r.drainTime()))
	r.ready.Store(false)
	left := r.drain(ctx)
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if srv.Shutdown(stop) != nil {
		_ = srv.Close() // somebody keeps a request open: it was told 503 or has its answer
	}
	return errors.Join(broken, left)
}

// urlOf returns a URL under which what listens on an address is reached, from
// this machine if the address does not say more.
func urlOf(a net.Addr) string {
	addr, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return "http://" + a.String()
	}
	host := net.JoinHostPort(addr.Addr().WithZone("").String(), "")
	switch ip := addr.Addr().Unmap(); {
	case ip.IsUnspecified(), ip == netip.AddrFrom4([4]byte{127, 0, 0, 1}), ip == netip.IPv6Loopback():
		host = "localhost:"
	}
	return "http://" + host + strconv.Itoa(int(addr.Port()))
}

func (r *Receiver) drainTime() time.Duration {
	if r.keeps {
		return drainTimeKept
	}
	return drainTime
}

// drain delivers what is queued, and returns an error if some of it is lost.
// Until it has ended, the pages still tell what becomes of it.
func (r *Receiver) drain(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.drainTime())
	defer cancel()
	left, err := r.calls.Shutdown(ctx)
	if r.keeps && errors.Is(err, context.DeadlineExceeded) {
		r.log.Info("stopped: what was not delivered stays queued")
		return nil
	}
	for _, u := range left {
		r.log.Error("not delivered", slog.String("endpoint", u.Endpoint),
			slog.String("message_id", u.Message.ID), slog.Int("attempts", u.Attempts))
	}
	if len(left) > 0 {
		return fmt.Errorf("%d callbacks were not delivered", len(left))
	}
	return err
}

// health answers what the document says, as far as it is true here.
func (r *Receiver) health(w http.ResponseWriter, req *http.Request) {
	if !r.ready.Load() {
		notReady(w)
		return
	}
	ctx, cancel := context.WithTimeout(req.Context(), r.patience)
	defer cancel()
	stats, err := r.calls.Stats(ctx)
	if err != nil {
		notReady(w)
		return
	}
	queued := 0
	for _, s := range stats {
		queued += s.Queued + s.InFlight
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"status":           "healthy",
		"webhook_endpoint": "available",
		"queue_size":       queued,
	})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client has gone
}
