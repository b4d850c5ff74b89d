package grafana

import (
	"github.com/alertwire/alertwire/internal/jsonscan"
)

// Values are the values of the queries and expressions of a rule when the alert
// was evaluated, by their reference ID and in the order of the body. Nil is
// null.
type Values []Value

// A Value is the value of one query or expression.
type Value struct {
	Ref    string // such as "B"
	Number float64
	Null   bool // there was no number
}

// Get returns the number of a reference, and whether there is one.
func (v Values) Get(ref string) (float64, bool) {
	for i := len(v) - 1; i >= 0; i-- {
		if v[i].Ref == ref {
			return v[i].Number, !v[i].Null
		}
	}
	return 0, false
}

// values is how Values are read and written: an object of numbers, or null.
type values Values

func (v *values) Scan(s *jsonscan.Scanner) bool {
	*v = nil
	if s.Null() {
		return true
	}
	list := values{}
	for m := s.Object(); m.Next(); {
		value := Value{Ref: m.Name, Null: s.Null()}
		if !value.Null {
			number, ok := s.Float()
			if !ok {
				return s.Within(m.Name)
			}
			value.Number = number
		}
		list = append(list, value)
	}
	*v = list
	return s.OK()
}

func (v *values) Same(s *jsonscan.Scanner) bool {
	if s.Null() {
		return len(*v) == 0
	}
	same, n := true, 0
	for m := s.Object(); m.Next(); n++ {
		null := s.Null()
		number := 0.0
		if !null {
			number, _ = s.Float()
		}
		same = same && n < len(*v) && (*v)[n] == Value{m.Name, number, null}
	}
	return same && n == len(*v)
}

func (v *values) Append(dst []byte) (_ []byte, err error) {
	dst = append(dst, '{')
	for i, value := range *v {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(jsonscan.AppendString(dst, value.Ref), ':')
		if value.Null {
			dst = append(dst, "null"...)
		} else if dst, err = jsonscan.AppendFloat(dst, value.Number); err != nil {
			return dst, err
		}
	}
	return append(dst, '}'), nil
}

func (v *values) Empty() bool { return len(*v) == 0 }
