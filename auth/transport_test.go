package auth_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/auth"
)

func TestTransportSignsWhatIsSent(t *testing.T) {
	for name, s := range strategies() {
		t.Run(name, func(t *testing.T) {
			server := signedServer(t, s, auth.RequireOptions{})
			client := &http.Client{Transport: &auth.Transport{Signer: s, Base: server.Client().Transport}}
			for _, body := range []string{`{"a": "<&>"}`, "[" + strings.Repeat(" ", 100_000) + "]"} {
				for _, reader := range []io.Reader{strings.NewReader(body), io.MultiReader(strings.NewReader(body))} {
					r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, reader)
					require.NoError(t, err)
					r.Header.Set("Webhook-Id", "msg_1")
					resp, err := client.Do(r)
					require.NoError(t, err)
					got, err := io.ReadAll(resp.Body)
					resp.Body.Close()
					require.NoError(t, err)
					require.Equal(t, http.StatusOK, resp.StatusCode)
					assert.Equal(t, body, string(got))
				}
			}
		})
	}
}

// roundTripper is a function as a RoundTripper.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// closing counts how often a body was closed.
type closing struct {
	io.Reader
	closed int
}

func (c *closing) Close() error { c.closed++; return nil }

func TestTransportLeavesTheRequestAlone(t *testing.T) {
	for name, s := range strategies() {
		t.Run(name, func(t *testing.T) {
			body := &closing{Reader: strings.NewReader("{}")}
			r := get("Webhook-Id", "msg_1", "Authorization", "of the caller")
			r.Body, r.ContentLength = body, -1
			header, target := r.Header.Clone(), r.URL.String()

			var sent *http.Request
			base := roundTripper(func(r *http.Request) (*http.Response, error) {
				sent = r
				data, err := io.ReadAll(r.Body)
				assert.NoError(t, err)
				assert.Equal(t, "{}", string(data))
				return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, r.Body.Close()
			})
			_, err := (&auth.Transport{Signer: s, Base: base}).RoundTrip(r)
			require.NoError(t, err)

			assert.Equal(t, header, r.Header)
			assert.Equal(t, target, r.URL.String())
			assert.Same(t, body, r.Body)
			assert.Equal(t, 1, body.closed)
			require.NoError(t, s.Verify(sent, []byte("{}")))
		})
	}
}

// endOf calls f when the end of a body is read.
type endOf struct {
	io.Reader
	f func()
}

func (e endOf) Read(p []byte) (int, error) {
	n, err := e.Reader.Read(p)
	if err == io.EOF {
		e.f()
	}
	return n, err
}

// A caller gives the values of a trailer when it has come to the end of its
// body, in the map of its own request.
func TestTransportSendsTrailers(t *testing.T) {
	for name, s := range strategies() {
		t.Run(name, func(t *testing.T) {
			var trailer http.Header
			server := httptest.NewServer(auth.Require(s, auth.RequireOptions{})(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				_, err := io.Copy(io.Discard, r.Body)
				assert.NoError(t, err)
				trailer = r.Trailer
			})))
			defer server.Close()
			client := &http.Client{Transport: &auth.Transport{Signer: s, Base: server.Client().Transport}}
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, nil)
			require.NoError(t, err)
			r.Header.Set("Webhook-Id", "msg_1")
			r.Trailer = http.Header{"X-Sum": nil}
			r.Body = io.NopCloser(endOf{strings.NewReader("{}"), func() { r.Trailer.Set("X-Sum", "abc") }})
			r.ContentLength = -1
			resp, err := client.Do(r)
			require.NoError(t, err)
			resp.Body.Close()
			require.Equal(t, http.StatusOK, resp.StatusCode)
			assert.Equal(t, http.Header{"X-Sum": {"abc"}}, trailer)
		})
	}
}

// Programs log the URL of a response, and some its header.
func TestTransportShowsNoCredentialsInTheResponse(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	for name, s := range strategies() {
		t.Run(name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, strings.NewReader("{}"))
			require.NoError(t, err)
			r.Header.Set("Webhook-Id", "msg_1")
			resp, err := (&auth.Transport{Signer: s, Base: server.Client().Transport}).RoundTrip(r)
			require.NoError(t, err)
			resp.Body.Close()
			assert.Same(t, r, resp.Request)
			assert.Empty(t, credentialsOf(resp.Request))
		})
	}
}

// A body of unknown length that turns out to be empty is sent as none.
func TestTransportSendsEmptyBodies(t *testing.T) {
	wantErr := map[string]error{"github": auth.ErrBodyShape} // a scheme that wants JSON
	for name, s := range strategies() {
		t.Run(name, func(t *testing.T) {
			body := &closing{Reader: strings.NewReader("")}
			r := get("Webhook-Id", "msg_1")
			r.Body, r.ContentLength = body, -1
			base := roundTripper(func(r *http.Request) (*http.Response, error) {
				data, err := io.ReadAll(r.Body)
				assert.NoError(t, err)
				assert.Empty(t, data)
				assert.ErrorIs(t, s.Verify(r, nil), wantErr[name])
				return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, r.Body.Close()
			})
			_, err := (&auth.Transport{Signer: s, Base: base}).RoundTrip(r)
			require.NoError(t, err)
			assert.Equal(t, 1, body.closed)
		})
	}
}

// idle is a transport that has connections to close.
type idle struct {
	http.RoundTripper
	closed int
}

func (i *idle) CloseIdleConnections() { i.closed++ }

func TestTransportPassesOnCloseIdleConnections(t *testing.T) {
	base := new(idle)
	(&http.Client{Transport: &auth.Transport{Base: base}}).CloseIdleConnections()
	assert.Equal(t, 1, base.closed)
	(&auth.Transport{Base: roundTripper(nil)}).CloseIdleConnections() // has none
}

func TestTransportSendsNothingUnsigned(t *testing.T) {
	errBroken := errors.New("disk gone")
	key := standardWebhooks(whsec)
	tests := []struct {
		name    string
		signer  auth.Signer
		body    io.Reader
		wantErr error
	}{
		{"no id", key, strings.NewReader("{}"), auth.ErrMissing},
		{"broken body", key, failing{errBroken}, errBroken},
		{"zero signer", new(auth.Bearer), strings.NewReader("{}"), auth.ErrEmptySecret},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			body := &closing{Reader: tt.body}
			r := get()
			r.Body = body
			base := roundTripper(func(*http.Request) (*http.Response, error) {
				t.Error("sent")
				return nil, errors.ErrUnsupported
			})
			_, err := (&auth.Transport{Signer: tt.signer, Base: base}).RoundTrip(r)
			require.ErrorIs(t, err, tt.wantErr)
			assert.Equal(t, 1, body.closed)
		})
	}
	_, err := new(auth.Transport).RoundTrip(get())
	require.ErrorContains(t, err, "no signer")
}

// credentialsOf lists what of a request could be a credential.
func credentialsOf(r *http.Request) []string {
	var found []string
	for _, name := range []string{"Authorization", "X-Api-Key", "X-Hub-Signature-256", "Webhook-Signature", "Stripe-Signature"} {
		if r.Header.Get(name) != "" {
			found = append(found, name)
		}
	}
	if r.URL.Query().Has("token") {
		found = append(found, "token")
	}
	return found
}

func TestTransportLeavesNoCredentialsOnRedirects(t *testing.T) {
	for name, s := range strategies() {
		t.Run(name, func(t *testing.T) {
			seen := make(map[string]int) // credentials by path
			var first, other *httptest.Server
			record := func(w http.ResponseWriter, r *http.Request, to string) {
				seen[r.URL.Path] += len(credentialsOf(r))
				http.Redirect(w, r, to, http.StatusTemporaryRedirect)
			}
			first = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch r.URL.Path {
				case "/start":
					record(w, r, "/same-host")
				case "/same-host":
					record(w, r, other.URL+"/other-host")
				case "/back":
					record(w, r, "/back/and-on")
				default:
					seen[r.URL.Path] += len(credentialsOf(r))
				}
			}))
			defer first.Close()
			other = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				record(w, r, first.URL+"/back")
			}))
			defer other.Close()

			client := &http.Client{Transport: &auth.Transport{Signer: s}}
			defer client.CloseIdleConnections()
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, first.URL+"/start", strings.NewReader("{}"))
			require.NoError(t, err)
			r.Header.Set("Webhook-Id", "msg_1")
			resp, err := client.Do(r)
			require.NoError(t, err)
			resp.Body.Close()
			assert.Equal(t, map[string]int{"/start": 1, "/same-host": 1, "/other-host": 0, "/back": 0, "/back/and-on": 0}, seen)
		})
	}
}

// Another port and another scheme are another host; the default port and the
// case of the name are not.
func TestTransportTellsHostsApart(t *testing.T) {
	tests := []struct {
		name, from, to string
		signed         bool
	}{
		{"path", "https://a.example/x", "https://a.example/y", true},
		{"default port", "https://a.example/x", "https://a.example:443/y", true},
		{"default port of http", "http://a.example/x", "http://a.example:80/y", true},
		{"case", "https://a.example/x", "https://A.Example/y", true},
		{"port", "https://a.example/x", "https://a.example:8443/y", false},
		{"to http", "https://a.example/x", "http://a.example/y", false},
		{"to http on the same port", "https://a.example:80/x", "http://a.example/y", false},
		{"name that begins alike", "https://a.example/x", "https://a.example.evil.test/y", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			request := func(to string) *http.Request {
				u, err := url.Parse(to)
				require.NoError(t, err)
				return &http.Request{Method: http.MethodPost, URL: u, Header: http.Header{}}
			}
			r := request(tt.to)
			r.Response = &http.Response{Request: request(tt.from)}
			var got string
			base := roundTripper(func(r *http.Request) (*http.Response, error) {
				got = r.Header.Get("Authorization")
				return &http.Response{Body: http.NoBody}, nil
			})
			_, err := (&auth.Transport{Signer: must(auth.NewBearer("tok")), Base: base}).RoundTrip(r)
			require.NoError(t, err)
			assert.Equal(t, map[bool]string{true: "Bearer tok", false: ""}[tt.signed], got)
		})
	}
}
