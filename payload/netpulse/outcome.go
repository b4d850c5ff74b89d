package netpulse

import (
	"strings"

	"github.com/alertwire/alertwire/internal/jsonscan"
)

// An Outcome is how a task ended, as far as the message tells.
type Outcome struct {
	// Failed says that the task failed. A command that it ran may have failed
	// nevertheless: see [Message.FailedCommands].
	Failed bool
	// Guessed says that Failed was guessed from the text of the result, which is
	// all that generation 1 has: a failure looks like ('Type', 'Message'), and so
	// may a success.
	Guessed bool
	// Type and Message are those of the exception that ended the task, as
	// "ConnectionError" and "Unable to connect". In generations 1 to 3 they are
	// taken from the text of the result; where that has not the form of a
	// failure, Type is "" and Message the text. Both are "" for a success.
	Type, Message string
}

// Outcome returns how the task ended. The status decides; where its word is not
// known, an event type that ends in ".failed" or the result type "failed" or
// "stopped" is a failure too.
func (m *Message) Outcome() Outcome {
	o := Outcome{Failed: m.failed()}
	if m.Status == "" && m.EventType == "" && m.Result == nil {
		o.Guessed = true
		o.Failed = looksFailed(m.Text)
	}
	if o.Failed {
		o.Type, o.Message = m.cause()
	}
	return o
}

// succeeded reports whether status or event type say that the task ended well.
func (m *Message) succeeded() bool {
	switch m.Status {
	case StatusSuccess, StatusFinished:
		return true
	}
	return !m.failed() && (m.EventType == JobCompleted || m.EventType == DetachedCompleted)
}

func (m *Message) failed() bool {
	switch m.Status {
	case StatusFailed:
		return true
	case StatusSuccess, StatusFinished:
		return false
	}
	return strings.HasSuffix(string(m.EventType), ".failed") ||
		m.Result != nil && (m.Result.Type == ResultFailed || m.Result.Type == ResultStopped)
}

// looksFailed reports whether a text looks like a Python pair of texts.
func looksFailed(text string) bool {
	return strings.HasPrefix(text, "('") && (strings.HasSuffix(text, "')") || strings.HasSuffix(text, `")`))
}

// cause returns the type and the message of a failure.
func (m *Message) cause() (typ, message string) {
	switch {
	case m.Result == nil:
		return splitFailure(m.Text)
	case m.Result.Error != nil:
		return m.Result.Error.Type, m.Result.Error.Message
	}
	if text := m.Result.errorText(); text != "" {
		return splitFailure(text)
	}
	text, _ := textOf(m.Result.RetVal)
	return "", text
}

// errorText returns the error of a result that has a text for it, as the state of
// NetPulse between 0.3 and 0.4 sent: {"error": "Type: Message"}.
func (r *Result) errorText() (text string) {
	for name, value := range jsonscan.Unknown(r.origin, (*Result).fields) {
		if name == "error" {
			text, _ = textOf(value)
		}
	}
	return text
}

// splitFailure takes the text of a failure apart: ('Type', 'Message') in
// generation 1, (Type, Message) in 2, Type: Message in 3.
func splitFailure(text string) (typ, message string) {
	if inner, ok := strings.CutPrefix(text, "("); ok {
		if inner, ok = strings.CutSuffix(inner, ")"); ok {
			if typ, message, ok := splitPair(inner); ok {
				return typ, message
			}
		}
	}
	if typ, message, ok := strings.Cut(text, ": "); ok && isName(typ) {
		return typ, message
	}
	return "", text
}

func splitPair(inner string) (typ, message string, ok bool) {
	if typ, rest, ok := unquotePython(inner); ok {
		rest, ok = strings.CutPrefix(rest, ", ")
		if !ok {
			return "", "", false
		}
		message, rest, ok := unquotePython(rest)
		return typ, message, ok && rest == ""
	}
	typ, message, ok = strings.Cut(inner, ", ")
	return typ, message, ok && isName(typ)
}

// isName reports whether s can be the name of a Python class.
func isName(s string) bool {
	for _, c := range s {
		if c != '_' && c != '.' && (c < '0' || c > '9') && (c|' ' < 'a' || c|' ' > 'z') {
			return false
		}
	}
	return s != ""
}

// unquotePython reads a text in the form of Python's repr, and returns what
// follows. Of its escapes it knows those of quotes, backslashes and white space;
// others stay as they are.
func unquotePython(s string) (text, rest string, ok bool) {
	if s == "" || s[0] != '\'' && s[0] != '"' {
		return "", "", false
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		c := s[i]
		if c == s[0] {
			return b.String(), s[i+1:], true
		}
		if c == '\\' && i+1 < len(s) {
			i++
			switch c = s[i]; c {
			case 'n':
				c = '\n'
			case 'r':
				c = '\r'
			case 't':
				c = '\t'
			case '\\', '\'', '"':
			default:
				b.WriteByte('\\')
			}
		}
		b.WriteByte(c)
	}
	return "", "", false
}

// More reports whether more messages are to come for the ID: Final says not, or
// where Final is missing, the event type is the push of a log.
func (m *Message) More() bool {
	if m.Final != nil {
		return !*m.Final
	}
	return m.EventType == DetachedLogPush
}

// CommandLines returns the commands, or where there are none, the lines of the
// configuration.
func (m *Message) CommandLines() []string {
	if len(m.Command) > 0 {
		return m.Command
	}
	return m.Config
}

// Host returns the host of the device, "" if it is not known.
func (m *Message) Host() string {
	if m.Device != nil && m.Device.Host != "" {
		return m.Device.Host
	}
	return m.DeviceName
}

// FailedCommands returns the executions with an exit status other than 0, which
// a task that finished may have too. It is empty where the result is not a list
// of executions, as in generations 1 to 3.
func (m *Message) FailedCommands() []Execution {
	var failed []Execution
	for _, x := range m.executions() {
		if x.ExitStatus != 0 {
			failed = append(failed, x)
		}
	}
	return failed
}

func (m *Message) executions() []Execution {
	if m.Result == nil {
		return nil
	}
	list, err := m.Result.Executions()
	if err != nil {
		return nil // the driver returned something else
	}
	return list
}
