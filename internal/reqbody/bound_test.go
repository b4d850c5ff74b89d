package reqbody_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/internal/reqbody"
)

// The bound of a body that is in memory already is that of one from the wire.
func TestTheBoundIsTheSameForEveryRead(t *testing.T) {
	tests := []struct {
		name    string
		max     int64
		wantErr error
	}{
		{"one byte less", 4, reqbody.ErrTooLarge},
		{"exactly", 5, nil},
		{"one byte more", 6, nil},
		{"default", 0, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := reqbody.Read(request(strings.NewReader("hello")), tt.max)
			require.ErrorIs(t, err, tt.wantErr, "from the wire")

			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil)
			require.NoError(t, err)
			reqbody.Set(r, []byte("hello"))
			got, err := reqbody.Read(r, tt.max)
			require.ErrorIs(t, err, tt.wantErr, "from memory")
			assert.Equal(t, tt.wantErr == nil, string(got) == "hello")
		})
	}
}

// Who bounds the body in front of everything, with http.MaxBytesHandler, gets the
// same answer to a longer one as who leaves it to us.
func TestABoundOfNetHTTPIsABound(t *testing.T) {
	for _, announced := range []int64{5, -1} {
		r := request(strings.NewReader("hello"))
		r.ContentLength = announced
		r.Body = http.MaxBytesReader(httptest.NewRecorder(), r.Body, 4)
		_, err := reqbody.Read(r, 10)
		require.ErrorIs(t, err, reqbody.ErrTooLarge)
		var limit *http.MaxBytesError
		require.ErrorAs(t, err, &limit)
		assert.EqualValues(t, 4, limit.Limit)
	}
}
