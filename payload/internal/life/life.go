// Package life says what events mean to systems that know two states of an alert.
package life

import (
	"strings"

	"github.com/alertwire/alertwire/payload"
)

// Over reports whether the event says that nothing is left to do. What else happens
// to something that is over does not open it again: Flashduty, which reports
// comments on closed incidents too, says in annotations what the state is.
func Over(e payload.Event) bool {
	switch e.Kind {
	case payload.KindResolved, payload.KindReachable, payload.KindTaskSucceeded:
		return true
	case payload.KindFiring, payload.KindReopened:
		return false
	}
	return e.Source == "flashduty" &&
		(strings.EqualFold(e.Annotations.Get("progress"), "closed") || strings.EqualFold(e.Annotations.Get("status"), "ok"))
}
