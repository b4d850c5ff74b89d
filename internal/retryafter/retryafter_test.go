package retryafter_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/alertwire/alertwire/internal/retryafter"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestParse(t *testing.T) {
	tests := []struct {
		name   string
		values []string
		want   time.Duration
		wantOK bool
	}{
		{"absent", nil, 0, false},
		{"empty", []string{""}, 0, false},
		{"seconds", []string{"120"}, 2 * time.Minute, true},
		{"zero", []string{"0"}, 0, true},
		{"leading zeros", []string{"0030"}, 30 * time.Second, true},
		{"most that fits", []string{"9223372036"}, 9223372036 * time.Second, true},
		{"one more than fits", []string{"9223372037"}, retryafter.Max, true},
		{"more digits than an int64", []string{"99999999999999999999999"}, retryafter.Max, true},
		{"negative", []string{"-1"}, 0, false},
		{"plus sign", []string{"+1"}, 0, false},
		{"fraction", []string{"1.5"}, 0, false},
		{"space", []string{" 1"}, 0, false},
		{"junk", []string{"soon"}, 0, false},
		{"two values", []string{"1", "2"}, 0, false},
		{"date to come", []string{"Sun, 01 Mar 2026 12:00:30 GMT"}, 30 * time.Second, true},
		{"date gone by", []string{"Sun, 01 Mar 2026 11:00:00 GMT"}, 0, true},
		{"RFC 850 date", []string{"Sunday, 01-Mar-26 12:01:00 GMT"}, time.Minute, true},
		{"asctime date", []string{"Sun Mar  1 12:01:00 2026"}, time.Minute, true},
		{"far date", []string{"Fri, 31 Dec 9999 23:59:59 GMT"}, retryafter.Max, true},
		{"other date form", []string{"2026-03-01T12:00:30Z"}, 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := http.Header{}
			for _, v := range tt.values {
				h.Add("Retry-After", v)
			}
			got, ok := retryafter.Parse(h, now)
			assert.Equal(t, tt.wantOK, ok)
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestFormatRoundsUp(t *testing.T) {
	tests := []struct {
		wait time.Duration
		want string
	}{
		{-time.Second, "1"},
		{0, "1"},
		{1, "1"},
		{time.Second, "1"},
		{time.Second + 1, "2"},
		{time.Minute, "60"},
		{retryafter.Max, "9223372037"},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, retryafter.Format(tt.wait), tt.wait)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("120")
	f.Add("Sun, 01 Mar 2026 12:00:30 GMT")
	f.Add("9223372037")
	f.Fuzz(func(t *testing.T, v string) {
		wait, ok := retryafter.Parse(http.Header{"Retry-After": {v}}, now)
		if wait < 0 || (!ok && wait != 0) {
			t.Errorf("Parse(%q) = %v, %v", v, wait, ok)
		}
	})
}
