package intake_test

import (
	"flag"
	"io"
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/examples/internal/intake"
)

func TestOptionsThatAreRefused(t *testing.T) {
	token := file(t, "s3cr3t")
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"nothing", nil, "-token-file is missing"},
		{"both", []string{"-token-file", token, "-no-auth"}, "exclude each other"},
		{"prefix", []string{"-no-auth", "-metrics-prefix", "a-b"}, "-metrics-prefix"},
		{"dedup", []string{"-no-auth", "-dedup", "0s"}, "-dedup"},
		{"body", []string{"-no-auth", "-max-body", "-1"}, "-max-body"},
		{"base URL without a scheme", []string{"-no-auth", "-base-url", "oncall.example.com"}, "-base-url"},
		{"base URL of another scheme", []string{"-no-auth", "-base-url", "ftp://oncall.example.com"}, "-base-url"},
		{"base URL that is none", []string{"-no-auth", "-base-url", "http://%"}, "-base-url"},
		{"no challenge secret", []string{"-no-auth", "-challenge-secret-file", filepath.Join(t.TempDir(), "none")}, "-challenge-secret-file"},
		{"empty challenge secret", []string{"-no-auth", "-challenge-secret-file", file(t, " \n")}, "is empty"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fs := flag.NewFlagSet("", flag.ContinueOnError)
			o := intake.Flags(fs)
			require.NoError(t, fs.Parse(tt.args))
			require.ErrorContains(t, o.Complete(), tt.want)
		})
	}
}

// What is wrong with a token file is said with the name of the flag.
func TestTokenFilesThatAreRefused(t *testing.T) {
	for _, name := range []string{file(t, " \n"), filepath.Join(t.TempDir(), "none")} {
		fs := flag.NewFlagSet("", flag.ContinueOnError)
		o := intake.Flags(fs)
		require.NoError(t, fs.Parse([]string{"-token-file", name}))
		require.NoError(t, o.Complete())
		_, err := intake.New(t.Context(), *o, nil, slog.New(slog.DiscardHandler))
		require.ErrorContains(t, err, "-token-file: ")
	}
}

func TestRateFlag(t *testing.T) {
	for _, text := range []string{"100/1m", "1/1s", "1000/1h", "7/1m30s", "off"} {
		var r intake.Rate
		require.NoError(t, r.Set(text))
		assert.Equal(t, text, r.String())
	}
	for _, text := range []string{"", "100", "0/1m", "-1/1m", "x/1m", "100/", "100/0s", "100/-1m", "1/1", "1/1m/1m"} {
		fs := flag.NewFlagSet("", flag.ContinueOnError)
		fs.SetOutput(io.Discard)
		intake.Flags(fs)
		assert.Error(t, fs.Parse([]string{"-per-ip", text}), text)
	}
}

func TestOverloadFlag(t *testing.T) {
	for _, text := range []string{"429", "503", "auto"} {
		var o intake.Overload
		require.NoError(t, o.Set(text))
		assert.Equal(t, text, o.String())
	}
	var o intake.Overload
	assert.Error(t, o.Set("500"))
}

func TestEndpointsThatAreRefused(t *testing.T) {
	tests := []struct {
		name, json, want string
	}{
		{"unknown key", "[\n{\"name\":\"a\",\"calback\":{}}]", "calback"},
		{"unknown key inside", `[{"name":"a","callback":{"url":"http://127.0.0.1","timout":"1s"}}]`, "timout"},
		{"no name", `[{"callback":{"url":"http://127.0.0.1"}}]`, "name"},
		{"format", `[{"name":"a","format":"morse","callback":{"url":"http://127.0.0.1"}}]`, "morse"},
		{"not JSON", `[{`, "-endpoints"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fs := flag.NewFlagSet("", flag.ContinueOnError)
			o := intake.Flags(fs)
			require.NoError(t, fs.Parse([]string{"-no-auth", "-endpoints", file(t, tt.json)}))
			require.NoError(t, o.Complete())
			_, err := intake.New(t.Context(), *o, nil, slog.New(slog.DiscardHandler)) // nil: it must not come to that
			require.ErrorContains(t, err, tt.want)
		})
	}
}
