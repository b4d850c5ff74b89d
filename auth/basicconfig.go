package auth

import (
	"encoding/json"
	"errors"
)

// BasicConfig is a user name and a password as data. In JSON and YAML it is a
// list of the two, ["user", "password"], in which the password may be a
// [Source] of any form. The long form is an object with the keys user, password
// and allow_empty_password.
type BasicConfig struct {
	User     string
	Password Source
	// AllowEmptyPassword accepts that there is no password: see
	// [BasicOptions].AllowEmptyPassword. Only the long form has it.
	AllowEmptyPassword bool
}

// basicFields is the long form of a BasicConfig.
type basicFields struct {
	User               string `json:"user" yaml:"user"`
	Password           Source `json:"password,omitzero" yaml:"password,omitempty"`
	AllowEmptyPassword bool   `json:"allow_empty_password,omitempty" yaml:"allow_empty_password,omitempty"`
}

// IsZero reports whether b is unset.
func (b BasicConfig) IsZero() bool { return b == BasicConfig{} }

func (b BasicConfig) marshal() any {
	if b.AllowEmptyPassword {
		return basicFields(b)
	}
	return []any{b.User, b.Password}
}

// strategy reads the password.
func (b BasicConfig) strategy() (*Basic, error) {
	passwords := Sources{b.Password}.secrets()
	if b.AllowEmptyPassword && b.Password.IsZero() {
		passwords = fixed([]Secret{""})
	}
	return newBasic(b.User, passwords, BasicOptions{AllowEmptyPassword: b.AllowEmptyPassword})
}

// MarshalJSON writes the list, or the object if it must; an inline password is redacted.
func (b BasicConfig) MarshalJSON() ([]byte, error) { return json.Marshal(b.marshal()) }

// MarshalYAML writes the list, or the mapping if it must; an inline password is redacted.
func (b BasicConfig) MarshalYAML() (any, error) { return b.marshal(), nil }

// UnmarshalJSON reads the list of two, or the object.
func (b *BasicConfig) UnmarshalJSON(data []byte) error { return b.unmarshal(strictJSON(data)) }

// UnmarshalYAML reads the list of two, or the mapping.
func (b *BasicConfig) UnmarshalYAML(decode func(any) error) error {
	return b.unmarshal(strictYAML(decode))
}

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
