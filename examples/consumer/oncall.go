// Package oncall stands for a service of yours that uses alertwire: it receives
// alerts and opens a ticket for each one that is critical. Its tests show how
// such a service is tested.
package oncall

import (
	"context"
	"net/http"
	"time"

	"github.com/alertwire/alertwire/auth"
	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/alertmanager"
	"github.com/alertwire/alertwire/payload/grafana"
	"github.com/alertwire/alertwire/ratelimit"
)

// A Service opens tickets for critical alerts.
type Service struct {
	Token   auth.Secret     // required
	Tickets callback.Caller // required
	Limits  ratelimit.Store // nil: in memory
}

// ticket is what the ticket system takes.
type ticket struct {
	Title string `json:"title"`
	Key   string `json:"dedup_key"`
	Open  bool   `json:"open"`
}

// Handler returns the handler of the webhook.
func (s Service) Handler() (http.Handler, error) {
	bearer, err := auth.NewBearer(s.Token)
	if err != nil {
		return nil, err
	}
	limiter, err := ratelimit.New(ratelimit.Rate{Events: 100, Per: time.Minute}, ratelimit.Options{Store: s.Limits})
	if err != nil {
		return nil, err
	}
	formats := payload.Formats{grafana.Format(), alertmanager.Format()}
	once := &ratelimit.Dedup{}
	h := payload.Handler(formats.Decode, s.accept, payload.HandlerOptions{Once: once.Reserve})
	h = auth.Require(bearer, auth.RequireOptions{})(h)
	return ratelimit.Enforce(ratelimit.EnforceOptions{}, ratelimit.Limit{Limiter: limiter, Key: ratelimit.RemoteIP})(h), nil
}

func (s Service) accept(ctx context.Context, p payload.Payload) (any, error) {
	for _, e := range p.Events() {
		if e.Severity != payload.SeverityCritical {
			continue
		}
		m, err := callback.NewMessage(ticket{e.Title, e.Key, e.Kind != payload.KindResolved})
		if err != nil {
			return nil, err
		}
		m.ID = callback.DeriveID(e.Source, e.ID) // a repeat keeps its ID
		if _, err := s.Tickets.Call(ctx, m); err != nil {
			return nil, err // 503: Alertmanager comes back; for Grafana, queue: dispatch.Caller is a Caller too
		}
	}
	return nil, nil
}
