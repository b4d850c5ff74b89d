package auth

import (
	"encoding/json"
	"errors"
	"fmt"
)

// BasicConfig is a user name and a password as data. In JSON and YAML it is a
// list of the two, ["user", "password"], in which the password may be a
// [Source] of any form. The long form is an object with the keys user, password
// and allow_empty_password.
type BasicConfig struct {
	// User is the name. It is printed and marshalled in the clear, also where
	// AllowEmptyPassword makes it the only secret.
	User string
	// Password is one secret, or those of a file.
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
	if b.IsZero() {
		return nil
	}
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

// UnmarshalJSON reads the list of two, or the object. Two empty texts are
// refused with [ErrEmptySecret]; what is not set is null or left out.
func (b *BasicConfig) UnmarshalJSON(data []byte) error { return b.unmarshal(strictJSON(data)) }

// UnmarshalYAML reads what UnmarshalJSON reads.
func (b *BasicConfig) UnmarshalYAML(decode func(any) error) error {
	return b.unmarshal(strictYAML(decode))
}

func (b *BasicConfig) unmarshal(decode func(any) error) error {
	var pair []Source
	var fields basicFields
	switch {
	case decode(&pair) != nil:
		if decode(&fields) != nil {
			return errors.New("auth: basic is a list of a user name and a password")
		}
	case pair == nil: // null
		return nil
	case len(pair) != 2 || pair[0].File != "" || pair[0].Env != "":
		return errors.New("auth: basic is a list of a user name and a password")
	default:
		fields = basicFields{User: string(pair[0].Value), Password: pair[1]}
	}
	// It would be taken for a basic that is not set: a template whose variables
	// are empty must not send without credentials.
	if *b = BasicConfig(fields); b.IsZero() {
		return fmt.Errorf("auth: basic: %w", ErrEmptySecret)
	}
	return nil
}
