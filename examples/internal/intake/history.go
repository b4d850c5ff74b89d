package intake

import (
	"cmp"
	"container/list"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/dispatch"
	"github.com/alertwire/alertwire/payload"
)

const (
	maxAlerts  = 1000 // that are remembered
	maxChanges = 20   // of each of them
)

// A history remembers the newest alerts, what happened to them, and what became
// of each callback, for people to look at. It is bounded and in memory: what is
// older is forgotten, and so is everything when the program ends.
type history struct {
	mu     sync.Mutex
	alerts map[string]*list.Element // of *alert, by key
	newest *list.List               // of *alert, the newest in front
	calls  map[callKey][]*call
}

type callKey struct{ message, endpoint string }

// An alert is one alert, or incident, over its life.
type alert struct {
	payload.Event // the newest
	Seen          time.Time
	Changes       []*change // the newest first
}

// A change is one piece of news about an alert.
type change struct {
	ID       string
	Kind     payload.Kind
	Time     time.Time // as the source says
	Received time.Time
	Repeats  int
	Calls    []*call // by endpoint
}

// A call is what became of one callback.
type call struct {
	Endpoint string
	State    callState
	Attempts int
	Status   int
	Class    callback.Class
	At       time.Time
	message  string
}

type callState string

const (
	callQueued    callState = "queued"
	callRetrying  callState = "retrying"
	callDelivered callState = "delivered"
	callFailed    callState = "failed"
	callDropped   callState = "dropped"
	callReturned  callState = "returned"
	callRefused   callState = "refused"
)

func newHistory() *history {
	return &history{alerts: make(map[string]*list.Element), newest: list.New(), calls: make(map[callKey][]*call)}
}

// came notes events that came in.
func (h *history) came(events []payload.Event, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range events {
		el := h.alerts[e.Key]
		if el == nil {
			e = e.Clone()
			el = h.newest.PushFront(&alert{})
			h.alerts[e.Key] = el
		} else {
			h.newest.MoveToFront(el)
		}
		a := el.Value.(*alert)
		a.Seen = now
		if len(a.Changes) > 0 && e.ID != "" && a.Changes[0].ID == e.ID {
			a.Changes[0].Repeats++
			continue
		}
		a.renew(e.Clone())
		a.Changes = slices.Insert(a.Changes, 0, &change{ID: a.ID, Kind: a.Kind, Time: a.Time, Received: now})
		for len(a.Changes) > maxChanges {
			h.forget(a.Changes[len(a.Changes)-1])
			a.Changes = a.Changes[:len(a.Changes)-1]
		}
	}
	for h.newest.Len() > maxAlerts {
		a := h.newest.Remove(h.newest.Back()).(*alert)
		delete(h.alerts, a.Key)
		for _, c := range a.Changes {
			h.forget(c)
		}
	}
}

// renew makes e the newest event of the alert. Alertmanager resolves alerts with
// the annotations of whoever resolved them, often none: what was said before
// then still tells a person more.
func (a *alert) renew(e payload.Event) {
	if len(e.Annotations) == 0 && len(a.Annotations) > 0 {
		e.Title, e.Text, e.Annotations = a.Title, a.Text, a.Annotations
	}
	a.Event = e
}

// forget takes the calls of a change out of the index.
func (h *history) forget(c *change) {
	for _, gone := range c.Calls {
		k := callKey{gone.message, gone.Endpoint}
		h.calls[k] = slices.DeleteFunc(h.calls[k], func(other *call) bool { return other == gone })
		if len(h.calls[k]) == 0 {
			delete(h.calls, k)
		}
	}
}

// sent notes that a message about events is queued for endpoints.
func (h *history) sent(message string, events []payload.Event, endpoints []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range events {
		el := h.alerts[e.Key]
		if el == nil {
			continue
		}
		changes := el.Value.(*alert).Changes
		i := slices.IndexFunc(changes, func(c *change) bool { return c.ID == e.ID })
		if i < 0 {
			continue
		}
		for _, name := range endpoints {
			h.expect(changes[i], message, name)
		}
	}
}

func (h *history) expect(c *change, message, endpoint string) {
	k := callKey{message, endpoint}
	for _, known := range c.Calls {
		if known.Endpoint == endpoint {
			known.State = callQueued // a repeat after a refusal
			return
		}
	}
	n := &call{Endpoint: endpoint, State: callQueued, message: message}
	c.Calls = append(c.Calls, n)
	h.calls[k] = append(h.calls[k], n)
}

// refused notes that the queue of an endpoint did not take a message.
func (h *history) refused(message, endpoint string) {
	h.update(message, endpoint, func(c *call) { c.State = callRefused })
}

// attempt is for callback.Options.Observe.
func (h *history) attempt(_ context.Context, a callback.Attempt) {
	h.update(a.MessageID, a.Endpoint, func(c *call) {
		c.Attempts, c.Status, c.Class, c.At = max(a.Number, c.Attempts), a.Status, a.Class, a.Start.Add(a.Took)
		c.State = callDelivered
		if a.Err != nil {
			c.State = callRetrying
		}
	})
}

// outcome is for the Observe of a dispatcher.
func (h *history) outcome(o dispatch.Outcome) {
	h.update(o.Message.ID, o.Endpoint, func(c *call) {
		c.State = callState(o.Result)
		c.Attempts = max(o.Attempts, c.Attempts)
	})
}

func (h *history) update(message, endpoint string, f func(*call)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range h.calls[callKey{message, endpoint}] {
		f(c)
	}
}

// list returns copies of the newest alerts.
func (h *history) list(n int) []alert {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []alert
	for el := h.newest.Front(); el != nil && len(all) < n; el = el.Next() {
		all = append(all, el.Value.(*alert).copy())
	}
	return all
}

// find returns a copy of one alert.
func (h *history) find(key string) (alert, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	el := h.alerts[key]
	if el == nil {
		return alert{}, false
	}
	return el.Value.(*alert).copy(), true
}

// copy returns what can be read without the lock: an Event is never changed in
// place.
func (a *alert) copy() alert {
	c := *a
	c.Changes = make([]*change, len(a.Changes))
	for i, ch := range a.Changes {
		one := *ch
		one.Calls = make([]*call, len(ch.Calls))
		for j, cl := range ch.Calls {
			each := *cl
			one.Calls[j] = &each
		}
		slices.SortFunc(one.Calls, func(a, b *call) int { return cmp.Compare(a.Endpoint, b.Endpoint) })
		c.Changes[i] = &one
	}
	return c
}
