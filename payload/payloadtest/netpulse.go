package payloadtest

import (
	"encoding/json"
	"time"

	"github.com/alertwire/alertwire/payload/netpulse"
)

// NetPulseCompleted returns the message about a job that went well, in the form
// of NetPulse 0.4.3.
func NetPulseCompleted() *netpulse.Message {
	final := true
	return &netpulse.Message{
		Generation: netpulse.Generation4, ID: "0b1f6f0c-5f4e-4f0a-9d0e-1c2d3e4f5a6b",
		Status: netpulse.StatusFinished, EventType: netpulse.JobCompleted, Final: &final,
		Timestamp: start.Add(2 * time.Second), StartedAt: start, EndedAt: start.Add(1500 * time.Millisecond), Duration: 1.5,
		Result: &netpulse.Result{Type: netpulse.ResultSuccessful, RetVal: json.RawMessage(`[{"command":"show version","stdout":"Cisco IOS Software",` +
			`"stderr":"","exit_status":0,"download_url":null,"metadata":{"host":"192.0.2.1","duration_seconds":1.2},"parsed":null}]`)},
		Device:     &netpulse.Device{Host: "192.0.2.1", DeviceType: "cisco_ios"},
		DeviceName: "192.0.2.1",
		Command:    []string{"show version"},
	}
}

// NetPulseFailed returns the message about the same job if the device could not
// be reached.
func NetPulseFailed() *netpulse.Message {
	m := NetPulseCompleted()
	m.Status, m.EventType = netpulse.StatusFailed, netpulse.JobFailed
	m.Result = &netpulse.Result{Type: netpulse.ResultFailed, Error: &netpulse.Failure{Type: "ConnectionError", Message: "Unable to connect"}}
	return m
}

// NetPulseLogPush returns the message with a part of the log of a detached task.
// Two of them with the same text cannot be told apart.
func NetPulseLogPush(log string) *netpulse.Message {
	m := detached(log)
	final := false
	m.EventType, m.Final = netpulse.DetachedLogPush, &final
	m.EndedAt, m.Duration = time.Time{}, 0
	return m
}

// NetPulseDetachedCompleted returns the last message about that task, with the
// rest of its log.
func NetPulseDetachedCompleted(log string) *netpulse.Message {
	m := detached(log)
	m.EventType = netpulse.DetachedCompleted
	return m
}

func detached(log string) *netpulse.Message {
	m := NetPulseCompleted()
	m.ID = "task-7"
	m.TaskID = m.ID
	m.Command = []string{"backup"}
	text, err := json.Marshal(log)
	if err == nil {
		err = m.Result.SetExecutions([]netpulse.Execution{{Command: "backup", Stdout: text, Metadata: json.RawMessage(`{"host":"192.0.2.1"}`)}})
	}
	if err != nil {
		panic("payloadtest: " + err.Error()) // a text can always be written
	}
	return m
}

// NetPulseFlat returns the message about a job in the form of an earlier
// generation, 1 to 3. It panics for others.
func NetPulseFlat(g netpulse.Generation, failed bool) *netpulse.Message {
	m := &netpulse.Message{Generation: g, ID: "0b1f6f0c-5f4e-4f0a-9d0e-1c2d3e4f5a6b", Text: "Cisco IOS Software"}
	failure := ""
	switch g {
	case netpulse.Generation1:
		failure = "('ConnectionError', 'Unable to connect')"
	case netpulse.Generation2:
		failure = "(ConnectionError, Unable to connect)"
	case netpulse.Generation3:
		m.Text = "Command: show version\nOutput:\nCisco IOS Software\nExit Status: 0"
		failure = "ConnectionError: Unable to connect"
	default:
		panic("payloadtest: want generation 1, 2 or 3")
	}
	if g != netpulse.Generation1 {
		m.Status, m.Driver, m.Command = netpulse.StatusSuccess, "netmiko", []string{"show version"}
		m.Device = &netpulse.Device{Host: "192.0.2.1", DeviceType: "cisco_ios"}
	}
	if failed {
		m.Text = failure
		if g != netpulse.Generation1 {
			m.Status = netpulse.StatusFailed
		}
	}
	return m
}
