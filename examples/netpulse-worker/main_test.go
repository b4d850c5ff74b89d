package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/alertwire/alertwire/payload/netpulse"
)

func jobs(t *testing.T, text string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = run(t.Context(), nil, strings.NewReader(text), &out, &errs)
	return status, out.String(), errs.String()
}

func TestWebhookIsToldHowJobsEnd(t *testing.T) {
	srv := callbacktest.NewServer(t)
	hook := fmt.Sprintf(`{"name":"basic","url":%q,"method":"PUT","headers":{"X-A":"1"},"cookies":{"sid":"c1"},"auth":["svc","pw"],"timeout":60.5}`, srv.URL)
	status, stdout, stderr := jobs(t, fmt.Sprintf(`[
	  {"id":"j1","host":"router-1","device_type":"cisco_ios","command":"show version","webhook":%s},
	  {"id":"j2","host":"router-2","device_type":"cisco_ios","command":"reload now","webhook":%[1]s}]`, hook))
	assert.Equal(t, 1, status, stderr)
	assert.Contains(t, stdout, "j1 completed\n")
	assert.Contains(t, stdout, "j2 failed: router-2 refuses to reload\n")

	told := map[string]*netpulse.Message{}
	for _, r := range srv.Await(2) {
		assert.Equal(t, "PUT", r.Method)
		assert.Equal(t, "1", r.Header.Get("X-A"))
		assert.Equal(t, "sid=c1", r.Header.Get("Cookie"))
		assert.Equal(t, "Basic c3ZjOnB3", r.Header.Get("Authorization"))
		m, err := netpulse.Decode(r.Body)
		require.NoError(t, err)
		require.NoError(t, m.Validate())
		told[m.ID] = m
	}
	assert.Equal(t, netpulse.JobCompleted, told["j1"].EventType)
	assert.Equal(t, netpulse.JobFailed, told["j2"].EventType)
}

func TestRetriesKeepBodyAndID(t *testing.T) {
	srv := callbacktest.NewServer(t, callbacktest.Status(503), callbacktest.Status(200))
	status, _, stderr := jobs(t, fmt.Sprintf(`[{"id":"j1","command":"show version","webhook":{"name":"basic","url":%q,"timeout":60,"max_retries":1,"retry_intervals":[1]}}]`, srv.URL))
	require.Equal(t, 0, status, stderr)
	got := srv.Await(2)
	assert.Equal(t, string(got[0].Body), string(got[1].Body))
	assert.Equal(t, got[0].Header.Get("Webhook-Id"), got[1].Header.Get("Webhook-Id"))
}

func TestWebhookThatFailsChangesNothing(t *testing.T) {
	srv := callbacktest.NewServer(t, callbacktest.Status(404))
	status, stdout, _ := jobs(t, fmt.Sprintf(`[{"id":"j1","command":"show version","webhook":{"name":"basic","url":%q}}]`, srv.URL))
	assert.Equal(t, 0, status)
	assert.Equal(t, "j1 completed\n", stdout)
}

func TestCallerByName(t *testing.T) {
	srv := callbacktest.NewServer(t)
	status, _, stderr := jobs(t, fmt.Sprintf(`[{"id":"j1","host":"router-1","command":"show version","webhook":{"name":"oneline","url":%q}}]`, srv.URL))
	require.Equal(t, 0, status, stderr)
	got := srv.Await(1)[0]
	assert.Equal(t, "j1 task_succeeded: output of \"show version\" on router-1\n", string(got.Body))
	assert.Equal(t, "text/plain; charset=utf-8", got.Header.Get("Content-Type"))
	assert.Equal(t, "j1", got.Header.Get("X-Job"))
}

func TestMistakesStartNothing(t *testing.T) {
	srv := callbacktest.NewServer(t)
	good := fmt.Sprintf(`{"id":"j1","command":"show version","webhook":{"name":"basic","url":%q}}`, srv.URL)
	for name, text := range map[string]string{
		"unknown caller":  `[` + good + `,{"id":"j2","webhook":{"name":"carrier-pigeon","url":"http://127.0.0.1/"}}]`,
		"unknown key":     `[` + good + `,{"id":"j2","webhok":{}}]`,
		"unknown setting": `[` + good + `,{"id":"j2","webhook":{"name":"basic","url":"http://127.0.0.1/","tiemout":1}}]`,
		"no webhook":      `[` + good + `,{"id":"j2"}]`,
		"no id":           `[` + good + `,{"webhook":{"name":"basic","url":"http://127.0.0.1/"}}]`,
		"not JSON":        `[`,
		"nothing":         "",
	} {
		status, stdout, stderr := jobs(t, text)
		assert.Equal(t, 2, status, name)
		assert.Empty(t, stdout, name)
		assert.Contains(t, stderr, "netpulse-worker: ", name)
	}
	assert.Empty(t, srv.Requests())
	for _, args := range [][]string{{"-workers", "0"}, {"jobs.json"}} {
		var stdout, stderr bytes.Buffer
		assert.Equal(t, 2, run(t.Context(), args, strings.NewReader("["+good+"]"), &stdout, &stderr), args)
		assert.Contains(t, stderr.String(), args[0])
	}
	assert.Empty(t, srv.Requests())
}
