package callback_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/auth"
	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
)

// What senders of webhooks are known to get wrong, each with the test that it
// does not happen here. Those that are not in this file are named.
//
//	a redirect of a POST is a success; headers follow it   TestRedirectsAreNeverFollowed
//	a zone or an odd literal gets past the guard           TestPublicNetworkRefusesThisMachine
//	only the first address of a name is dialled            TestASecondAddressIsTriedWhenTheFirstIsDead
//	a name is judged once and dialled later                TestRebindingGainsNothing
//	a proxy gets around the guard                          TestAProxyDoesNotGetAroundTheGuard
//	the certificate of a proxy is not verified             TestProxyOverTLS
//	faults of a proxy are blamed on the receiver           TestFaultsOfAProxyAreItsOwn
//	the timeout does not cover the body                    TestTroublesomeReceivers/drip
//	an endless reply is collected before it is cut         TestTroublesomeReceivers/1_GiB
//	a signature is made over other bytes than are sent     TestWhatIsSignedIsWhatIsSent
//	secrets are in errors and logs                         TestCanary
//	the first use of a sender is a data race               TestFirstUseByAllAtOnce
//	one failure costs the connections of all               TestAFailingHostLeavesThePoolsOfOthersAlone
//	each send makes a transport, or a connection           TestConnectionsAreNoMoreThanCallsInFlight
//	bodies are not closed, connections leak                TestNothingStaysBehind
//	a connection closed by the server loses the message    TestStaleConnectionsAreReplaced
//	the excerpt of an answer is long, or not printable     TestSnippet
//	the advice of a 429 is lost                            TestAdvisedWait
//	a library logs by default                              TestSilentByDefault
//	trace headers go to strangers                          TestWrap
//	two endpoints share one name                           TestNamesTellEndpointsApart
//	a label gets out of its place in the URL               FuzzTemplateValues

// Any answer at all was a success; or any below 400; or 200 alone.
func TestOnlyA2xxIsASuccess(t *testing.T) {
	srv := callbacktest.NewServer(t)
	w := hook(t, callback.Config{URL: srv.URL}, callback.Options{})
	for _, status := range []int{200, 201, 202, 204} {
		srv.Play(callbacktest.Status(status))
		_, err := w.Call(t.Context(), message)
		assert.NoError(t, err, status)
	}
	for _, status := range []int{300, 304, 399, 400, 404, 500, 503} {
		srv.Play(callbacktest.Status(status))
		_, err := w.Call(t.Context(), message)
		assert.Error(t, err, status)
	}
}

// A cap that counted the bytes on the wire let 50 KB of gzip become 51 MB.
func TestRepliesAreCappedAfterDecoding(t *testing.T) {
	var small, large bytes.Buffer
	for b, size := range map[*bytes.Buffer]int{&small: 1000, &large: 1 << 20} {
		z := gzip.NewWriter(b)
		_, err := z.Write(bytes.Repeat([]byte("a"), size))
		require.NoError(t, err)
		require.NoError(t, z.Close())
	}
	require.Less(t, large.Len(), 4096)
	srv := callbacktest.NewServer(t,
		callbacktest.Answer(200, small.String(), "Content-Encoding", "gzip"),
		callbacktest.Answer(200, large.String(), "Content-Encoding", "GZIP"))
	w := hook(t, callback.Config{URL: srv.URL, ReplyLimit: 4096}, callback.Options{})
	reply, err := w.Call(t.Context(), message)
	require.NoError(t, err)
	assert.Equal(t, strings.Repeat("a", 1000), string(reply.Body))
	assert.False(t, reply.Truncated)
	assert.Empty(t, reply.Header.Get("Content-Encoding"), "the body has it no more")
	reply, err = w.Call(t.Context(), message)
	require.NoError(t, err)
	assert.Len(t, reply.Body, 4096)
	assert.True(t, reply.Truncated)
}

// The usual predicates miss 12 of these 18. Nothing is dialled, so none of them
// is reached from here.
func TestNoneOfTheSpecialAddressesIsCalled(t *testing.T) {
	for _, addr := range []string{
		"127.0.0.1", "[::1]", "10.0.0.1", "169.254.169.254", "[::ffff:169.254.169.254]", "[fd00:ec2::254]", "100.64.0.1", "0.1.2.3",
		"[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::a9fe:a9fe]", "[2002:a9fe:a9fe::1]", "[2001::1]", "[::169.254.169.254]", "[fec0::1]",
		"168.63.129.16", "240.0.0.1", "192.0.0.192", "198.18.0.1",
	} {
		w := hook(t, callback.Config{URL: "http://" + addr, Network: callback.NetworkPublic}, callback.Options{})
		_, err := w.Call(t.Context(), message)
		require.ErrorIs(t, err, callback.ErrBlocked, addr)
	}
}

// Parts that were joined without a separator made one event of two.
func TestDeriveIDKeepsItsPartsApart(t *testing.T) {
	seen := make(map[string][]string)
	for _, parts := range [][]string{{"ab", "c"}, {"a", "bc"}, {"abc"}, {"a", "b", "c"}, {"a\x00b", "c"}, {"a", "b\x00c"}, {"\x02ab", "c"}, {"ab\x01c"}} {
		id := callback.DeriveID(parts...)
		assert.Nil(t, seen[id], "%q has the ID of %q", parts, seen[id])
		seen[id] = parts
	}
}

// New credentials of a destination were not seen, because its sender was kept
// under its URL.
func TestNewCredentialsAreUsedByTheNextTry(t *testing.T) {
	inOneRun(t, func() (kept bool) {
		srv := callbacktest.NewServer(t)
		c := callback.Config{URL: srv.URL, Headers: map[string]string{"X-Key": "old"}}
		_, err := hook(t, c, callback.Options{}).Call(t.Context(), message)
		require.NoError(t, err)
		c.Headers = map[string]string{"X-Key": "new"}
		_, err = hook(t, c, callback.Options{}).Call(t.Context(), message)
		require.NoError(t, err)
		got := srv.Await(2)
		assert.Equal(t, "new", got[1].Header.Get("X-Key"))
		return got[0].Remote == got[1].Remote // and the connection is kept
	})
}

func TestNewSecretsInAFileAreUsedWithoutARestart(t *testing.T) {
	srv := callbacktest.NewServer(t)
	file := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(file, []byte("one\n"), 0o600))
	w := hook(t, callback.Config{URL: srv.URL, Auth: auth.Config{Bearer: auth.Sources{{File: file}}}}, callback.Options{})
	_, err := w.Call(t.Context(), message)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, []byte("two\n"), 0o600))
	eventually(t, func() bool {
		_, err := w.Call(t.Context(), message)
		require.NoError(t, err)
		got := srv.Requests()
		return got[len(got)-1].Header.Get("Authorization") == "Bearer two"
	})
}

// The body was not sent again, or with a wrong length, when a try was repeated.
func TestEveryTryCarriesTheSameBytes(t *testing.T) {
	srv := callbacktest.NewServer(t, callbacktest.Status(503), callbacktest.Reset(), callbacktest.Close(), callbacktest.Status(200))
	caller := callback.Decorate(hook(t, callback.Config{URL: srv.URL}, callback.Options{}),
		callback.Retry(callback.RetryPolicy{Attempts: 6, Waits: []time.Duration{0}}))
	_, err := caller.Call(t.Context(), message)
	require.NoError(t, err)
	for _, got := range srv.Await(4) {
		assert.Equal(t, message.Body, got.Body)
		assert.Equal(t, fmt.Sprint(len(message.Body)), got.Header.Get("Content-Length"))
		assert.Equal(t, "msg_1", got.Header.Get("Webhook-Id"))
	}
}

// What a call allocates beside net/http. The figure is a ceiling: lower it when
// it can be.
func TestAllocations(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates too")
	}
	answer := &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader("")), Header: http.Header{}}
	o := callback.Options{Wrap: func(http.RoundTripper) http.RoundTripper {
		return roundTripper(func(*http.Request) (*http.Response, error) { return answer, nil })
	}}
	w := hook(t, callback.Config{URL: "https://h.example/"}, o)
	allocs := testing.AllocsPerRun(1000, func() {
		if _, err := w.Call(context.Background(), message); err != nil {
			t.Error(err)
		}
	})
	assert.LessOrEqual(t, allocs, 12.0)
}
