package jsonscan

import "strings"

// The nodes hold a pointer alone, so that none of them is allocated.

// structNode is an object that is always there.
type structNode[T any] struct{ p *T }

func (n structNode[T]) scan(s *Scanner, fn any) bool {
	var zero T
	*n.p = zero
	return s.Null() || ScanObject(s, n.p, fn.(func(*T, *Fields)))
}

func (n structNode[T]) write(w *writer, fn any) { writeObject(w, n.p, fn.(func(*T, *Fields))) }

func (n structNode[T]) patch(w *writer, fn any) {
	if w.src[w.pos] != '{' && n.empty(w, fn) {
		w.skip() // null, and still zero
		return
	}
	patchObject(w, n.p, fn.(func(*T, *Fields)))
}

func (n structNode[T]) empty(w *writer, fn any) bool {
	base := len(w.fields.list)
	fn.(func(*T, *Fields))(n.p, &w.fields)
	empty := true
	for i := range w.fields.list[base:] {
		f := &w.fields.list[base+i]
		empty = empty && (f.alias > 0 || f.empty(w))
	}
	w.fields.cut(base)
	return empty
}

// An object that still has its origin was empty, but for members unknown. One
// that has none was replaced.
func (n structNode[T]) wasEmpty(w *writer, fn any) bool {
	base := len(w.fields.list)
	w.fields.origin = nil
	fn.(func(*T, *Fields))(n.p, &w.fields)
	w.fields.cut(base)
	return w.src[w.pos] != '{' || w.fields.origin != nil && w.fields.origin.text != ""
}

// refNode is an object or nil.
type refNode[T any] struct{ p **T }

func (n refNode[T]) scan(s *Scanner, fn any) bool {
	*n.p = nil
	if s.Null() {
		return true
	}
	*n.p = new(T)
	return ScanObject(s, *n.p, fn.(func(*T, *Fields)))
}

func (n refNode[T]) write(w *writer, fn any) {
	if *n.p == nil {
		w.out = append(w.out, "null"...)
		return
	}
	writeObject(w, *n.p, fn.(func(*T, *Fields)))
}

func (n refNode[T]) patch(w *writer, fn any) {
	switch {
	case *n.p != nil:
		patchObject(w, *n.p, fn.(func(*T, *Fields)))
	case w.src[w.pos] == '{':
		w.flush(w.pos)
		w.out = append(w.out, "null"...)
		w.replace("")
	default:
		w.skip()
	}
}

func (n refNode[T]) empty(*writer, any) bool { return *n.p == nil }

func (n refNode[T]) wasEmpty(w *writer, _ any) bool { return w.src[w.pos] != '{' }

// listNode is a list of objects.
type listNode[T any] struct{ p *[]T }

func (n listNode[T]) scan(s *Scanner, fn any) bool {
	return scanList(s, n.p, fn.(func(*T, *Fields)))
}

func (n listNode[T]) write(w *writer, fn any) { writeList(w, *n.p, fn.(func(*T, *Fields))) }

func (n listNode[T]) patch(w *writer, fn any) {
	fields := fn.(func(*T, *Fields))
	list := *n.p
	if w.src[w.pos] != '[' { // null
		if len(list) == 0 {
			w.skip()
			return
		}
		w.flush(w.pos)
		writeList(w, list, fields)
		w.replace("")
		return
	}
	count, end := 0, w.pos+1
	for e := w.Array(); e.Next(); {
		if e.Index >= len(list) { // the list has become shorter
			w.flush(end)
			w.replace("")
			continue
		}
		patchObject(w, &list[e.Index], fields)
		count, end = e.Index+1, w.pos
	}
	if w.err != nil {
		return
	}
	for i := range list[count:] {
		w.flush(end)
		if count+i > 0 {
			w.out = append(w.out, ',')
		}
		writeObject(w, &list[count+i], fields)
	}
}

func (n listNode[T]) empty(*writer, any) bool { return len(*n.p) == 0 }

func (n listNode[T]) wasEmpty(w *writer, _ any) bool {
	if w.src[w.pos] != '[' {
		return true
	}
	e := w.Array()
	return !e.Next()
}

func writeList[T any](w *writer, list []T, fields func(*T, *Fields)) {
	w.out = append(w.out, '[')
	for i := range list {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		writeObject(w, &list[i], fields)
	}
	w.out = append(w.out, ']')
}

// patchObject writes v over the value at the place.
func patchObject[T any](w *writer, v *T, fields func(*T, *Fields)) {
	w.flush(w.pos)
	w.replace(writeObject(w, v, fields))
}

// replace goes behind the value at the place, for which something else was
// written. Its text is known if nothing was moved.
func (w *writer) replace(text string) {
	if text != "" && strings.HasPrefix(w.src[w.pos:], text) {
		w.pos += len(text) // cheap: the two strings share their memory
	} else {
		w.skip()
	}
	w.copied = w.pos
}
