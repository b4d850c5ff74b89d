package payload_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/alertmanager"
	"github.com/alertwire/alertwire/payload/flashduty"
	"github.com/alertwire/alertwire/payload/grafana"
	"github.com/alertwire/alertwire/payload/netdata"
	"github.com/alertwire/alertwire/payload/netpulse"
	"github.com/alertwire/alertwire/payload/nightingale"
	"github.com/alertwire/alertwire/payload/payloadtest"
)

// everyFormat is what a program that receives from all six systems uses.
func everyFormat() payload.Formats {
	return payload.Formats{
		grafana.Format(), // before Alertmanager, of which it is a special case
		alertmanager.Format(),
		flashduty.Format(),
		nightingale.Format(),
		netpulse.Format(),
		netdata.Format(),
	}
}

// A relayed payload can be written again.
type relayed interface {
	payload.Payload
	AppendJSON(dst []byte) ([]byte, error)
}

// eachBody calls f with every body that is of a system.
func eachBody(t *testing.T, f func(t *testing.T, system string, body []byte)) {
	t.Helper()
	for _, system := range payloadtest.Systems() {
		for _, name := range payloadtest.Names(system) {
			body := payloadtest.Body(system, name)
			if len(body) == 0 || name == "custom-body-unreplaced-placeholder" {
				continue
			}
			t.Run(system+"/"+name, func(t *testing.T) { f(t, system, body) })
		}
	}
}

func TestEveryBodyIsOfItsSystemAlone(t *testing.T) {
	formats := everyFormat()
	eachBody(t, func(t *testing.T, system string, body []byte) {
		s, err := payload.ShapeOf(body)
		require.NoError(t, err)
		var matching []string
		for _, f := range formats {
			if f.Match(s) {
				matching = append(matching, f.Name())
			}
		}
		if system == "grafana" {
			assert.Equal(t, []string{"grafana", "alertmanager"}, matching)
		} else {
			assert.Equal(t, []string{system}, matching)
		}
	})
	_, err := formats.Decode(payloadtest.Body("flashduty", "custom-body-unreplaced-placeholder"))
	require.ErrorIs(t, err, payload.ErrFormat)
}

func TestEveryBodyIsWrittenAsItCame(t *testing.T) {
	formats := everyFormat()
	eachBody(t, func(t *testing.T, system string, body []byte) {
		p, err := formats.Decode(body)
		require.NoError(t, err)
		require.NoError(t, p.Validate())
		b, err := p.(relayed).AppendJSON(nil)
		require.NoError(t, err)
		assert.Equal(t, string(body), string(b))
		b, err = json.Marshal(p)
		require.NoError(t, err)
		assert.JSONEq(t, string(body), string(b))
	})
}

// Events say where they are from and what happened, and every delivery has the
// same identity each time it comes.
func TestEveryBodyTellsItsEvents(t *testing.T) {
	formats := everyFormat()
	eachBody(t, func(t *testing.T, system string, body []byte) {
		p, err := formats.Decode(body)
		require.NoError(t, err)
		again, err := formats.Decode(body)
		require.NoError(t, err)
		assert.Equal(t, p.Events(), again.Events())
		for _, e := range p.Events() {
			assert.Equal(t, system, e.Source)
			assert.NotEmpty(t, e.Kind)
			assert.Equal(t, e, e.Clone())
		}
		require.Implements(t, (*payload.Identified)(nil), p)
		assert.Equal(t, p.(payload.Identified).DeliveryID(), again.(payload.Identified).DeliveryID())
	})
}

// Whatever happened anywhere can be told to the receivers of Alertmanager,
// Nightingale and Flashduty, who understand whether it is over.
func TestEveryEventCanBeRelayed(t *testing.T) {
	formats := everyFormat()
	over := func(e payload.Event) bool {
		return e.Kind == payload.KindResolved || e.Kind == payload.KindReachable || e.Kind == payload.KindTaskSucceeded
	}
	eachBody(t, func(t *testing.T, _ string, body []byte) {
		p, err := formats.Decode(body)
		require.NoError(t, err)
		for _, e := range p.Events() {
			for target, message := range map[string]relayed{
				"alertmanager": alertmanager.FromEvent(e),
				"flashduty":    flashduty.FromEvent(e),
				"nightingale":  &nightingale.Message{Alerts: []nightingale.AlertEvent{*nightingale.FromEvent(e)}},
			} {
				b, err := message.AppendJSON(nil)
				require.NoError(t, err, target)
				told, err := formats.Decode(b)
				require.NoError(t, err, "%s: %s", target, b)
				require.NoError(t, told.Validate(), "%s: %s", target, b)
				events := told.Events()
				require.Len(t, events, 1, target)
				assert.Equal(t, target, events[0].Source)
				assert.Equal(t, over(e), over(events[0]), "%s: %s told as %s", target, e.Kind, events[0].Kind)
				assert.NotEmpty(t, events[0].Title, target)
				assert.NotEmpty(t, events[0].Key, target)
			}
		}
	})
}

// A body that was cut off anywhere is refused by its own format.
func TestEveryBodyThatIsCutOffIsRefused(t *testing.T) {
	formats := map[string]payload.Format{}
	for _, f := range everyFormat() {
		formats[f.Name()] = f
	}
	eachBody(t, func(t *testing.T, system string, body []byte) {
		last := len(body) - 1
		for body[last] == '\n' {
			last--
		}
		for n := 0; n < last; n += 1 + n/16 { // nearly everywhere, in time
			_, err := formats[system].Decode(body[:n])
			require.Error(t, err, "up to %d", n)
		}
	})
}

// All six systems at one address: the shape says which it is.
func ExampleFormats_six() {
	formats := payload.Formats{
		grafana.Format(), // before Alertmanager, of which it is a special case
		alertmanager.Format(),
		flashduty.Format(),
		nightingale.Format(),
		netpulse.Format(),
		netdata.Format(),
	}
	for _, body := range [][]byte{
		payloadtest.Body("alertmanager", "am034-single-first-notification"),
		payloadtest.Body("grafana", "grafana-default-resolved"),
		payloadtest.Body("flashduty", "incident-new"),
		payloadtest.Body("nightingale", "event-firing"),
		payloadtest.Body("netpulse", "gen4-job-failed"),
		payloadtest.Body("netdata", "nested-reachability-down"),
	} {
		p, err := formats.Decode(body)
		if err != nil {
			fmt.Println(err)
			continue
		}
		for _, e := range p.Events() {
			fmt.Printf("%T %s %q\n", p, e.Kind, e.Title)
		}
	}
	// Output:
	// *alertmanager.Message firing "CPU usage is above 80%"
	// *grafana.Message resolved "Память > 90 % on <node-1:9100>"
	// *flashduty.Push firing "CPU idle low"
	// *nightingale.Message firing "CPU < 10% & rising"
	// *netpulse.Message task_failed "show version"
	// *netdata.Notification unreachable "Home lab/db-3 is unreachable"
}

// A title is one line, whatever the source has.
func TestTitlesAreOneLine(t *testing.T) {
	const text = `"\n one \r\ntwo\n"`
	for system, body := range map[string]string{
		"alertmanager":          `{"alerts":[{"labels":{"alertname":"A"},"annotations":{"summary":` + text + `}}]}`,
		"grafana":               `{"alerts":[{"labels":{"alertname":` + text + `}}],"orgId":1}`,
		"flashduty, alert":      `{"event_type":"a_new","alert":{"alert_id":"1","title":` + text + `}}`,
		"flashduty, incident":   `{"event_type":"i_new","incident":{"incident_id":"1","title":` + text + `}}`,
		"nightingale":           `{"rule_name":` + text + `,"hash":"h","severity":1}`,
		"nightingale, tags":     `{"rule_name":" ","tags_map":{"rulename":` + text + `},"hash":"h","severity":1}`,
		"netpulse":              `{"id":"j","status":"success","result":"","command":` + text + `}`,
		"netdata, alert":        `{"message":` + text + `,"alert":"n","severity":"clear"}`,
		"netdata, reachability": `{"message":` + text + `,"url":"u","status":"reachable"}`,
		"netdata, test":         `{"message":"m","title":` + text + `,"token":"t"}`,
	} {
		p, err := everyFormat().Decode([]byte(body))
		require.NoError(t, err, system)
		require.Len(t, p.Events(), 1, system)
		assert.Equal(t, "one", p.Events()[0].Title, system)
		out, err := p.(relayed).AppendJSON(nil)
		require.NoError(t, err, system)
		assert.Equal(t, body, string(out), system)
	}
}
