package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/alertwire/alertwire/payload/payloadtest"
)

var firing = payloadtest.Body("nightingale", "event-firing")

// settings returns what Nightingale stores for a processor.
func settings(t *testing.T, url string) any {
	t.Helper()
	var s any
	require.NoError(t, json.Unmarshal(fmt.Appendf(nil, `{"url":%q,"header":{"X-API-Key":"k"},"auth_username":"svc","auth_password":"p:w","timeout":60000,"skip_ssl_verify":false,"proxy":""}`, url), &s))
	return s
}

func event(t *testing.T) *AlertCurEvent {
	t.Helper()
	e, err := decode(firing)
	require.NoError(t, err)
	return e
}

func TestCallbackSendsAndLeavesTheEventAlone(t *testing.T) {
	srv := callbacktest.NewServer(t, callbacktest.Status(204))
	p9, err := processors()["callback"].Init(settings(t, srv.URL))
	require.NoError(t, err)
	e := event(t)
	wf, note, err := p9.Process(t.Context(), &WorkflowContext{Event: e})
	require.NoError(t, err)
	assert.Equal(t, "callback success", note)
	assert.Same(t, e, wf.Event)

	p8, err := (&v8{make: newCallback}).Init(settings(t, srv.URL))
	require.NoError(t, err)
	same, _, err := p8.Process(t.Context(), e)
	require.NoError(t, err)
	assert.Same(t, e, same)

	for _, got := range srv.Await(2) {
		assert.Equal(t, string(firing), string(got.Body))
		assert.Equal(t, "k", got.Header.Get("X-Api-Key"))
		assert.Equal(t, "Basic c3ZjOnA6dw==", got.Header.Get("Authorization"))
	}
	out, err := e.AppendJSON(nil)
	require.NoError(t, err)
	assert.Equal(t, string(firing), string(out))
}

func TestFailureIsAnError(t *testing.T) {
	srv := callbacktest.NewServer(t, callbacktest.Status(400))
	p, err := processors()["callback"].Init(settings(t, srv.URL))
	require.NoError(t, err)
	wf, _, err := p.Process(t.Context(), &WorkflowContext{Event: event(t)})
	require.ErrorContains(t, err, "status 400")
	assert.NotNil(t, wf.Event, "the pipeline goes on with the event")
}

func TestEventUpdate(t *testing.T) {
	tests := []struct {
		name, reply string
		wantErr     bool
		check       func(t *testing.T, e *AlertCurEvent)
	}{
		{"changes what it may", `{"severity":3,"annotations":{"summary":"by hand"}}`, false, func(t *testing.T, e *AlertCurEvent) {
			assert.EqualValues(t, 3, e.Severity)
		}},
		{"nothing to change", `{}`, false, nil},
		{"drops", `{"drop":true}`, false, func(t *testing.T, e *AlertCurEvent) { assert.Nil(t, e) }},
		{"changes what it may not", `{"severity":3,"id":7}`, true, nil},
		{"HTML", `<html>`, true, nil},
		{"wrong type", `{"severity":"high"}`, true, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			srv := callbacktest.NewServer(t, callbacktest.JSON(tt.reply))
			p, err := processors()["event_update"].Init(settings(t, srv.URL))
			require.NoError(t, err)
			e := event(t)
			wf, _, err := p.Process(t.Context(), &WorkflowContext{Event: e})
			assert.Equal(t, tt.wantErr, err != nil, err)
			if tt.check != nil {
				tt.check(t, wf.Event)
				return
			}
			out, err := wf.Event.AppendJSON(nil)
			require.NoError(t, err)
			assert.JSONEq(t, string(firing), string(out), "all or nothing")
		})
	}
}

func TestSettingsThatAreRefused(t *testing.T) {
	for name, s := range map[string]any{
		"null":         nil,
		"no URL":       map[string]any{},
		"unknown key":  map[string]any{"url": "http://127.0.0.1/", "tiemout": 1},
		"bad template": map[string]any{"url": "http://127.0.0.1/{{ $event."},
	} {
		for kind, p := range processors() {
			got, err := p.Init(s)
			require.Error(t, err, "%s, %s", name, kind)
			assert.Nil(t, got)
		}
	}
}

func TestProgram(t *testing.T) {
	srv := callbacktest.NewServer(t, callbacktest.JSON(`{"severity":1}`))
	data, err := json.Marshal(settings(t, srv.URL))
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "settings.json")
	require.NoError(t, os.WriteFile(file, data, 0o600))

	var stdout, stderr bytes.Buffer
	require.Equal(t, 0, run(t.Context(), []string{"-processor", "event_update", "-settings", file}, bytes.NewReader(firing), &stdout, &stderr), stderr.String())
	assert.Contains(t, stdout.String(), `"severity":1`)

	assert.Equal(t, 2, run(t.Context(), []string{"-settings", file, "event.json"}, nil, &stdout, &stderr))
	assert.Contains(t, stderr.String(), "standard input")
	assert.Equal(t, 2, run(t.Context(), []string{"-processor", "nope", "-settings", file}, nil, &stdout, &stderr))
	assert.Equal(t, 2, run(t.Context(), []string{"-settings", file + ".none"}, nil, &stdout, &stderr))
}
