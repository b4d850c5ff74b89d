// Package ratetext reads and writes rates as text, such as "100/1m" or
// "5/1s burst 20", the same way for every package that has a type for them.
package ratetext

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// Format returns a rate as text. The burst is left out if it is zero or the
// number of events.
func Format(events int, per time.Duration, burst int) string {
	text := per.String()
	if strings.HasSuffix(text, "m0s") {
		text = text[:len(text)-2]
	}
	if strings.HasSuffix(text, "h0m") {
		text = text[:len(text)-2]
	}
	text = strconv.Itoa(events) + "/" + text
	if burst != 0 && burst != events {
		text += " burst " + strconv.Itoa(burst)
	}
	return text
}

// Parse reads the events, a slash and the time as a [time.Duration], of which a
// single unit may stand without its 1, and perhaps "burst" and a number. What
// the numbers mean is for the caller to check. Errors do not repeat the text.
func Parse(text string) (events int, per time.Duration, burst int, err error) {
	fields := strings.Fields(text)
	if len(fields) != 1 && (len(fields) != 3 || fields[1] != "burst") {
		return 0, 0, 0, errors.New("want the form 100/1m or 100/1m burst 20")
	}
	number, duration, ok := strings.Cut(fields[0], "/")
	if !ok || duration == "" {
		return 0, 0, 0, errors.New("want the form 100/1m")
	}
	if events, err = strconv.Atoi(number); err != nil {
		return 0, 0, 0, errors.New("bad number of events")
	}
	if duration[0] >= 'a' && duration[0] <= 'z' {
		duration = "1" + duration
	}
	if per, err = time.ParseDuration(duration); err != nil {
		return 0, 0, 0, errors.New("bad duration")
	}
	if len(fields) == 3 {
		if burst, err = strconv.Atoi(fields[2]); err != nil {
			return 0, 0, 0, errors.New("bad burst")
		}
	}
	return events, per, burst, nil
}
