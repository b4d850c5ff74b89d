package netdata

import "github.com/alertwire/alertwire/internal/jsonscan"

// Space is the space of the node. The flat form has its name as a text, the
// nested form an object; either is read in both.
type Space struct {
	Name string
	Slug string // nested only

	origin jsonscan.Origin
	text   bool // it came as a text
}

func (s *Space) fields(f *jsonscan.Fields) {
	f.From(&s.origin)
	f.String("name", &s.Name)
	f.String("slug", &s.Slug)
}

func (s *Space) scan(sc *jsonscan.Scanner) bool {
	*s = Space{}
	switch sc.Peek() {
	case '{':
		return jsonscan.ScanObject(sc, s, (*Space).fields)
	case '"':
		s.text = true
	}
	var ok bool
	s.Name, ok = sc.String()
	return ok
}

// same compares a text. An object is compared where it is written.
func (s *Space) same(sc *jsonscan.Scanner) bool {
	if sc.Peek() == '{' {
		sc.Skip()
		return false
	}
	return sc.SameString(s.Name)
}

func (s *Space) append(dst []byte, text bool) ([]byte, error) {
	switch {
	case text:
		return jsonscan.AppendString(dst, s.Name), nil
	case s.origin.Text() != "":
		return jsonscan.Append(dst, s, (*Space).fields)
	}
	dst = jsonscan.AppendString(append(dst, `{"name":`...), s.Name)
	if s.Slug != "" {
		dst = jsonscan.AppendString(append(dst, `,"slug":`...), s.Slug)
	}
	return append(dst, '}'), nil
}

func (s *Space) empty() bool { return s.Name == "" && s.Slug == "" }

// flatSpace and nestedSpace are how Space is read and written in each form: as
// it came, or else as is usual.
type (
	flatSpace   Space
	nestedSpace Space
)

func (p *flatSpace) Scan(s *jsonscan.Scanner) bool { return (*Space)(p).scan(s) }
func (p *flatSpace) Same(s *jsonscan.Scanner) bool { return (*Space)(p).same(s) }
func (p *flatSpace) Empty() bool                   { return (*Space)(p).empty() }
func (p *flatSpace) Append(dst []byte) ([]byte, error) {
	return (*Space)(p).append(dst, p.origin.Text() == "")
}

func (p *nestedSpace) Scan(s *jsonscan.Scanner) bool { return (*Space)(p).scan(s) }
func (p *nestedSpace) Same(s *jsonscan.Scanner) bool { return (*Space)(p).same(s) && p.Slug == "" }
func (p *nestedSpace) Empty() bool                   { return (*Space)(p).empty() }
func (p *nestedSpace) Append(dst []byte) ([]byte, error) {
	return (*Space)(p).append(dst, p.text && p.Slug == "")
}
