package callback

import (
	"errors"
	"fmt"
	"reflect"
	"sync"
)

// basicType is the Config.Type of the Callers that [New] makes.
const basicType = "basic"

// A Registry makes Callers by the Type of their Config, so that a configuration
// can choose among the host's own. It knows "basic", which is [New]. The zero
// value is ready; there is none of the package. It is safe for concurrent use.
type Registry struct {
	mu     sync.RWMutex
	makers map[string]func(Config, Options) (Caller, error)
}

// Register makes f the maker of Callers of type typ. It is an error if there is
// one already: of two plugins that claim a name, neither is to win by accident.
func (r *Registry) Register(typ string, f func(Config, Options) (Caller, error)) error {
	switch {
	case typ == "":
		return errors.New("callback: registry: a type without a name")
	case f == nil:
		return fmt.Errorf("callback: registry: type %q has no maker", typ)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, taken := r.makers[typ]; taken || typ == basicType {
		return fmt.Errorf("callback: registry: type %q is there already", typ)
	}
	if r.makers == nil {
		r.makers = make(map[string]func(Config, Options) (Caller, error))
	}
	r.makers[typ] = f
	return nil
}

// New returns a Caller for c, made by the maker of its Type. An unknown type is
// an error here, where the configuration is read, and not when an alert is to
// go out.
func (r *Registry) New(c Config, o Options) (Caller, error) {
	if c.Type == "" || c.Type == basicType {
		w, err := New(c, o)
		if err != nil {
			return nil, err // and not a Caller that holds a nil
		}
		return w, nil
	}
	r.mu.RLock()
	f := r.makers[c.Type]
	r.mu.RUnlock()
	if f == nil {
		return nil, configError(fmt.Errorf("type: nobody makes %q", cut(c.Type, 64)))
	}
	caller, err := f(c, o)
	if err != nil {
		return nil, err
	}
	if isNil(caller) {
		return nil, configError(fmt.Errorf("type: the maker of %q made nothing", c.Type))
	}
	return caller, nil
}

// isNil reports whether c is nil, or holds a nil that a call would trip over.
func isNil(c Caller) bool {
	v := reflect.ValueOf(c)
	switch v.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Pointer, reflect.Func, reflect.Map:
		return v.IsNil()
	}
	return false
}
