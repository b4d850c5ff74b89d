package auth

import (
	"strconv"
	"time"
)

// The values of Scheme.TimestampFormat.
const (
	unixFormat    = "unix"
	milliFormat   = "unix-milli"
	rfc3339Format = "rfc3339"
)

// maxTimestamp bounds the text of a time: nanoseconds and an offset fit.
const maxTimestamp = 40

// appendTimestamp writes t in a format of a Scheme.
func appendTimestamp(dst []byte, format string, t time.Time) []byte {
	switch format {
	case rfc3339Format:
		return t.UTC().AppendFormat(dst, time.RFC3339)
	case milliFormat:
		return strconv.AppendInt(dst, t.UnixMilli(), 10)
	}
	return strconv.AppendInt(dst, t.Unix(), 10)
}

// parseTimestamp reads what appendTimestamp writes. Numbers have one form
// only: no sign and no leading zero, because the text is what was signed and
// must not be open to other readings.
func parseTimestamp(format, text string) (time.Time, error) {
	if len(text) > maxTimestamp {
		return time.Time{}, ErrMalformed
	}
	if format == rfc3339Format {
		t, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return time.Time{}, ErrMalformed
		}
		return t, nil
	}
	if text == "" || text[0] == '0' && text != "0" || text[0] == '+' || text[0] == '-' {
		return time.Time{}, ErrMalformed
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}, ErrMalformed
	}
	if format == milliFormat {
		return time.UnixMilli(n), nil
	}
	return time.Unix(n, 0), nil
}

// near reports whether t is at most tolerance away from now, both ways.
// time.Time.Sub stops at the greatest duration instead of wrapping around.
func near(t, now time.Time, tolerance time.Duration) bool {
	d := now.Sub(t)
	return -tolerance <= d && d <= tolerance
}
