package ratelimit

import (
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
	// limiter's name, which is the better place for it if the Limiter is also
	// asked directly, or to Reset a key.
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
	// Grafana, by their User-Agent, and 429 for everyone else. Alertmanager gives
	// a message up at a 429 and comes back after a 503. Grafana comes back after
	// neither: its limits had better never be reached. What is not an error
	// status becomes 429.
	Status func(*http.Request) int
	// Jitter is added to Retry-After, a random part of it at a time, so that not
	// all who were refused come back at once. Zero means none, a day is the most.
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
// answered with 429 and no Retry-After. If a Store fails the answer is a 503
// with Retry-After and without the headers above. The body is {"detail": …}.
//
// Limits in Memory, and those of one other Store, can be mixed. That Store is
// asked when all in Memory agree; it is charged in vain if one of these is used
// up in the meantime.
//
// Enforce panics if there is no limit, if a Limiter or a Key is missing, if a
// name is malformed, if two limits would share their buckets, if there are two
// Stores that are not Memory, or if Jitter is negative.
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

const maxJitter = 24 * time.Hour

func newEnforcer(o EnforceOptions, limits []Limit) *enforcer {
	if len(limits) == 0 {
		panic("ratelimit: Enforce: no limits")
	}
	if o.Jitter < 0 || o.Jitter > maxJitter {
		panic("ratelimit: Enforce: jitter is negative or more than a day")
	}
	e := &enforcer{EnforceOptions: o, plain: true}
	var policies []string
	for i, l := range limits {
		if l.Limiter == nil || l.Limiter.store == nil || l.Key == nil {
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
