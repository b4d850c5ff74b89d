package ratetext_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/internal/ratetext"
)

func TestText(t *testing.T) {
	tests := []struct {
		text   string
		events int
		per    time.Duration
		burst  int
		again  string
	}{
		{"100/1m", 100, time.Minute, 0, "100/1m"},
		{"100/m", 100, time.Minute, 0, "100/1m"},
		{"5/s burst 20", 5, time.Second, 20, "5/1s burst 20"},
		{"5/s burst 5", 5, time.Second, 5, "5/1s"},
		{" 1/1h30m ", 1, 90 * time.Minute, 0, "1/1h30m"},
		{"1/1h0m5s", 1, time.Hour + 5*time.Second, 0, "1/1h0m5s"},
		{"-1/-20h burst -2", -1, -20 * time.Hour, -2, "-1/-20h burst -2"},
	}
	for _, tt := range tests {
		events, per, burst, err := ratetext.Parse(tt.text)
		require.NoError(t, err, tt.text)
		assert.Equal(t, []any{tt.events, tt.per, tt.burst}, []any{events, per, burst}, tt.text)
		assert.Equal(t, tt.again, ratetext.Format(events, per, burst))
	}
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                       "want the form 100/1m or 100/1m burst 20",
		"100":                    "want the form 100/1m",
		"100/":                   "want the form 100/1m",
		"/m":                     "bad number of events",
		"1.5/m":                  "bad number of events",
		"99999999999999999999/m": "bad number of events",
		"100/60":                 "bad duration",
		"100/day":                "bad duration",
		"100/m 20":               "want the form 100/1m or 100/1m burst 20",
		"100/m burst":            "want the form 100/1m or 100/1m burst 20",
		"100/m limit 20":         "want the form 100/1m or 100/1m burst 20",
		"100/m burst x":          "bad burst",
	} {
		_, _, _, err := ratetext.Parse(text)
		require.EqualError(t, err, want, text)
	}
}

// What a text is read as is written as a text that is read as the same.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"100/1m", "5/s burst 20", "1/1h30m", "0/0s", "1/µs", "3/1.5h", "-1/-1h"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		events, per, burst, err := ratetext.Parse(text)
		if err != nil {
			return
		}
		events2, per2, burst2, err := ratetext.Parse(ratetext.Format(events, per, burst))
		require.NoError(t, err)
		if burst == events {
			burst = 0
		}
		assert.Equal(t, []any{events, per, burst}, []any{events2, per2, burst2})
	})
}
