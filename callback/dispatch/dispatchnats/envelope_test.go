package dispatchnats

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
)

// FuzzEnvelope writes an envelope and reads it back from what goes over the
// wire: nothing in it may change, whatever it is.
func FuzzEnvelope(f *testing.F) {
	f.Add("msg_1", "i_new", "alert 7", "application/json", "X-Trace", "a=b", []byte(`{}`), 3, int64(1))
	f.Add("%", "\r\nNats-Msg-Id: x", " space ", "\x00", "é\n", "", []byte{0xff}, 0, int64(-1))
	f.Fuzz(func(t *testing.T, id, typ, key, contentType, name, value string, body []byte, attempts int, nanos int64) {
		want := envelope{
			msg: callback.Message{
				ID: id, Type: typ, Key: key, ContentType: contentType, Body: body,
				Time: time.Unix(0, nanos).UTC(), Header: http.Header{name: {value, ""}},
			},
			endpoint: "ops", accepted: time.Unix(1, nanos).UTC(), attempts: max(attempts, 0),
			history: []Attempt{{Number: attempts, Time: time.Unix(2, nanos).UTC(), Status: 503, Class: callback.Class(typ)}},
		}
		got, err := overTheWire(t, want.encode())
		if id == "" {
			require.ErrorIs(t, err, errUndecodable)
			return
		}
		require.NoError(t, err)
		assert.Equal(t, want, got)
	})
}

// overTheWire decodes a message as a client gets it.
func overTheWire(t *testing.T, msg *nats.Msg) (envelope, error) {
	t.Helper()
	msg.Subject = "x"
	for name := range msg.Header {
		for _, value := range msg.Header[name] {
			for _, c := range []byte(name + value) {
				require.True(t, c >= ' ' && c < 0x7f, "%q: %q", name, value)
			}
		}
	}
	return decode(msg.Header, msg.Data)
}

// FuzzDecode reads what others may have written. What it accepts it must be able
// to write again.
func FuzzDecode(f *testing.F) {
	f.Add("1", "ops", "m", "2026-05-01T12:00:00Z", "3", "1 2026-05-01T12:00:00Z 503 server", "X=%41")
	f.Add("2", "", "", "noon", "-1", "x", "%zz")
	f.Fuzz(func(t *testing.T, version, endpoint, id, at, attempts, history, header string) {
		h := nats.Header{
			headerVersion: {version}, headerEndpoint: {endpoint}, headerID: {id}, headerTime: {at},
			headerAccepted: {at}, headerAttempts: {attempts}, headerHistory: {history}, headerHeader: {header},
		}
		v, err := decode(h, nil)
		if err != nil {
			require.ErrorIs(t, err, errUndecodable)
			return
		}
		again, err := overTheWire(t, v.encode())
		require.NoError(t, err)
		assert.Equal(t, v.msg.ID, again.msg.ID)
		assert.Equal(t, v.msg.Header, again.msg.Header)
		assert.Equal(t, v.attempts, again.attempts)
		assert.True(t, v.accepted.Equal(again.accepted))
	})
}

func TestHistoryIsBounded(t *testing.T) {
	v := envelope{msg: callback.Message{ID: "m"}, endpoint: "ops"}
	now := time.Now().UTC()
	for range maxHistory {
		v.note(errors.New("x"), now)
	}
	first := v.history
	require.Len(t, v.history, maxHistory)
	v.note(&callback.Error{Class: callback.ClassServer, Status: 500}, now)
	require.Len(t, v.history, maxHistory)
	assert.Equal(t, 2, v.history[0].Number)
	assert.Equal(t, Attempt{maxHistory + 1, now, callback.ClassServer, 500}, v.history[maxHistory-1])
	assert.Equal(t, 1, first[0].Number, "another copy of the envelope is left alone")
	assert.Less(t, headerSize(v.encode().Header), 2<<10, "what is reserved for it")
}

func TestEscape(t *testing.T) {
	assert.Equal(t, "plain text", escape("plain text"))
	assert.Equal(t, "%20a b%20", escape(" a b "))
	assert.Equal(t, "100%25%0D%0A", escape("100%\r\n"))
	_, err := unescape("%zz")
	require.Error(t, err)
}
