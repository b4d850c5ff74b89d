package jsonscan

import (
	"strconv"
	"unsafe"
)

// What a [Value] with parts of its own needs beside the methods that read.

// Offset returns where the scanner is, in bytes from the start of the text.
func (s *Scanner) Offset() int { return s.pos }

// FailAt is Fail for another place, such as the start of a value that was read.
func (s *Scanner) FailAt(offset int, reason string) bool { return s.failAt(offset, reason) }

// Within puts the name of a member in front of the path of the noted error. It
// returns false.
func (s *Scanner) Within(name string) bool {
	s.err.within(fieldName(name))
	return false
}

// WithinElement puts the index of an element in front of the path of the noted
// error. It returns false.
func (s *Scanner) WithinElement(i int) bool {
	s.err.within("[" + strconv.Itoa(i) + "]")
	return false
}

// Take takes memory for elements from what the text may have, see [MaxGrowth].
// It returns false, and notes an error, if there is not that much left.
func (s *Scanner) Take(bytes int) bool {
	s.growth -= bytes
	return s.growth >= 0 || s.Fail("too many elements for the size of the text")
}

// Extend appends a zero element to list, whose memory is taken from what the text
// may have, see [Scanner.Take].
func Extend[T any](s *Scanner, list []T) ([]T, bool) {
	var zero T
	if len(list) == cap(list) {
		room := max(len(list), 1)
		if !s.Take(room * int(unsafe.Sizeof(zero))) {
			return list, false
		}
		grown := make([]T, len(list), len(list)+room) // slices.Grow would take more
		copy(grown, list)
		list = grown
	}
	return append(list, zero), true
}
