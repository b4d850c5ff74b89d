package intake

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/dispatch"
	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/netdata"
	"github.com/alertwire/alertwire/payload/nightingale"
)

// errInFlight is why a message waits for another one with the same alerts.
var errInFlight = errors.New("the same alerts are being accepted")

// accept queues what is new for each endpoint, and answers before anything is
// delivered.
//
// What is remembered is each alert at each endpoint. So when one endpoint cannot
// take a message, the sender is asked to repeat it, and the repeat goes to that
// endpoint alone.
func (r *Receiver) accept(ctx context.Context, p payload.Payload) (any, error) {
	events := p.Events()
	if _, list := p.(*nightingale.Message); list && len(events) == 0 {
		return nil, fmt.Errorf("%w: a list without events", payload.ErrInvalid)
	}
	if n, ok := p.(*netdata.Notification); ok && n.Test != nil {
		// Its token proves to Netdata who has this URL: for the operator's eyes
		// alone, and no endpoint's business.
		r.log.Info("test notification: copy the token into the console of Netdata", slog.String("token", n.Test.Token))
		r.history.came(events, time.Now())
		return r.reply(events), nil
	}
	work, err := r.plan(ctx, p, distinct(events))
	if err != nil {
		return nil, err
	}
	r.history.came(events, time.Now())

	var failed error
	for _, j := range work {
		if err := r.dispatch(ctx, j); err != nil && failed == nil {
			failed = err // the first one says why; later ones may say that no time was left
		}
	}
	if failed != nil {
		return nil, &payload.RetryError{Err: failed}
	}
	return r.reply(events), nil
}

// distinct leaves out what a message tells again: it would wait for itself.
// Without an ID nothing is a repeat.
func distinct(events []payload.Event) []payload.Event {
	told := make(map[string]bool, len(events))
	all := make([]payload.Event, 0, len(events))
	for _, e := range events {
		if e.ID == "" || !told[e.ID] {
			all = append(all, e)
		}
		told[e.ID] = true
	}
	return all
}

// A job is one message and the endpoints that are due to get it.
type job struct {
	piece
	to    []string
	claim map[string]claim // by endpoint
}

// plan finds out what is due to whom, and reserves it.
func (r *Receiver) plan(ctx context.Context, p payload.Payload, events []payload.Event) ([]*job, error) {
	type form struct {
		format string
		order  dispatch.Order
	}
	encoded := make(map[form][]*job)
	var all []*job
	for _, e := range r.endpoints {
		f := form{e.Format, e.Options.Order}
		jobs, ok := encoded[f]
		if !ok {
			pieces, err := encode(f.format, f.order, p, events)
			if err != nil {
				release(all, err)
				return nil, err
			}
			for _, piece := range pieces {
				jobs = append(jobs, &job{piece: piece, claim: make(map[string]claim)})
			}
			encoded[f] = jobs
			all = append(all, jobs...)
		}
		for _, j := range jobs {
			c, err := r.reserve(ctx, e.Name, j.events)
			if err != nil {
				release(all, err)
				return nil, &payload.RetryError{After: time.Second, Err: err}
			}
			if c.fresh {
				j.claim[e.Name] = c
				j.to = append(j.to, e.Name)
			}
		}
	}
	return all, nil
}

// dispatch hands over one message, and remembers who has it.
func (r *Receiver) dispatch(ctx context.Context, j *job) error {
	if len(j.to) == 0 {
		return nil
	}
	r.history.sent(j.msg.ID, j.events, j.to) // first: calls may be over before Dispatch returns
	err := r.calls.Dispatch(ctx, j.msg, j.to...)
	var partly *dispatch.Error
	whole := err != nil && !errors.As(err, &partly)
	for name, c := range j.claim {
		refused := err
		if !whole {
			refused = nil
			if partly != nil {
				refused = partly.Refused[name]
			}
		}
		c.settle(refused)
		if refused != nil {
			r.history.refused(j.msg.ID, name)
		}
	}
	return err
}

// A claim holds alerts for one endpoint until it is known whether the endpoint
// has taken them.
type claim struct {
	fresh bool // at least one of them is new to the endpoint
	done  []func(error)
}

func (r *Receiver) reserve(ctx context.Context, endpoint string, events []payload.Event) (claim, error) {
	c := claim{fresh: len(events) == 0}
	for _, e := range events {
		if e.ID == "" { // nobody can say that it came before
			c.fresh = true
			continue
		}
		done, fresh, err := r.dedup.Reserve(ctx, payload.ID(endpoint, e.ID))
		if err != nil {
			c.settle(errInFlight)
			return claim{}, errInFlight
		}
		if fresh {
			c.fresh = true
			c.done = append(c.done, done)
		}
	}
	return c, nil
}

func (c claim) settle(err error) {
	for _, done := range c.done {
		done(err)
	}
}

func release(jobs []*job, err error) {
	for _, j := range jobs {
		for _, c := range j.claim {
			c.settle(err)
		}
	}
}

// A piece is one message on its way out, and the events that it is about.
type piece struct {
	msg    callback.Message
	events []payload.Event
}
