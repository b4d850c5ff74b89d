package ratelimit

import (
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
)

// writeHeader sets the headers of the answer a.
func (e *enforcer) writeHeader(w http.ResponseWriter, t time.Time, answers []answer, a *answer) {
	var room [192]byte
	d := a.decision
	buf := strconv.AppendInt(room[:0], int64(d.Remaining), 10)
	remaining := len(buf)
	buf = strconv.AppendInt(buf, ceilUnix(t.Add(d.Reset)), 10)
	reset := len(buf)
	buf = appendState(buf, a)
	state := len(buf)
	size, policy := a.limit.size, e.policy
	if !e.plain {
		size = strconv.Itoa(d.Limit)
		for i := range answers {
			if i > 0 {
				buf = append(buf, ", "...)
			}
			buf = appendPolicy(buf, answers[i].limit.label, answers[i].gcra)
		}
	}
	text := string(buf)
	if !e.plain {
		policy = text[state:]
	}
	values := []string{size, text[:remaining], text[remaining:reset], text[reset:state], policy}
	h := w.Header()
	h[headerLimit] = values[0:1:1]
	h[headerRemaining] = values[1:2:2]
	h[headerReset] = values[2:3:3]
	h[headerState] = values[3:4:4]
	h[headerPolicy] = values[4:5:5]
}

// refuse answers a request that the answer a refuses.
func (e *enforcer) refuse(w http.ResponseWriter, r *http.Request, t time.Time, answers []answer, a *answer) {
	e.writeHeader(w, t, answers, a)
	detail := "Rate limit exceeded."
	if wait := a.decision.RetryAfter; wait > 0 {
		if e.Jitter > 0 {
			wait += rand.N(e.Jitter + 1)
		}
		text := retryafter.Format(wait)
		w.Header()[headerRetry] = []string{text}
		detail += " Try again in " + text + " seconds."
		if text == "1" {
			detail = "Rate limit exceeded. Try again in 1 second."
		}
	}
	e.reject(w, r, e.status(r), detail, &Error{Limit: a.limit.label, Decision: a.decision, Reason: ErrLimited})
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

// reject tells OnReject and writes the status and the body.
func (e *enforcer) reject(w http.ResponseWriter, r *http.Request, status int, detail string, reason error) {
	if e.OnReject != nil {
		e.OnReject(r, reason)
	}
	w.Header()["Content-Type"] = []string{"application/json"}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, `{"detail":"`+detail+`"}`)
}

// appendPolicy appends an item of RateLimit-Policy: a full bucket, and the
// seconds in which that many events are refilled.
func appendPolicy(b []byte, label string, g gcra) []byte {
	b = append(b, '"')
	b = append(b, label...)
	b = append(b, `";q=`...)
	b = strconv.AppendInt(b, g.burst, 10)
	b = append(b, ";w="...)
	return strconv.AppendInt(b, retryafter.Seconds(time.Duration(g.span)), 10)
}

// appendState appends the item of RateLimit.
func appendState(b []byte, a *answer) []byte {
	d := a.decision
	left := int64(d.Remaining)
	// r events in t seconds must not promise more than the policy does: t is how
	// long it takes to refill r.
	t := time.Duration(max(left, 1) * a.gcra.step)
	if !d.OK {
		t = d.RetryAfter
		left = min(left, int64(t)/max(a.gcra.step, 1))
	}
	b = append(b, '"')
	b = append(b, a.limit.label...)
	b = append(b, `";r=`...)
	b = strconv.AppendInt(b, left, 10)
	b = append(b, ";t="...)
	return strconv.AppendInt(b, retryafter.Seconds(t), 10)
}

// ceilUnix returns t in Unix seconds, rounded up.
func ceilUnix(t time.Time) int64 {
	if t.Nanosecond() > 0 {
		return t.Unix() + 1
	}
	return t.Unix()
}
