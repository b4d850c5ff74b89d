package intake

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/dispatch"
	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/alertmanager"
)

// accept queues a message for each endpoint that has not had all of it within
// the dedup window, and answers before anything is delivered.
//
// What is remembered is each alert at each endpoint. So when one endpoint cannot
// take the message, the sender is asked to repeat it, and the repeat goes to
// that endpoint alone.
func (r *Receiver) accept(ctx context.Context, m *alertmanager.Message) (any, error) {
	events := m.Events()
	pending := make(map[string]*reservation)
	var due []string
	for _, e := range r.endpoints {
		res, err := r.reserve(ctx, e.Name, events)
		if err != nil {
			settleAll(pending, err)
			return nil, &payload.RetryError{After: time.Second, Err: err}
		}
		if res.fresh {
			pending[e.Name] = res
			due = append(due, e.Name)
		}
	}

	if len(due) > 0 {
		err := r.dispatch(ctx, m, due)
		settle(pending, err)
		if err != nil {
			return nil, &payload.RetryError{Err: err}
		}
	}
	return alertmanager.NewReply(m, r.reportURL), nil
}

// dispatch hands the bytes that came to the named endpoints.
func (r *Receiver) dispatch(ctx context.Context, m *alertmanager.Message, to []string) error {
	msg, err := callback.NewMessage(m)
	if err != nil {
		return err
	}
	if id := m.DeliveryID(); id != "" {
		msg.ID = callback.DeriveID(id) // the repeat of a message keeps its ID
	}
	msg.Type = string(m.Status)
	msg.Key = strings.Clone(m.GroupKey)
	return r.calls.Dispatch(ctx, msg, to...)
}

func (r *Receiver) reportURL(a *alertmanager.Alert) string {
	return r.baseURL + "/report/" + url.PathEscape(a.ID())
}

// A reservation holds the alerts of one message for one endpoint until it is
// known whether the endpoint has taken them.
type reservation struct {
	fresh bool // at least one alert is new to the endpoint
	done  []func(error)
}

func (r *Receiver) reserve(ctx context.Context, endpoint string, events []payload.Event) (*reservation, error) {
	res := &reservation{fresh: len(events) == 0}
	for _, e := range events {
		done, fresh, err := r.dedup.Reserve(ctx, payload.ID(endpoint, e.ID))
		if err != nil {
			res.settle(errInFlight)
			return nil, errInFlight
		}
		if fresh {
			res.fresh = true
			res.done = append(res.done, done)
		}
	}
	return res, nil
}

func (r *reservation) settle(err error) {
	for _, done := range r.done {
		done(err)
	}
}

func settleAll(pending map[string]*reservation, err error) {
	for _, res := range pending {
		res.settle(err)
	}
}

// settle tells each reservation what became of it: an error of the dispatcher
// names those who refused, and the others have accepted.
func settle(pending map[string]*reservation, err error) {
	var partly *dispatch.Error
	if err != nil && !errors.As(err, &partly) {
		settleAll(pending, err)
		return
	}
	for name, res := range pending {
		var refused error
		if partly != nil {
			refused = partly.Refused[name]
		}
		res.settle(refused)
	}
}
