package jsonscan

import (
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// word loads 8 bytes of s at i.
func word(s string, i int) uint64 {
	b := s[i : i+8]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}

// special marks the bytes of w that end the plain part of a string: the quote,
// the backslash and control characters. The lowest mark is exact; a borrow can
// set false ones above it only.
func special(w uint64) uint64 {
	quote := w ^ '"'*ones
	slash := w ^ '\\'*ones
	return ((quote-ones)&^quote | (slash-ones)&^slash | (w-' '*ones)&^w) & highs
}

// plain returns the index, from i on, of the first byte of s that is special,
// or the length of s.
func plain(s string, i int) int {
	for ; i+8 <= len(s); i += 8 {
		if m := special(word(s, i)); m != 0 {
			return i + bits.TrailingZeros64(m)/8
		}
	}
	for ; i < len(s); i++ {
		if c := s[i]; c == '"' || c == '\\' || c < ' ' {
			break
		}
	}
	return i
}

// token reads a string and returns what is between the quotes, escapes as they
// are, and whether there are any.
func (s *Scanner) token() (text string, escaped, ok bool) {
	start := s.pos + 1
	i := start
	for ; i+8 <= len(s.src); i += 8 { // as plain does, without the call
		m := special(word(s.src, i))
		if m == 0 {
			continue
		}
		if i += bits.TrailingZeros64(m) / 8; s.src[i] == '"' {
			s.pos = i + 1
			return s.src[start:i], false, true
		}
		break
	}
	i = plain(s.src, i)
	for {
		if i >= len(s.src) {
			return "", false, s.failAt(len(s.src), "unexpected end")
		}
		switch s.src[i] {
		case '"':
			s.pos = i + 1
			return s.src[start:i], escaped, true
		case '\\':
			n := escapeLen(s.src[i:])
			if n == 0 {
				return "", false, s.failAt(i, "invalid escape")
			}
			escaped = true
			i = plain(s.src, i+n)
		default:
			return "", false, s.failAt(i, "control character in a string")
		}
	}
}

// escapeLen returns the length of the escape that s begins with, 0 if it is
// not one.
func escapeLen(s string) int {
	if len(s) < 2 {
		return 0
	}
	switch s[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if _, ok := hex4(s); ok {
			return 6
		}
	}
	return 0
}

// hex4 returns the code unit of an escape \uXXXX at the start of s.
func hex4(s string) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range []byte(s[2:6]) {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// unescape returns the text that a token with valid escapes stands for.
func unescape(token string) string {
	b := appendUnescaped(make([]byte, 0, len(token)), token)
	return unsafe.String(unsafe.SliceData(b), len(b)) // nobody else has b
}

func appendUnescaped(dst []byte, token string) []byte {
	for i := 0; i < len(token); {
		next := plain(token, i)
		dst = append(dst, token[i:next]...)
		if next == len(token) {
			break
		}
		i = next + 2
		switch c := token[next+1]; c {
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			r, _ := hex4(token[next:])
			i = next + 6
			if utf16.IsSurrogate(r) {
				low, _ := hex4(token[i:])
				r = utf16.DecodeRune(r, low) // U+FFFD unless the two are a pair
				if r != utf8.RuneError {
					i += 6
				}
			}
			dst = utf8.AppendRune(dst, r)
		default: // quote, backslash, slash
			dst = append(dst, c)
		}
	}
	return dst
}

// String reads a string, or null as "".
func (s *Scanner) String() (string, bool) {
	if s.pos >= len(s.src) || s.src[s.pos] != '"' {
		if s.Null() {
			return "", true
		}
		return "", s.wrongType("a string")
	}
	text, escaped, ok := s.token()
	if escaped && ok {
		text = unescape(text)
	}
	return text, ok
}

// SameString reads a string, or null, and reports whether [Scanner.String]
// would have returned v.
func (s *Scanner) SameString(v string) bool {
	if s.src[s.pos] != '"' {
		return s.Null() && v == ""
	}
	text, escaped, ok := s.token()
	if escaped {
		s.buf = appendUnescaped(s.buf[:0], text)
		return string(s.buf) == v
	}
	return ok && text == v
}
