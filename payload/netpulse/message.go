package netpulse

import (
	"encoding/json"
	"time"

	"github.com/alertwire/alertwire/internal/jsonscan"
)

// Generation is one of the forms that the body has had.
type Generation int

// The generations.
const (
	Generation1 Generation = 1 // NetPulse 0.1 and 0.2: id, and result as a text
	Generation2 Generation = 2 // 0.3: flat, with status
	Generation3 Generation = 3 // 0.4.0 and 0.4.1: as 2, in another order
	Generation4 Generation = 4 // 0.4.2 and later: typed, with event_type
)

// Status is how a task ended.
type Status string

// What NetPulse sends as a Status. Finished took the place of Success with
// generation 4.
const (
	StatusSuccess  Status = "success"
	StatusFinished Status = "finished"
	StatusFailed   Status = "failed"
)

// EventType is what a message reports, in generation 4.
type EventType string

// What NetPulse sends as an EventType. DetachedFailed is documented and, up to
// 0.4.3, never sent.
const (
	JobCompleted      EventType = "job.completed"
	JobFailed         EventType = "job.failed"
	DetachedLogPush   EventType = "detached.log_push"
	DetachedCompleted EventType = "detached.completed"
	DetachedFailed    EventType = "detached.failed"
)

// Known reports whether t is one of the constants.
func (t EventType) Known() bool {
	switch t {
	case JobCompleted, JobFailed, DetachedLogPush, DetachedCompleted, DetachedFailed:
		return true
	}
	return false
}

// A Message reports on one task. The fields are in the order of generation 4;
// those that a generation does not have are zero.
type Message struct {
	// Generation is the form of the body. Decode sets it. Zero is written as
	// Generation4. Setting it does not convert a message that was decoded.
	Generation Generation

	ID        string    // of the job; of the task if it is detached
	Status    Status    // "" in generation 1; an open set
	EventType EventType // generation 4; an open set
	// Final is false only for the pushes of a log, of which more will come for
	// the ID. Generation 4; nil if it is missing, see [Message.More].
	Final     *bool
	Timestamp time.Time // when the body was built, so that a retry has another; generation 4
	StartedAt time.Time // generation 4; zero if not known
	EndedAt   time.Time // likewise
	Duration  float64   // in seconds; generation 4; 0 if not known

	// Text is the result in generations 1 to 3: what the device printed, or the
	// text of a failure.
	Text string
	// Result is the result in generation 4, nil if there is none.
	Result *Result

	Device     *Device // nil if not known
	TaskID     string  // of a detached task; generation 4
	DeviceName string  // the host, in spite of its name; generation 4
	// Command are the commands, one a line. In generation 4 they may be lines
	// of configuration. nil if there are none.
	Command []string

	Driver string   // "netmiko", "napalm", …; generations 2 and 3
	Config []string // lines of configuration, where there is no Command; generations 2 and 3

	origin jsonscan.Origin
	seen   seen
}

// seen is what matters of the shape of a body while it is decoded.
type seen struct{ eventType, status, result, resultFirst bool }

// A Device is the device that a task ran on. Each of the two is left out when it
// is not known.
type Device struct {
	Host       string
	DeviceType string // such as "cisco_ios"

	origin jsonscan.Origin
}

// ResultType is how the queue of NetPulse calls the outcome.
type ResultType string

// What NetPulse sends as a ResultType; others arrive as digits.
const (
	ResultSuccessful ResultType = "successful"
	ResultFailed     ResultType = "failed"
	ResultStopped    ResultType = "stopped"
	ResultRetried    ResultType = "retried"
)

// A Result is what a task returned, in generation 4.
type Result struct {
	Type ResultType
	// RetVal is what the driver returned: mostly an array of executions, see
	// [Result.Executions]; a text if a failure has no recorded cause; nil for
	// null.
	RetVal json.RawMessage
	Error  *Failure // why it failed; nil if it did not, or nobody knows

	origin jsonscan.Origin
}

// A Failure is the exception that ended a task.
type Failure struct {
	Type    string // such as "ConnectionError"
	Message string

	origin jsonscan.Origin
}

// fields names the members in the order of the generation, those that it does
// not have behind them.
func (m *Message) fields(f *jsonscan.Fields) {
	f.From(&m.origin)
	f.String("id", &m.ID)
	switch m.generation() {
	case Generation4:
		f.Value("status", (*statusValue)(m))
		f.Value("event_type", (*eventTypeValue)(m))
		f.Value("final", (*finalValue)(m))
		f.Value("timestamp", (*isoTime)(&m.Timestamp)).Null()
		f.Value("started_at", (*isoTime)(&m.StartedAt)).Null()
		f.Value("ended_at", (*isoTime)(&m.EndedAt)).Null()
		f.Float("duration", &m.Duration).Null()
		f.Value("result", (*resultValue)(m)).Null()
		jsonscan.Ref(f, "device", &m.Device, (*Device).fields)
		f.String("task_id", &m.TaskID).Null()
		f.String("device_name", &m.DeviceName).Null()
		f.Value("command", (*commandValue)(m)).Null()
		f.String("driver", &m.Driver).Omit()
		f.Value("config", (*configValue)(&m.Config)).Omit()
		return
	case Generation3:
		f.Value("status", (*statusValue)(m))
		f.Value("result", (*resultValue)(m))
	case Generation2:
		f.Value("result", (*resultValue)(m))
		f.Value("status", (*statusValue)(m))
	default:
		f.Value("result", (*resultValue)(m))
		f.Value("status", (*statusValue)(m)).Omit()
	}
	jsonscan.Ref(f, "device", &m.Device, (*Device).fields).Omit()
	f.String("driver", &m.Driver).Omit()
	f.Value("command", (*commandValue)(m)).Omit()
	f.Value("config", (*configValue)(&m.Config)).Omit()
	f.Value("event_type", (*eventTypeValue)(m)).Omit()
	f.Value("final", (*finalValue)(m)).Omit()
	f.Value("timestamp", (*isoTime)(&m.Timestamp)).Omit()
	f.Value("started_at", (*isoTime)(&m.StartedAt)).Omit()
	f.Value("ended_at", (*isoTime)(&m.EndedAt)).Omit()
	f.Float("duration", &m.Duration).Omit()
	f.String("task_id", &m.TaskID).Omit()
	f.String("device_name", &m.DeviceName).Omit()
}

// generation returns the form in which m is written.
func (m *Message) generation() Generation {
	if m.Generation == 0 || m.Generation > Generation4 {
		return Generation4
	}
	return m.Generation
}

// settle tells the generation by what was seen.
func (m *Message) settle() {
	switch {
	case m.seen.eventType:
		m.Generation = Generation4
	case m.seen.status && m.seen.resultFirst:
		m.Generation = Generation2
	case m.seen.status:
		m.Generation = Generation3
	default:
		m.Generation = Generation1
	}
}

func (d *Device) fields(f *jsonscan.Fields) {
	f.From(&d.origin)
	f.String("host", &d.Host).Omit()
	f.String("device_type", &d.DeviceType).Omit()
}

func (r *Result) fields(f *jsonscan.Fields) {
	f.From(&r.origin)
	f.String("type", (*string)(&r.Type))
	f.Raw("retval", &r.RetVal)
	// A text came between 0.3 and 0.4, see [Result.errorText].
	jsonscan.Ref(f, "error", &r.Error, (*Failure).fields).Only(jsonscan.AnObject)
}

func (e *Failure) fields(f *jsonscan.Fields) {
	f.From(&e.origin)
	f.String("type", &e.Type)
	f.String("message", &e.Message)
}
