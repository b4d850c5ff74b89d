package flashduty

import (
	"encoding/json"

	"github.com/alertwire/alertwire/internal/jsonscan"
)

// Fields are the custom fields of an incident, in the order of the body.
type Fields []Field

// A Field is a custom field. What type its value has depends on how the field
// was set up: a text, a list of texts, a number, a boolean.
type Field struct {
	Name  string
	Value json.RawMessage
}

// Get returns the value of a field, nil if there is none. Of fields with equal
// names the last counts.
func (f Fields) Get(name string) json.RawMessage {
	for i := len(f) - 1; i >= 0; i-- {
		if f[i].Name == name {
			return f[i].Value
		}
	}
	return nil
}

// Text returns the value of a field that is a text, "" if there is none.
func (f Fields) Text(name string) string {
	value := f.Get(name)
	if !jsonscan.Valid(value) {
		return "" // Unquote trusts its text, and this may be made in Go
	}
	text, _ := jsonscan.Unquote(string(value))
	return text
}

// fields is how Fields are read and written: an object.
type fields Fields

func (p *fields) Scan(s *jsonscan.Scanner) bool {
	*p = nil
	if s.Null() {
		return true
	}
	list := fields{}
	for m := s.Object(); m.Next(); {
		text, ok := s.Skip()
		if !ok {
			return s.Within(m.Name)
		}
		list = append(list, Field{m.Name, json.RawMessage(text)})
	}
	*p = list
	return s.OK()
}

func (p *fields) Same(s *jsonscan.Scanner) bool {
	if s.Null() {
		return len(*p) == 0
	}
	same, n := true, 0
	for m := s.Object(); m.Next(); n++ {
		text, _ := s.Skip()
		same = same && n < len(*p) && (*p)[n].Name == m.Name && string((*p)[n].Value) == text
	}
	return same && n == len(*p)
}

func (p *fields) Append(dst []byte) (_ []byte, err error) {
	dst = append(dst, '{')
	for i, field := range *p {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(jsonscan.AppendString(dst, field.Name), ':')
		if dst, err = jsonscan.AppendRaw(dst, field.Value); err != nil {
			return dst, err
		}
	}
	return append(dst, '}'), nil
}

func (p *fields) Empty() bool { return len(*p) == 0 }
