package jsonscan

import (
	"encoding/json"
	"strconv"
	"time"
)

// Each kind of field is the field itself under another type: a pointer to it
// becomes a Value without being copied or allocated.

type stringValue string

func (p *stringValue) Scan(s *Scanner) bool {
	text, ok := s.String()
	*p = stringValue(text)
	return ok
}
func (p *stringValue) Same(s *Scanner) bool              { return s.SameString(string(*p)) }
func (p *stringValue) Append(dst []byte) ([]byte, error) { return AppendString(dst, string(*p)), nil }
func (p *stringValue) Empty() bool                       { return *p == "" }

type boolValue bool

func (p *boolValue) Scan(s *Scanner) bool {
	v, ok := s.Bool()
	*p = boolValue(v)
	return ok
}

func (p *boolValue) Same(s *Scanner) bool {
	v, ok := s.Bool()
	return ok && v == bool(*p)
}
func (p *boolValue) Append(dst []byte) ([]byte, error) { return strconv.AppendBool(dst, bool(*p)), nil }
func (p *boolValue) Empty() bool                       { return !bool(*p) }

type intValue int

func (p *intValue) Scan(s *Scanner) bool {
	n, ok := s.Int(strconv.IntSize)
	*p = intValue(n)
	return ok
}

func (p *intValue) Same(s *Scanner) bool {
	n, ok := s.Int(strconv.IntSize)
	return ok && n == int64(*p)
}
func (p *intValue) Append(dst []byte) ([]byte, error) {
	return strconv.AppendInt(dst, int64(*p), 10), nil
}
func (p *intValue) Empty() bool { return *p == 0 }

type int64Value int64

func (p *int64Value) Scan(s *Scanner) bool {
	n, ok := s.Int(64)
	*p = int64Value(n)
	return ok
}

func (p *int64Value) Same(s *Scanner) bool {
	n, ok := s.Int(64)
	return ok && n == int64(*p)
}

func (p *int64Value) Append(dst []byte) ([]byte, error) {
	return strconv.AppendInt(dst, int64(*p), 10), nil
}
func (p *int64Value) Empty() bool { return *p == 0 }

type uint64Value uint64

func (p *uint64Value) Scan(s *Scanner) bool {
	n, ok := s.Uint()
	*p = uint64Value(n)
	return ok
}

func (p *uint64Value) Same(s *Scanner) bool {
	n, ok := s.Uint()
	return ok && n == uint64(*p)
}

func (p *uint64Value) Append(dst []byte) ([]byte, error) {
	return strconv.AppendUint(dst, uint64(*p), 10), nil
}
func (p *uint64Value) Empty() bool { return *p == 0 }

type floatValue float64

func (p *floatValue) Scan(s *Scanner) bool {
	n, ok := s.Float()
	*p = floatValue(n)
	return ok
}

func (p *floatValue) Same(s *Scanner) bool {
	n, ok := s.Float()
	return ok && n == float64(*p)
}
func (p *floatValue) Append(dst []byte) ([]byte, error) { return AppendFloat(dst, float64(*p)) }
func (p *floatValue) Empty() bool                       { return *p == 0 }

type timeValue time.Time

func (p *timeValue) Scan(s *Scanner) bool {
	t, ok := s.Time()
	*p = timeValue(t)
	return ok
}

func (p *timeValue) Same(s *Scanner) bool {
	t, ok := s.Time()
	v := time.Time(*p)
	if !ok || !t.Equal(v) {
		return false
	}
	_, a := t.Zone()
	_, b := v.Zone()
	return a == b // the same instant in another zone is a change
}
func (p *timeValue) Append(dst []byte) ([]byte, error) { return AppendTime(dst, time.Time(*p)) }
func (p *timeValue) Empty() bool                       { return time.Time(*p).IsZero() }

// Time reads a string in the form of RFC 3339. null and "" are the zero time.
func (s *Scanner) Time() (time.Time, bool) {
	start := s.pos
	text, ok := s.String()
	if !ok || text == "" {
		return time.Time{}, ok
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, s.failAt(start, "not an RFC 3339 time")
	}
	return t, true
}

type rawValue json.RawMessage

func (p *rawValue) Scan(s *Scanner) bool {
	text, ok := s.Skip()
	*p = nil
	if text != "null" {
		*p = rawValue(text)
	}
	return ok
}

func (p *rawValue) Same(s *Scanner) bool {
	text, _ := s.Skip()
	return text == string(*p) || text == "null" && len(*p) == 0
}

func (p *rawValue) Append(dst []byte) ([]byte, error) { return AppendRaw(dst, *p) }
func (p *rawValue) Empty() bool                       { return len(*p) == 0 }
