package callbackprom_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/auth"
	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbackprom"
	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/alertwire/alertwire/callback/dispatch"
)

var metricName = regexp.MustCompile(`alertwire_[a-z_]+`)

// TestFilesNameMetricsThatExist holds the dashboard and the rules to the code.
func TestFilesNameMetricsThatExist(t *testing.T) {
	metrics, registry := newMetrics(t, callbackprom.Options{})
	metrics.Observe(t.Context(), callback.Attempt{Endpoint: "ops", Status: 200})
	metrics.Rejected("auth")(nil, auth.ErrMissing)
	calls, err := dispatch.NewMemory(dispatch.MemoryOptions{})
	require.NoError(t, err)
	require.NoError(t, calls.Add(t.Context(), "ops", &callbacktest.Recorder{}, dispatch.EndpointOptions{}))
	metrics.Watch(calls)
	exist := names(t, registry)

	for _, file := range []string{"dashboard.json", "rules.yml"} {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		used := metricName.FindAllString(string(data), -1)
		require.NotEmpty(t, used)
		for _, name := range used {
			assert.Contains(t, exist, strings.TrimSuffix(name, "_bucket"), file)
		}
	}
}

func names(t *testing.T, g prometheus.Gatherer) []string {
	t.Helper()
	families, err := g.Gather()
	require.NoError(t, err)
	var all []string
	for _, f := range families {
		all = append(all, f.GetName())
	}
	return all
}

func TestDashboardIsJSON(t *testing.T) {
	data, err := os.ReadFile("dashboard.json")
	require.NoError(t, err)
	var d struct {
		Title  string
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	require.NoError(t, json.Unmarshal(data, &d))
	require.NotEmpty(t, d.Panels)
	for _, p := range d.Panels {
		assert.NotEmpty(t, p.Title)
		require.NotEmpty(t, p.Targets, p.Title)
		for _, target := range p.Targets {
			assert.NotEmpty(t, target.Expr, p.Title)
		}
	}
}

func TestRulesPassPromtool(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool is not installed (Debian package prometheus)")
	}
	out, err := exec.CommandContext(t.Context(), promtool, "check", "rules", "rules.yml").CombinedOutput()
	require.NoError(t, err, string(out))
}

func TestScrapePassesPromtool(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool is not installed (Debian package prometheus)")
	}
	metrics, registry := newMetrics(t, callbackprom.Options{})
	metrics.Observe(t.Context(), callback.Attempt{Endpoint: `a "b\` + "\n", Status: 200, Took: time.Second})
	metrics.Rejected("auth")(nil, auth.ErrMissing)
	metrics.Watch(&source{stats: []dispatch.EndpointStats{{Name: "ops", Accepted: 1, Queued: 1, Oldest: time.Now()}}})
	file := filepath.Join(t.TempDir(), "metrics.prom")
	require.NoError(t, prometheus.WriteToTextfile(file, registry))
	scrape, err := os.Open(file)
	require.NoError(t, err)
	defer scrape.Close()
	check := exec.CommandContext(t.Context(), promtool, "check", "metrics")
	check.Stdin = scrape
	out, err := check.CombinedOutput()
	require.NoError(t, err, string(out))
	assert.Empty(t, string(out))
}
