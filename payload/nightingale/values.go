package nightingale

import (
	"github.com/alertwire/alertwire/internal/jsonscan"
	"github.com/alertwire/alertwire/payload"
)

// TriggerValues are the values of the queries of a rule.
type TriggerValues struct {
	WithUnit []TriggerValue // may be null

	origin jsonscan.Origin
}

func (v *TriggerValues) fields(f *jsonscan.Fields) {
	f.From(&v.origin)
	f.Value("values_with_unit", (*triggerValues)(&v.WithUnit)).Null()
}

// A TriggerValue is the value of one query.
type TriggerValue struct {
	Name  string // of the query, such as "A"
	Value float64
	Unit  string
	Text  string // Value with Unit, for people
	Stat  float64

	origin jsonscan.Origin
	came   triggerValue // what the text says
	null   bool         // the text is null
}

// triggerValue is a TriggerValue that can be compared.
type triggerValue struct {
	value, stat float64
	unit, text  string
}

func (v *TriggerValue) now() triggerValue { return triggerValue{v.Value, v.Stat, v.Unit, v.Text} }

func (v *TriggerValue) fields(f *jsonscan.Fields) {
	f.From(&v.origin)
	f.Float("value", &v.Value)
	f.String("unit", &v.Unit)
	f.String("text", &v.Text)
	f.Float("stat", &v.Stat)
}

// triggerValues are the values as an object of objects.
type triggerValues []TriggerValue

func (p *triggerValues) Scan(s *jsonscan.Scanner) bool {
	*p = nil
	if s.Null() {
		return true
	}
	list := []TriggerValue{}
	for m := s.Object(); m.Next(); {
		var ok bool
		if list, ok = jsonscan.Extend(s, list); !ok {
			return s.Within(m.Name)
		}
		v := &list[len(list)-1]
		v.null = s.Null()
		if !v.null && !jsonscan.ScanObject(s, v, (*TriggerValue).fields) {
			return s.Within(m.Name)
		}
		v.Name, v.came = m.Name, v.now()
	}
	*p = list
	return s.OK()
}

func (p *triggerValues) Same(s *jsonscan.Scanner) bool {
	if s.Null() {
		return len(*p) == 0
	}
	same, n := true, 0
	for m := s.Object(); m.Next(); n++ {
		text, _ := s.Skip()
		same = same && n < len(*p) && (*p)[n].Name == m.Name && (*p)[n].is(text)
	}
	return same && n == len(*p)
}

// is reports whether v came from text and did not change.
func (v *TriggerValue) is(text string) bool {
	return v.now() == v.came && (v.origin.Text() == text || v.null && text == "null")
}

func (p *triggerValues) Append(dst []byte) ([]byte, error) {
	out, err := append(dst, '{'), error(nil)
	for i := range *p {
		v := &(*p)[i]
		if i > 0 {
			out = append(out, ',')
		}
		out = append(jsonscan.AppendString(out, v.Name), ':')
		if v.null && v.now() == v.came {
			out = append(out, "null"...)
			continue
		}
		if out, err = jsonscan.Append(out, v, (*TriggerValue).fields); err != nil {
			return dst, err
		}
	}
	return append(out, '}'), nil
}

func (p *triggerValues) Empty() bool { return len(*p) == 0 }

// infoMaps are objects of texts in an array.
type infoMaps []payload.Labels

func (p *infoMaps) Scan(s *jsonscan.Scanner) bool {
	*p = nil
	if s.Null() {
		return true
	}
	list := []payload.Labels{}
	for e := s.Array(); e.Next(); {
		var ok bool
		if list, ok = jsonscan.Extend(s, list); !ok || !jsonscan.PairsValue(&list[e.Index]).Scan(s) {
			return s.WithinElement(e.Index)
		}
	}
	*p = list
	return s.OK()
}

func (p *infoMaps) Same(s *jsonscan.Scanner) bool {
	if s.Null() {
		return len(*p) == 0
	}
	same, n := true, 0
	for e := s.Array(); e.Next(); n++ {
		if n < len(*p) {
			same = jsonscan.PairsValue(&(*p)[n]).Same(s) && same
		} else {
			s.Skip()
		}
	}
	return same && n == len(*p)
}

func (p *infoMaps) Append(dst []byte) ([]byte, error) {
	dst = append(dst, '[')
	for i := range *p {
		if i > 0 {
			dst = append(dst, ',')
		}
		if (*p)[i] == nil {
			dst = append(dst, "null"...)
			continue
		}
		dst, _ = jsonscan.PairsValue(&(*p)[i]).Append(dst) // texts can always be written
	}
	return append(dst, ']'), nil
}

func (p *infoMaps) Empty() bool { return len(*p) == 0 }
