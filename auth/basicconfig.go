package auth

import (
	"encoding/json"
	"errors"
)

// BasicConfig is a user name and a password as data. In JSON and YAML it is a
// list of the two, ["user", "password"], in which the password may be a
// [Source] of any form; an object with the keys user and password is read too.
type BasicConfig struct {
	User     string
	Password Source
}

// basicFields is the long form of a BasicConfig.
type basicFields struct {
	User     string `json:"user" yaml:"user"`
	Password Source `json:"password" yaml:"password"`
}

// IsZero reports whether b is unset.
func (b BasicConfig) IsZero() bool { return b == BasicConfig{} }

func (b BasicConfig) marshal() any { return []any{b.User, b.Password} }

// MarshalJSON writes the list of two; an inline password is redacted.
func (b BasicConfig) MarshalJSON() ([]byte, error) { return json.Marshal(b.marshal()) }

// MarshalYAML writes the list of two; an inline password is redacted.
func (b BasicConfig) MarshalYAML() (any, error) { return b.marshal(), nil }

// UnmarshalJSON reads the list of two, or the object.
func (b *BasicConfig) UnmarshalJSON(data []byte) error { return b.unmarshal(strictJSON(data)) }

// UnmarshalYAML reads the list of two, or the mapping.
func (b *BasicConfig) UnmarshalYAML(decode func(any) error) error { return b.unmarshal(decode) }

func (b *BasicConfig) unmarshal(decode func(any) error) error {
	var pair []Source
	if decode(&pair) == nil {
		if pair == nil { // null
			return nil
		}
		if len(pair) != 2 || pair[0].File != "" || pair[0].Env != "" {
			return errors.New("auth: basic is a list of a user name and a password")
		}
		*b = BasicConfig{User: string(pair[0].Value), Password: pair[1]}
		return nil
	}
	var fields basicFields
	if decode(&fields) != nil {
		return errors.New("auth: basic is a list of a user name and a password")
	}
	*b = BasicConfig(fields)
	return nil
}
