package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMistakesStartNothing(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"no token", nil, "-token-file is missing"},
		{"unknown flag", []string{"-nope"}, "-nope"},
		{"argument", []string{"-no-auth", "extra"}, `"extra"`},
		{"unreadable token", []string{"-token-file", filepath.Join(dir, "none")}, "none"},
		{"empty token", []string{"-token-file", write("empty", "\n")}, "empty"},
		{"endpoints with an unknown key", []string{"-no-auth", "-endpoints", write("e1", "[\n {\"name\": \"a\",\n  \"nope\": 1}]")}, "line 3"},
		{"endpoint with a bad URL", []string{"-no-auth", "-endpoints", write("e2", `[{"name":"ops","callback":{"url":"ftp://x"}}]`)}, "url"},
		{"endpoint with a refused header", []string{"-no-auth", "-endpoints",
			write("e3", `[{"name":"ops","callback":{"url":"http://127.0.0.1/","headers":{"Host":"x"}}}]`)}, "Host"},
		{"endpoint with a negative time", []string{"-no-auth", "-endpoints",
			write("e4", `[{"name":"ops","callback":{"url":"http://127.0.0.1/","timeout":"-1s"}}]`)}, "timeout"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var stderr bytes.Buffer
			assert.Equal(t, 2, run(t.Context(), append([]string{"-listen", "127.0.0.1:0"}, tt.args...), &stderr))
			assert.Contains(t, stderr.String(), tt.want)
			assert.NotContains(t, stderr.String(), "listening")
		})
	}
}

func TestPortTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	var stderr bytes.Buffer
	assert.Equal(t, 1, run(t.Context(), []string{"-no-auth", "-listen", l.Addr().String()}, &stderr))
	assert.Contains(t, stderr.String(), "address already in use")
}

func TestHelpTeaches(t *testing.T) {
	var stderr bytes.Buffer
	assert.Equal(t, 0, run(t.Context(), []string{"-h"}, &stderr))
	for _, want := range []string{"-endpoints", "Alertmanager takes 429 as final", "127.0.0.1:8001", "100/1m", "1000/1m"} {
		assert.Contains(t, stderr.String(), want)
	}
}

func TestStopsWhenTold(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stderr bytes.Buffer
	assert.Equal(t, 0, run(ctx, []string{"-no-auth", "-listen", "127.0.0.1:0"}, &stderr), stderr.String())
}
