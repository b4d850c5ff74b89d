package jsonscan

// Part adds an object whose members are fields of v itself, so that what the
// text nests can be flat in Go. The origin that fields names is one for this
// object alone.
func Part[T any](f *Fields, name string, v *T, fields func(*T, *Fields)) *Fields {
	return f.node(name, partNode[T]{structNode[T]{v}}, fields)
}

// partNode is an object within the object that holds its fields: it is always
// there, and its fields are not all of *p.
type partNode[T any] struct{ structNode[T] }

func (n partNode[T]) scan(s *Scanner, fn any) bool {
	fields := fn.(func(*T, *Fields))
	n.clear(s, fields)
	return s.Null() || ScanObject(s, n.p, fields)
}

// clear makes the fields of the part zero if the object was read before, for
// the last of a name counts. It reads null into each.
func (n partNode[T]) clear(s *Scanner, fields func(*T, *Fields)) {
	base := len(s.fields.list)
	s.fields.origin = nil
	fields(n.p, &s.fields)
	if o := s.fields.origin; o != nil && o.text != "" {
		*o = Origin{}
		src, pos := s.src, s.pos
		s.src = "null"
		for i, end := base, len(s.fields.list); i < end; i++ {
			f := s.fields.list[i]
			s.pos = 0
			if f.node != nil {
				f.node.scan(s, f.fn)
			} else if f.alias == 0 {
				f.value.Scan(s)
			}
		}
		s.src, s.pos = src, pos
	}
	s.fields.cut(base)
}
