package ratelimit

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// An answer is what one limit says of one request.
type answer struct {
	limit    *limit
	gcra     gcra
	never    bool // the cost is more than the bucket holds
	decision Decision
}

// admit decides, and writes the headers, or the whole response if it refuses.
func (e *enforcer) admit(w http.ResponseWriter, r *http.Request) bool {
	cost := 1
	if e.Cost != nil {
		cost = e.Cost(r)
	}
	t := time.Now() // one reading for all decisions and the headers
	var room [4]answer
	answers, err := e.ask(r, cost, int64(t.Sub(epoch)), room[:0])
	if err != nil {
		return e.fail(w, r, err)
	}
	if len(answers) == 0 {
		return true // exempt from all of them
	}
	a := tightest(answers)
	if a.decision.OK {
		e.pass(w, t, answers, a)
		return true
	}
	e.refuse(w, r, t, answers, a)
	return false
}

// ask asks the limits, and returns what those say that apply. If one can never
// admit the cost, it asks without spending, for the sake of the headers.
func (e *enforcer) ask(r *http.Request, cost int, now int64, answers []answer) ([]answer, error) {
	var room [4]ask
	asks := room[:0]
	if len(e.limits) > len(room) {
		asks = make([]ask, 0, len(e.limits))
	}
	var reqs []Request
	never := false
	for i := range e.limits {
		l := &e.limits[i]
		key, err := l.Key(r)
		if err != nil {
			return nil, &Error{Limit: l.label, Reason: &keyError{err}}
		}
		if l.Limiter.exempt != nil && l.Limiter.exempt(key) {
			continue
		}
		a := &asks[:len(asks)+1][len(asks)]
		err = l.Limiter.prepare(a, key, l.salt, cost)
		oversize := err != nil && errors.Is(err, ErrOversize)
		if oversize {
			err = l.Limiter.prepare(a, key, l.salt, 0)
			never = true
		}
		if err != nil {
			return nil, &Error{Limit: l.label, Reason: err}
		}
		answers = append(answers, answer{limit: l, gcra: a.gcra, never: oversize})
		if l.Limiter.memory != nil {
			asks = asks[:len(asks)+1]
		} else {
			reqs = append(reqs, Request{Name: l.Name, Key: key, Rate: l.Limiter.rateOf(key), N: cost})
		}
	}
	if never {
		spendNothing(asks, reqs)
	}
	if len(reqs) > 0 {
		return e.askRemote(r.Context(), asks, reqs, now, answers)
	}
	takeAll(asks, now)
	for i := range asks {
		answers[i].set(asks[i].decision(now))
	}
	return answers, nil
}

// askRemote asks the limits in Memory, and if they admit, those in the other
// store too. If they do not, it returns what they say alone.
func (e *enforcer) askRemote(ctx context.Context, asks []ask, reqs []Request, now int64, answers []answer) ([]answer, error) {
	local := lookAll(asks, now)
	out := make([]Decision, len(reqs))
	if local {
		if err := e.remote.Take(ctx, reqs, out); err != nil {
			return nil, &Error{Reason: err}
		}
		if allOK(out) {
			takeAll(asks, now)
		}
	}
	said := answers[:0]
	for _, a := range answers {
		switch {
		case a.limit.Limiter.memory != nil:
			a.set(asks[0].decision(now))
			asks = asks[1:]
		case local:
			a.set(out[0])
			out = out[1:]
		default:
			continue
		}
		said = append(said, a)
	}
	return said, nil
}

func spendNothing(asks []ask, reqs []Request) {
	for i := range asks {
		asks[i].cost = 0
	}
	for i := range reqs {
		reqs[i].N = 0
	}
}

func allOK(ds []Decision) bool {
	for i := range ds {
		if !ds[i].OK {
			return false
		}
	}
	return true
}

func (a *answer) set(d Decision) {
	a.decision = d
	if a.never {
		a.decision.OK, a.decision.RetryAfter = false, 0
	}
}

// tightest returns the answer to tell the client of: of those that refuse the
// one that does so longest, or else the one with the fewest events left.
func tightest(answers []answer) *answer {
	best := &answers[0]
	for i := 1; i < len(answers); i++ {
		a, b := &answers[i].decision, &best.decision
		tighter := a.OK == b.OK && a.Remaining < b.Remaining
		if !a.OK {
			tighter = b.OK || b.RetryAfter != 0 && (a.RetryAfter == 0 || a.RetryAfter > b.RetryAfter)
		}
		if tighter {
			best = &answers[i]
		}
	}
	return best
}

// keyError marks an error of a KeyFunc.
type keyError struct{ err error }

func (e *keyError) Error() string { return "ratelimit: key: " + e.err.Error() }
func (e *keyError) Unwrap() error { return e.err }
