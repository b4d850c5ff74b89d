package jsonscan

import (
	"encoding/json"
	"iter"
	"unsafe"
)

// A Member is a member of an object: its name, and the text of its value.
type Member struct{ Name, Text string }

// An Outline is what can be seen of a text without decoding it.
type Outline struct {
	Kind byte // the first byte of the value: { [ " t f n, or 0 for a number
	Len  int  // how many members or elements there are

	few  [16]Member // the members, as long as they fit
	n    int
	many []Member
}

// Members returns the members of the object, or of the first element of an
// array.
func (o *Outline) Members() []Member {
	if o.many != nil {
		return o.many
	}
	return o.few[:o.n]
}

// Scan returns the outline of data. All of data is validated.
//
// The outline shares the memory of data: it must be done with before data
// changes.
func Scan(data []byte) (Outline, error) {
	// Copying the text would be most of the work. The strings stay inside of
	// the outline, whose users are told.
	s := scannerOf(unsafe.String(unsafe.SliceData(data), len(data)))
	defer s.release()

	var o Outline
	if s.validText() {
		switch o.Kind = s.Peek(); o.Kind {
		case '{':
			o.Len = s.members(&o)
		case '[':
			for e := s.Array(); e.Next(); o.Len++ {
				if e.Index == 0 && s.Peek() == '{' {
					s.members(&o)
				} else {
					s.skip()
				}
			}
		case '"', 't', 'f', 'n':
			s.skip()
		default:
			o.Kind = 0
			s.skip()
		}
		if s.err == nil {
			s.end()
		}
	}
	if s.err != nil {
		return Outline{}, s.err
	}
	return o, nil
}

func (s *Scanner) members(o *Outline) (n int) {
	for m := s.Object(); m.Next(); n++ {
		text, ok := s.Skip()
		if !ok {
			s.err.within(fieldName(m.Name))
			return n
		}
		switch {
		case n < len(o.few):
			o.few[n] = Member{m.Name, text}
			o.n++
		case n == len(o.few):
			o.many = append(o.many, o.few[:]...)
			fallthrough
		default:
			o.many = append(o.many, Member{m.Name, text})
		}
	}
	return n
}

// Unquote returns a copy of what the text of a string stands for, and whether
// it is one.
func Unquote(text string) (string, bool) {
	if len(text) < 2 || text[0] != '"' {
		return "", false
	}
	return unescape(text[1 : len(text)-1]), true
}

// Unknown iterates over the members of the text of o that fields does not name,
// or names for other kinds of values only.
func Unknown[T any](o Origin, fields func(*T, *Fields)) iter.Seq2[string, json.RawMessage] {
	return func(yield func(string, json.RawMessage) bool) {
		if o.text == "" {
			return
		}
		s := scannerOf(o.text)
		defer s.release()
		fields(new(T), &s.fields)
		s.Peek()
		for m := s.Object(); m.Next(); {
			text, _ := s.Skip()
			if i := lookup(s.fields.list, m.Name, 0); i >= 0 {
				if i -= int(s.fields.list[i].alias); s.fields.list[i].reads(text[0]) {
					continue
				}
			}
			if !yield(m.Name, json.RawMessage(text)) {
				return
			}
		}
	}
}
