package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// A Limit is one of the limits that [Enforce] holds requests to.
type Limit struct {
	// Name is what headers and errors call the limit, and keeps its keys apart
	// from those of others in the same Store, see [Request]. Empty means the
	// limiter's name.
	Name string
	// Limiter is required. Several Limits may share one.
	Limiter *Limiter
	// Key is required.
	Key KeyFunc
}

// EnforceOptions are the options of [Enforce].
type EnforceOptions struct {
	// Cost returns what a request costs. Nil means 1. A cost of zero lets the
	// request pass while the buckets are not empty, and takes nothing; a negative
	// one refuses it with status 400.
	Cost func(*http.Request) int
	// Status returns the status of a refusal. Nil means 503 for Alertmanager and
	// Grafana, by their User-Agent, and 429 for everyone else. Those two give an
	// alert up at a 429 and come back after a 503. What is not an error status
	// becomes 429.
	Status func(*http.Request) int
	// Jitter is added to Retry-After, a random part of it at a time, so that not
	// all who were refused come back at once. Zero means none.
	Jitter time.Duration
	// Problem makes the body of a refusal a problem document (RFC 9457) instead
	// of {"detail":"Rate limit exceeded. Try again in 60 seconds."}.
	Problem bool
	// FailOpen admits requests while the Store fails. The default is to refuse
	// them with status 503; [Fallback] is the way between.
	FailOpen bool
	// OnReject is told of each refused request before it is answered. The reason
	// is an [*Error], which wraps [ErrLimited], [ErrOversize], [ErrInvalid] or
	// what a Store or a KeyFunc returned. Nil tells nobody.
	OnReject func(r *http.Request, reason error)
	// OnFail is told when the Store fails, also if FailOpen admits the request.
	// Nil tells nobody.
	OnFail func(r *http.Request, err error)
}

// An Error says why a request was refused.
type Error struct {
	Limit    string   // the name of the limit that refused; may be empty
	Decision Decision // what its bucket says, if it was asked
	Reason   error
}

// Error implements error. It does not name the key.
func (e *Error) Error() string {
	s := e.Reason.Error()
	if e.Limit != "" {
		s += " (" + e.Limit + ")"
	}
	if e.Decision.RetryAfter > 0 {
		s += ", retry after " + e.Decision.RetryAfter.String()
	}
	return s
}

// Unwrap returns Reason.
func (e *Error) Unwrap() error { return e.Reason }

// Enforce returns middleware that admits a request if each of the limits does,
// and charges either all of them or none. Every answer has the headers
//
//	X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset
//	RateLimit-Policy, RateLimit
//
// about the limit with the fewest events left, or of those that refused the one
// that does so longest. X-RateLimit-Reset is when the bucket will be full again,
// in Unix seconds. RateLimit-Policy names all limits, and RateLimit follows
// draft-ietf-httpapi-ratelimit-headers-10.
//
// A refusal has status 429 or 503, see [EnforceOptions], and a Retry-After of
// whole seconds, rounded up, at least 1. A cost that no waiting makes fit is
// answered with 429 and no Retry-After, and a Store that fails with 503. The
// body is {"detail": …}.
//
// Limits in Memory, and those of one other Store, can be mixed. That Store is
// asked when all in Memory agree; it is charged in vain if one of these is used
// up in the meantime.
//
// Enforce panics if there is no limit, if a Limiter or a Key is missing, if a
// name is malformed, if two limits would share their buckets, or if there are
// two Stores that are not Memory.
func Enforce(o EnforceOptions, limits ...Limit) func(http.Handler) http.Handler {
	e := newEnforcer(o, limits)
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if e.admit(w, r) {
				next.ServeHTTP(w, r)
			}
		})
	}
}

type enforcer struct {
	EnforceOptions
	limits []limit
	remote Store
	policy string // RateLimit-Policy while no rate differs
	plain  bool   // no rate differs and nobody is exempt
}

// limit is a Limit made ready.
type limit struct {
	Limit
	salt  uint64
	label string // Name, or what stands for it in headers
	size  string // the burst as text
}

func newEnforcer(o EnforceOptions, limits []Limit) *enforcer {
	if len(limits) == 0 {
		panic("ratelimit: Enforce: no limits")
	}
	if o.Jitter < 0 {
		panic("ratelimit: Enforce: negative jitter")
	}
	e := &enforcer{EnforceOptions: o, plain: true}
	var policies []string
	for i, l := range limits {
		if l.Limiter == nil || l.Key == nil {
			panic(fmt.Sprintf("ratelimit: Enforce: limit %d %q needs a Limiter and a Key", i, l.Name))
		}
		if l.Name == "" {
			l.Name = l.Limiter.name
		}
		if err := checkName(l.Name); err != nil {
			panic("ratelimit: Enforce: " + err.Error())
		}
		for _, other := range e.limits {
			if other.Name == l.Name && other.Limiter.store == l.Limiter.store {
				panic(fmt.Sprintf("ratelimit: Enforce: two limits named %q in one store", l.Name))
			}
		}
		if l.Limiter.memory == nil {
			if e.remote != nil && e.remote != l.Limiter.store {
				panic("ratelimit: Enforce: two stores besides Memory")
			}
			e.remote = l.Limiter.store
		}
		ready := limit{Limit: l, salt: saltOf(l.Name), label: l.Name, size: strconv.FormatInt(l.Limiter.gcra.burst, 10)}
		if ready.label == "" {
			ready.label = "limit-" + strconv.Itoa(i+1)
		}
		e.limits = append(e.limits, ready)
		e.plain = e.plain && l.Limiter.plain
		policies = append(policies, string(appendPolicy(nil, ready.label, l.Limiter.gcra)))
	}
	e.policy = strings.Join(policies, ", ")
	return e
}

// An answer is what one limit says of one request.
type answer struct {
	limit    *limit
	gcra     gcra
	decision Decision
}

// admit decides and writes the headers, and the whole response if it refuses.
func (e *enforcer) admit(w http.ResponseWriter, r *http.Request) bool {
	cost := 1
	if e.Cost != nil {
		cost = e.Cost(r)
	}
	t := time.Now() // one reading for the decision and the header
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
		e.writeHeader(w, t, answers, a)
		return true
	}
	e.refuse(w, r, t, answers, a)
	return false
}

// ask asks all limits, and returns what those say that apply.
func (e *enforcer) ask(r *http.Request, cost int, now int64, answers []answer) ([]answer, error) {
	var room [4]ask
	asks := room[:0]
	var reqs []Request
	for i := range e.limits {
		l := &e.limits[i]
		key, err := l.Key(r)
		if err != nil {
			return nil, &Error{Limit: l.label, Reason: &keyError{err}}
		}
		if l.Limiter.exempt != nil && l.Limiter.exempt(key) {
			continue
		}
		a, err := l.Limiter.ask(key, l.salt, cost)
		if err != nil {
			return nil, &Error{Limit: l.label, Decision: Decision{Limit: int(a.gcra.burst)}, Reason: err}
		}
		answers = append(answers, answer{limit: l, gcra: a.gcra})
		if l.Limiter.memory == nil {
			reqs = append(reqs, Request{Name: l.Name, Key: key, Rate: l.Limiter.rateOf(key), N: cost})
		} else {
			asks = append(asks, a)
		}
	}
	if len(reqs) == 0 {
		takeAll(asks, now)
		for i := range asks {
			answers[i].decision = asks[i].decision(now)
		}
		return answers, nil
	}
	return answers, e.askBoth(r.Context(), asks, reqs, now, answers)
}

// askBoth asks the Memory and then, if that would admit, the remote store.
func (e *enforcer) askBoth(ctx context.Context, asks []ask, reqs []Request, now int64, answers []answer) error {
	local := true
	for i := range asks {
		local = asks[i].look(now) && local
	}
	out := make([]Decision, len(reqs))
	if !local {
		for i := range reqs {
			reqs[i].N = 0 // only what the headers need
		}
	}
	if err := e.remote.Take(ctx, reqs, out); err != nil {
		return &Error{Reason: err}
	}
	remote := true
	for _, d := range out {
		remote = remote && d.OK
	}
	if local && remote {
		takeAll(asks, now)
	}
	for i := range answers {
		if answers[i].limit.Limiter.memory == nil {
			answers[i].decision, out = out[0], out[1:]
		} else {
			answers[i].decision, asks = asks[0].decision(now), asks[1:]
		}
	}
	return nil
}

// tightest returns the answer to tell the client of.
func tightest(answers []answer) *answer {
	best := &answers[0]
	for i := range answers[1:] {
		a, b := &answers[i+1], best
		switch {
		case a.decision.OK != b.decision.OK:
			if !a.decision.OK {
				best = a
			}
		case !a.decision.OK && a.decision.RetryAfter > b.decision.RetryAfter,
			a.decision.OK && a.decision.Remaining < b.decision.Remaining:
			best = a
		}
	}
	return best
}

// keyError marks an error of a KeyFunc.
type keyError struct{ err error }

func (e *keyError) Error() string { return "ratelimit: key: " + e.err.Error() }
func (e *keyError) Unwrap() error { return e.err }

// fail answers a request that could not be decided.
func (e *enforcer) fail(w http.ResponseWriter, r *http.Request, err error) bool {
	var key *keyError
	switch {
	case errors.Is(err, ErrOversize):
		e.reject(w, r, http.StatusTooManyRequests, "Rate limit exceeded.", err)
	case errors.As(err, &key), errors.Is(err, ErrInvalid):
		e.reject(w, r, http.StatusBadRequest, "Bad request.", err)
	default:
		if e.OnFail != nil {
			e.OnFail(r, err)
		}
		if e.FailOpen {
			return true
		}
		w.Header()["Retry-After"] = []string{"1"}
		e.reject(w, r, http.StatusServiceUnavailable, "Service temporarily unavailable.", err)
	}
	return false
}
