package callback_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
)

// appender encodes itself, or fails.
type appender struct {
	text string
	err  error
}

func (a appender) AppendJSON(dst []byte) ([]byte, error) { return append(dst, a.text...), a.err }

func TestNewMessageEncodes(t *testing.T) {
	broken := errors.New("broken")
	tests := []struct {
		name    string
		event   any
		want    string
		wantErr error
	}{
		{"bytes as they are", []byte("{ \"a\" : 1 }\n"), "{ \"a\" : 1 }\n", nil},
		{"raw message as it is", json.RawMessage(`{"a":  1}`), `{"a":  1}`, nil},
		{"no bytes", []byte(nil), "", nil},
		{"appender", appender{text: `{"b":2}`}, `{"b":2}`, nil},
		{"appender that fails", appender{text: `{"b":`, err: broken}, "", broken},
		{"anything else, without escapes for HTML", map[string]string{"url": "http://a/?b&c=<d>"}, `{"url":"http://a/?b&c=<d>"}`, nil},
		{"nil", nil, "null", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := callback.NewMessage(tt.event)
			require.ErrorIs(t, err, tt.wantErr)
			assert.Equal(t, tt.want, string(m.Body))
		})
	}

	_, err := callback.NewMessage(func() {})
	require.ErrorContains(t, err, "func()")
}

func TestNewMessageDoesNotCopyBytes(t *testing.T) {
	body := []byte(`{}`)
	m, err := callback.NewMessage(body)
	require.NoError(t, err)
	assert.Same(t, &body[0], &m.Body[0])
}

// The buffer to encode into is shared; what comes out of it must not be.
func TestMessagesShareNoMemory(t *testing.T) {
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 200 {
				text := strings.Repeat(fmt.Sprintf("%d-%d ", g, i), 1+i)
				first, err := callback.NewMessage(appender{text: text})
				if !assert.NoError(t, err) {
					return
				}
				second, err := callback.NewMessage(map[string]string{"x": text})
				if !assert.NoError(t, err) {
					return
				}
				assert.Equal(t, text, string(first.Body))
				assert.Equal(t, `{"x":"`+text+`"}`, string(second.Body))
			}
		})
	}
	wg.Wait()
}

func TestMessageIDs(t *testing.T) {
	seen := make(map[string]bool)
	for range 1000 {
		m, err := callback.NewMessage([]byte(`{}`))
		require.NoError(t, err)
		assert.Regexp(t, `^msg_[A-Z2-7]{26}$`, m.ID)
		assert.False(t, seen[m.ID])
		seen[m.ID] = true
		assert.WithinDuration(t, time.Now(), m.Time, time.Minute)
	}
}

func TestDeriveID(t *testing.T) {
	assert.Equal(t, callback.DeriveID("a", "b"), callback.DeriveID("a", "b"))
	assert.Regexp(t, `^msg_[A-Z2-7]{26}$`, callback.DeriveID("a.b"))
	ids := map[string]bool{}
	all := [][]string{nil, {""}, {"", ""}, {"ab", "c"}, {"a", "bc"}, {"abc"}, {"a", "b", "c"}, {"c", "ab"}}
	for _, parts := range all {
		ids[callback.DeriveID(parts...)] = true
	}
	assert.Len(t, ids, len(all), "parts are kept apart, and in order")
	// The same in every process and release: receivers drop repeats by it.
	assert.Equal(t, "msg_3WJSUAWF23YMM65545NBTBCWTI", callback.DeriveID("alertmanager", "abc123"))
}

func BenchmarkNewMessage(b *testing.B) {
	event := appender{text: `{"text":"` + strings.Repeat("x", 4096) + `"}`}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := callback.NewMessage(event); err != nil {
			b.Fatal(err)
		}
	}
}
