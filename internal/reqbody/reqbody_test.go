package reqbody_test

import (
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/internal/reqbody"
)

func request(body io.Reader) *http.Request {
	return httptest.NewRequest(http.MethodPost, "/", body)
}

func TestReadLeavesTheBodyReadable(t *testing.T) {
	r := request(strings.NewReader("hello"))
	got, err := reqbody.Read(r, 10)
	require.NoError(t, err)
	assert.Equal(t, "hello", string(got))

	again, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	assert.Equal(t, "hello", string(again))
}

func TestSecondReadSharesTheBytesOfTheFirst(t *testing.T) {
	r := request(strings.NewReader("hello"))
	first, err := reqbody.Read(r, 10)
	require.NoError(t, err)
	_, err = io.CopyN(io.Discard, r.Body, 2) // somebody looked at the beginning
	require.NoError(t, err)

	second, err := reqbody.Read(r, 10)
	require.NoError(t, err)
	assert.Equal(t, "hello", string(second))
	assert.Same(t, &first[0], &second[0])
}

func TestReadBound(t *testing.T) {
	tests := []struct {
		name    string
		body    io.Reader
		max     int64
		wantErr error
	}{
		{"exactly max, length announced", strings.NewReader("12345"), 5, nil},
		{"one over, length announced", strings.NewReader("123456"), 5, reqbody.ErrTooLarge},
		{"exactly max, chunked", iotest.OneByteReader(strings.NewReader("12345")), 5, nil},
		{"one over, chunked", iotest.OneByteReader(strings.NewReader("123456")), 5, reqbody.ErrTooLarge},
		{"exactly max, data with EOF", iotest.DataErrReader(strings.NewReader("12345")), 5, nil},
		{"endless", endless{}, 1 << 20, reqbody.ErrTooLarge},
		{"no bound to speak of", strings.NewReader("12345"), math.MaxInt64, nil},
		{"default, at it", strings.NewReader(strings.Repeat("x", reqbody.DefaultMax)), 0, nil},
		{"default, over it", strings.NewReader(strings.Repeat("x", reqbody.DefaultMax+1)), 0, reqbody.ErrTooLarge},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := reqbody.Read(request(tt.body), tt.max)
			require.ErrorIs(t, err, tt.wantErr)
		})
	}
}

func TestSecondReadWithSmallerBoundIsRefused(t *testing.T) {
	r := request(strings.NewReader("123456"))
	_, err := reqbody.Read(r, 6)
	require.NoError(t, err)
	_, err = reqbody.Read(r, 5)
	require.ErrorIs(t, err, reqbody.ErrTooLarge)
}

func TestNoBody(t *testing.T) {
	r := request(nil)
	got, err := reqbody.Read(r, 1)
	require.NoError(t, err)
	assert.Empty(t, got)

	r.Body = nil
	got, err = reqbody.Read(r, 1)
	require.NoError(t, err)
	assert.Empty(t, got)
}

func TestBrokenConnection(t *testing.T) {
	broken := errors.New("connection broke")
	_, err := reqbody.Read(request(io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(broken))), 100)
	require.ErrorIs(t, err, broken)
}

func TestAnnouncedLengthAloneAllocatesLittle(t *testing.T) {
	allocated := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r := request(strings.NewReader("x"))
			r.ContentLength = 8 << 20
			if _, err := reqbody.Read(r, 0); err != nil {
				b.Fatal(err)
			}
		}
	}).AllocedBytesPerOp()
	assert.Less(t, allocated, int64(256<<10))
}

func TestSetReplacesTheBody(t *testing.T) {
	r := request(strings.NewReader("zipped"))
	reqbody.Set(r, []byte("plain"))
	got, err := reqbody.Read(r, 10)
	require.NoError(t, err)
	assert.Equal(t, "plain", string(got))
	assert.Equal(t, int64(5), r.ContentLength)
}

// endless is a body that never ends.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }
