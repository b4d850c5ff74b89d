package jsonscan

import "strconv"

// number reads a number and returns its text.
func (s *Scanner) number() (text string, ok bool) {
	src, start, i := s.src, s.pos, s.pos
	if i < len(src) && src[i] == '-' {
		i++
	}
	first := i
	i = digits(src, i)
	if i == first || src[first] == '0' && i > first+1 {
		return "", s.badNumber(start, first, i)
	}
	if i < len(src) && src[i] == '.' {
		first = i + 1
		if i = digits(src, first); i == first {
			return "", s.badNumber(start, first, i)
		}
	}
	if i < len(src) && (src[i] == 'e' || src[i] == 'E') {
		i++
		if i < len(src) && (src[i] == '+' || src[i] == '-') {
			i++
		}
		first = i
		if i = digits(src, first); i == first {
			return "", s.badNumber(start, first, i)
		}
	}
	s.pos = i
	return src[start:i], true
}

// badNumber tells a number that is spelt wrong from what is none at all.
func (s *Scanner) badNumber(start, first, i int) bool {
	if i >= len(s.src) && i == first {
		return s.failAt(i, "unexpected end")
	}
	if i == start {
		return s.failAt(i, "unexpected character")
	}
	return s.failAt(first, "invalid number")
}

func digits(s string, i int) int {
	for i < len(s) && '0' <= s[i] && s[i] <= '9' {
		i++
	}
	return i
}

// isNumber reports whether a number is due.
func (s *Scanner) isNumber() bool {
	return s.pos < len(s.src) && (s.src[s.pos] == '-' || '0' <= s.src[s.pos] && s.src[s.pos] <= '9')
}

// Number reads a number and returns its text, or null as "".
func (s *Scanner) Number() (text string, ok bool) {
	if !s.isNumber() {
		if s.Null() {
			return "", true
		}
		return "", s.wrongType("a number")
	}
	return s.number()
}

// Int reads an integer of at most the given number of bits, or null as 0.
func (s *Scanner) Int(bits int) (int64, bool) {
	start := s.pos
	text, ok := s.Number()
	if !ok || text == "" {
		return 0, ok
	}
	if len(text) <= 9 || len(text) <= 18 && bits == 64 { // fits in any case
		if n, ok := natural(text); ok {
			return n, true
		}
	}
	n, err := strconv.ParseInt(text, 10, bits)
	if err != nil {
		return 0, s.failAt(start, "not an integer, or out of range")
	}
	return n, true
}

// natural returns the number that text is, and whether it is digits alone.
func natural(text string) (n int64, ok bool) {
	for i := range len(text) {
		c := text[i] - '0'
		if c > 9 {
			return 0, false
		}
		n = 10*n + int64(c)
	}
	return n, true
}

// Uint reads an unsigned integer of 64 bits, or null as 0.
func (s *Scanner) Uint() (uint64, bool) {
	start := s.pos
	text, ok := s.Number()
	if !ok || text == "" {
		return 0, ok
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, s.failAt(start, "not an unsigned integer, or out of range")
	}
	return n, true
}

// Float reads a number, or null as 0. A number beyond the range of a float64
// is an error; digits beyond its precision stay in the text only.
func (s *Scanner) Float() (float64, bool) {
	start := s.pos
	text, ok := s.Number()
	if !ok || text == "" {
		return 0, ok
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, s.failAt(start, "number out of range")
	}
	return f, true
}

// Bool reads true or false, or null as false.
func (s *Scanner) Bool() (v, ok bool) {
	if s.pos < len(s.src) {
		switch s.src[s.pos] {
		case 't':
			return true, s.literal("true")
		case 'f':
			return false, s.literal("false")
		case 'n':
			return false, s.literal("null")
		}
	}
	return false, s.wrongType("a boolean")
}
