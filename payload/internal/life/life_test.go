package life_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/internal/life"
)

func TestOver(t *testing.T) {
	for kind, want := range map[payload.Kind]bool{
		payload.KindResolved: true, payload.KindReachable: true, payload.KindTaskSucceeded: true,
		payload.KindFiring: false, payload.KindReopened: false, payload.KindUpdated: false, payload.KindAcknowledged: false, "": false, "i_custom": false,
	} {
		assert.Equal(t, want, life.Over(payload.Event{Source: "flashduty", Kind: kind}), kind)
	}
	notes := func(progress, status string) payload.Labels {
		return payload.Labels{{Name: "progress", Value: progress}, {Name: "status", Value: status}}
	}
	for _, tt := range []struct {
		source string
		kind   payload.Kind
		notes  payload.Labels
		want   bool
	}{
		{"flashduty", payload.KindUpdated, notes("Closed", "Critical"), true},
		{"flashduty", "i_custom", notes("closed", ""), true},
		{"flashduty", payload.KindMerged, notes("Triggered", "Ok"), true},
		{"flashduty", payload.KindUpdated, notes("Processing", "Critical"), false},
		{"flashduty", payload.KindFiring, notes("Closed", "Ok"), false},
		{"flashduty", payload.KindReopened, notes("Closed", "Ok"), false},
		{"netdata", payload.KindUpdated, notes("Closed", "Ok"), false},
	} {
		assert.Equal(t, tt.want, life.Over(payload.Event{Source: tt.source, Kind: tt.kind, Annotations: tt.notes}), "%+v", tt)
	}
}
