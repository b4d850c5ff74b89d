package flashduty_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/alertwire/alertwire/payload/flashduty"
)

// documented are the codes of the two webhooks.
var documented = []flashduty.EventType{
	"i_new", "i_assign", "i_a_rspd", "i_snooze", "i_wake", "i_ack", "i_unack", "i_storm", "i_custom", "i_rslv", "i_reopen", "i_merge", "i_comm",
	"i_r_title", "i_r_desc", "i_r_impact", "i_r_rc", "i_r_rsltn", "i_r_severity", "i_r_field",
	"a_new", "a_update", "a_merge", "a_close",
}

func TestEventTypeKnown(t *testing.T) {
	assert.Len(t, documented, 24)
	for _, code := range documented {
		assert.True(t, code.Known(), code)
	}
	// Of the timeline only, and of nowhere.
	for _, code := range []flashduty.EventType{"", "i_notify", "i_m_flapping", "i_m_reply", "i_m_silence", "i_m_inhibat", "i_r_resp",
		"i_wr_create", "i_wr_delete", "i_auto_refresh", "a_comm", "I_NEW", "i_future_code", "{{event_type}}"} {
		assert.False(t, code.Known(), code)
	}
}

func TestEventTypeConstants(t *testing.T) {
	assert.Equal(t, documented, []flashduty.EventType{
		flashduty.IncidentNew, flashduty.IncidentAssigned, flashduty.IncidentRespondersAdded, flashduty.IncidentSnoozed, flashduty.IncidentWoken,
		flashduty.IncidentAcknowledged, flashduty.IncidentUnacknowledged, flashduty.IncidentStorm, flashduty.IncidentCustomAction,
		flashduty.IncidentClosed, flashduty.IncidentReopened, flashduty.IncidentMerged, flashduty.IncidentCommented,
		flashduty.IncidentTitleChanged, flashduty.IncidentDescriptionChanged, flashduty.IncidentImpactChanged, flashduty.IncidentRootCauseChanged,
		flashduty.IncidentResolutionChanged, flashduty.IncidentSeverityChanged, flashduty.IncidentFieldChanged,
		flashduty.AlertNew, flashduty.AlertUpdated, flashduty.AlertMerged, flashduty.AlertClosed,
	})
}

func TestWords(t *testing.T) {
	for _, s := range []flashduty.Severity{"Critical", "warning", "INFO", "Ok", "OK"} {
		assert.True(t, s.Known(), s)
	}
	assert.False(t, flashduty.Severity("").Known() || flashduty.Severity("Fatal").Known())
	assert.False(t, flashduty.Severity("Critical").Is(flashduty.Warning))
	for _, p := range []flashduty.Progress{"Triggered", "processing", "CLOSED"} {
		assert.True(t, p.Known(), p)
	}
	assert.False(t, flashduty.Progress("").Known() || flashduty.Progress("Done").Known())
	assert.Equal(t, []flashduty.GroupMethod{"n", "p", "i"}, []flashduty.GroupMethod{flashduty.GroupNone, flashduty.GroupByRule, flashduty.GroupIntelligent})
}

// Seconds and milliseconds are never told apart by their size.
func TestTimes(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 123_000_000, time.UTC)
	assert.Equal(t, at, flashduty.UnixMilliTime(1767225600123).Time())
	assert.Equal(t, at.Truncate(time.Second), flashduty.UnixTime(1767225600).Time())
	assert.Equal(t, flashduty.UnixMilliTime(1767225600123), flashduty.UnixMilli(at.In(time.FixedZone("", 3600))))
	assert.Equal(t, flashduty.UnixTime(1767225600), flashduty.Unix(at))
	assert.Equal(t, 1970, flashduty.UnixMilliTime(1767225600).Time().Year())
	assert.Greater(t, flashduty.UnixTime(1767225600123).Time().Year(), 50000)

	assert.True(t, flashduty.UnixTime(0).Time().IsZero() && flashduty.UnixMilliTime(0).Time().IsZero())
	assert.Zero(t, flashduty.Unix(time.Time{}))
	assert.Zero(t, flashduty.UnixMilli(time.Time{}))
	assert.Equal(t, flashduty.UnixTime(-1), flashduty.Unix(time.Unix(-1, 0)))
}
