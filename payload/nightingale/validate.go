package nightingale

import (
	"fmt"

	"github.com/alertwire/alertwire/payload"
)

// latest is the last second of the year 9999. A later one, such as one that was
// meant in milliseconds, is a time that neither JSON nor another system can say.
const latest UnixTime = 253402300799

// Validate returns a [*payload.FieldError] for the first event that
// [AlertEvent.Validate] refuses, with its index if there is an array.
func (m *Message) Validate() error {
	for i := range m.Alerts {
		e := m.Alerts[i].check()
		if e == nil {
			continue
		}
		if m.Array || len(m.Alerts) > 1 {
			e.Field = fmt.Sprintf("[%d].%s", i, e.Field)
		}
		return e
	}
	return nil
}

// Validate returns a [*payload.FieldError] if neither rule_name nor hash is
// there, which is no alert; if severity is not 1, 2 or 3, as in the empty events
// that can be triggered through Nightingale's API; or if a time of its Event is
// negative or beyond the year 9999. Fields that the short examples of the product
// leave out may be missing.
func (e *AlertEvent) Validate() error {
	if err := e.check(); err != nil {
		return err // not a nil pointer in an interface
	}
	return nil
}

func (e *AlertEvent) check() *payload.FieldError {
	wrong := func(field, reason string) *payload.FieldError {
		return &payload.FieldError{Format: source, Field: field, Reason: reason}
	}
	switch {
	case e.RuleName == "" && e.Hash == "":
		return wrong("rule_name", "missing, and so is hash")
	case !e.Severity.Known():
		return wrong("severity", "want 1, 2 or 3")
	}
	for _, at := range [...]struct {
		field string
		time  UnixTime
	}{{"trigger_time", e.TriggerTime}, {"last_eval_time", e.LastEvalTime}, {"recover_time", e.RecoverTime}} {
		switch {
		case at.time < 0:
			return wrong(at.field, "negative")
		case at.time > latest:
			return wrong(at.field, "beyond the year 9999")
		}
	}
	return nil
}
