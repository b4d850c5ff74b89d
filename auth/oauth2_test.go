package auth_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/auth"
)

// tokenServer answers each request with status and body, and keeps the last
// one.
type tokenServer struct {
	*httptest.Server
	status int
	body   string
	header http.Header // of the answer

	user, pass string
	form       url.Values
	calls      int
}

func newTokenServer(t *testing.T, status int, body string) *tokenServer {
	s := &tokenServer{status: status, body: body, header: http.Header{}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.calls++
		s.user, s.pass, _ = r.BasicAuth()
		if r.ParseForm() == nil {
			s.form = r.PostForm
		}
		for name, values := range s.header {
			w.Header()[name] = values
		}
		w.WriteHeader(s.status)
		io.WriteString(w, s.body)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *tokenServer) options() auth.OAuth2Options {
	return auth.OAuth2Options{TokenURL: s.URL + "/token", ClientID: "id:1", ClientSecret: canary + "&+", AllowHTTP: true}
}

func TestOAuth2Request(t *testing.T) {
	s := newTokenServer(t, 200, `{"access_token":"at-123","token_type":"bearer","expires_in":3600}`)
	o := s.options()
	o.Scopes = []string{"alerts", "hooks.write"}
	o.Params = url.Values{"audience": {"https://hooks.example.com"}}
	signer := must(auth.NewOAuth2(o))
	require.Zero(t, s.calls, "nothing is fetched before it is needed")

	r := get()
	require.NoError(t, signer.Sign(r, nil))
	assert.Equal(t, []string{"Bearer at-123"}, r.Header["Authorization"])
	assert.Equal(t, []string{"Authorization"}, signer.Headers())
	assert.Equal(t, "id%3A1", s.user)
	assert.Equal(t, canary+"%26%2B", s.pass)
	assert.Equal(t, url.Values{
		"grant_type": {"client_credentials"},
		"scope":      {"alerts hooks.write"},
		"audience":   {"https://hooks.example.com"},
	}, s.form)
	require.NoError(t, signer.Sign(get(), nil))
	assert.Equal(t, 1, s.calls, "the token is kept")
	signer.Forget()
	require.NoError(t, signer.Sign(get(), nil))
	assert.Equal(t, 2, s.calls)

	o.InBody = true
	require.NoError(t, must(auth.NewOAuth2(o)).Sign(get(), nil))
	assert.Empty(t, s.user+s.pass)
	assert.Equal(t, "id:1", s.form.Get("client_id"))
	assert.Equal(t, canary+"&+", s.form.Get("client_secret"))
}

// issuing is an endpoint inside a bubble: each token is its number, and lives
// an hour.
type issuing struct {
	calls atomic.Int64
	delay time.Duration
	life  string // of a token, in seconds; empty: an hour
	fail  atomic.Bool
}

func (i *issuing) RoundTrip(r *http.Request) (*http.Response, error) {
	n := i.calls.Add(1)
	select {
	case <-time.After(i.delay):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	if i.fail.Load() {
		return nil, errors.New("connection reset")
	}
	life := cmp.Or(i.life, "3600")
	body := `{"access_token":"` + string(rune('0'+n)) + `","expires_in":` + life + `}`
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(body))}, nil
}

func (i *issuing) signer() *auth.OAuth2 {
	return must(auth.NewOAuth2(auth.OAuth2Options{
		TokenURL: "https://id.example.com/token", ClientID: "id", ClientSecret: "s",
		Client: &http.Client{Transport: i, Timeout: time.Minute},
	}))
}

func sign(t *testing.T, s auth.Signer, ctx context.Context) (string, error) {
	r := get().Clone(ctx)
	err := s.Sign(r, nil)
	return r.Header.Get("Authorization"), err
}

// The verbs %s and %q follow a pointer that has no text of its own.
func TestOAuth2PrintsNoSecret(t *testing.T) {
	s := newTokenServer(t, 200, `{"access_token":"at-`+canary+`"}`)
	signer := must(auth.NewOAuth2(s.options()))
	require.NoError(t, signer.Sign(get(), nil))
	hidden := struct{ s auth.Signer }{signer}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, v := range []any{signer, hidden, &hidden, auth.Transport{Signer: signer}, []any{signer}} {
			text := fmt.Sprintf(verb, v)
			assert.NotContains(t, text, canary, "%s of %T", verb, v)
			assert.NotContains(t, text, fmt.Sprintf("%x", canary), "%s of %T", verb, v)
		}
	}
}

func TestOAuth2Lifetime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		endpoint := new(issuing)
		s := endpoint.signer()
		for _, step := range []struct {
			wait time.Duration
			want string
		}{
			{0, "Bearer 1"},
			{time.Hour - 11*time.Second, "Bearer 1"},
			{time.Second, "Bearer 2"}, // ten seconds before the end
			{time.Minute, "Bearer 2"},
			{time.Hour, "Bearer 3"},
		} {
			time.Sleep(step.wait)
			got, err := sign(t, s, t.Context())
			require.NoError(t, err)
			assert.Equal(t, step.want, got)
		}
	})
}

func TestOAuth2SharesOneFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		endpoint := &issuing{delay: time.Second}
		s := endpoint.signer()
		var senders sync.WaitGroup
		for range 64 {
			senders.Go(func() {
				got, err := sign(t, s, t.Context())
				assert.NoError(t, err)
				assert.Equal(t, "Bearer 1", got)
			})
		}
		senders.Wait()
		assert.Equal(t, int64(1), endpoint.calls.Load())

		// A failure is shared as well: the endpoint is not asked by each in turn.
		s.Forget()
		endpoint.fail.Store(true)
		for range 64 {
			senders.Go(func() {
				_, err := sign(t, s, t.Context())
				assert.ErrorIs(t, err, auth.ErrUnavailable)
			})
		}
		senders.Wait()
		assert.Equal(t, int64(2), endpoint.calls.Load())
	})
}

// Tokens that do not live as long as the endpoint takes to give them are shared
// all the same: otherwise those who wait would fetch one after the other.
func TestOAuth2SharesTokensOfAShortLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		endpoint := &issuing{delay: 2 * time.Second, life: "1"}
		s := endpoint.signer()
		var senders sync.WaitGroup
		start := time.Now()
		for range 64 {
			senders.Go(func() {
				got, err := sign(t, s, t.Context())
				assert.NoError(t, err)
				assert.Equal(t, "Bearer 1", got)
			})
		}
		senders.Wait()
		assert.Equal(t, int64(1), endpoint.calls.Load())
		assert.Equal(t, 2*time.Second, time.Since(start))
		got, err := sign(t, s, t.Context())
		require.NoError(t, err)
		assert.Equal(t, "Bearer 2", got, "it is not kept")
	})
}

// The one who fetches for all may give up without taking the others with him,
// and whoever waits may give up alone.
func TestOAuth2GivingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		endpoint := &issuing{delay: 10 * time.Second}
		s := endpoint.signer()
		errShort := errors.New("no time")
		short, cancel := context.WithTimeoutCause(t.Context(), time.Second, errShort)
		defer cancel()
		var senders sync.WaitGroup
		senders.Go(func() { // fetches
			_, err := sign(t, s, short)
			assert.ErrorIs(t, err, errShort)
		})
		synctest.Wait()
		senders.Go(func() { // waits, then fetches
			got, err := sign(t, s, t.Context())
			assert.NoError(t, err)
			assert.Equal(t, "Bearer 2", got)
		})
		senders.Go(func() { // waits, and gives up
			_, err := sign(t, s, short)
			assert.ErrorIs(t, err, errShort)
		})
		senders.Wait()
		assert.Equal(t, int64(2), endpoint.calls.Load())
	})
}

func TestNewOAuth2Refuses(t *testing.T) {
	good := auth.OAuth2Options{TokenURL: "https://id.example.com/token", ClientID: "id", ClientSecret: "s"}
	_, err := auth.NewOAuth2(good)
	require.NoError(t, err)
	for name, change := range map[string]func(*auth.OAuth2Options){
		"no URL":          func(o *auth.OAuth2Options) { o.TokenURL = "" },
		"relative":        func(o *auth.OAuth2Options) { o.TokenURL = "/token" },
		"port, no host":   func(o *auth.OAuth2Options) { o.TokenURL = "https://:443/token" },
		"not a URL":       func(o *auth.OAuth2Options) { o.TokenURL = "https://[" + canary },
		"http":            func(o *auth.OAuth2Options) { o.TokenURL = "http://id.example.com/token" },
		"another scheme":  func(o *auth.OAuth2Options) { o.TokenURL, o.AllowHTTP = "ftp://id.example.com/token", true },
		"user info":       func(o *auth.OAuth2Options) { o.TokenURL = "https://u:" + canary + "@id.example.com/token" },
		"no client":       func(o *auth.OAuth2Options) { o.ClientID = "" },
		"no secret":       func(o *auth.OAuth2Options) { o.ClientSecret = "" },
		"redacted secret": func(o *auth.OAuth2Options) { o.ClientSecret = "[redacted]" },
	} {
		o := good
		change(&o)
		_, err := auth.NewOAuth2(o)
		if assert.Error(t, err, name) {
			assert.NotContains(t, err.Error(), canary, name)
		}
	}
}
