package callback_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
)

func ExampleRegistry() {
	var registry callback.Registry // the zero value is ready, and knows "basic"
	err := registry.Register("chat", func(c callback.Config, o callback.Options) (callback.Caller, error) {
		c.Type = "" // a chat is a webhook with something around it
		hook, err := callback.New(c, o)
		if err != nil {
			return nil, err
		}
		return callback.CallerFunc(func(ctx context.Context, m callback.Message) (callback.Reply, error) {
			m.Body = fmt.Appendf(nil, `{"text": %q}`, m.Body)
			return hook.Call(ctx, m)
		}), nil
	})
	fmt.Println(err)
	_, err = registry.New(callback.Config{Type: "chat", URL: "https://chat.example/hook"}, callback.Options{})
	fmt.Println(err)
	_, err = registry.New(callback.Config{Type: "chatt", URL: "https://chat.example/hook"}, callback.Options{})
	fmt.Println(err)
	// Output:
	// <nil>
	// <nil>
	// callback: config: type: nobody makes "chatt"
}

func TestRegistry(t *testing.T) {
	var r callback.Registry
	recorder := func(callback.Config, callback.Options) (callback.Caller, error) { return &callbacktest.Recorder{}, nil }
	require.NoError(t, r.Register("own", recorder))
	require.ErrorContains(t, r.Register("own", recorder), `"own" is there already`)
	require.ErrorContains(t, r.Register("basic", recorder), `"basic" is there already`)
	require.ErrorContains(t, r.Register("", recorder), "without a name")
	require.ErrorContains(t, r.Register("nil", nil), "has no maker")

	broken := errors.New("broken")
	require.NoError(t, r.Register("broken", func(callback.Config, callback.Options) (callback.Caller, error) { return nil, broken }))
	require.NoError(t, r.Register("empty", func(callback.Config, callback.Options) (callback.Caller, error) { return nil, nil }))
	require.NoError(t, r.Register("typed nil", func(callback.Config, callback.Options) (callback.Caller, error) {
		return (*callback.Webhook)(nil), nil
	}))
	require.NoError(t, r.Register("nil func", func(callback.Config, callback.Options) (callback.Caller, error) {
		return callback.CallerFunc(nil), nil
	}))
	tests := []struct {
		typ, want string
	}{
		{"", ""}, {"basic", ""}, {"own", ""},
		{"broken", "broken"}, {"empty", "made nothing"}, {"typed nil", "made nothing"}, {"nil func", "made nothing"},
		{"Own", "nobody makes"},
	}
	for _, tt := range tests {
		t.Run(tt.typ, func(t *testing.T) {
			c, err := r.New(callback.Config{Type: tt.typ, URL: "https://h.example"}, callback.Options{})
			if tt.want != "" {
				require.ErrorContains(t, err, tt.want)
				assert.Nil(t, c)
				return
			}
			require.NoError(t, err)
			assert.NotNil(t, c)
		})
	}
	c, err := r.New(callback.Config{}, callback.Options{})
	require.Error(t, err)
	require.True(t, c == nil, "a Caller that is nil, and not one that holds a nil")
}

func TestRegistryIsSafeForConcurrentUse(t *testing.T) {
	var r callback.Registry
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			assert.NoError(t, r.Register(fmt.Sprint(i), func(callback.Config, callback.Options) (callback.Caller, error) {
				return &callbacktest.Recorder{}, nil
			}))
			_, err := r.New(callback.Config{Type: fmt.Sprint(i)}, callback.Options{})
			assert.NoError(t, err)
		})
	}
	wg.Wait()
}
