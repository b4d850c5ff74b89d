package callback_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/auth"
	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
)

// The bytes on the wire are those that were signed, whatever white space and
// characters they have, and every attempt is signed anew.
func TestWhatIsSignedIsWhatIsSent(t *testing.T) {
	const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	key, err := auth.NewHMAC(auth.StandardWebhooks(), auth.HMACOptions{Secrets: []auth.Secret{secret}})
	require.NoError(t, err)
	srv := callbacktest.NewServer(t)
	srv.Verify(key.Verify)
	w := hook(t, callback.Config{URL: srv.URL, Auth: auth.Config{
		HMAC: auth.HMACConfig{Scheme: "standard-webhooks", Secret: auth.Sources{{Value: secret}}},
	}}, callback.Options{})
	for _, body := range []string{"{ \"a\":\t\"<&>\\u003c\" }\n", "{}", strings.Repeat("[1]", 50_000)} {
		m := callback.Message{ID: "msg_2", Body: []byte(body)}
		_, err := w.Call(t.Context(), m)
		require.NoError(t, err)
		assert.Equal(t, body, string(m.Body))
	}
	for _, got := range srv.Await(3) {
		require.NoError(t, got.Err)
		assert.Equal(t, "msg_2", got.Header.Get("Webhook-Id"))
		assert.NotEmpty(t, got.Header.Get("Webhook-Timestamp"))
	}
}

// A signer that changes the URL changes that of its own request.
func TestSignersOfTheURL(t *testing.T) {
	srv := callbacktest.NewServer(t)
	c := callback.Config{URL: srv.URL + "/?a=b"}
	query := c
	query.Auth = auth.Config{Query: auth.NamedConfig{Name: "token", Value: auth.Sources{{Value: "s3"}}}}
	for _, w := range []*callback.Webhook{
		hook(t, query, callback.Options{}),
		hook(t, c, callback.Options{Signer: signer(func(r *http.Request, _ []byte) error {
			r.URL.RawQuery += "&token=s3"
			return nil
		})}),
	} {
		together(t, 16, 64, func() error {
			_, err := w.Call(t.Context(), message)
			return err
		})
	}
	for _, got := range srv.Await(128) {
		assert.Equal(t, "/?a=b&token=s3", got.URI)
	}
}

// A signer may add to a header of the message, which others send as well.
func TestSignersShareNoHeaderOfTheMessage(t *testing.T) {
	srv := callbacktest.NewServer(t)
	w := hook(t, callback.Config{URL: srv.URL}, callback.Options{Signer: signer(func(r *http.Request, _ []byte) error {
		r.Header.Add("X-Via", "signer")
		return nil
	})})
	via := append(make([]string, 0, 4), "host") // with room for more
	m := callback.Message{ID: "msg_1", Header: http.Header{"X-Via": via}}
	together(t, 16, 64, func() error {
		_, err := w.Call(t.Context(), m)
		return err
	})
	for _, got := range srv.Await(64) {
		assert.Equal(t, []string{"host", "signer"}, got.Header["X-Via"])
	}
	assert.Empty(t, via[:2][1])
}

// A signer that fails gives its reason, and nothing is sent.
func TestASignerThatFails(t *testing.T) {
	srv := callbacktest.NewServer(t)
	broken := errors.New("no key today")
	w := hook(t, callback.Config{URL: srv.URL}, callback.Options{Signer: signer(func(*http.Request, []byte) error { return broken })})
	_, err := w.Call(t.Context(), message)
	require.ErrorIs(t, err, callback.ErrRefused)
	require.ErrorIs(t, err, broken)
	assert.Equal(t, callback.ClassRequest, failed(t, err).Class)
	assert.Zero(t, failed(t, err).Attempts)
	assert.Empty(t, srv.Requests())
}

// A token endpoint that is down or slow today is no reason to give the message
// up, and none to blame the receiver.
func TestCredentialsThatCannotBeHadNowAreTriedAgain(t *testing.T) {
	t.Parallel()
	srv := callbacktest.NewServer(t)
	token := callbacktest.NewServer(t, callbacktest.Status(503), callbacktest.Hang(),
		callbacktest.JSON(`{"access_token":"t0ken","token_type":"Bearer","expires_in":3600}`))
	oauth2, err := auth.NewOAuth2(auth.OAuth2Options{TokenURL: token.URL, ClientID: "id", ClientSecret: "secret", AllowHTTP: true})
	require.NoError(t, err)
	patient := hook(t, callback.Config{URL: srv.URL}, callback.Options{Signer: oauth2})
	hurried := hook(t, callback.Config{URL: srv.URL, Timeout: 2 * time.Second}, callback.Options{Signer: oauth2})

	_, err = patient.Call(t.Context(), message)
	require.ErrorIs(t, err, callback.ErrGaveUp)
	require.ErrorIs(t, err, auth.ErrUnavailable)
	e := failed(t, err)
	assert.Equal(t, callback.ClassRequest, e.Class)
	assert.False(t, e.Class.Counts())
	assert.True(t, e.Temporary())
	assert.Zero(t, e.Attempts, "nothing went to the receiver")

	again := callback.Retry(callback.RetryPolicy{Base: time.Millisecond})
	attempts := 0
	reply, err := again(callback.CallerFunc(func(ctx context.Context, m callback.Message) (callback.Reply, error) {
		if attempts++; attempts == 1 {
			return hurried.Call(ctx, m) // this fetch hangs
		}
		return patient.Call(ctx, m) // and this one succeeds
	})).Call(t.Context(), message)
	require.NoError(t, err)
	assert.Greater(t, attempts, 1)
	assert.Equal(t, 1, reply.Attempts, "of those that got out")
	assert.Equal(t, "Bearer t0ken", srv.Await(1)[0].Header.Get("Authorization"))

	refused := callbacktest.NewServer(t, callbacktest.Status(401))
	oauth2, err = auth.NewOAuth2(auth.OAuth2Options{TokenURL: refused.URL, ClientID: "id", ClientSecret: "secret", AllowHTTP: true})
	require.NoError(t, err)
	_, err = again(hook(t, callback.Config{URL: srv.URL}, callback.Options{Signer: oauth2})).Call(t.Context(), message)
	require.ErrorIs(t, err, callback.ErrRefused)
	assert.Len(t, refused.Requests(), 1)
	assert.Len(t, srv.Requests(), 1)
}

// A signer may make requests under the context of the one that it signs. What
// becomes of them is not what becomes of the message.
func TestRequestsOfASignerAreNotThoseOfTheMessage(t *testing.T) {
	ca := callbacktest.NewAuthority(t)
	token := callbacktest.NewTLSServer(t, callbacktest.TLSOptions{Authority: ca})
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: certPool(t, string(ca.PEM()))}}
	defer client.CloseIdleConnections()
	var fetched bool
	fetch := signer(func(r *http.Request, _ []byte) error {
		r, err := http.NewRequestWithContext(r.Context(), http.MethodGet, token.URL, nil)
		require.NoError(t, err)
		resp, err := client.Do(r)
		if fetched = err == nil; !fetched {
			return err
		}
		return resp.Body.Close()
	})
	srv := callbacktest.NewServer(t)
	var seen callback.Attempt
	o := callback.Options{Signer: fetch, Observe: func(_ context.Context, a callback.Attempt) { seen = a }}

	r := callback.Probe(t.Context(), callback.Config{URL: srv.URL}, message, callback.ProbeOptions{Options: o})
	require.NoError(t, r.Err)
	assert.Nil(t, r.TLS)
	assert.Zero(t, r.Timeline.TLS)

	_, err := hook(t, callback.Config{URL: srv.URL, Network: callback.NetworkPublic}, o).Call(t.Context(), message)
	require.ErrorIs(t, err, callback.ErrBlocked)
	assert.False(t, seen.Reused)

	deaf, err := net.Listen("tcp", "127.0.0.1:0") // and nobody accepts
	require.NoError(t, err)
	defer deaf.Close()
	c := callback.Config{URL: "https://h.example", Proxy: "http://" + deaf.Addr().String()}
	inTime(t, func(timeout time.Duration) (enough bool) {
		c.Timeout = timeout // and in it the signer is to have its answer
		_, err = hook(t, c, o).Call(t.Context(), message)
		return fetched
	})
	assert.Equal(t, callback.ClassProxy, failed(t, err).Class, "for nothing came through it")
}

// What a signer cannot mean to send is its fault, and not a broken connection.
func TestASignerThatSetsWhatNoHeaderCanHold(t *testing.T) {
	srv := callbacktest.NewServer(t)
	for name, value := range map[string]string{"Authorization": "c4n4ry\r\nX-Evil: 1", "X Y": "c4n4ry"} {
		w := hook(t, callback.Config{URL: srv.URL}, callback.Options{Signer: signer(func(r *http.Request, _ []byte) error {
			r.Header[name] = []string{value}
			return nil
		})})
		_, err := w.Call(t.Context(), message)
		require.ErrorIs(t, err, callback.ErrRefused)
		assert.Equal(t, callback.ClassRequest, failed(t, err).Class)
		assert.NotContains(t, err.Error(), "c4n4ry")
	}
	assert.Empty(t, srv.Requests())
}

// A signer is a function that serves as one.
type signer func(*http.Request, []byte) error

func (f signer) Sign(r *http.Request, body []byte) error { return f(r, body) }

var _ auth.Signer = signer(nil)
