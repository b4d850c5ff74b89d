package auth_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/auth"
)

const unauthorized = `{"detail":"Unauthorized"}`

// Whatever is wrong, the sender reads the same.
func TestRequireAnswersOneText(t *testing.T) {
	github := must(auth.NewHMAC(auth.GitHub(), auth.HMACOptions{Secrets: []auth.Secret{"s"}}))
	right := get()
	require.NoError(t, github.Sign(right, []byte(`{}`)))
	tests := []struct {
		name      string
		signature []string
		body      string
		wantErr   error
	}{
		{"missing", nil, `{}`, auth.ErrMissing},
		{"malformed", []string{"sha256=00"}, `{}`, auth.ErrMalformed},
		{"twice", []string{"sha256=00", "sha256=00"}, `{}`, auth.ErrMalformed},
		{"mismatch", right.Header["X-Hub-Signature-256"], `[]`, auth.ErrMismatch},
		{"shape", right.Header["X-Hub-Signature-256"], `x`, auth.ErrBodyShape},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var reason error
			h := auth.Require(github, auth.RequireOptions{
				OnReject: func(_ *http.Request, err error) { reason = err },
			})(http.NotFoundHandler())
			r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(tt.body))
			r.Header["X-Hub-Signature-256"] = tt.signature
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)

			assert.Equal(t, http.StatusUnauthorized, w.Code)
			assert.Equal(t, unauthorized, w.Body.String())
			assert.Equal(t, http.Header{
				"Content-Type":           {"application/json"},
				"X-Content-Type-Options": {"nosniff"},
				"Www-Authenticate":       {"Webhook"},
			}, w.Header())
			require.ErrorIs(t, reason, tt.wantErr)
		})
	}
}

func TestRequireNamesTheSchemes(t *testing.T) {
	bearer, basic := must(auth.NewBearer("x")), must(auth.NewBasic("u", "p", auth.BasicOptions{}))
	key := must(auth.NewHeader("X-Key", "k"))
	const basicChallenge, bearerChallenge = `Basic realm="webhook", charset="UTF-8"`, `Bearer realm="webhook"`
	tests := []struct {
		name string
		v    auth.Verifier
		want []string
	}{
		{"basic", basic, []string{basicChallenge}},
		{"bearer", bearer, []string{bearerChallenge}},
		{"header", key, []string{"Webhook"}},
		{"several", auth.Any(bearer, basic, auth.All(bearer, key)), []string{basicChallenge, bearerChallenge, "Webhook"}},
		{"nothing", nil, []string{"Webhook"}},
		{"none", auth.Any(), []string{"Webhook"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			auth.Require(tt.v, auth.RequireOptions{})(http.NotFoundHandler()).ServeHTTP(w, get())
			assert.Equal(t, http.StatusUnauthorized, w.Code)
			assert.Equal(t, tt.want, w.Header()["Www-Authenticate"])
		})
	}
}

// untouchable is a body that nobody may read.
type untouchable struct{ t *testing.T }

func (u untouchable) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, io.EOF
}
func (u untouchable) Close() error { return nil }

func TestRequireRefusesBeforeTheBodyIsRead(t *testing.T) {
	bearer := must(auth.NewBearer("x"))
	slack := must(auth.NewHMAC(auth.Slack(), auth.HMACOptions{Secrets: []auth.Secret{"s"}}))
	stale := []string{"X-Slack-Signature", "v0=" + strings.Repeat("0", 64), "X-Slack-Request-Timestamp", "1531420618"}
	config := auth.Config{
		Bearer: auth.Sources{{Value: "x"}},
		Header: auth.NamedConfig{Name: "X-Key", Value: auth.Sources{{Value: "k"}}},
	}
	tests := []struct {
		name    string
		v       auth.Verifier
		header  []string
		wantErr error
	}{
		{"bearer", bearer, nil, auth.ErrMissing},
		{"any of header schemes", auth.Any(bearer, bearer), nil, auth.ErrMissing},
		{"config of two header schemes", must(config.Strategy()), []string{"Authorization", "Bearer x"}, auth.ErrMissing},
		{"no signature", slack, nil, auth.ErrMissing},
		{"stale signature", slack, stale, auth.ErrStale},
		{"all, header wrong", auth.All(slack, bearer), []string{"Authorization", "Bearer y"}, auth.ErrMismatch},
		{"all, signature missing", auth.All(slack, bearer), []string{"Authorization", "Bearer x"}, auth.ErrMissing},
		{"any, nobody could accept", auth.Any(slack, bearer), stale, auth.ErrStale},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := get(tt.header...)
			r.Method, r.Body, r.ContentLength = http.MethodPost, untouchable{t}, -1
			var reason error
			status, text := serve(t, auth.Require(tt.v, auth.RequireOptions{
				OnReject: func(_ *http.Request, err error) { reason = err },
			}), r)
			assert.Equal(t, http.StatusUnauthorized, status)
			assert.Equal(t, unauthorized, text)
			require.ErrorIs(t, reason, tt.wantErr)
		})
	}
}

// The body is read where somebody may accept it, and the handler reads it again.
func TestRequireReadsTheBodyForWhoeverMayAccept(t *testing.T) {
	bearer := must(auth.NewBearer("x"))
	github := must(auth.NewHMAC(auth.GitHub(), auth.HMACOptions{Secrets: []auth.Secret{"s"}}))
	foreign := verifierFunc(func(_ *http.Request, body []byte) error {
		if string(body) != "{}" {
			return auth.ErrMismatch
		}
		return nil
	})
	signed := get()
	require.NoError(t, github.Sign(signed, []byte("{}")))
	signature := []string{"X-Hub-Signature-256", signed.Header.Get("X-Hub-Signature-256")}
	token := []string{"Authorization", "Bearer x"}
	tests := []struct {
		name   string
		v      auth.Verifier
		header []string
		want   int
	}{
		{"any, by token", auth.Any(github, bearer), token, http.StatusOK},
		{"any, by signature", auth.Any(github, bearer), signature, http.StatusOK},
		{"any, by somebody else's verifier", auth.Any(github, foreign), nil, http.StatusOK},
		{"all", auth.All(bearer, github, foreign), append(token, signature...), http.StatusOK},
		{"all, one missing", auth.All(bearer, github, foreign), token, http.StatusUnauthorized},
		{"any of all", auth.Any(auth.All(bearer, github), auth.All(foreign, bearer)), token, http.StatusOK},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := signedServer(t, tt.v, auth.RequireOptions{})
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL, io.MultiReader(strings.NewReader("{}")))
			require.NoError(t, err)
			for i := 0; i < len(tt.header); i += 2 {
				r.Header.Set(tt.header[i], tt.header[i+1])
			}
			resp, err := s.Client().Do(r)
			require.NoError(t, err)
			defer resp.Body.Close()
			got, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			require.Equal(t, tt.want, resp.StatusCode)
			assert.Equal(t, map[int]string{http.StatusOK: "{}", http.StatusUnauthorized: unauthorized}[tt.want], string(got))
		})
	}
}

// signedServer counts what passes Require and echoes the body that the
// handler reads.
func signedServer(t *testing.T, v auth.Verifier, o auth.RequireOptions) *httptest.Server {
	s := httptest.NewServer(auth.Require(v, o)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if errors.Is(err, auth.ErrTooLarge) {
			http.Error(w, "handler", http.StatusInsufficientStorage)
			return
		}
		w.Write(body)
	})))
	t.Cleanup(s.Close)
	return s
}

func TestRequireBoundsTheBody(t *testing.T) {
	const max = 64
	github := must(auth.NewHMAC(auth.GitHub(), auth.HMACOptions{Secrets: []auth.Secret{"s"}}))
	bearer := must(auth.NewBearer("s"))
	ofSize := func(n int) string { return "[" + strings.Repeat(" ", n-2) + "]" }
	tests := []struct {
		name    string
		s       auth.Strategy
		size    int
		chunked bool
		want    int
	}{
		{"signed, at the bound", github, max, false, http.StatusOK},
		{"signed, chunked, at the bound", github, max, true, http.StatusOK},
		{"signed, one over", github, max + 1, false, http.StatusRequestEntityTooLarge},
		{"signed, chunked, one over", github, max + 1, true, http.StatusRequestEntityTooLarge},
		{"bearer, at the bound", bearer, max, false, http.StatusOK},
		{"bearer, chunked, at the bound", bearer, max, true, http.StatusOK},
		{"bearer, one over", bearer, max + 1, false, http.StatusRequestEntityTooLarge},
		{"bearer, chunked, one over: the handler meets it", bearer, max + 1, true, http.StatusInsufficientStorage},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := signedServer(t, tt.s, auth.RequireOptions{MaxBody: max})
			body := ofSize(tt.size)
			var reader io.Reader = strings.NewReader(body)
			if tt.chunked {
				reader = io.MultiReader(reader) // of unknown length
			}
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL, reader)
			require.NoError(t, err)
			require.NoError(t, tt.s.Sign(r, []byte(body)))
			resp, err := s.Client().Do(r)
			require.NoError(t, err)
			defer resp.Body.Close()
			got, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			require.Equal(t, tt.want, resp.StatusCode)
			if tt.want == http.StatusOK {
				assert.Equal(t, body, string(got), "the handler reads the body from the start")
			}
		})
	}
}

// endless is a body of 1 GiB that is never in memory.
func endless() io.Reader { return io.LimitReader(spaces{}, 1<<30) }

type spaces struct{}

func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// Whoever sends 1 GiB in chunks costs the bound and not more, whether he can
// name a signature or not.
func TestRequireReadsNoMoreThanTheBound(t *testing.T) {
	github := must(auth.NewHMAC(auth.GitHub(), auth.HMACOptions{Secrets: []auth.Secret{"s"}}))
	bearer := must(auth.NewBearer("s"))
	const max = 1 << 20
	tests := []struct {
		name   string
		v      auth.Verifier
		header []string
		want   int
		atMost int64
	}{
		{"no signature", github, nil, http.StatusUnauthorized, 0},
		{"a signature", github, []string{"X-Hub-Signature-256", "sha256=" + strings.Repeat("0", 64)}, http.StatusRequestEntityTooLarge, max + 1},
		{"no token", bearer, nil, http.StatusUnauthorized, 0},
		{"the token", bearer, []string{"Authorization", "Bearer s"}, http.StatusInsufficientStorage, max + 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			body := &counter{r: endless()}
			r := get(tt.header...)
			r.Method, r.Body, r.ContentLength = http.MethodPost, io.NopCloser(body), -1
			w := httptest.NewRecorder()
			auth.Require(tt.v, auth.RequireOptions{MaxBody: max})(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				n, err := io.Copy(io.Discard, r.Body)
				assert.ErrorIs(t, err, auth.ErrTooLarge)
				assert.Equal(t, int64(max), n)
				_, again := r.Body.Read(make([]byte, 1))
				assert.ErrorIs(t, again, auth.ErrTooLarge)
				w.WriteHeader(http.StatusInsufficientStorage)
			})).ServeHTTP(w, r)
			assert.Equal(t, tt.want, w.Code)
			assert.LessOrEqual(t, body.n, tt.atMost)
		})
	}
}

type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

func TestRequireAnswersBrokenBodies(t *testing.T) {
	github := must(auth.NewHMAC(auth.GitHub(), auth.HMACOptions{Secrets: []auth.Secret{"s"}}))
	errBroken := errors.New("connection reset")
	r := get("X-Hub-Signature-256", "sha256="+strings.Repeat("0", 64))
	r.Body, r.ContentLength = io.NopCloser(io.MultiReader(strings.NewReader("{"), failing{errBroken})), -1
	var reason error
	status, text := serve(t, auth.Require(github, auth.RequireOptions{
		OnReject: func(_ *http.Request, err error) { reason = err },
	}), r)
	assert.Equal(t, http.StatusBadRequest, status)
	assert.Equal(t, `{"detail":"Request body could not be read"}`, text)
	require.ErrorIs(t, reason, errBroken)
}

// A bound that the host has set in front is a bound, not a broken connection.
func TestRequireBehindMaxBytesHandler(t *testing.T) {
	github := must(auth.NewHMAC(auth.GitHub(), auth.HMACOptions{Secrets: []auth.Secret{"s"}}))
	const body = `{"longer": "than the host allows"}`
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	require.NoError(t, github.Sign(r, []byte(body)))
	var reason error
	gate := auth.Require(github, auth.RequireOptions{OnReject: func(_ *http.Request, err error) { reason = err }})
	status, text := serve(t, func(next http.Handler) http.Handler { return http.MaxBytesHandler(gate(next), 8) }, r)
	assert.Equal(t, http.StatusRequestEntityTooLarge, status)
	assert.Equal(t, `{"detail":"Request body too large"}`, text)
	require.ErrorIs(t, reason, auth.ErrTooLarge)
	assert.ErrorContains(t, reason, "auth: ")
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// Handlers that are stacked read the same bytes: the wire is read once.
func TestRequireTwice(t *testing.T) {
	github := must(auth.NewHMAC(auth.GitHub(), auth.HMACOptions{Secrets: []auth.Secret{"s"}}))
	x := must(auth.NewHMAC(auth.X(), auth.HMACOptions{Secrets: []auth.Secret{"s"}}))
	body := []byte(`{"a": "<&>"}`)
	r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
	require.NoError(t, github.Sign(r, body))
	require.NoError(t, x.Sign(r, body))
	var got []byte
	h := auth.Require(github, auth.RequireOptions{})(auth.Require(x, auth.RequireOptions{})(
		http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got, _ = io.ReadAll(r.Body) })))
	h.ServeHTTP(httptest.NewRecorder(), r)
	assert.Equal(t, body, got)
}

// A negative or huge bound is no accident that opens or breaks the gate.
func TestRequireOddBounds(t *testing.T) {
	github := must(auth.NewHMAC(auth.GitHub(), auth.HMACOptions{Secrets: []auth.Secret{"s"}}))
	for _, max := range []int64{-1, 0, 1<<63 - 1} {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("{}"))
		require.NoError(t, github.Sign(r, []byte("{}")))
		status, _ := serve(t, auth.Require(github, auth.RequireOptions{MaxBody: max}), r)
		assert.Equal(t, http.StatusNoContent, status, "bound %d", max)
	}
}
