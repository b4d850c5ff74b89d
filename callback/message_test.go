package callback_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
)

func ExampleNewMessage() {
	msg, err := callback.NewMessage(map[string]any{"status": "firing", "summary": "cpu > 90%"})
	if err != nil {
		fmt.Println(err)
		return
	}
	// What happened, and to what. Messages of one Key can be kept in order.
	msg.Type, msg.Key = "firing", "cpu/host-1"
	fmt.Println(string(msg.Body), len(msg.ID))
	// Output: {"status":"firing","summary":"cpu > 90%"} 30
}

func ExampleNewID() {
	id := callback.NewID()
	fmt.Println(id[:4], len(id), id != callback.NewID())
	// Output: msg_ 30 true
}

// What a repeat of the sender has in common with the first delivery makes the
// ID, so that the receiver can drop the repeat.
func ExampleDeriveID() {
	first := callback.DeriveID("alertmanager", "94c30027d2d25c22/firing")
	repeat := callback.DeriveID("alertmanager", "94c30027d2d25c22/firing")
	fmt.Println(first == repeat, first == callback.DeriveID("grafana", "94c30027d2d25c22/firing"))
	// Output: true false
}

func TestDeriveIDWithoutIdentity(t *testing.T) {
	for _, parts := range [][]string{{}, {""}, {"netdata", ""}, {"", "firing"}} {
		one, other := callback.DeriveID(parts...), callback.DeriveID(parts...)
		require.NotEqual(t, one, other, "%q cannot be told from another, and would be dropped as its repeat", parts)
		require.Len(t, one, len(callback.NewID()))
	}
}

// An appender encodes itself.
type appender struct{ err error }

func (a appender) AppendJSON(b []byte) ([]byte, error) { return append(b, `{"own":1}`...), a.err }
func (a appender) MarshalJSON() ([]byte, error)        { return nil, errors.New("not asked") }

func TestNewMessage(t *testing.T) {
	broken := errors.New("broken")
	tests := []struct {
		name    string
		event   any
		want    string
		wantErr error
	}{
		{"bytes", []byte("as they are"), "as they are", nil},
		{"raw JSON", json.RawMessage(`{ "a" : 1 }`), `{ "a" : 1 }`, nil},
		{"one that encodes itself", appender{}, `{"own":1}`, nil},
		{"one that fails to", appender{broken}, "", broken},
		{"struct, without escapes for HTML", struct{ A string }{"<&>"}, `{"A":"<&>"}`, nil},
		{"nil", nil, "null", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := time.Now()
			m, err := callback.NewMessage(tt.event)
			require.ErrorIs(t, err, tt.wantErr)
			if tt.wantErr != nil {
				assert.Equal(t, callback.Message{}, m)
				return
			}
			assert.Equal(t, tt.want, string(m.Body))
			assert.NotEmpty(t, m.ID)
			assert.NotContains(t, m.ID, ".")
			assert.False(t, m.Time.Before(before))
		})
	}
	_, err := callback.NewMessage(math.NaN())
	require.ErrorContains(t, err, "callback: encode float64: ")
	same := []byte("x")
	m, err := callback.NewMessage(same)
	require.NoError(t, err)
	assert.Same(t, &same[0], &m.Body[0], "it is not copied")
}
