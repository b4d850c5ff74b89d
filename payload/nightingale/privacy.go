package nightingale

import (
	"fmt"
	"log/slog"
)

// Strip removes what a receiver seldom needs and should not have: the people of
// NotifyUsersObj and NotifyGroupsObj, and the pictures of ShotImageBase64.
// Raw still returns all that came.
func (e *AlertEvent) Strip() {
	e.NotifyUsersObj, e.NotifyGroupsObj = nil, nil
	e.ShotImageBase64 = nil
}

// String returns one line that identifies the event. That is what fmt and log
// print of it: no people, no pictures.
func (e AlertEvent) String() string {
	state := "firing"
	if e.IsRecovered {
		state = "recovered"
	}
	return fmt.Sprintf("nightingale event %s: rule %d, %s, %s", e.Hash, e.RuleID, e.Severity, state)
}

// String returns how many events there are.
func (m Message) String() string {
	return fmt.Sprintf("nightingale message of %d events", len(m.Alerts))
}

// LogValue implements [slog.LogValuer] with how many events there are.
func (m Message) LogValue() slog.Value {
	return slog.GroupValue(slog.Int("alerts", len(m.Alerts)))
}

// LogValue implements [slog.LogValuer] with what identifies the event.
func (e AlertEvent) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("hash", e.Hash),
		slog.Int64("rule_id", e.RuleID),
		slog.String("severity", e.Severity.String()),
		slog.Bool("is_recovered", e.IsRecovered),
		slog.Int("notify_cur_number", e.NotifyCurNumber),
		slog.Int64("last_eval_time", int64(e.LastEvalTime)),
	)
}
