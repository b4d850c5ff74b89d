package dispatch

import (
	"errors"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/internal/confjson"
)

const (
	defaultConcurrency = 2
	defaultQueue       = 1000
)

// EndpointOptions say how one endpoint is called. They are plain data; the zero
// value is a good beginning.
type EndpointOptions struct {
	// Concurrency is the most calls in flight. Zero means 2.
	Concurrency int `json:"concurrency,omitempty" yaml:"concurrency,omitempty"`
	// Queue is the most messages that wait, for a free call or for their next
	// attempt. Zero means 1000.
	Queue int `json:"queue,omitempty" yaml:"queue,omitempty"`
	// Order says in which order messages of one Key are delivered. The zero
	// value is None.
	Order Order `json:"order,omitempty" yaml:"order,omitempty"`
	// Full says what happens at a full queue. The zero value is RefuseNew.
	Full Full `json:"full,omitempty" yaml:"full,omitempty"`
	// Rate bounds how often the endpoint is called. The zero value does not. In
	// files it is a text such as "20/1m burst 5", or an object.
	Rate Rate `json:"rate,omitzero" yaml:"rate,omitempty"`
	// Retry says which failures are tried again, and when. In memory the zero
	// value gives a message up after its fourth attempt: for outages of hours
	// set Attempts and Cap. A queue on disk may be more patient: dispatchnats
	// gives a message up after three days.
	Retry callback.RetryPolicy `json:"retry,omitzero" yaml:"retry,omitempty"`
	// Breaker says when the endpoint is left alone for a while.
	Breaker callback.BreakerPolicy `json:"breaker,omitzero" yaml:"breaker,omitempty"`
}

// Validate returns an error that names the first option that makes no sense.
func (o EndpointOptions) Validate() error {
	switch {
	case o.Concurrency < 0:
		return errors.New("dispatch: concurrency must not be negative")
	case o.Queue < 0:
		return errors.New("dispatch: queue must not be negative")
	}
	if _, err := o.Order.MarshalText(); err != nil {
		return err
	}
	if _, err := o.Full.MarshalText(); err != nil {
		return err
	}
	if err := o.Rate.Validate(); err != nil {
		return err
	}
	if err := o.Retry.Validate(); err != nil {
		return err
	}
	return o.Breaker.Validate()
}

func (o EndpointOptions) withDefaults() EndpointOptions {
	if o.Concurrency == 0 {
		o.Concurrency = defaultConcurrency
	}
	if o.Queue == 0 {
		o.Queue = defaultQueue
	}
	return o
}

// UnmarshalJSON reads durations as texts such as "1m", and refuses keys that it
// does not know.
func (o *EndpointOptions) UnmarshalJSON(data []byte) error {
	type plain EndpointOptions
	return confjson.Decode(data, (*plain)(o))
}

// UnmarshalYAML refuses keys that it does not know, as UnmarshalJSON does.
func (o *EndpointOptions) UnmarshalYAML(decode func(any) error) error {
	type plain EndpointOptions
	return confjson.DecodeYAML(decode, (*plain)(o))
}

// MarshalJSON writes what UnmarshalJSON reads.
func (o EndpointOptions) MarshalJSON() ([]byte, error) {
	type plain EndpointOptions
	return confjson.Encode(plain(o))
}
