package callbackprom_test

import (
	"encoding/json"
	"fmt"
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

// Grafana shows no more than an empty panel for a query that is none.
func TestDashboardAsksInPromQL(t *testing.T) {
	promtool := findPromtool(t)
	data, err := os.ReadFile("dashboard.json")
	require.NoError(t, err)
	var d struct {
		Panels []struct {
			Targets []struct{ Expr string }
		}
	}
	require.NoError(t, json.Unmarshal(data, &d))
	type rule struct {
		Record string `json:"record"`
		Expr   string `json:"expr"`
	}
	var rules []rule
	variables := strings.NewReplacer("$__rate_interval", "1m", "$endpoint", "ops")
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			rules = append(rules, rule{fmt.Sprintf("panel:%d", len(rules)), variables.Replace(target.Expr)})
		}
	}
	file, err := json.Marshal(map[string]any{"groups": []any{map[string]any{"name": "dashboard", "rules": rules}}}) // JSON is YAML
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "dashboard.yml")
	require.NoError(t, os.WriteFile(path, file, 0o600))
	out, err := exec.CommandContext(t.Context(), promtool, "check", "rules", path).CombinedOutput()
	require.NoError(t, err, string(out))
}

func findPromtool(t *testing.T) string {
	t.Helper()
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool is not installed (Debian package prometheus)")
	}
	return promtool
}

func TestRulesPassPromtool(t *testing.T) {
	promtool := findPromtool(t)
	for _, args := range [][]string{{"check", "rules", "rules.yml"}, {"test", "rules", "testdata/rules_test.yml"}} {
		out, err := exec.CommandContext(t.Context(), promtool, args...).CombinedOutput()
		require.NoError(t, err, string(out))
	}
}

func TestScrapePassesPromtool(t *testing.T) {
	promtool := findPromtool(t)
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
