package flashduty_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/alertmanager"
	"github.com/alertwire/alertwire/payload/flashduty"
	"github.com/alertwire/alertwire/payload/nightingale"
	"github.com/alertwire/alertwire/payload/payloadtest"
)

func TestEvents(t *testing.T) {
	assert.Equal(t, []payload.Event{{
		Source:   "flashduty",
		ID:       payload.ID("flashduty", "0f3c5a7e9b1d4c6f8a0b2c4d6e8f0a1b"),
		Key:      "incident/65a0000000000000000000ff",
		Kind:     payload.KindFiring,
		Severity: payload.SeverityCritical,
		Title:    "CPU idle low",
		Time:     time.Date(2026, 1, 1, 0, 0, 0, 123_000_000, time.UTC),
		Labels:   payload.Labels{{Name: "check", Value: "cpu idle low"}},
		Annotations: payload.Labels{{Name: "event_type", Value: "i_new"}, {Name: "progress", Value: "Triggered"}, {Name: "status", Value: "Critical"},
			{Name: "person_name", Value: "Ada"}, {Name: "channel_name", Value: "Payments"}},
		URL: "https://console.example.com/incident/detail/65a0000000000000000000ff",
	}}, decode(t, "incident-new").Events())

	assert.Equal(t, []payload.Event{{
		Source:   "flashduty",
		ID:       payload.ID("flashduty", "ffcf00000000000000000000000000ac"),
		Key:      "alert/65a0000000000000000000a1",
		Kind:     payload.KindResolved,
		Severity: payload.SeverityWarning,
		Title:    "error rate",
		Text:     "error rate",
		Time:     time.Date(2026, 1, 1, 0, 6, 55, 1_000_000, time.UTC),
		Labels:   payload.Labels{{Name: "resource", Value: "orders-1"}, {Name: "fire_results", Value: `{"_col0":"true"}`}},
		Annotations: payload.Labels{{Name: "event_type", Value: "a_close"}, {Name: "progress", Value: "Closed"}, {Name: "status", Value: "Warning"},
			{Name: "person_name", Value: "Bo"}, {Name: "channel_name", Value: "Orders"}},
	}}, decode(t, "alert-close").Events())
}

// Each line of the mapping table.
func TestEventKinds(t *testing.T) {
	want := map[flashduty.EventType]payload.Kind{
		"i_new": payload.KindFiring, "i_wake": payload.KindFiring, "i_unack": payload.KindFiring, "a_new": payload.KindFiring,
		"i_rslv": payload.KindResolved, "a_close": payload.KindResolved, "i_ack": payload.KindAcknowledged, "i_snooze": payload.KindSnoozed,
		"i_reopen": payload.KindReopened, "i_merge": payload.KindMerged, "a_merge": payload.KindMerged, "i_storm": payload.KindStorm,
		"i_assign": payload.KindUpdated, "i_a_rspd": payload.KindUpdated, "i_comm": payload.KindUpdated, "i_r_title": payload.KindUpdated,
		"i_r_desc": payload.KindUpdated, "i_r_impact": payload.KindUpdated, "i_r_rc": payload.KindUpdated, "i_r_rsltn": payload.KindUpdated,
		"i_r_severity": payload.KindUpdated, "i_r_field": payload.KindUpdated, "a_update": payload.KindUpdated,
		"i_custom": "i_custom", "i_notify": "i_notify", "a_comm": "a_comm",
	}
	assert.Len(t, want, len(documented)+2)
	for code, kind := range want {
		p := flashduty.Push{EventType: code, Incident: &flashduty.Incident{Status: flashduty.Ok}, Alert: &flashduty.Alert{Status: flashduty.Warning}}
		assert.Equal(t, kind, p.Events()[0].Kind, code)
	}
	for _, a := range []flashduty.Alert{{Status: "Ok"}, {Status: "ok"}, {Progress: "Closed"}, {Status: "Warning", Progress: "CLOSED"}} {
		for _, code := range []flashduty.EventType{"a_new", "a_update", "a_close"} {
			assert.Equal(t, payload.KindResolved, (&flashduty.Push{EventType: code, Alert: &a}).Events()[0].Kind)
		}
		assert.Equal(t, payload.KindMerged, (&flashduty.Push{EventType: "a_merge", Alert: &a}).Events()[0].Kind)
	}
}

func TestEventFields(t *testing.T) {
	incident := func(i flashduty.Incident) payload.Event {
		return (&flashduty.Push{EventType: "i_new", Incident: &i}).Events()[0]
	}
	alert := func(a flashduty.Alert) payload.Event {
		return (&flashduty.Push{EventType: "a_new", Alert: &a}).Events()[0]
	}
	for word, want := range map[flashduty.Severity]payload.Severity{"Critical": payload.SeverityCritical, "WARNING": payload.SeverityWarning,
		"Info": payload.SeverityInfo, "Ok": "", "": "", "purple": ""} {
		assert.Equal(t, want, incident(flashduty.Incident{Severity: word, Status: "Critical"}).Severity)
		assert.Equal(t, want, alert(flashduty.Alert{Severity: word, Status: "Critical"}).Severity)
	}
	assert.Empty(t, incident(flashduty.Incident{}).ID)
	assert.Equal(t, "incident/1", incident(flashduty.Incident{ID: "1"}).Key)
	assert.Equal(t, "alert/1", alert(flashduty.Alert{ID: "1"}).Key)
	assert.Equal(t, "d", incident(flashduty.Incident{Title: "t", Description: "d"}).Text)
	assert.Equal(t, "d", alert(flashduty.Alert{Title: "t", Description: "d"}).Text)
	assert.Equal(t, time.Unix(7, 0).UTC(), incident(flashduty.Incident{UpdatedAt: 7, StartTime: 1}).Time)
	assert.Equal(t, time.Unix(7, 0).UTC(), alert(flashduty.Alert{UpdatedAt: 7, StartTime: 1}).Time)
	assert.True(t, incident(flashduty.Incident{StartTime: 1}).Time.IsZero())
	assert.Equal(t, time.UnixMilli(8).UTC(), (&flashduty.Push{EventTime: 8, Incident: &flashduty.Incident{UpdatedAt: 7}}).Events()[0].Time)
	assert.Equal(t, map[string]string{"event_type": "i_new", "progress": "p", "status": "s", "channel_name": "c", "impact": "i", "root_cause": "r", "resolution": "e"},
		incident(flashduty.Incident{Progress: "p", Status: "s", ChannelName: "c", Impact: "i", RootCause: "r", Resolution: "e"}).Annotations.Map())
	assert.Equal(t, map[string]string{"event_type": "a_new", "progress": "p", "status": "s", "channel_name": "c"},
		alert(flashduty.Alert{Progress: "p", Status: "s", ChannelName: "c"}).Annotations.Map())

	assert.Empty(t, (&flashduty.Push{EventType: "i_new"}).Events())
	assert.Empty(t, (&flashduty.Push{EventType: "i_new", Alert: &flashduty.Alert{}}).Events(), "a contradiction says nothing")
}

func TestFromEvent(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 678_000_000, time.UTC)
	p := flashduty.FromEvent(payload.Event{
		Source: "alertmanager", ID: "id", Key: "k", Kind: payload.KindFiring, Severity: payload.SeverityCritical, Title: "disk full", Text: "on db-3", Time: at,
		Labels: payload.Labels{{Name: "host", Value: "db-3"}}, Annotations: payload.Labels{{Name: "runbook_url", Value: `"r"`}}, URL: "https://example.com/1",
	})
	require.NoError(t, p.Validate())
	id := payload.ID("alertmanager", "k")[:24]
	assert.JSONEq(t, `{"event_id":"id","event_time":1767323045678,"event_type":"i_new","incident":{"account_id":0,"account_name":"","ack_time":0,"alert_cnt":0,
		"channel_id":0,"channel_name":"","close_time":0,"created_at":1767323045,"data_source_id":0,"dedup_key":"","description":"on db-3","detail_url":"https://example.com/1",
		"end_time":0,"equals_md5":"","group_method":"n","impact":"","incident_id":"`+id+`","incident_severity":"Critical","incident_status":"Critical","labels":{"host":"db-3"},
		"last_time":1767323045,"num":"`+strings.ToUpper(id[18:])+`","progress":"Triggered","resolution":"","root_cause":"","snoozed_before":0,"start_time":1767323045,
		"title":"disk full","updated_at":1767323045,"fields":{"runbook_url":"\"r\""}}}`, encode(t, p))
	assert.Equal(t, `"r"`, p.Incident.Fields.Text("runbook_url"))
	assert.NotContains(t, encode(t, flashduty.FromEvent(payload.Event{})), `"labels"`)
}

func TestFromEventKinds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // for the time of now
		now := flashduty.UnixTime(time.Now().Unix())
		for kind, want := range map[payload.Kind]flashduty.EventType{
			payload.KindFiring: "i_new", payload.KindUnreachable: "i_new", payload.KindTaskFailed: "i_new", "": "i_new", "expired": "i_new", "a_comm": "i_new",
			payload.KindResolved: "i_rslv", payload.KindReachable: "i_rslv", payload.KindTaskSucceeded: "i_rslv",
			payload.KindAcknowledged: "i_ack", payload.KindSnoozed: "i_snooze", payload.KindReopened: "i_reopen", payload.KindMerged: "i_merge",
			payload.KindStorm: "i_storm", payload.KindUpdated: "i_r_desc", payload.KindTest: "i_comm", "i_custom": "i_custom", "i_later": "i_later",
		} {
			p := flashduty.FromEvent(payload.Event{Source: "s", Key: "k", Kind: kind, Title: "t"})
			require.NoError(t, p.Validate())
			i := p.Incident
			assert.Equal(t, want, p.EventType, kind)
			assert.Equal(t, flashduty.Warning, i.Severity)
			assert.Equal(t, now, i.StartTime)
			assert.Equal(t, flashduty.UnixMilliTime(time.Now().UnixMilli()), p.EventTime)
			closed, acknowledged := want == "i_rslv", want == "i_ack"
			assert.Equal(t, closed, i.Status == flashduty.Ok, kind)
			assert.Equal(t, closed, i.Progress == flashduty.Closed && i.EndTime == now && i.CloseTime == now, kind)
			assert.Equal(t, acknowledged, i.Progress == flashduty.Processing && i.AckTime == now, kind)
		}
	})
	assert.Equal(t, flashduty.Info, flashduty.FromEvent(payload.Event{Severity: payload.SeverityInfo}).Incident.Severity)
}

// An event that does not say when, or says so in a year that Validate refuses, is
// one of now.
func TestFromEventWithoutTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // for the time of now
		zone := time.FixedZone("", 2*60*60)
		for _, at := range []time.Time{{}, time.Time{}.In(zone), time.Unix(0, 0), time.Unix(-1, 0), time.Unix(253402300800, 0)} {
			p := flashduty.FromEvent(payload.Event{Source: "s", Key: "k", Title: "t", Time: at})
			require.NoError(t, p.Validate(), "%v", at)
			assert.Equal(t, flashduty.UnixMilli(time.Now()), p.EventTime, "%v", at)
			assert.Equal(t, flashduty.Unix(time.Now()), p.Incident.StartTime, "%v", at)
		}
		for _, at := range []flashduty.UnixMilliTime{1000, 253402300799999} {
			assert.Equal(t, at, flashduty.FromEvent(payload.Event{Time: at.Time().In(zone)}).EventTime)
		}
	})
}

// A comment on a closed incident opens no alert elsewhere.
func TestEventsOfClosedIncidentsElsewhere(t *testing.T) {
	p, err := flashduty.Decode(payloadtest.Body("flashduty", "incident-comment"))
	require.NoError(t, err)
	assert.Equal(t, alertmanager.Firing, alertmanager.FromEvent(p.Events()[0]).Status)
	assert.False(t, nightingale.FromEvent(p.Events()[0]).IsRecovered)
	p.Incident.Progress, p.Incident.Status = flashduty.Closed, flashduty.Ok
	e := p.Events()[0]
	assert.Equal(t, payload.KindUpdated, e.Kind)
	assert.True(t, alertmanager.FromEvent(e).AllResolved())
	assert.True(t, nightingale.FromEvent(e).IsRecovered)
	assert.Equal(t, flashduty.IncidentDescriptionChanged, flashduty.FromEvent(e).EventType)
}

// An incident has to have a title, which an alert without a name has not.
func TestFromEventWithoutTitle(t *testing.T) {
	assert.Equal(t, "t", flashduty.FromEvent(payload.Event{Source: "s", Key: "k", Title: "t"}).Incident.Title)
	assert.Equal(t, "k", flashduty.FromEvent(payload.Event{Source: "s", Key: "k"}).Incident.Title)
	assert.Equal(t, "s", flashduty.FromEvent(payload.Event{Source: "s"}).Incident.Title)
}

// A push has the full state. What somebody does to a closed incident must not open
// it, and closing one by hand does not make it recover.
func TestFromEventKeepsTheState(t *testing.T) {
	for _, name := range payloadtest.Names("flashduty") {
		p, err := flashduty.Decode(payloadtest.Body("flashduty", name))
		if err != nil || p.Incident == nil {
			continue
		}
		for _, progress := range []flashduty.Progress{flashduty.Triggered, flashduty.Processing, flashduty.Closed} {
			for _, status := range []flashduty.Severity{flashduty.Warning, flashduty.Ok} {
				p.Incident.Progress, p.Incident.Status = progress, status
				back := flashduty.FromEvent(p.Events()[0])
				require.NoError(t, back.Validate())
				i := back.Incident
				assert.Equal(t, []any{progress, status}, []any{i.Progress, i.Status}, name)
				assert.Equal(t, progress == flashduty.Closed, i.CloseTime != 0, name)
				assert.Equal(t, status == flashduty.Ok, i.EndTime != 0, name)
				assert.Equal(t, progress == flashduty.Processing, i.AckTime != 0, name)
			}
		}
	}
	notes := payload.Labels{{Name: "progress", Value: "Closed"}, {Name: "status", Value: "Ok"}}
	i := flashduty.FromEvent(payload.Event{Source: "alertmanager", Annotations: notes}).Incident
	assert.Equal(t, []any{flashduty.Triggered, flashduty.Warning}, []any{i.Progress, i.Status}, "annotations of others mean nothing")
	notes[0].Value, notes[1].Value = "closed", "OK"
	i = flashduty.FromEvent(payload.Event{Source: "flashduty", Annotations: notes}).Incident
	assert.Equal(t, []any{flashduty.Closed, flashduty.Ok}, []any{i.Progress, i.Status}, "in the letter case of the documentation")
	notes[0].Value, notes[1].Value = "Later", ""
	i = flashduty.FromEvent(payload.Event{Source: "flashduty", Kind: payload.KindResolved, Annotations: notes}).Incident
	assert.Equal(t, []any{flashduty.Closed, flashduty.Ok}, []any{i.Progress, i.Status}, "nor do words that are not known")
}

func TestFromEventIDs(t *testing.T) {
	of := func(e payload.Event) string { return flashduty.FromEvent(e).Incident.ID }
	labels := payload.Labels{{Name: "b", Value: "1"}, {Name: "a", Value: "2"}}
	assert.Equal(t, "65a", of(payload.Event{Source: "flashduty", Key: "incident/65a"}))
	assert.Len(t, of(payload.Event{Source: "flashduty", Key: "alert/65a"}), 24)
	assert.Len(t, of(payload.Event{Source: "flashduty", Key: "incident/"}), 24)
	assert.NotEqual(t, of(payload.Event{Source: "a", Key: "k"}), of(payload.Event{Source: "b", Key: "k"}))
	assert.Equal(t, of(payload.Event{Source: "a", Key: "k", Title: "fires"}), of(payload.Event{Source: "a", Key: "k", Title: "is over"}))
	assert.Equal(t, of(payload.Event{Title: "t", Labels: labels}), of(payload.Event{Title: "t", Labels: labels.Sorted()}))
	assert.NotEqual(t, of(payload.Event{Title: "t", Labels: labels}), of(payload.Event{Title: "u", Labels: labels}))
	assert.NotEqual(t, of(payload.Event{Title: "t", Labels: labels}), of(payload.Event{Title: "t"}))

	none := payload.Event{Source: "netdata", Title: "t"}
	assert.NotEqual(t, flashduty.FromEvent(none).EventID, flashduty.FromEvent(none).EventID, "news that cannot be told from repeats are news")
}

// What an event says survives the way through a push and back.
func TestFromEventAndBack(t *testing.T) {
	formats := payload.Formats{flashduty.Format(), alertmanager.Format()}
	events := 0
	for _, system := range []string{"flashduty", "alertmanager"} {
		for _, name := range payloadtest.Names(system) {
			p, err := formats.Decode(payloadtest.Body(system, name))
			if err != nil {
				continue
			}
			for _, e := range p.Events() {
				back := flashduty.FromEvent(e).Events()[0]
				if !strings.HasPrefix(string(e.Kind), "a_") {
					assert.Equal(t, e.Kind, back.Kind, name)
				}
				if e.Severity != "" {
					assert.Equal(t, e.Severity, back.Severity, name)
				}
				assert.Equal(t, e.Title, back.Title, name)
				assert.Equal(t, e.Text, back.Text, name)
				assert.Equal(t, e.URL, back.URL, name)
				assert.Equal(t, e.Time.Truncate(time.Millisecond).UTC(), back.Time, name)
				assert.Equal(t, e.Labels.Map(), back.Labels.Map(), name)
				events++
			}
		}
	}
	assert.Greater(t, events, 50)
}
