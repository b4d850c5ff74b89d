package callback

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"
	"unicode"
)

// A JobEnd is how a job ended. Its JSON has the names and words of a NetPulse
// webhook of version 0.4.2 and later: every name is there, and what is not known
// is null.
type JobEnd struct {
	ID       string    // of the job
	TaskID   string    // of the task it belongs to, if any
	Host     string    // of the device it was about, if any
	Device   string    // type of that device
	Commands []string  // what was done
	Started  time.Time // zero if not known
	Ended    time.Time // zero if not known
	Result   any       // what it returned, encoded with encoding/json
	Err      error     // nil if it succeeded; else its text is sent
}

// message returns the message that reports e.
func (e JobEnd) message() (Message, error) {
	m, err := NewMessage(e)
	if err != nil {
		return Message{}, err
	}
	m.Type, m.Key = e.event(), e.ID
	if !e.Ended.IsZero() {
		m.Time = e.Ended
	}
	m.ID = DeriveID("job", e.ID, m.Type)
	return m, nil
}

func (e JobEnd) event() string {
	if e.Err != nil {
		return jobFailed
	}
	return jobCompleted
}

// MarshalJSON returns e in the form of NetPulse.
func (e JobEnd) MarshalJSON() ([]byte, error) {
	type failure struct {
		Type    string `json:"type"`
		Message string `json:"message"`
	}
	type result struct {
		Type   string   `json:"type"`
		Retval any      `json:"retval"`
		Error  *failure `json:"error"`
	}
	type device struct {
		Host string `json:"host,omitempty"`
		Type string `json:"device_type,omitempty"`
	}
	out := struct {
		ID         string   `json:"id"`
		Status     string   `json:"status"`
		EventType  string   `json:"event_type"`
		Final      bool     `json:"final"`
		Timestamp  string   `json:"timestamp"`
		StartedAt  *string  `json:"started_at"`
		EndedAt    *string  `json:"ended_at"`
		Duration   *float64 `json:"duration"`
		Result     result   `json:"result"`
		Device     *device  `json:"device"`
		TaskID     *string  `json:"task_id"`
		DeviceName *string  `json:"device_name"`
		Command    []string `json:"command"`
	}{
		ID: e.ID, Status: "finished", EventType: e.event(), Final: true,
		StartedAt: isoTime(e.Started), EndedAt: isoTime(e.Ended),
		Result: result{Type: "successful", Retval: e.Result},
		TaskID: known(e.TaskID), DeviceName: known(e.Host), Command: e.Commands,
	}
	if e.Err != nil {
		out.Status = "failed"
		// Print gets over an error that holds a nil, as jobs return by mistake.
		out.Result = result{Type: "failed", Error: &failure{errorType(e.Err), fmt.Sprint(e.Err)}}
	}
	if e.Host != "" || e.Device != "" {
		out.Device = &device{e.Host, e.Device}
	}
	if !e.Started.IsZero() && !e.Ended.IsZero() {
		seconds := e.Ended.Sub(e.Started).Seconds()
		out.Duration = &seconds
	}
	built := e.Ended
	if built.IsZero() {
		built = time.Now()
	}
	out.Timestamp = *isoTime(built)
	return json.Marshal(out)
}

// isoTime returns t as Python writes it, or nil if it is not known.
func isoTime(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	return known(t.UTC().Format("2006-01-02T15:04:05.999999-07:00"))
}

func known(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// errorType returns the name of the first type in the chain of err that has a
// name for others.
func errorType(err error) string {
	for ; err != nil; err = errors.Unwrap(err) {
		t := reflect.TypeOf(err)
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if name := t.Name(); name != "" && unicode.IsUpper(rune(name[0])) {
			return name
		}
	}
	return "Error"
}
