// Package prom holds what the messages of Alertmanager and Grafana share.
package prom

import (
	"fmt"
	"strings"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/internal/line"
)

// UnquoteReceiver undoes regexp.QuoteMeta, which both apply to the name of the
// receiver.
func UnquoteReceiver(quoted string) string {
	if !strings.Contains(quoted, `\`) {
		return quoted
	}
	name := make([]byte, 0, len(quoted))
	for i := 0; i < len(quoted); i++ {
		if quoted[i] == '\\' && i+1 < len(quoted) && strings.IndexByte(`\.+*?()|[]{}^$`, quoted[i+1]) >= 0 {
			i++
		}
		name = append(name, quoted[i])
	}
	return string(name)
}

// Validate returns a [*payload.FieldError] for a message of a format without a
// list of alerts, or with an alert that has no labels.
func Validate[A any](format string, alerts []A, labels func(*A) payload.Labels) error {
	if alerts == nil {
		return &payload.FieldError{Format: format, Field: "alerts", Reason: "missing"}
	}
	for i := range alerts {
		if len(labels(&alerts[i])) == 0 {
			return &payload.FieldError{Format: format, Field: fmt.Sprintf("alerts[%d].labels", i), Reason: "missing or empty"}
		}
	}
	return nil
}

// Severity returns the severity of an alert by the labels that are in use for
// it.
func Severity(labels payload.Labels) payload.Severity {
	return payload.ParseSeverity(first(labels, "severity", "priority", "level"))
}

// Title returns the line that says what an alert is about.
func Title(labels, annotations payload.Labels) string {
	if heading := heading(annotations); heading != "" {
		return line.First(heading)
	}
	return line.First(labels.Get("alertname"))
}

// Text returns what more is said about an alert: where nothing else is, all the
// lines of which Title is the first.
func Text(annotations payload.Labels) string {
	if text := first(annotations, "description", "message"); text != "" {
		return text
	}
	if heading := heading(annotations); heading != line.First(heading) {
		return heading
	}
	return ""
}

func heading(annotations payload.Labels) string {
	if summary := strings.TrimSpace(annotations.Get("summary")); summary != "" {
		return summary
	}
	return strings.TrimSpace(annotations.Get("title"))
}

// first returns the first of the labels that is there and not empty.
func first(labels payload.Labels, names ...string) string {
	for _, name := range names {
		if v := labels.Get(name); v != "" {
			return v
		}
	}
	return ""
}
