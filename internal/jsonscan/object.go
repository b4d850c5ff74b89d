package jsonscan

import (
	"strconv"
	"unsafe"
)

// ScanObject reads an object into v, which must be zero. It is for a [Value]
// with a form that is an object.
func ScanObject[T any](s *Scanner, v *T, fields func(*T, *Fields)) bool {
	scanObject(s, v, fields)
	return s.err == nil
}

// scanObject returns where v keeps its origin, if it does.
func scanObject[T any](s *Scanner, v *T, fields func(*T, *Fields)) *Origin {
	base := len(s.fields.list)
	s.fields.origin = nil
	fields(v, &s.fields)
	origin := s.fields.origin
	s.object(s.fields.list[base:], origin)
	s.fields.cut(base)
	return origin
}

func (s *Scanner) object(table []field, origin *Origin) bool {
	var c chooser
	start, next := s.pos, 0
	for m := s.Object(); m.next(hint(table, next)); {
		i := lookup(table, m.Name, next)
		if i < 0 {
			if !s.skip() {
				s.err.within(fieldName(m.Name))
				return false
			}
			continue
		}
		next = i + 1
		own := i - int(table[i].alias)
		f := &table[own]
		if f.only != 0 && !s.isFor(f) || !c.takes(i, own, s) {
			if !s.skip() {
				s.err.within(m.Name)
				return false
			}
			continue
		}
		ok := false
		if f.node != nil {
			ok = f.node.scan(s, f.fn)
		} else {
			ok = f.value.Scan(s)
		}
		if !ok {
			s.err.within(m.Name)
			return false
		}
	}
	if s.err != nil {
		return false
	}
	if origin != nil {
		*origin = Origin{text: s.src[start:s.pos], repeated: c.repeated}
	}
	return true
}

// isFor reports whether f reads the value at the place.
func (s *Scanner) isFor(f *field) bool { return s.pos < len(s.src) && f.reads(s.src[s.pos]) }

// A chooser tells which of the members of an object count, in their order: an
// alias gives way to the member itself, unless that was never more than null.
type chooser struct {
	seen, named, aliased bitset // in any way, by its own name and not null, by an alias
	repeated             bool
}

// takes reports whether the member at the place of s, which is entry i and means
// entry own, counts for now.
func (c *chooser) takes(i, own int, s *Scanner) bool {
	c.repeated = c.repeated || c.seen.has(own)
	c.seen.add(own)
	switch {
	case i != own && c.named.has(own):
		return false
	case i != own:
		c.aliased.add(own)
	case s.pos < len(s.src) && s.src[s.pos] != 'n':
		c.named.add(own)
	case c.aliased.has(own):
		return c.named.has(own) // null takes nothing from an alias
	}
	return true
}

// fieldName makes the name of an unknown member fit for an error: it is the
// text of a stranger.
func fieldName(name string) string {
	const most = 40
	for i, c := range []byte(name) {
		if i == most {
			return name[:most]
		}
		if c != '_' && c != '-' && (c < '0' || c > '9') && (c|' ' < 'a' || c|' ' > 'z') {
			return "?"
		}
	}
	return name
}

func scanList[T any](s *Scanner, p *[]T, fields func(*T, *Fields)) bool {
	*p = nil
	if s.Null() {
		return true
	}
	list, start := []T{}, s.pos
	for e := s.Array(); e.Next(); {
		if len(list) == cap(list) {
			grown, ok := grow(s, list, start)
			if !ok {
				return false
			}
			list = grown
		}
		var zero T
		list = append(list, zero)
		if !ScanObject(s, &list[e.Index], fields) {
			s.err.within("[" + strconv.Itoa(e.Index) + "]")
			return false
		}
	}
	*p = list
	return s.err == nil
}

// grow makes room for as many elements as the text probably holds, judged by
// those from start to here, but for no more than the text could pay for.
func grow[T any](s *Scanner, list []T, start int) ([]T, bool) {
	var zero T
	size := max(int(unsafe.Sizeof(zero)), 1)
	room := 1
	if n := len(list); n > 0 {
		each := (s.pos - start) / n
		likely := (len(s.src)-s.pos)/max(each, 1) + 1
		room = max(n, min(likely, len(s.src)/size))
	}
	s.growth -= room * size
	if s.growth < 0 {
		return nil, s.Fail("too many elements for the size of the text")
	}
	grown := make([]T, len(list), len(list)+room)
	copy(grown, list)
	return grown, true
}
