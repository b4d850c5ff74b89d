package payload

import (
	"iter"
	"log/slog"
	"slices"
	"strings"

	"github.com/alertwire/alertwire/internal/jsonscan"
)

// A Label is a name with a value.
type Label struct{ Name, Value string }

// Labels are labels in the order of their source. The nil Labels are empty. As
// JSON they are an object of strings.
type Labels []Label

// LabelsOf returns the labels of a map, sorted by name.
func LabelsOf(m map[string]string) Labels {
	l := make(Labels, 0, len(m))
	for name, value := range m {
		l = append(l, Label{name, value})
	}
	slices.SortFunc(l, byName)
	return l
}

func byName(a, b Label) int { return strings.Compare(a.Name, b.Name) }

// Get returns the value of a label, "" if there is none.
func (l Labels) Get(name string) string {
	value, _ := l.Lookup(name)
	return value
}

// Lookup returns the value of a label, and whether there is one. Of labels with
// equal names the last counts.
func (l Labels) Lookup(name string) (string, bool) {
	for i := len(l) - 1; i >= 0; i-- {
		if l[i].Name == name {
			return l[i].Value, true
		}
	}
	return "", false
}

// All iterates over the names and values in their order.
func (l Labels) All() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for _, label := range l {
			if !yield(label.Name, label.Value) {
				return
			}
		}
	}
}

// LogValue returns the labels as a group of a log record.
func (l Labels) LogValue() slog.Value {
	attrs := make([]slog.Attr, 0, len(l))
	for name, value := range l.All() {
		attrs = append(attrs, slog.String(name, value))
	}
	return slog.GroupValue(attrs...)
}

// Map returns the labels as a map, which is never nil.
func (l Labels) Map() map[string]string {
	m := make(map[string]string, len(l))
	for _, label := range l {
		m[label.Name] = label.Value
	}
	return m
}

// With returns a copy of the labels in which name has the given value.
func (l Labels) With(name, value string) Labels {
	l = slices.Clone(l)
	for i := len(l) - 1; i >= 0; i-- {
		if l[i].Name == name {
			l[i].Value = value
			return l
		}
	}
	return append(l, Label{name, value})
}

// Sorted returns a copy of the labels, sorted by the bytes of their names, with
// one label for each name.
func (l Labels) Sorted() Labels {
	l = slices.Clone(l)
	slices.SortStableFunc(l, byName)
	n := 0
	for i := range l {
		if i+1 < len(l) && l[i+1].Name == l[i].Name {
			continue // the last counts
		}
		l[n] = l[i]
		n++
	}
	return l[:n]
}

// Clone returns a copy that shares no memory with l, the strings included.
func (l Labels) Clone() Labels {
	l = slices.Clone(l)
	for i := range l {
		l[i] = Label{strings.Clone(l[i].Name), strings.Clone(l[i].Value)}
	}
	return l
}

// MarshalJSON implements json.Marshaler.
func (l Labels) MarshalJSON() ([]byte, error) { return jsonscan.PairsValue(&l).Append(nil) }

// UnmarshalJSON implements json.Unmarshaler.
func (l *Labels) UnmarshalJSON(data []byte) error {
	var fresh Labels
	if err := jsonscan.DecodeValue(data, jsonscan.PairsValue(&fresh)); err != nil {
		return Syntax("labels", err)
	}
	*l = fresh
	return nil
}
