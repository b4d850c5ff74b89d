package ratelimit

import (
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/alertwire/alertwire/internal/retryafter"
)

// Names of headers in their canonical form, in which they go into the map.
const (
	headerLimit     = "X-Ratelimit-Limit"
	headerRemaining = "X-Ratelimit-Remaining"
	headerReset     = "X-Ratelimit-Reset"
	headerPolicy    = "Ratelimit-Policy"
	headerState     = "Ratelimit"
	headerRetry     = "Retry-After"
	headerType      = "Content-Type"
)

// A text is made of the changing parts of an answer. They are put one after the
// other and cut apart again, since one string costs less than many.
type text struct {
	remaining, reset, state, policy, retry int // where each of them ends
}

// pass sets the headers of an answer that admits.
func (e *enforcer) pass(w http.ResponseWriter, t time.Time, answers []answer, a *answer) {
	var room [256]byte
	var at text
	s := string(e.appendState(room[:0], &at, t, answers, a))
	e.setHeaders(w.Header(), make([]string, 5), s, at, a)
}

// refuse answers a request that the answer a refuses.
func (e *enforcer) refuse(w http.ResponseWriter, r *http.Request, t time.Time, answers []answer, a *answer) {
	status := http.StatusTooManyRequests
	reason := ErrOversize
	var wait int64
	if a.decision.RetryAfter > 0 {
		status, reason = e.status(r), ErrLimited
		wait = retryafter.Seconds(a.decision.RetryAfter + e.jitter())
	}
	if e.OnReject != nil {
		e.OnReject(r, &Error{Limit: a.limit.label, Decision: a.decision, Reason: reason})
	}
	var room [512]byte
	var at text
	b := e.appendState(room[:0], &at, t, answers, a)
	b = strconv.AppendInt(b, wait, 10)
	at.retry = len(b)
	b = e.appendBody(b, status, wait, answers)
	s := string(b)

	h, values := w.Header(), make([]string, 7)
	e.setHeaders(h, values, s, at, a)
	if wait > 0 {
		values[5] = s[at.policy:at.retry]
		h[headerRetry] = values[5:6:6]
	}
	values[6] = e.contentType()
	h[headerType] = values[6:7:7]
	w.WriteHeader(status)
	_, _ = io.WriteString(w, s[at.retry:])
}

// fail answers a request that could not be decided, and reports whether it is
// admitted all the same.
func (e *enforcer) fail(w http.ResponseWriter, r *http.Request, err error) bool {
	var key *keyError
	status := http.StatusServiceUnavailable
	if errors.As(err, &key) || errors.Is(err, ErrInvalid) {
		status = http.StatusBadRequest
	} else {
		if e.OnFail != nil {
			e.OnFail(r, err)
		}
		if e.FailOpen {
			return true
		}
		w.Header()[headerRetry] = []string{retryafter.Format(e.jitter())}
	}
	if e.OnReject != nil {
		e.OnReject(r, err)
	}
	w.Header()[headerType] = []string{e.contentType()}
	w.WriteHeader(status)
	_, _ = w.Write(e.appendBody(nil, status, 0, nil))
	return false
}

// status returns the status of a refusal of r.
func (e *enforcer) status(r *http.Request) int {
	if e.Status != nil {
		if s := e.Status(r); s >= 400 && s <= 599 {
			return s
		}
		return http.StatusTooManyRequests
	}
	agent := r.UserAgent()
	if strings.HasPrefix(agent, "Alertmanager/") || strings.HasPrefix(agent, "Grafana") {
		return http.StatusServiceUnavailable
	}
	return http.StatusTooManyRequests
}

func (e *enforcer) jitter() time.Duration {
	if e.Jitter == 0 {
		return 0
	}
	return rand.N(e.Jitter + 1)
}

func (e *enforcer) contentType() string {
	if e.Problem {
		return "application/problem+json"
	}
	return "application/json"
}

// appendState appends the texts of the headers that every answer has.
func (e *enforcer) appendState(b []byte, at *text, t time.Time, answers []answer, a *answer) []byte {
	d := &a.decision
	b = strconv.AppendInt(b, int64(d.Remaining), 10)
	at.remaining = len(b)
	b = strconv.AppendInt(b, ceilUnix(t.Add(d.Reset)), 10)
	at.reset = len(b)
	b = appendItem(b, a, b[:at.remaining])
	at.state = len(b)
	if !e.plain {
		for i := range answers {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = appendPolicy(b, answers[i].limit.label, answers[i].gcra)
		}
	}
	at.policy = len(b)
	return b
}

// setHeaders sets the headers that every answer has. Their values share an array.
func (e *enforcer) setHeaders(h http.Header, values []string, s string, at text, a *answer) {
	values[0], values[4] = a.limit.size, e.policy
	if !e.plain {
		values[0], values[4] = strconv.Itoa(a.decision.Limit), s[at.state:at.policy]
	}
	values[1] = s[:at.remaining]
	values[2] = s[at.remaining:at.reset]
	values[3] = s[at.reset:at.state]
	h[headerLimit] = values[0:1:1]
	h[headerRemaining] = values[1:2:2]
	h[headerReset] = values[2:3:3]
	h[headerState] = values[3:4:4]
	h[headerPolicy] = values[4:5:5]
}

// appendPolicy appends an item of RateLimit-Policy: what a full bucket holds, and
// the seconds in which that is refilled.
func appendPolicy(b []byte, label string, g gcra) []byte {
	b = append(b, '"')
	b = append(b, label...)
	b = append(b, `";q=`...)
	b = strconv.AppendInt(b, g.burst, 10)
	b = append(b, ";w="...)
	return strconv.AppendInt(b, retryafter.Seconds(time.Duration(g.span)), 10)
}

// appendItem appends the item of RateLimit. Its r events in t seconds do not
// promise more than the policy: t is how long it takes to refill r, or to refill
// enough for who was refused. The text of Remaining is known already.
func appendItem(b []byte, a *answer, remaining []byte) []byte {
	left, step := int64(a.decision.Remaining), a.gcra.step
	t := max(left, 1) * step
	b = append(b, '"')
	b = append(b, a.limit.label...)
	b = append(b, `";r=`...)
	if retry := int64(a.decision.RetryAfter); retry > 0 && step > 0 {
		b = strconv.AppendInt(b, min(left, retry/step), 10)
		t = retry
	} else {
		b = append(b, remaining...)
	}
	if t == 0 {
		return b // nothing is ever refilled
	}
	b = append(b, ";t="...)
	return strconv.AppendInt(b, retryafter.Seconds(time.Duration(t)), 10)
}

// appendBody appends the body of a refusal with the given status.
func (e *enforcer) appendBody(b []byte, status int, wait int64, answers []answer) []byte {
	if e.Problem {
		b = append(b, `{"type":"`...)
		b = append(b, problemType(status)...)
		b = append(b, `","title":"`...)
		b = append(b, http.StatusText(status)...)
		b = append(b, `","status":`...)
		b = strconv.AppendInt(b, int64(status), 10)
		b = append(b, `,"detail":"`...)
	} else {
		b = append(b, `{"detail":"`...)
	}
	switch {
	case len(answers) > 0:
		b = append(b, "Rate limit exceeded."...)
	case status == http.StatusBadRequest:
		b = append(b, "Bad request."...)
	default:
		b = append(b, "Service temporarily unavailable."...)
	}
	if wait > 0 {
		b = append(b, " Try again in "...)
		b = strconv.AppendInt(b, wait, 10)
		b = append(b, " seconds."...)
	}
	b = append(b, '"')
	if e.Problem && status == http.StatusTooManyRequests {
		b = appendViolated(b, answers)
	}
	return append(b, '}')
}

// appendViolated appends the names of the limits that refuse.
func appendViolated(b []byte, answers []answer) []byte {
	sep := `,"violated-policies":[`
	for i := range answers {
		if !answers[i].decision.OK {
			b = append(b, sep...)
			b = append(b, '"')
			b = append(b, answers[i].limit.label...)
			b = append(b, '"')
			sep = ","
		}
	}
	return append(b, ']')
}

// problemType returns the problem type that the draft pairs with a status.
func problemType(status int) string {
	switch status {
	case http.StatusTooManyRequests:
		return "https://iana.org/assignments/http-problem-types#quota-exceeded"
	case http.StatusServiceUnavailable:
		return "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity"
	}
	return "about:blank"
}

// ceilUnix returns t in Unix seconds, rounded up.
func ceilUnix(t time.Time) int64 {
	if t.Nanosecond() > 0 {
		return t.Unix() + 1
	}
	return t.Unix()
}
