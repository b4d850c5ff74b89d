package dispatch_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/assert/yaml"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback/dispatch"
)

func ExampleRate() {
	var o dispatch.EndpointOptions
	err := json.Unmarshal([]byte(`{"rate": "20/m burst 5"}`), &o)
	fmt.Println(o.Rate.Events, o.Rate.Per, o.Rate.Burst, err)
	fmt.Println(o.Rate, dispatch.Rate{})
	// Output:
	// 20 1m0s 5 <nil>
	// 20/1m burst 5 off
}

func TestRateIsReadInEveryForm(t *testing.T) {
	tests := []struct {
		name, json, yaml string
		want             dispatch.Rate
		text             string
	}{
		{"text", `"20/1m"`, "20/1m", dispatch.Rate{Events: 20, Per: time.Minute}, "20/1m"},
		{"a single unit", `"5/s"`, "5/s", dispatch.Rate{Events: 5, Per: time.Second}, "5/1s"},
		{"with a burst", `"5/s burst 20"`, "5/s burst 20", dispatch.Rate{Events: 5, Per: time.Second, Burst: 20}, "5/1s burst 20"},
		{"off", `"off"`, "'off'", dispatch.Rate{}, "off"},
		{"off, which YAML 1.1 takes for false", `"off"`, "off", dispatch.Rate{}, "off"},
		{"object", `{"events":20,"per":"1m"}`, "{events: 20, per: 1m}", dispatch.Rate{Events: 20, Per: time.Minute}, "20/1m"},
		{"object with a burst", `{"events":20,"per":"1m","burst":1}`, "events: 20\nper: 1m\nburst: 1", dispatch.Rate{Events: 20, Per: time.Minute, Burst: 1}, "20/1m burst 1"},
		{"empty object", `{}`, "{}", dispatch.Rate{}, "off"},
		{"null", `null`, "null", dispatch.Rate{}, "off"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var fromJSON, fromYAML, again dispatch.Rate
			require.NoError(t, json.Unmarshal([]byte(tt.json), &fromJSON))
			assert.Equal(t, tt.want, fromJSON)
			require.NoError(t, yaml.Unmarshal([]byte(tt.yaml), &fromYAML))
			assert.Equal(t, tt.want, fromYAML)
			assert.Equal(t, tt.text, tt.want.String())

			data, err := json.Marshal(tt.want)
			require.NoError(t, err)
			assert.JSONEq(t, fmt.Sprintf("%q", tt.text), string(data))
			require.NoError(t, json.Unmarshal(data, &again))
			assert.Equal(t, tt.want, again)
		})
	}
}

func TestRateText(t *testing.T) {
	for text, want := range map[string]string{
		"":                   "want the form 100/1m",
		"20":                 "want the form 100/1m",
		"20/60":              "bad duration",
		"0/0s":               `events must be positive; no bound is "off"`,
		"0/1m":               "events must be positive",
		"-1/1m":              "events must be positive",
		"1/0s":               "per must be positive",
		"1/-1m":              "per must be positive",
		"20/1m burst -1":     "burst must not be negative",
		"2/1ns":              "more than one event in a nanosecond",
		"Off":                "want the form 100/1m",
		"1/1h burst 2562048": "292 years",
	} {
		r := dispatch.Rate{Events: 1, Per: 1}
		require.ErrorContains(t, r.UnmarshalText([]byte(text)), "dispatch: rate: ", text)
		require.ErrorContains(t, r.UnmarshalText([]byte(text)), want, text)
		assert.Equal(t, dispatch.Rate{Events: 1, Per: 1}, r, "left as it was")
	}
	// A burst beyond what a Duration can measure would hold the first call up for
	// ever.
	var r dispatch.Rate
	require.NoError(t, r.UnmarshalText([]byte("1/1h burst 2562047")))

	flags := flag.NewFlagSet("", flag.ContinueOnError)
	flags.TextVar(&r, "rate", dispatch.Rate{}, "calls in a time")
	assert.Equal(t, "off", flags.Lookup("rate").DefValue)
	require.NoError(t, flags.Parse([]string{"-rate", "5/s"}))
	assert.Equal(t, dispatch.Rate{Events: 5, Per: time.Second}, r)
}

// What a text is read as is valid, and is written as a text that is read as the
// same.
func FuzzRate(f *testing.F) {
	for _, s := range []string{"100/1m", "5/s burst 20", "1/1h30m", "0/0s", "off", "1/µs", "3/1.5h", "1/9223372036s burst 1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var r, again dispatch.Rate
		if r.UnmarshalText([]byte(text)) != nil {
			assert.Zero(t, r)
			return
		}
		require.NoError(t, r.Validate())
		require.NoError(t, again.UnmarshalText([]byte(r.String())))
		if r.Burst == r.Events {
			r.Burst = 0
		}
		assert.Equal(t, r, again)
	})
}
