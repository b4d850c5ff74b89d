// Package retryafter reads and writes the Retry-After header (RFC 9110,
// section 10.2.3).
package retryafter

import (
	"math"
	"net/http"
	"strconv"
	"time"
)

// Max is the wait that stands for every number of seconds that a
// [time.Duration] cannot hold.
const Max = time.Duration(math.MaxInt64)

// Parse returns the wait that h advises, counted from now. It understands whole
// seconds and HTTP dates. A date that has passed is a wait of zero; a number
// too large is [Max]. It reports false for a header that is absent, given more
// than once, negative, fractional or junk.
func Parse(h http.Header, now time.Time) (time.Duration, bool) {
	values := h["Retry-After"]
	if len(values) != 1 || values[0] == "" {
		return 0, false
	}
	v := values[0]
	if digits(v) {
		seconds, err := strconv.ParseInt(v, 10, 64)
		if err != nil || seconds > int64(Max/time.Second) {
			return Max, true
		}
		return time.Duration(seconds) * time.Second, true
	}
	at, err := http.ParseTime(v)
	if err != nil {
		return 0, false
	}
	return max(at.Sub(now), 0), true
}

// Seconds returns d in whole seconds, rounded up, and at least 1: a client told
// to wait 0 seconds comes back at once.
func Seconds(d time.Duration) int64 {
	s := int64(d / time.Second)
	if d%time.Second > 0 {
		s++
	}
	return max(s, 1)
}

// Format returns the header value for a wait of d, in [Seconds].
func Format(d time.Duration) string {
	return strconv.FormatInt(Seconds(d), 10)
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
