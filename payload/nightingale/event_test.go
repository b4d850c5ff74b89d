package nightingale_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/nightingale"
	"github.com/alertwire/alertwire/payload/payloadtest"
)

func at(unix int64) time.Time { return time.Unix(unix, 0).UTC() }

// The table of the package, row by row.
func TestEvent(t *testing.T) {
	e := decodeOne(t, "event-all-56-keys").Event()
	assert.Equal(t, payload.Event{
		Source:      "nightingale",
		ID:          payload.ID("nightingale", "0f1e2d3c4b5a69788796a5b4c3d2e1f0", "false", "1710000000", "n3"),
		Key:         "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
		Kind:        payload.KindFiring,
		Severity:    payload.SeverityCritical,
		Title:       "CPU < 10% & rising",
		Text:        "cpu high",
		Time:        at(1710000000),
		Labels:      labels("env", "prod", "expr", "a=b", "ident", "host-01", "rulename", "CPU"),
		Annotations: labels("recovery_value", "42.5", "summary", "cpu high"),
		URL:         "https://runbooks.example/cpu?x=1&y=<2>",
	}, e)

	tests := []struct {
		name string
		e    nightingale.AlertEvent
		want payload.Event
	}{
		{"nothing", nightingale.AlertEvent{}, payload.Event{}},
		{"severity 2", nightingale.AlertEvent{Severity: 2}, payload.Event{Severity: payload.SeverityWarning}},
		{"severity 3", nightingale.AlertEvent{Severity: 3}, payload.Event{Severity: payload.SeverityInfo}},
		{"severity 4", nightingale.AlertEvent{Severity: 4}, payload.Event{}},
		{"title from a label", nightingale.AlertEvent{Tags: []string{"rulename=CPU"}},
			payload.Event{Title: "CPU", Labels: labels("rulename", "CPU")}},
		{"text from the note", nightingale.AlertEvent{RuleNote: "n", Annotations: labels("a", "b")},
			payload.Event{Text: "n", Annotations: labels("a", "b")}},
		{"text from the message", nightingale.AlertEvent{RuleNote: "n", Annotations: labels("message", "m")},
			payload.Event{Text: "m", Annotations: labels("message", "m")}},
		{"text from the description", nightingale.AlertEvent{Annotations: labels("message", "m", "summary", "s", "description", "d")},
			payload.Event{Text: "d", Annotations: labels("message", "m", "summary", "s", "description", "d")}},
		{"firing, no trigger time", nightingale.AlertEvent{LastEvalTime: 7}, payload.Event{Time: at(7)}},
		{"recovered", nightingale.AlertEvent{IsRecovered: true, TriggerTime: 5, LastEvalTime: 7},
			payload.Event{Kind: payload.KindResolved, Time: at(7)}},
		{"recovered, from history", nightingale.AlertEvent{IsRecovered: true, TriggerTime: 5, LastEvalTime: 7, RecoverTime: 6},
			payload.Event{Kind: payload.KindResolved, Time: at(6)}},
		{"recover time while firing", nightingale.AlertEvent{TriggerTime: 5, RecoverTime: 6}, payload.Event{Time: at(5)}},
		{"test", nightingale.AlertEvent{Hash: nightingale.TestHash, IsRecovered: true, RecoverTime: 6, NotifyCurNumber: 1},
			payload.Event{Key: nightingale.TestHash, Kind: payload.KindTest, Time: at(6)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.want.Source = "nightingale"
			if tt.want.Kind == "" {
				tt.want.Kind = payload.KindFiring
			}
			assert.Equal(t, tt.want, tt.e.Event())
		})
	}
}

func TestEvents(t *testing.T) {
	events := decode(t, payloadtest.Body("nightingale", "events-array")).Events()
	require.Len(t, events, 2)
	assert.Equal(t, payload.KindFiring, events[0].Kind)
	assert.Equal(t, payload.KindResolved, events[1].Kind)
	assert.Equal(t, events[0].Key, events[1].Key)
	assert.NotEqual(t, events[0].ID, events[1].ID)
	assert.Equal(t, at(1710000615), events[1].Time)
	assert.Empty(t, decode(t, payloadtest.Body("nightingale", "events-array-empty")).Events())
}

func TestRecoveredAt(t *testing.T) {
	assert.True(t, decodeOne(t, "event-firing").RecoveredAt().IsZero())
	assert.Equal(t, at(1710000615), decodeOne(t, "event-recovered").RecoveredAt())
	assert.Equal(t, at(1710000000), decodeOne(t, "event-mock-recovered").RecoveredAt())
}

func TestDeliveryID(t *testing.T) {
	base := nightingale.AlertEvent{Hash: "h", NotifyCurNumber: 1, LastEvalTime: 100}
	same := func(change func(*nightingale.AlertEvent)) bool {
		e := base
		change(&e)
		return e.DeliveryID() == base.DeliveryID()
	}
	assert.True(t, same(func(e *nightingale.AlertEvent) { e.ID = 5 }), "each event has another id")
	assert.True(t, same(func(e *nightingale.AlertEvent) { e.LastEvalTime = 115 }), "the number counts")
	assert.True(t, same(func(e *nightingale.AlertEvent) { e.NotifyRuleID = 3 }))
	assert.False(t, same(func(e *nightingale.AlertEvent) { e.Hash = "i" }))
	assert.False(t, same(func(e *nightingale.AlertEvent) { e.IsRecovered = true }))
	assert.False(t, same(func(e *nightingale.AlertEvent) { e.NotifyCurNumber = 2 }))

	// Numbers begin at 1 again when an alert that recovered fires once more.
	base.FirstTriggerTime, base.TriggerTime = 100, 100
	assert.False(t, same(func(e *nightingale.AlertEvent) { e.FirstTriggerTime, e.TriggerTime = 500, 500 }), "the next incident")
	assert.True(t, same(func(e *nightingale.AlertEvent) { e.TriggerTime = 160 }), "the start counts")
	base.FirstTriggerTime = 0
	assert.False(t, same(func(e *nightingale.AlertEvent) { e.TriggerTime = 500 }), "where there is none, the data point")

	tick := decodeOne(t, "event-rule-level-tick")
	first := tick.DeliveryID()
	assert.NotEmpty(t, first)
	tick.LastEvalTime += 15
	assert.NotEqual(t, first, tick.DeliveryID())
	tick.LastEvalTime, tick.NotifyCurNumber = 0, 1710000015
	assert.NotEqual(t, first, tick.DeliveryID(), "a number is not taken for a time")

	for name, e := range map[string]nightingale.AlertEvent{
		"no hash":          {NotifyCurNumber: 1, LastEvalTime: 1},
		"no number, time":  {Hash: "h"},
		"a test":           {Hash: nightingale.TestHash, NotifyCurNumber: 1},
		"the five-key one": *decodeOne(t, "event-product-page-example"),
	} {
		assert.Empty(t, e.DeliveryID(), name)
		assert.Empty(t, (&nightingale.Message{Alerts: []nightingale.AlertEvent{base, e}}).DeliveryID(), name)
	}

	object := decode(t, payloadtest.Body("nightingale", "event-firing"))
	array := decode(t, payloadtest.Body("nightingale", "events-array-one"))
	assert.Equal(t, object.DeliveryID(), array.DeliveryID())
	assert.Equal(t, object.Alerts[0].DeliveryID(), object.DeliveryID())
	two := decode(t, payloadtest.Body("nightingale", "events-array"))
	assert.Len(t, two.DeliveryID(), 32)
	assert.NotEqual(t, array.DeliveryID(), two.DeliveryID())
	assert.Empty(t, new(nightingale.Message).DeliveryID())
}

func TestIsTest(t *testing.T) {
	assert.True(t, decodeOne(t, "event-mock-recovered").IsTest())
	assert.False(t, decodeOne(t, "event-firing").IsTest())
}

// The table of FromEvent, row by row.
func TestFromEvent(t *testing.T) {
	e := payload.Event{
		Source: "netdata", Key: "k", Kind: payload.KindFiring, Severity: payload.SeverityCritical, Title: "disk", Text: "full",
		Time: time.Unix(1710000000, 5e8), Labels: labels("mount", "/", "host", "db"), Annotations: labels("z", "1", "a", "2"), URL: "https://x.example",
	}
	want := nightingale.AlertEvent{
		Cate: "netdata", Hash: payload.ID("netdata", "k"), RuleName: "disk", Severity: nightingale.Emergency, RunbookURL: "https://x.example",
		TriggerTime: 1710000000, LastEvalTime: 1710000000, Tags: []string{"host=db", "mount=/"}, TagsMap: labels("host", "db", "mount", "/"),
		Annotations: labels("a", "2", "z", "1", "description", "full"),
	}
	assert.Equal(t, want, *nightingale.FromEvent(e))
	require.NoError(t, nightingale.FromEvent(e).Validate())
	require.NoError(t, nightingale.FromEvent(payload.Event{}).Validate())

	for kind, recovered := range map[payload.Kind]bool{
		payload.KindResolved: true, payload.KindReachable: true, payload.KindTaskSucceeded: true,
		payload.KindFiring: false, payload.KindUnreachable: false, payload.KindTaskFailed: false, payload.KindAcknowledged: false, "new": false,
	} {
		e.Kind = kind
		a := nightingale.FromEvent(e)
		assert.Equal(t, recovered, a.IsRecovered, kind)
		assert.Equal(t, recovered, a.RecoverTime == 1710000000, kind)
		assert.Equal(t, want.Hash, a.Hash)
	}
	for severity, number := range map[payload.Severity]nightingale.Severity{
		payload.SeverityCritical: 1, payload.SeverityWarning: 2, payload.SeverityInfo: 3, "": 2, "new": 2,
	} {
		assert.Equal(t, number, nightingale.FromEvent(payload.Event{Severity: severity}).Severity)
	}
	assert.Equal(t, nightingale.TestHash, nightingale.FromEvent(payload.Event{Kind: payload.KindTest, Key: "k"}).Hash)
	assert.Equal(t, "k", nightingale.FromEvent(payload.Event{Source: "nightingale", Key: "k"}).Hash)
	e.Annotations = labels("description", "own")
	assert.Equal(t, labels("description", "own"), nightingale.FromEvent(e).Annotations)

	keyless := func(title, value string) string {
		return nightingale.FromEvent(payload.Event{Source: "s", Title: title, Labels: labels("a", value)}).Hash
	}
	assert.Equal(t, keyless("t", "1"), keyless("t", "1"))
	assert.NotEqual(t, keyless("t", "1"), keyless("t", "2"))
	assert.NotEqual(t, keyless("t", "1"), keyless("u", "1"))
}

// A rule has to have a name, which an alert without a title has not.
func TestFromEventWithoutTitle(t *testing.T) {
	assert.Equal(t, "t", nightingale.FromEvent(payload.Event{Source: "s", Key: "k", Title: "t"}).RuleName)
	assert.Equal(t, "k", nightingale.FromEvent(payload.Event{Source: "s", Key: "k"}).RuleName)
	assert.Equal(t, "s", nightingale.FromEvent(payload.Event{Source: "s"}).RuleName)
}

// An event that does not say when, or says so in a year that Nightingale cannot,
// is one of now: a receiver would take 0 for the year 1970.
func TestFromEventWithoutTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // for the time of now
		now := nightingale.Unix(time.Now())
		zone := time.FixedZone("", 2*60*60)
		for _, at := range []time.Time{{}, time.Time{}.In(zone), time.Unix(0, 0), time.Unix(-1, 0), time.Unix(253402300800, 0)} {
			e := nightingale.FromEvent(payload.Event{Source: "s", Key: "k", Kind: payload.KindResolved, Title: "t", Time: at})
			require.NoError(t, e.Validate())
			assert.Equal(t, []nightingale.UnixTime{now, now, now}, []nightingale.UnixTime{e.TriggerTime, e.LastEvalTime, e.RecoverTime}, "%v", at)
			assert.NotEmpty(t, e.DeliveryID())
		}
		for _, at := range []nightingale.UnixTime{1, 253402300799} {
			assert.Equal(t, at, nightingale.FromEvent(payload.Event{Time: at.Time().In(zone)}).TriggerTime)
		}
	})
}

// An event of Nightingale survives the way there and back.
func TestFromEventOfNightingale(t *testing.T) {
	for _, name := range []string{"event-firing", "event-recovered", "event-all-56-keys"} {
		e := decodeOne(t, name).Event()
		again := nightingale.FromEvent(e).Event()
		e.ID, again.ID = "", ""
		e.Annotations, again.Annotations = nil, nil // description was added
		assert.Equal(t, e, again, name)
	}
}

func TestUnixTime(t *testing.T) {
	assert.True(t, nightingale.UnixTime(0).Time().IsZero())
	assert.Equal(t, at(1710000000), nightingale.UnixTime(1710000000).Time())
	assert.Equal(t, nightingale.UnixTime(0), nightingale.Unix(time.Time{}))
	assert.Equal(t, nightingale.UnixTime(1), nightingale.Unix(time.Unix(1, 999)))
}

func TestSeverity(t *testing.T) {
	for s, want := range map[nightingale.Severity]string{0: "0", 1: "emergency", 2: "warning", 3: "notice", 4: "4", -1: "-1"} {
		assert.Equal(t, want, s.String())
		assert.Equal(t, s >= 1 && s <= 3, s.Known())
	}
}
