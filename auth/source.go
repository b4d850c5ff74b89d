package auth

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/alertwire/alertwire/internal/confjson"
)

// maxSecretFile bounds what is read of a file of secrets.
const maxSecretFile = 64 << 10

// A Source says where a secret comes from: inline, from a file or from an
// environment variable. Exactly one field is set. In JSON and YAML an inline
// secret is a string, the others are {"file": path} and {"env": name}.
//
// An inline secret is marshalled as "[redacted]".
type Source struct {
	// Value is the secret itself.
	Value Secret
	// File is the path of a file with the secret in a line of its own. Several
	// lines are several live secrets: the first signs, each verifies. Empty
	// lines, the ends of lines and a byte order mark do not count. The file is
	// read again while the secret is in use, at most once a second; while it
	// cannot be read or used, the secrets that it had before stay.
	File string
	// Env is the name of an environment variable that has the secret. Line ends
	// behind it do not count. It is read once.
	Env string
}

// Sources are several live secrets, in the order of their use. In JSON and
// YAML a list, or a single source without brackets.
type Sources []Source

// IsZero reports whether s names no secret.
func (s Source) IsZero() bool { return s == Source{} }

// secrets reads what s names: one secret, or those of a file.
func (s Source) secrets() ([]Secret, error) {
	set := 0
	for _, is := range []bool{s.Value != "", s.File != "", s.Env != ""} {
		if is {
			set++
		}
	}
	switch {
	case set == 0:
		return nil, ErrEmptySecret
	case set > 1:
		return nil, errors.New("a secret is given in more than one way")
	case s.File != "":
		return readSecretFile(s.File)
	case s.Env != "":
		value := strings.TrimRight(os.Getenv(s.Env), "\r\n")
		if value == "" {
			return nil, fmt.Errorf("environment variable %s: %w", s.Env, ErrEmptySecret)
		}
		return []Secret{Secret(value)}, nil
	}
	return []Secret{s.Value}, nil
}

// secrets reads all of list, and watches it if there are files in it.
func (list Sources) secrets() secrets {
	list = slices.Clone(list)
	return secrets{
		reload: slices.ContainsFunc(list, func(s Source) bool { return s.File != "" }),
		read: func() ([]Secret, error) {
			var all []Secret
			for i, s := range list {
				some, err := s.secrets()
				if err != nil {
					return nil, err
				}
				if s.Env != "" {
					list[i] = Source{Value: some[0]} // a program may unset it when it has started
				}
				all = append(all, some...)
			}
			return all, nil
		},
	}
}

// readSecretFile returns the lines of a file. Its errors name the path, which
// is the operator's own, and nothing of the content.
func readSecretFile(path string) ([]Secret, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("secret file: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSecretFile+1))
	if err != nil {
		return nil, fmt.Errorf("secret file: %w", err)
	}
	if len(data) > maxSecretFile {
		return nil, fmt.Errorf("secret file %s: %w: more than %d bytes", path, ErrBadSecret, maxSecretFile)
	}
	var list []Secret
	for line := range strings.Lines(strings.TrimPrefix(string(data), "\ufeff")) {
		if line = strings.TrimRight(line, "\r\n"); line != "" {
			list = append(list, Secret(line))
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("secret file %s: %w", path, ErrEmptySecret)
	}
	return list, nil
}

// sourceFields is the form of a Source that is not inline.
type sourceFields struct {
	File string `json:"file,omitempty" yaml:"file,omitempty"`
	Env  string `json:"env,omitempty" yaml:"env,omitempty"`
}

// marshal returns what stands for s in JSON and YAML.
func (s Source) marshal() any {
	if s.File != "" || s.Env != "" {
		return sourceFields{File: s.File, Env: s.Env}
	}
	return s.Value
}

// MarshalJSON writes the file or the variable; an inline secret is redacted.
func (s Source) MarshalJSON() ([]byte, error) { return json.Marshal(s.marshal()) }

// MarshalYAML writes the file or the variable; an inline secret is redacted.
func (s Source) MarshalYAML() (any, error) { return s.marshal(), nil }

// UnmarshalJSON reads a string, or an object with file or env and nothing else.
func (s *Source) UnmarshalJSON(data []byte) error { return s.unmarshal(strictJSON(data)) }

// UnmarshalYAML reads a string, or a mapping with file or env.
func (s *Source) UnmarshalYAML(decode func(any) error) error { return s.unmarshal(strictYAML(decode)) }

func (s *Source) unmarshal(decode func(any) error) error {
	var value string
	if decode(&value) == nil {
		*s = Source{Value: Secret(value)}
		return nil
	}
	var fields sourceFields
	if decode(&fields) != nil {
		return errors.New("auth: a secret is a string, or an object with file or env")
	}
	*s = Source{File: fields.File, Env: fields.Env}
	return nil
}

// MarshalJSON writes a list; a single source is written without brackets.
func (list Sources) MarshalJSON() ([]byte, error) { return json.Marshal(list.marshal()) }

// MarshalYAML writes a list; a single source is written without brackets.
func (list Sources) MarshalYAML() (any, error) { return list.marshal(), nil }

func (list Sources) marshal() any {
	if len(list) == 1 {
		return list[0]
	}
	return []Source(list)
}

// UnmarshalJSON reads a list of sources or a single one.
func (list *Sources) UnmarshalJSON(data []byte) error { return list.unmarshal(strictJSON(data)) }

// UnmarshalYAML reads a list of sources or a single one.
func (list *Sources) UnmarshalYAML(decode func(any) error) error {
	return list.unmarshal(strictYAML(decode))
}

func (list *Sources) unmarshal(decode func(any) error) error {
	var several []Source
	if decode(&several) == nil {
		*list = several
		return nil
	}
	var one Source
	if err := decode(&one); err != nil {
		return errors.New("auth: a secret is a string, an object with file or env, or a list of these")
	}
	*list = Sources{one}
	return nil
}

// strictJSON reads data as often as it is asked, and refuses unknown keys.
func strictJSON(data []byte) func(any) error {
	return func(v any) error { return confjson.Decode(data, v) }
}
