package netdata

import (
	"strconv"

	"github.com/alertwire/alertwire/internal/jsonscan"
)

// The words of a Status.
const (
	up   = "reachable"
	down = "unreachable"
)

// Status says whether nodes are reachable. The flat form has an object, the
// nested form its text alone; either is read in both.
type Status struct {
	Text string // "reachable" or "unreachable", in any letter case
	// Reachable is nil where it is not said. It is not written as a text.
	Reachable *bool

	origin jsonscan.Origin
	text   bool // it came as a text
}

// StatusOf returns the Status of nodes that are reachable, or are not.
func StatusOf(reachable bool) Status {
	if reachable {
		return Status{Text: up, Reachable: &reachable}
	}
	return Status{Text: down, Reachable: &reachable}
}

func (s *Status) fields(f *jsonscan.Fields) {
	f.From(&s.origin)
	f.Value("reachable", maybe{&s.Reachable}).Omit()
	f.String("text", &s.Text)
}

func (s *Status) scan(sc *jsonscan.Scanner) bool {
	*s = Status{}
	switch sc.Peek() {
	case '{':
		return jsonscan.ScanObject(sc, s, (*Status).fields)
	case '"':
		s.text = true
	}
	var ok bool
	s.Text, ok = sc.String()
	return ok
}

// same compares a text. An object is compared where it is written.
func (s *Status) same(sc *jsonscan.Scanner) bool {
	if sc.Peek() == '{' {
		sc.Skip()
		return false
	}
	return sc.SameString(s.Text) && (s.text || s.Reachable == nil)
}

func (s *Status) append(dst []byte, text bool) ([]byte, error) {
	if text {
		return jsonscan.AppendString(dst, s.Text), nil
	}
	return jsonscan.Append(dst, s, (*Status).fields)
}

func (s *Status) empty() bool { return s.Text == "" && s.Reachable == nil }

// flatStatus and nestedStatus are how Status is read and written in each form: as
// it came, or else as is usual.
type (
	flatStatus   Status
	nestedStatus Status
)

func (p *flatStatus) Scan(s *jsonscan.Scanner) bool { return (*Status)(p).scan(s) }
func (p *flatStatus) Same(s *jsonscan.Scanner) bool { return (*Status)(p).same(s) }
func (p *flatStatus) Empty() bool                   { return (*Status)(p).empty() }
func (p *flatStatus) Append(dst []byte) ([]byte, error) {
	return (*Status)(p).append(dst, p.text)
}

func (p *nestedStatus) Scan(s *jsonscan.Scanner) bool { return (*Status)(p).scan(s) }
func (p *nestedStatus) Same(s *jsonscan.Scanner) bool { return (*Status)(p).same(s) }
func (p *nestedStatus) Empty() bool                   { return (*Status)(p).empty() }
func (p *nestedStatus) Append(dst []byte) ([]byte, error) {
	return (*Status)(p).append(dst, p.origin.Text() == "")
}

// maybe is a boolean that may be absent.
type maybe struct{ p **bool }

func (v maybe) Scan(s *jsonscan.Scanner) bool {
	*v.p = nil
	if s.Null() {
		return true
	}
	b, ok := s.Bool()
	*v.p = &b
	return ok
}

func (v maybe) Same(s *jsonscan.Scanner) bool {
	if s.Null() {
		return *v.p == nil
	}
	b, _ := s.Bool()
	return *v.p != nil && **v.p == b
}

func (v maybe) Append(dst []byte) ([]byte, error) {
	if *v.p == nil {
		return append(dst, "null"...), nil
	}
	return strconv.AppendBool(dst, **v.p), nil
}

func (v maybe) Empty() bool { return *v.p == nil }
