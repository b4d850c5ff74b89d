package netpulse

import (
	"encoding/json"

	"github.com/alertwire/alertwire/internal/jsonscan"
	"github.com/alertwire/alertwire/payload"
)

// An Execution is what became of one command.
type Execution struct {
	Command    string          // may be empty
	Stdout     json.RawMessage // mostly a text, see [Execution.Output]; nil for null
	Stderr     string
	ExitStatus int
	// DownloadURL is filled in after the message was sent, so it is always "".
	DownloadURL string
	Metadata    json.RawMessage // an object, with the host and the time it took for instance
	Parsed      json.RawMessage // Stdout as the driver parsed it; nil for null

	origin jsonscan.Origin
}

func (x *Execution) fields(f *jsonscan.Fields) {
	f.From(&x.origin)
	f.String("command", &x.Command)
	f.Raw("stdout", &x.Stdout)
	f.String("stderr", &x.Stderr)
	f.Int("exit_status", &x.ExitStatus)
	f.String("download_url", &x.DownloadURL).Null()
	f.Raw("metadata", &x.Metadata)
	f.Raw("parsed", &x.Parsed)
}

// Output returns Stdout as a text: what the device printed, or the JSON of what
// the driver made of it.
func (x *Execution) Output() string {
	if text, ok := textOf(x.Stdout); ok {
		return text
	}
	return string(x.Stdout)
}

// textOf returns the text that raw is, and whether it is one.
func textOf(raw json.RawMessage) (string, bool) {
	if !jsonscan.Valid(raw) {
		return "", false // set by the program, to something that is no JSON
	}
	return jsonscan.Unquote(string(raw))
}

// Executions decodes RetVal. It returns a [*payload.SyntaxError], with offsets in
// RetVal, if that is not an array of executions, which is legal: drivers return
// what they like.
func (r *Result) Executions() ([]Execution, error) {
	if len(r.RetVal) == 0 {
		return nil, nil
	}
	var list []Execution
	if err := jsonscan.DecodeList(r.RetVal, &list, (*Execution).fields); err != nil {
		return nil, payload.Syntax(source, err)
	}
	return list, nil
}

// SetExecutions sets RetVal to the given executions. Those that came from
// Executions keep what no field is there for.
func (r *Result) SetExecutions(list []Execution) error {
	b, err := jsonscan.AppendList(nil, list, (*Execution).fields)
	if err != nil {
		return payload.Syntax(source, err)
	}
	r.RetVal = b
	return nil
}

// AppendJSON appends x as JSON, as [Message.AppendJSON].
func (x *Execution) AppendJSON(dst []byte) ([]byte, error) {
	return jsonscan.Append(dst, x, (*Execution).fields)
}

// MarshalJSON implements json.Marshaler with [Execution.AppendJSON].
func (x Execution) MarshalJSON() ([]byte, error) { return x.AppendJSON(nil) }

// UnmarshalJSON implements json.Unmarshaler. It replaces all of x.
func (x *Execution) UnmarshalJSON(data []byte) error {
	return payload.Syntax(source, jsonscan.Unmarshal(data, x, (*Execution).fields))
}
