package netpulse

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/alertwire/alertwire/internal/jsonscan"
)

// statusValue is the status, noting that there is one.
type statusValue Message

func (m *statusValue) Scan(s *jsonscan.Scanner) bool {
	if !m.seen.status {
		m.seen.status, m.seen.resultFirst = true, m.seen.result
	}
	text, ok := s.String()
	m.Status = Status(text)
	return ok
}

func (m *statusValue) Same(s *jsonscan.Scanner) bool { return s.SameString(string(m.Status)) }

func (m *statusValue) Append(dst []byte) ([]byte, error) {
	return jsonscan.AppendString(dst, string(m.Status)), nil
}

func (m *statusValue) Empty() bool { return m.Status == "" }

// eventTypeValue is the event type, noting that there is one.
type eventTypeValue Message

func (m *eventTypeValue) Scan(s *jsonscan.Scanner) bool {
	m.seen.eventType = true
	text, ok := s.String()
	m.EventType = EventType(text)
	return ok
}

func (m *eventTypeValue) Same(s *jsonscan.Scanner) bool { return s.SameString(string(m.EventType)) }

func (m *eventTypeValue) Append(dst []byte) ([]byte, error) {
	return jsonscan.AppendString(dst, string(m.EventType)), nil
}

func (m *eventTypeValue) Empty() bool { return m.EventType == "" }

// finalValue is whether this is the last message.
type finalValue Message

func (m *finalValue) Scan(s *jsonscan.Scanner) bool {
	m.Final = nil
	if s.Null() {
		return true
	}
	v, ok := s.Bool()
	m.Final = &v
	return ok
}

func (m *finalValue) Same(s *jsonscan.Scanner) bool {
	if s.Null() {
		return m.Final == nil
	}
	v, _ := s.Bool()
	return m.Final != nil && *m.Final == v
}

// Append writes what the event type implies where nothing is set, as NetPulse
// knows no null here.
func (m *finalValue) Append(dst []byte) ([]byte, error) {
	return strconv.AppendBool(dst, !(*Message)(m).More()), nil
}

func (m *finalValue) Empty() bool { return m.Final == nil }

// resultValue is the result: a text or an object.
type resultValue Message

func (m *resultValue) Scan(s *jsonscan.Scanner) (ok bool) {
	m.seen.result = true
	m.Text, m.Result = "", nil
	switch s.Peek() {
	case '{':
		m.Result = new(Result)
		return jsonscan.ScanObject(s, m.Result, (*Result).fields)
	case '"':
		m.Text, ok = s.String()
		return ok
	default:
		return s.Null() || s.Fail("want a string or an object")
	}
}

func (m *resultValue) Same(s *jsonscan.Scanner) bool {
	switch s.Peek() {
	case '{':
		s.Skip()
		return false // it is written over its own text
	case '"':
		return s.SameString(m.Text) && m.Result == nil
	default:
		return s.Null() && m.Empty()
	}
}

func (m *resultValue) Append(dst []byte) ([]byte, error) {
	if m.Result != nil {
		return jsonscan.Append(dst, m.Result, (*Result).fields)
	}
	return jsonscan.AppendString(dst, m.Text), nil
}

func (m *resultValue) Empty() bool { return m.Text == "" && m.Result == nil }

// commandValue is the commands: a text or an array.
type commandValue Message

func (m *commandValue) Scan(s *jsonscan.Scanner) bool {
	if s.Peek() != '[' {
		return scanLines(s, &m.Command)
	}
	m.Command = nil
	list := []string{}
	for e := s.Array(); e.Next(); {
		text, ok := s.String()
		if !ok {
			return s.WithinElement(e.Index)
		}
		list = append(list, text)
	}
	m.Command = list
	return s.OK()
}

func (m *commandValue) Same(s *jsonscan.Scanner) bool {
	if s.Peek() != '[' {
		return sameLines(s, m.Command)
	}
	same, n := true, 0
	for e := s.Array(); e.Next(); n++ {
		if n < len(m.Command) {
			same = s.SameString(m.Command[n]) && same
		} else {
			s.Skip()
		}
	}
	return same && n == len(m.Command)
}

func (m *commandValue) Append(dst []byte) ([]byte, error) {
	if (*Message)(m).generation() != Generation4 {
		return appendLines(dst, m.Command), nil
	}
	dst = append(dst, '[')
	for i, line := range m.Command {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = jsonscan.AppendString(dst, line)
	}
	return append(dst, ']'), nil
}

func (m *commandValue) Empty() bool { return len(m.Command) == 0 }

// configValue is lines in one text.
type configValue []string

func (p *configValue) Scan(s *jsonscan.Scanner) bool     { return scanLines(s, (*[]string)(p)) }
func (p *configValue) Same(s *jsonscan.Scanner) bool     { return sameLines(s, *p) }
func (p *configValue) Append(dst []byte) ([]byte, error) { return appendLines(dst, *p), nil }
func (p *configValue) Empty() bool                       { return len(*p) == 0 }

func scanLines(s *jsonscan.Scanner, lines *[]string) bool {
	*lines = nil
	text, ok := s.String()
	if !ok || text == "" {
		return ok
	}
	*lines = strings.Split(text, "\n")
	return true
}

func sameLines(s *jsonscan.Scanner, lines []string) bool {
	if len(lines) == 1 {
		return s.SameString(lines[0])
	}
	return s.SameString(strings.Join(lines, "\n"))
}

func appendLines(dst []byte, lines []string) []byte {
	if len(lines) == 1 {
		return jsonscan.AppendString(dst, lines[0])
	}
	return jsonscan.AppendString(dst, strings.Join(lines, "\n"))
}

// isoTime is a time in the form of Python's isoformat.
type isoTime time.Time

// isoLayouts are the forms that are read. Go reads a fraction of the second
// where the layout has none.
var isoLayouts = [...]string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05"}

func (p *isoTime) Scan(s *jsonscan.Scanner) bool {
	t, ok := scanTime(s)
	*p = isoTime(t)
	return ok
}

func scanTime(s *jsonscan.Scanner) (time.Time, bool) {
	start := s.Offset()
	text, ok := s.String()
	if !ok || text == "" {
		return time.Time{}, ok
	}
	for _, layout := range isoLayouts {
		if t, err := time.Parse(layout, text); err == nil {
			if _, offset := t.Zone(); offset == 0 {
				t = t.UTC() // not the zone of this machine, where that is the same
			}
			return t, true
		}
	}
	return time.Time{}, s.FailAt(start, "not an ISO 8601 time")
}

func (p *isoTime) Same(s *jsonscan.Scanner) bool {
	t, ok := scanTime(s)
	v := time.Time(*p)
	if !ok || !t.Equal(v) {
		return false
	}
	_, a := t.Zone()
	_, b := v.Zone()
	return a == b // the same instant in another zone is a change
}

// Append writes a zone of UTC as +00:00, and microseconds if they are not zero.
func (p *isoTime) Append(dst []byte) ([]byte, error) {
	t := time.Time(*p)
	if y := t.Year(); y < 0 || y > 9999 {
		return jsonscan.AppendTime(dst, t) // which knows the error
	}
	const seconds = len("2006-01-02T15:04:05")
	dst = append(dst, '"')
	start := len(dst)
	dst = t.AppendFormat(dst, time.RFC3339) // for which Go has a fast way
	zone := "+00:00"
	if z := dst[start+seconds:]; len(z) == len(zone) {
		zone = string(z)
	}
	dst = dst[:start+seconds]
	if micros := t.Nanosecond() / int(time.Microsecond); micros != 0 {
		dst = append(dst, '.')
		for unit := 100_000; unit > 0; unit /= 10 {
			dst = append(dst, byte('0'+micros/unit%10))
		}
	}
	dst = append(dst, zone...)
	return append(dst, '"'), nil
}

func (p *isoTime) Empty() bool { return time.Time(*p).IsZero() }

// firstLine returns the first of the lines that is not empty.
func firstLine(lines []string) string {
	i := slices.IndexFunc(lines, func(line string) bool { return strings.TrimSpace(line) != "" })
	if i < 0 {
		return ""
	}
	return strings.TrimSpace(lines[i])
}
