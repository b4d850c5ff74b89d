package dispatch

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/internal/confjson"
)

// An Endpoint is one entry of a file of endpoints:
//
//	{
//	  "name": "ops",
//	  "format": "raw",
//	  "callback": {"url": "https://ops.example.com/hook", "timeout": "5s"},
//	  "endpoint": {"concurrency": 4, "order": "strict", "rate": "20/1m", "retry": {"attempts": 6}}
//	}
type Endpoint struct {
	// Name is the name that the dispatcher and its numbers know it by.
	// Required, and unique.
	Name string `json:"name" yaml:"name"`
	// Format says what is sent. What the formats are called is up to the
	// program that reads the file.
	Format string `json:"format,omitempty" yaml:"format,omitempty"`
	// Callback is for callback.New.
	Callback callback.Config `json:"callback" yaml:"callback"`
	// Options are for Dispatcher.Add.
	Options EndpointOptions `json:"endpoint,omitzero" yaml:"endpoint,omitempty"`
}

// UnmarshalJSON refuses keys that it does not know, and keys that are given
// twice. [ParseEndpoints] checks the values too.
func (e *Endpoint) UnmarshalJSON(data []byte) error {
	type plain Endpoint
	return confjson.Decode(data, (*plain)(e))
}

// UnmarshalYAML refuses what UnmarshalJSON refuses, with the line where the YAML
// library tells it.
func (e *Endpoint) UnmarshalYAML(decode func(any) error) error {
	type plain Endpoint
	return confjson.DecodeYAML(decode, (*plain)(e))
}

// LogValue returns name, format and where the messages go, and nothing that may
// be secret. (Written by fmt, a Config within says no more either; as JSON it
// has URL and headers.)
func (e Endpoint) LogValue() slog.Value {
	return slog.GroupValue(slog.String("name", e.Name), slog.String("format", e.Format), slog.Any("callback", e.Callback))
}

// ParseEndpoints reads a JSON array of endpoints. It refuses unknown keys, names
// that are missing or come twice, and options that make no sense; the error
// names the line and the key. What is in Callback is judged by callback.New.
func ParseEndpoints(data []byte) ([]Endpoint, error) {
	var all []Endpoint
	if err := confjson.Decode(data, &all); err != nil {
		return nil, fmt.Errorf("dispatch: endpoints: %w", err)
	}
	if all == nil {
		return nil, errors.New("dispatch: endpoints: want a list, got null")
	}
	seen := make(map[string]int, len(all))
	for i, e := range all {
		first, twice := seen[e.Name]
		seen[e.Name] = i
		err := e.Options.Validate()
		switch {
		case e.Name == "":
			err = at(data, i, "name", errors.New("is missing"))
		case twice:
			err = at(data, i, "name", fmt.Errorf("%q is the name of [%d] already", e.Name, first))
		case err != nil:
			err = at(data, i, "endpoint", err)
		default:
			continue
		}
		return nil, fmt.Errorf("dispatch: endpoints: %w", err)
	}
	return all, nil
}

// at returns err with its place in the list that is in data.
func at(data []byte, i int, key string, err error) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	_, _ = dec.Token() // the bracket; all of it was read before
	var raw json.RawMessage
	for range i + 1 {
		_ = dec.Decode(&raw)
	}
	begin := dec.InputOffset() - int64(len(raw))
	return &confjson.Error{
		Line: 1 + bytes.Count(data[:begin], []byte{'\n'}),
		Path: fmt.Sprintf("[%d].%s", i, key), Err: err,
	}
}
