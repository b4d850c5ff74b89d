package payloadtest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/alertmanager"
	"github.com/alertwire/alertwire/payload/grafana"
	"github.com/alertwire/alertwire/payload/payloadtest"
)

func TestEveryBodyIsJSON(t *testing.T) {
	systems := payloadtest.Systems()
	require.Contains(t, systems, "alertmanager")
	require.Contains(t, systems, "grafana")
	for _, system := range systems {
		names := payloadtest.Names(system)
		require.NotEmpty(t, names, system)
		for _, name := range names {
			body := payloadtest.Body(system, name)
			if len(body) == 0 {
				assert.Equal(t, "am025-redirect302-becomes-get-no-body", name)
				continue
			}
			assert.True(t, json.Valid(body), name)
			r := payloadtest.Request(system, name)
			b, err := io.ReadAll(r.Body)
			require.NoError(t, err)
			assert.Equal(t, body, b, name)
			assert.Equal(t, int64(len(body)), r.ContentLength, name)
		}
	}
}

func TestCapturesKeepTheirHeads(t *testing.T) {
	r := payloadtest.Request("alertmanager", "am025-auth-bearer")
	assert.Equal(t, "POST", r.Method)
	assert.Equal(t, "Bearer s3cr3t-token", r.Header.Get("Authorization"))
	assert.Equal(t, "GET", payloadtest.Request("alertmanager", "am025-redirect302-becomes-get-no-body").Method)
	assert.Equal(t, "application/json", payloadtest.Request("alertmanager", "oncallm-reduced").Header.Get("Content-Type"))
}

func TestUnknownNamesPanic(t *testing.T) {
	assert.PanicsWithValue(t, "payloadtest: nothing in testdata/nobody", func() { payloadtest.Names("nobody") })
	assert.PanicsWithValue(t, `payloadtest: no body "nothing" of "alertmanager"`, func() { payloadtest.Body("alertmanager", "nothing") })
	assert.PanicsWithValue(t, `payloadtest: no body "x" of ".."`, func() { payloadtest.Request("..", "x") })
}

// Whatever a builder makes is valid, is what its format reads, and says the
// kind that its name promises.
func TestBuilders(t *testing.T) {
	type built interface {
		payload.Payload
		AppendJSON(dst []byte) ([]byte, error)
	}
	tests := []struct {
		name   string
		format payload.Format
		build  func() built
		kinds  []payload.Kind
	}{
		{"AlertmanagerFiring", alertmanager.Format(), func() built { return payloadtest.AlertmanagerFiring() }, []payload.Kind{payload.KindFiring}},
		{"AlertmanagerResolved", alertmanager.Format(), func() built { return payloadtest.AlertmanagerResolved() }, []payload.Kind{payload.KindResolved}},
		{"AlertmanagerGroup", alertmanager.Format(), func() built { return payloadtest.AlertmanagerGroup(1, 1) }, []payload.Kind{payload.KindFiring, payload.KindResolved}},
		{"GrafanaFiring", grafana.Format(), func() built { return payloadtest.GrafanaFiring() }, []payload.Kind{payload.KindFiring}},
		{"GrafanaResolved", grafana.Format(), func() built { return payloadtest.GrafanaResolved() }, []payload.Kind{payload.KindResolved}},
		{"GrafanaTest", grafana.Format(), func() built { return payloadtest.GrafanaTest() }, []payload.Kind{payload.KindTest}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := tt.build()
			require.NoError(t, p.Validate())
			b, err := p.AppendJSON(nil)
			require.NoError(t, err)
			decoded, err := payload.Formats{tt.format}.Decode(b)
			require.NoError(t, err)
			assert.Equal(t, p.Events(), decoded.Events())
			var kinds []payload.Kind
			for _, e := range decoded.Events() {
				kinds = append(kinds, e.Kind)
			}
			assert.Equal(t, tt.kinds, kinds)
			again, err := tt.build().AppendJSON(nil)
			require.NoError(t, err)
			assert.Equal(t, string(b), string(again), "the same every time")
		})
	}
}

func TestAlertmanagerGroupIsOneGroup(t *testing.T) {
	firing, resolved := payloadtest.AlertmanagerFiring(), payloadtest.AlertmanagerResolved()
	assert.Equal(t, firing.GroupKey, resolved.GroupKey)
	assert.Equal(t, firing.Alerts[0].Fingerprint, resolved.Alerts[0].Fingerprint)
	assert.NotEqual(t, firing.DeliveryID(), resolved.DeliveryID())
	assert.Equal(t, payloadtest.GrafanaFiring().Events()[0].Key, payloadtest.GrafanaResolved().Events()[0].Key)
}

func Example() {
	for _, name := range payloadtest.Names("grafana")[:3] {
		m, err := grafana.Decode(payloadtest.Body("grafana", name))
		fmt.Println(name, m.Status, len(m.Alerts), err)
	}
	// Output:
	// all-fields firing 1 <nil>
	// grafana-basic firing 1 <nil>
	// grafana-default-firing2 firing 2 <nil>
}

func ExampleAlertmanagerGroup() {
	m := payloadtest.AlertmanagerGroup(2, 1)
	m.Receiver = "my-team"
	for _, e := range m.Events() {
		fmt.Println(e.Kind, e.Labels.Get("pod"))
	}
	// Output:
	// firing checkout-0
	// firing checkout-1
	// resolved checkout-2
}
