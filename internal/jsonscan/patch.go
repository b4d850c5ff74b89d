package jsonscan

import (
	"fmt"
	"strconv"
	"sync"
)

// A writer writes objects over the texts they came from. Its place is in one
// of these texts: what is before copied has been dealt with, what follows is
// copied when a difference, or the end, is found.
type writer struct {
	Scanner
	copied int
	out    []byte
	fail   error
}

var writers = sync.Pool{New: func() any { return new(writer) }}

func writerTo(dst []byte) *writer {
	w := writers.Get().(*writer)
	w.out = dst
	return w
}

// finish returns what was written behind dst and gives w back.
func (w *writer) finish(dst []byte) ([]byte, error) {
	out, err := w.out, w.fail
	if err == nil && w.err != nil {
		err = w.err
	}
	w.fields.cut(0)
	if cap(w.buf) > mostScratch {
		w.buf = nil
	}
	*w = writer{Scanner: Scanner{fields: Fields{list: w.fields.list}, buf: w.buf[:0]}}
	writers.Put(w)
	if err != nil {
		return dst, err
	}
	return out, nil
}

// flush copies the text up to the given place, if it has not been dealt with.
func (w *writer) flush(to int) {
	if to > w.copied {
		w.out = append(w.out, w.src[w.copied:to]...)
		w.copied = to
	}
}

// writeObject writes v and returns the text that v came from.
func writeObject[T any](w *writer, v *T, fields func(*T, *Fields)) string {
	base := len(w.fields.list)
	w.fields.origin = nil
	fields(v, &w.fields)
	table, text := w.fields.list[base:], ""
	if o := w.fields.origin; o != nil && o.text != "" {
		text = o.text
		src, pos, copied := w.src, w.pos, w.copied
		w.src, w.pos, w.copied = o.text, 0, 0
		w.object(table, o.repeated)
		w.src, w.pos, w.copied = src, pos, copied
	} else {
		w.fresh(table)
	}
	w.fields.cut(base)
	return text
}

// fresh writes an object that came from nowhere. What most members are needs no
// call through an interface.
func (w *writer) fresh(table []field) {
	out := append(w.out, '{')
	first := true
	for i := range table {
		f := &table[i]
		if f.alias > 0 || f.omit && f.empty(w) {
			continue
		}
		if !first {
			out = append(out, ',')
		}
		first = false
		out = append(out, '"')
		out = append(out, f.name...)
		out = append(out, '"', ':')
		switch v := f.value.(type) {
		case *stringValue:
			if *v != "" || !f.null {
				out = AppendString(out, string(*v))
				continue
			}
		case *int64Value:
			if *v != 0 || !f.null {
				out = strconv.AppendInt(out, int64(*v), 10)
				continue
			}
		case *intValue:
			if *v != 0 || !f.null {
				out = strconv.AppendInt(out, int64(*v), 10)
				continue
			}
		}
		w.out = out
		w.value(f)
		out = w.out
	}
	w.out = append(out, '}')
}

func (w *writer) member(f *field, first bool) {
	out := w.out
	if !first {
		out = append(out, ',')
	}
	out = append(out, '"')
	out = append(out, f.name...)
	w.out = append(out, '"', ':')
	w.value(f)
}

func (w *writer) value(f *field) {
	switch {
	case f.null && f.empty(w):
		w.out = append(w.out, "null"...)
	case f.node != nil:
		f.node.write(w, f.fn)
	default:
		out, err := f.value.Append(w.out)
		if err != nil && w.fail == nil {
			w.fail = fmt.Errorf("%s: %w", f.name, err)
		}
		w.out = out
	}
}

// object writes the object that is the text.
func (w *writer) object(table []field, repeated bool) {
	var counts *places
	if repeated {
		counts = w.places(table)
	}
	var seen bitset
	w.Peek()
	next, kept, end := 0, 0, w.pos+1
	for m := w.Object(); m.next(hint(table, next)); {
		if kept == 0 && w.copied > 0 {
			w.copied = m.start // the comma went with the member before it
		}
		start := w.pos
		i := lookup(table, m.Name, next)
		if i >= 0 {
			next = i + 1
			i -= int(table[i].alias)
		}
		switch {
		case i < 0 || repeated && counts[i] != start || table[i].only != 0 && !w.isFor(&table[i]):
			w.skip()
		case w.dropped(&table[i], repeated):
			seen.add(i)
			w.flush(end)
			w.copied = w.pos
			continue
		default:
			seen.add(i)
			w.patch(&table[i], start)
		}
		kept++
		end = w.pos
	}
	for i := range table {
		if f := &table[i]; f.alias == 0 && !seen.has(i) && !f.empty(w) {
			w.flush(end)
			w.member(f, kept == 0)
			kept++
		}
	}
	w.flush(len(w.src))
}

// dropped reports whether the member at the place goes away because its field
// has become empty. If so it is behind the member.
func (w *writer) dropped(f *field, repeated bool) bool {
	if !f.omit || repeated || !f.empty(w) {
		return false // a repeated member must not leave its place to another
	}
	was := false // empty then, too
	start, depth := w.pos, w.depth
	if f.node != nil {
		was = f.node.wasEmpty(w, f.fn)
	} else {
		was = f.value.Same(&w.Scanner)
	}
	w.pos, w.depth = start, depth
	if was {
		return false
	}
	w.skip()
	return true
}

// patch writes the field whose member is at the place, unless it is the same.
func (w *writer) patch(f *field, start int) {
	if f.node != nil {
		f.node.patch(w, f.fn)
		return
	}
	if !f.value.Same(&w.Scanner) {
		w.flush(start)
		w.value(f)
		w.copied = w.pos
	}
}

// places holds where the value of each entry is that counts, in an object with
// repeated members.
type places [maxFields]int

func (w *writer) places(table []field) *places {
	var p places
	var c chooser
	w.Peek()
	for m := w.Object(); m.Next(); {
		if i := lookup(table, m.Name, 0); i >= 0 {
			if own := i - int(table[i].alias); w.isFor(&table[own]) && c.takes(i, own, &w.Scanner) {
				p[own] = w.pos
			}
		}
		w.skip()
	}
	w.pos = 0
	return &p
}
