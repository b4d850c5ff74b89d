package jsonscan

// DecodeArray reads an array of objects into list, as [DecodeList], and returns
// the text for [AppendArray].
func DecodeArray[T any](data []byte, list *[]T, fields func(*T, *Fields)) (Origin, error) {
	var origin Origin
	err := decode(data, func(s *Scanner) bool {
		origin.text = s.src
		return s.arrayDue() && scanList(s, list, fields) && s.end()
	})
	if err != nil {
		return Origin{}, err
	}
	return origin, nil
}

// arrayDue keeps null from being read as an empty list.
func (s *Scanner) arrayDue() bool {
	return s.Peek() == '[' || s.wrongType("an array")
}

// AppendArray appends list over the text that it came from, as [Append] does
// with an object: what did not change is copied as it came, the white space
// between the elements included. Without a text of an array it is AppendList.
func AppendArray[T any](dst []byte, o Origin, list []T, fields func(*T, *Fields)) ([]byte, error) {
	w := writerTo(dst)
	w.src = o.text
	if w.Peek() == '[' {
		listNode[T]{&list}.patch(w, fields)
		w.flush(len(w.src))
	} else {
		writeList(w, list, fields)
	}
	return w.finish(dst)
}
