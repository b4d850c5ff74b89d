package nightingale

import (
	"strconv"
	"time"
)

// Severity says how bad it is: lower is worse.
type Severity int

// The severities.
const (
	Emergency Severity = 1
	Warning   Severity = 2
	Notice    Severity = 3
)

// Known reports whether s is one of the constants. Events without an alert have
// 0, and 4 is a mark that Nightingale uses inside.
func (s Severity) Known() bool { return s >= Emergency && s <= Notice }

// String returns "emergency", "warning", "notice", or else the number.
func (s Severity) String() string {
	switch s {
	case Emergency:
		return "emergency"
	case Warning:
		return "warning"
	case Notice:
		return "notice"
	default:
		return strconv.Itoa(int(s))
	}
}

// A UnixTime is a time in whole seconds since 1970. Zero means that it is not
// set.
type UnixTime int64

// Unix returns t as a UnixTime, without the fraction of the second; the zero
// time is 0.
func Unix(t time.Time) UnixTime {
	if t.IsZero() {
		return 0
	}
	return UnixTime(t.Unix())
}

// Time returns t in UTC, and the zero time for 0.
func (t UnixTime) Time() time.Time {
	if t == 0 {
		return time.Time{}
	}
	return time.Unix(int64(t), 0).UTC()
}
