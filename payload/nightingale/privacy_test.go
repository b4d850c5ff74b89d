package nightingale_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/alertwire/alertwire/payload/nightingale"
	"github.com/alertwire/alertwire/payload/payloadtest"
)

var private = []string{"ada", "Ada", "+10000000000", "example.com", "example-token", "iVBORw0KGgo="}

func TestStrip(t *testing.T) {
	e := decodeOne(t, "event-all-56-keys")
	e.Strip()
	text := encode(t, e)
	for _, word := range private {
		assert.NotContains(t, text, word)
	}
	assert.Contains(t, text, `"shot_image_base64":null`)
	assert.NotContains(t, text, "notify_users_obj")
	assert.NotContains(t, text, "notify_groups_obj")
	assert.Contains(t, text, `"hash":"0f1e2d3c4b5a69788796a5b4c3d2e1f0"`)
}

func TestLogsShowNobody(t *testing.T) {
	m := decode(t, payloadtest.Body("nightingale", "event-all-56-keys"))
	e := &m.Alerts[0]
	for _, v := range []any{e, *e, m, *m, []nightingale.AlertEvent{*e}} {
		var out bytes.Buffer
		fmt.Fprintf(&out, "%v %+v %s\n", v, v, v)
		if _, ok := v.([]nightingale.AlertEvent); !ok {
			slog.New(slog.NewJSONHandler(&out, nil)).Info("got", "event", v)
			slog.New(slog.NewTextHandler(&out, nil)).Info("got", "event", v)
		}
		for _, word := range private {
			assert.NotContains(t, out.String(), word)
		}
	}
	assert.Equal(t, "nightingale event 0f1e2d3c4b5a69788796a5b4c3d2e1f0: rule 7, emergency, firing", e.String())
	assert.Equal(t, "nightingale message of 1 events", m.String())
	e.IsRecovered = true
	assert.Contains(t, e.String(), "recovered")

	var out bytes.Buffer
	slog.New(slog.NewJSONHandler(&out, nil)).Info("got", "event", e, "message", m)
	assert.Contains(t, out.String(), `"event":{"hash":"0f1e2d3c4b5a69788796a5b4c3d2e1f0","rule_id":7,"severity":"emergency","is_recovered":true,"notify_cur_number":3,"last_eval_time":1710000315},"message":{"alerts":1}`)
}
