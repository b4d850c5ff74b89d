package confjson

import (
	"regexp"
	"strconv"
)

// A place is a value in a YAML text, as far as that is a mapping. It finds the
// lines of keys, which a method UnmarshalYAML is not told.
type place struct{ members map[placeKey]place }

// A placeKey is a key and its line, 0 if the library does not tell.
type placeKey struct {
	name string
	line int
}

// UnmarshalYAML reads any value, and returns nil.
func (p *place) UnmarshalYAML(decode func(any) error) error {
	_ = decode(&p.members) // nothing comes of what is no mapping
	return nil
}

// UnmarshalYAML reads any key, and returns nil. It asks for something that a key
// is not, because the answer to that names the line.
func (k *placeKey) UnmarshalYAML(decode func(any) error) error {
	_ = decode(&k.name)
	k.line = lineIn(decode(new([]struct{})))
	return nil
}

// lineOf returns the line of the key that the path ends with, 0 if it is not
// known.
func lineOf(decode func(any) error, path []string) int {
	var p place
	_ = p.UnmarshalYAML(decode)
	line := 0
	for _, name := range path {
		found := false
		for key, value := range p.members {
			if key.name == name {
				line, p, found = key.line, value, true
				break
			}
		}
		if !found {
			return 0
		}
	}
	return line
}

// lineIn returns the first line that an error of a YAML library names, 0 if there
// is none.
func lineIn(err error) int {
	if err == nil {
		return 0
	}
	found := regexp.MustCompile(`\bline (\d+)`).FindStringSubmatch(err.Error())
	if found == nil {
		return 0
	}
	line, err := strconv.Atoi(found[1])
	if err != nil {
		return 0
	}
	return line
}
