package jsonscan

import (
	"strings"
	"unicode/utf8"
)

// A Scanner is a place in a JSON text. Its methods read the value at the place
// and leave it behind that value; those that return false have noted an error.
// Only a [Value] needs to know it.
type Scanner struct {
	src    string
	pos    int
	depth  int
	growth int // how many bytes lists may still take
	err    *Error

	fields Fields
	pairs  []pair // scratch of Pairs
	buf    []byte // scratch of unescaping
}

// Fail notes an error at the place and returns false.
func (s *Scanner) Fail(reason string) bool { return s.failAt(s.pos, reason) }

func (s *Scanner) failAt(pos int, reason string) bool {
	if s.err == nil {
		s.err = &Error{Offset: pos, Reason: reason}
	}
	return false
}

// wrongType notes that the value at the place is of another type.
func (s *Scanner) wrongType(want string) bool {
	return s.Fail("want " + want + ", found " + s.found())
}

// found says what is at the place.
func (s *Scanner) found() string {
	if s.pos >= len(s.src) {
		return "the end"
	}
	switch c := s.src[s.pos]; {
	case c == '{':
		return "an object"
	case c == '[':
		return "an array"
	case c == '"':
		return "a string"
	case c == '-' || '0' <= c && c <= '9':
		return "a number"
	case strings.HasPrefix(s.src[s.pos:], "null"):
		return "null"
	case c == 't' || c == 'f':
		return "a boolean"
	default:
		return "something else"
	}
}

// validText checks the encoding of the whole text at once, so that no string
// has to be checked by itself.
func (s *Scanner) validText() bool {
	if utf8.ValidString(s.src) {
		return true
	}
	for i, r := range s.src {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(s.src[i:]); size == 1 {
				return s.failAt(i, "invalid UTF-8")
			}
		}
	}
	return s.Fail("invalid UTF-8")
}

// end notes an error if anything but white space follows.
func (s *Scanner) end() bool {
	s.Peek()
	if s.pos < len(s.src) {
		return s.Fail("something after the value")
	}
	return true
}

// Peek skips white space and returns the byte behind it: the first of a value,
// when a value is due. At the end of the text it returns 0.
func (s *Scanner) Peek() byte {
	for s.pos < len(s.src) {
		c := s.src[s.pos]
		if c > ' ' || c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return c
		}
		s.pos++
	}
	return 0
}

// Null reads null, if that is the value, and reports whether it was.
func (s *Scanner) Null() bool {
	if strings.HasPrefix(s.src[s.pos:], "null") {
		s.pos += len("null")
		return true
	}
	return false
}

func (s *Scanner) literal(word string) bool {
	if !strings.HasPrefix(s.src[s.pos:], word) {
		return s.unexpected()
	}
	s.pos += len(word)
	return true
}

func (s *Scanner) unexpected() bool {
	if s.pos >= len(s.src) {
		return s.Fail("unexpected end")
	}
	return s.Fail("unexpected character")
}

// enter counts the nesting, and leave ends it.
func (s *Scanner) enter() bool {
	s.depth++
	s.pos++
	if s.depth > MaxDepth {
		return s.failAt(s.pos-1, "nested too deeply")
	}
	return true
}

func (s *Scanner) leave() {
	s.depth--
	s.pos++
}

// Skip reads a value of any type and returns its text.
func (s *Scanner) Skip() (text string, ok bool) {
	start := s.pos
	if !s.skip() {
		return "", false
	}
	return s.src[start:s.pos], true
}

func (s *Scanner) skip() bool {
	if s.pos >= len(s.src) {
		return s.unexpected()
	}
	switch c := s.src[s.pos]; c {
	case '"':
		_, _, ok := s.token()
		return ok
	case '{':
		return s.enter() && s.skipMembers()
	case '[':
		return s.enter() && s.skipElements()
	case 't':
		return s.literal("true")
	case 'f':
		return s.literal("false")
	case 'n':
		return s.literal("null")
	default:
		_, ok := s.number()
		return ok
	}
}

// skipMembers and skipElements are [Members] and [Elements] for those who do
// not want to know: most of a text is skipped.
func (s *Scanner) skipMembers() bool {
	if s.Peek() == '}' {
		s.leave()
		return true
	}
	for s.Peek() == '"' {
		if _, _, ok := s.token(); !ok {
			return false
		}
		if s.Peek() != ':' {
			break
		}
		s.pos++
		s.Peek()
		if !s.skip() {
			return false
		}
		switch s.Peek() {
		case ',':
			s.pos++
		case '}':
			s.leave()
			return true
		default:
			return s.unexpected()
		}
	}
	return s.unexpected()
}

func (s *Scanner) skipElements() bool {
	if s.Peek() == ']' {
		s.leave()
		return true
	}
	for {
		s.Peek()
		if !s.skip() {
			return false
		}
		switch s.Peek() {
		case ',':
			s.pos++
		case ']':
			s.leave()
			return true
		default:
			return s.unexpected()
		}
	}
}

// Members iterates over an object: each Next that returns true is at a value,
// which must be read before the next Next.
//
//	for m := s.Object(); m.Next(); {
//		... m.Name ...
//	}
//
// After the loop, [Scanner.OK] tells the end of the object from an error.
type Members struct {
	Name  string
	start int // where the name is
	s     *Scanner
	begun bool
}

// Object begins to read an object.
func (s *Scanner) Object() Members {
	if s.pos >= len(s.src) || s.src[s.pos] != '{' {
		s.wrongType("an object")
	} else {
		s.enter()
	}
	return Members{s: s}
}

// Next reads up to the next value.
func (m *Members) Next() bool { return m.next("") }

// next is Next where the name is probably hint, which needs no escapes, or where
// nothing is known if hint is "".
func (m *Members) next(hint string) bool {
	s := m.s
	if s.err != nil {
		return false
	}
	c := s.Peek()
	switch {
	case c == '}':
		s.leave()
		return false
	case !m.begun:
		m.begun = true
	case c == ',':
		s.pos++
		c = s.Peek()
	default:
		return s.unexpected()
	}
	if c != '"' {
		return s.unexpected()
	}
	m.start = s.pos
	if end := s.pos + 1 + len(hint); hint != "" && end < len(s.src) && s.src[end] == '"' && s.src[s.pos+1:end] == hint {
		m.Name, s.pos = hint, end+1
	} else {
		name, escaped, ok := s.token()
		if !ok {
			return false
		}
		if escaped {
			name = unescape(name)
		}
		m.Name = name
	}
	if s.Peek() != ':' {
		return s.unexpected()
	}
	s.pos++
	s.Peek()
	return true
}

// Elements iterates over an array, as [Members] over an object.
type Elements struct {
	Index int // of the element, from 0
	s     *Scanner
}

// Array begins to read an array.
func (s *Scanner) Array() Elements {
	if s.pos >= len(s.src) || s.src[s.pos] != '[' {
		s.wrongType("an array")
	} else {
		s.enter()
	}
	return Elements{s: s, Index: -1}
}

// Next reads up to the next element.
func (e *Elements) Next() bool {
	s := e.s
	if s.err != nil {
		return false
	}
	c := s.Peek()
	switch {
	case c == ']' && e.Index < 0:
		s.leave()
		return false
	case e.Index < 0:
	case c == ']':
		s.leave()
		return false
	case c == ',':
		s.pos++
		s.Peek()
	default:
		return s.unexpected()
	}
	e.Index++
	return true
}

// OK reports whether no error was noted.
func (s *Scanner) OK() bool { return s.err == nil }
