package ratelimit_test

import (
	"encoding/json"
	"flag"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/ratelimit"
)

const year = 365 * 24 * time.Hour

func TestNewChecksTheRate(t *testing.T) {
	type rateTest struct {
		name    string
		rate    ratelimit.Rate
		wantErr error
	}
	tests := []rateTest{
		{"usual", ratelimit.Rate{Events: 100, Per: time.Minute}, nil},
		{"zero", ratelimit.Rate{}, nil},
		{"no events in a minute", ratelimit.Rate{Per: time.Minute}, nil},
		{"no events but a burst", ratelimit.Rate{Per: time.Minute, Burst: 1}, ratelimit.ErrInvalid},
		{"negative events", ratelimit.Rate{Events: -1, Per: time.Minute}, ratelimit.ErrInvalid},
		{"negative time", ratelimit.Rate{Events: 1, Per: -time.Minute}, ratelimit.ErrInvalid},
		{"negative time only", ratelimit.Rate{Per: -1}, ratelimit.ErrInvalid},
		{"no time", ratelimit.Rate{Events: 1}, ratelimit.ErrInvalid},
		{"negative burst", ratelimit.Rate{Events: 1, Per: time.Minute, Burst: -1}, ratelimit.ErrInvalid},
		{"negative burst only", ratelimit.Rate{Burst: -1}, ratelimit.ErrInvalid},
		{"one event per nanosecond", ratelimit.Rate{Events: 1000, Per: 1000}, nil},
		{"more than one event per nanosecond", ratelimit.Rate{Events: 1001, Per: 1000}, ratelimit.ErrInvalid},
		{"most events", ratelimit.Rate{Events: math.MaxInt, Per: math.MaxInt64}, ratelimit.ErrInvalid},
		{"36 years to refill", ratelimit.Rate{Events: 1, Per: 36 * year}, nil},
		{"37 years to refill", ratelimit.Rate{Events: 1, Per: 37 * year}, ratelimit.ErrInvalid},
		{"36 years by burst", ratelimit.Rate{Events: 1, Per: year, Burst: 36}, nil},
		{"37 years by burst", ratelimit.Rate{Events: 1, Per: year, Burst: 37}, ratelimit.ErrInvalid},
		{"burst that overflows", ratelimit.Rate{Events: 1, Per: math.MaxInt64, Burst: math.MaxInt}, ratelimit.ErrInvalid},
	}
	if largest := uint64(math.MaxInt64 / 8); largest < math.MaxInt { // where an int has 64 bits
		tests = append(tests, []rateTest{
			{"largest burst", ratelimit.Rate{Events: 1, Per: 1, Burst: int(largest)}, nil},
			{"one more than that", ratelimit.Rate{Events: 1, Per: 1, Burst: int(largest + 1)}, ratelimit.ErrInvalid},
		}...)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l, err := ratelimit.New(tt.rate, ratelimit.Options{})
			require.ErrorIs(t, err, tt.wantErr)
			assert.Equal(t, tt.wantErr == nil, l != nil)
		})
	}
}

func TestRateText(t *testing.T) {
	tests := []struct {
		text    string
		want    ratelimit.Rate
		again   string // how String writes it
		wantErr error
	}{
		{"100/1m", ratelimit.Rate{Events: 100, Per: time.Minute}, "100/1m", nil},
		{"100/m", ratelimit.Rate{Events: 100, Per: time.Minute}, "100/1m", nil},
		{"5/s burst 20", ratelimit.Rate{Events: 5, Per: time.Second, Burst: 20}, "5/1s burst 20", nil},
		{"5/s burst 5", ratelimit.Rate{Events: 5, Per: time.Second, Burst: 5}, "5/1s", nil},
		{" 1/1h30m ", ratelimit.Rate{Events: 1, Per: 90 * time.Minute}, "1/1h30m", nil},
		{"1/24h", ratelimit.Rate{Events: 1, Per: 24 * time.Hour}, "1/24h", nil},
		{"1/1h0m5s", ratelimit.Rate{Events: 1, Per: time.Hour + 5*time.Second}, "1/1h0m5s", nil},
		{"1/10m", ratelimit.Rate{Events: 1, Per: 10 * time.Minute}, "1/10m", nil},
		{"1/20h0m", ratelimit.Rate{Events: 1, Per: 20 * time.Hour}, "1/20h", nil},
		{"0/0s", ratelimit.Rate{}, "0/0s", nil},
		{"", ratelimit.Rate{}, "", ratelimit.ErrInvalid},
		{"100", ratelimit.Rate{}, "", ratelimit.ErrInvalid},
		{"100/", ratelimit.Rate{}, "", ratelimit.ErrInvalid},
		{"/m", ratelimit.Rate{}, "", ratelimit.ErrInvalid},
		{"-1/m", ratelimit.Rate{}, "", ratelimit.ErrInvalid},
		{"1.5/m", ratelimit.Rate{}, "", ratelimit.ErrInvalid},
		{"100/60", ratelimit.Rate{}, "", ratelimit.ErrInvalid},
		{"100/-1m", ratelimit.Rate{}, "", ratelimit.ErrInvalid},
		{"100/day", ratelimit.Rate{}, "", ratelimit.ErrInvalid},
		{"100/m 20", ratelimit.Rate{}, "", ratelimit.ErrInvalid},
		{"100/m burst", ratelimit.Rate{}, "", ratelimit.ErrInvalid},
		{"100/m burst x", ratelimit.Rate{}, "", ratelimit.ErrInvalid},
		{"100/m burst -1", ratelimit.Rate{}, "", ratelimit.ErrInvalid},
		{"100/m limit 20", ratelimit.Rate{}, "", ratelimit.ErrInvalid},
		{"99999999999999999999/m", ratelimit.Rate{}, "", ratelimit.ErrInvalid},
		{"2/1ns", ratelimit.Rate{}, "", ratelimit.ErrInvalid},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			var got ratelimit.Rate
			require.ErrorIs(t, got.UnmarshalText([]byte(tt.text)), tt.wantErr)
			assert.Equal(t, tt.want, got)
			if tt.wantErr == nil {
				assert.Equal(t, tt.again, got.String())
			}
		})
	}
}

func TestRateInFlagsAndFiles(t *testing.T) {
	var rate ratelimit.Rate
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	flags.TextVar(&rate, "per-ip", ratelimit.Rate{Events: 100, Per: time.Minute}, "limit per address")
	assert.Equal(t, "100/1m", flags.Lookup("per-ip").DefValue)
	require.NoError(t, flags.Parse([]string{"-per-ip", "20/s"}))
	assert.Equal(t, ratelimit.Rate{Events: 20, Per: time.Second}, rate)

	data, err := json.Marshal(rate)
	require.NoError(t, err)
	assert.JSONEq(t, `"20/1s"`, string(data))
}

// What a text is read as is written as a text that is read as the same.
func FuzzRateText(f *testing.F) {
	for _, s := range []string{"100/1m", "5/s burst 20", "1/1h30m", "0/0s", "1/µs", "3/1.5h", "1/2540400h10m10s"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var rate, again ratelimit.Rate
		if rate.UnmarshalText([]byte(s)) != nil {
			assert.Zero(t, rate)
			return
		}
		if err := again.UnmarshalText([]byte(rate.String())); err != nil {
			t.Fatalf("%q is written as %q: %v", s, rate, err)
		}
		if rate.Burst == rate.Events {
			rate.Burst = 0
		}
		assert.Equal(t, rate, again)
	})
}
