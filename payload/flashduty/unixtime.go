package flashduty

import "time"

// A UnixTime is a time in whole seconds since 1970, as objects have it. Zero
// means that it is not set.
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

// A UnixMilliTime is a time in milliseconds since 1970, as pushes have it. Zero
// means that it is not set.
type UnixMilliTime int64

// UnixMilli returns t as a UnixMilliTime, without the fraction of the
// millisecond; the zero time is 0.
func UnixMilli(t time.Time) UnixMilliTime {
	if t.IsZero() {
		return 0
	}
	return UnixMilliTime(t.UnixMilli())
}

// Time returns t in UTC, and the zero time for 0.
func (t UnixMilliTime) Time() time.Time {
	if t == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(t)).UTC()
}
