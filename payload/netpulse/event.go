package netpulse

import (
	"cmp"
	"fmt"
	"log/slog"
	"strings"

	"github.com/alertwire/alertwire/payload"
)

// DeliveryID identifies what the message says: id and event_type, or before
// generation 4 id, status and result, because the pushes of a log had the id of the
// task and the status of a success then. It is "" if more is to come, because the
// pushes of a log cannot be told from their repeats; for an event type that is not
// known and does not say whether it is final; and without an id.
func (m *Message) DeliveryID() string {
	switch {
	case m.ID == "" || m.More() || m.EventType != "" && !m.EventType.Known() && m.Final == nil:
		return ""
	case m.EventType != "":
		return payload.ID(source, m.ID, string(m.EventType))
	case m.Result != nil:
		return payload.ID(source, m.ID, string(m.Status), m.Result.origin.Text())
	default:
		return payload.ID(source, m.ID, string(m.Status), m.Text)
	}
}

// Events returns one event, as the package says.
func (m *Message) Events() []payload.Event {
	outcome := m.Outcome()
	e := payload.Event{
		Source: source,
		ID:     m.DeliveryID(),
		Key:    m.ID,
		Kind:   payload.KindTaskSucceeded,
		Title:  cmp.Or(firstLine(m.CommandLines()), m.ID),
		Time:   m.Timestamp,
		Labels: m.labels(),
	}
	if !m.EndedAt.IsZero() {
		e.Time = m.EndedAt
	}
	switch {
	case m.More():
		e.Kind = payload.KindUpdated
	case outcome.Failed:
		e.Kind = payload.KindTaskFailed
	case !outcome.Guessed && !m.succeeded():
		e.Kind = payload.KindUpdated
	}
	executions := m.executions()
	e.Severity = severity(outcome, executions)
	e.Text = m.text(outcome, executions)
	return []payload.Event{e}
}

func severity(outcome Outcome, executions []Execution) payload.Severity {
	if outcome.Failed {
		return payload.SeverityCritical
	}
	for i := range executions {
		if executions[i].ExitStatus != 0 {
			return payload.SeverityWarning
		}
	}
	return payload.SeverityInfo
}

func (m *Message) text(outcome Outcome, executions []Execution) string {
	switch {
	case !outcome.Failed || outcome.Type+outcome.Message == "":
	case outcome.Type == "" || outcome.Message == "":
		return outcome.Type + outcome.Message
	default:
		return outcome.Type + ": " + outcome.Message
	}
	if m.Text != "" || m.Result == nil {
		return m.Text
	}
	if len(executions) == 0 {
		text, _ := textOf(m.Result.RetVal) // mostly a list of executions
		return text
	}
	texts := make([]string, 0, len(executions))
	for i := range executions {
		for _, text := range []string{executions[i].Output(), executions[i].Stderr} {
			if text != "" {
				texts = append(texts, strings.TrimSuffix(text, "\n"))
			}
		}
	}
	return strings.Join(texts, "\n")
}

func (m *Message) labels() payload.Labels {
	var labels payload.Labels
	add := func(name, value string) {
		if value != "" {
			labels = append(labels, payload.Label{Name: name, Value: value})
		}
	}
	add("host", m.Host())
	if m.Device != nil {
		add("device_type", m.Device.DeviceType)
	}
	add("driver", m.Driver)
	add("event_type", string(m.EventType))
	add("status", string(m.Status))
	add("task_id", m.TaskID)
	if m.Result != nil {
		add("result_type", string(m.Result.Type))
	}
	return labels
}

// String returns one line that identifies the message. That is what fmt and log
// print of it: nothing that a device printed.
func (m Message) String() string {
	return fmt.Sprintf("netpulse message %s: generation %d, %s", m.ID, m.generation(),
		cmp.Or(string(m.EventType), string(m.Status), "no status"))
}

// LogValue implements [slog.LogValuer] with what identifies the message.
func (m Message) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("id", m.ID),
		slog.Int("generation", int(m.generation())),
		slog.String("event_type", string(m.EventType)),
		slog.String("status", string(m.Status)),
		slog.String("host", m.Host()),
	)
}
