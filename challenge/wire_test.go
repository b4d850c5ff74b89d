package challenge_test

import (
	"bufio"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/challenge"
)

// mounted is how a program has Respond: under a prefix, behind a bound for every
// body, in front of a handler that says what it got.
func mounted(t *testing.T) http.Handler {
	all := challenge.Any(newCRC(t, "secret"), newSlack(t, signed), challenge.MSGraph{})
	return http.StripPrefix("/hooks", http.MaxBytesHandler(challenge.Respond(all, challenge.RespondOptions{})(
		http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			fmt.Fprintf(w, "%s %d %v", r.URL.Path, len(body), err)
		})), 1000))
}

// exchange sends a request as it stands, and returns the status lines and the
// last body of what comes back.
func exchange(t *testing.T, address, request string) (statuses []string, body string) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(time.Minute))) // for a test that fails
	_, err = io.WriteString(conn, request)
	require.NoError(t, err)
	method, _, _ := strings.Cut(request, " ")
	r := bufio.NewReader(conn)
	for {
		reply, err := http.ReadResponse(r, &http.Request{Method: method})
		require.NoError(t, err)
		data, err := io.ReadAll(reply.Body)
		require.NoError(t, err)
		statuses = append(statuses, reply.Status)
		if reply.StatusCode >= 200 {
			return statuses, string(data)
		}
	}
}

func TestOnTheWire(t *testing.T) {
	const answer = `{"response_token":"sha256=6UERDj0r/oJiHw4+FDRzDXMF0QbF9oyHFl0LJ6RhGko="}`
	s := serveHTTP(t, mounted(t).ServeHTTP)
	chunked := fmt.Sprintf("%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n", 10, slackBody[:10], len(slackBody)-10, slackBody[10:])
	tests := []struct {
		name, head, body string
		statuses         []string
		want             string
	}{
		{"CRC", "GET /hooks/x?crc_token=token HTTP/1.1", "", []string{"200 OK"}, answer},
		{"CRC, HTTP/1.0", "GET /hooks/x?crc_token=token HTTP/1.0", "", []string{"200 OK"}, answer},
		{"CRC, absolute form", "GET http://a/hooks/x?crc_token=token HTTP/1.1", "", []string{"200 OK"}, answer},
		{"CRC with credentials", "GET /hooks/x?crc_token=token HTTP/1.1\r\nAuthorization: Basic dXNlcjpwYXNz", "", []string{"200 OK"}, answer},
		{"CRC, HEAD", "HEAD /hooks/x?crc_token=token HTTP/1.1", "", []string{"405 Method Not Allowed"}, ""},
		{"CRC does not ask for a body", "GET /hooks/x?crc_token=token HTTP/1.1\r\nContent-Length: 5\r\nExpect: 100-continue", "hello", []string{"200 OK"}, answer},
		{"validation without a body", "POST /hooks/x?validationToken=a%20b HTTP/1.1\r\nContent-Length: 0", "", []string{"200 OK"}, "a b"},
		{"Slack in chunks", "POST /hooks/x HTTP/1.1\r\nTransfer-Encoding: chunked", chunked, []string{"200 OK"}, "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"},
		{"event", "POST /hooks/x HTTP/1.1\r\nContent-Length: 5\r\nExpect: 100-continue", "hello", []string{"100 Continue", "200 OK"}, "/x 5 <nil>"},
		{"event in chunks", "POST /hooks/x HTTP/1.1\r\nTransfer-Encoding: chunked", "5\r\nhello\r\n0\r\n\r\n", []string{"200 OK"}, "/x 5 <nil>"},
		{"event at the bound", "POST /hooks/x HTTP/1.1\r\nContent-Length: 1000", strings.Repeat("a", 1000), []string{"200 OK"}, "/x 1000 <nil>"},
		{"event over the bound", "POST /hooks/x HTTP/1.1\r\nContent-Length: 1001", strings.Repeat("a", 1001), []string{"413 Request Entity Too Large"}, `{"detail":"Request Entity Too Large"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			statuses, body := exchange(t, s.Listener.Addr().String(), tt.head+"\r\nHost: a\r\nConnection: close\r\n\r\n"+tt.body)
			assert.Equal(t, tt.statuses, statuses)
			assert.Equal(t, tt.want, body)
		})
	}
}

func TestOverHTTP2(t *testing.T) {
	s := httptest.NewUnstartedServer(mounted(t))
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	reply, err := s.Client().Get(s.URL + "/hooks/x?crc_token=token")
	require.NoError(t, err)
	defer reply.Body.Close()
	assert.Equal(t, 2, reply.ProtoMajor)
	assert.Equal(t, http.StatusOK, reply.StatusCode)
	assert.Equal(t, "nosniff", reply.Header.Get("X-Content-Type-Options"))

	reply, err = s.Client().Post(s.URL+"/hooks/x", "application/json", io.MultiReader(strings.NewReader("hello"))) // of unknown length
	require.NoError(t, err)
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	require.NoError(t, err)
	assert.Equal(t, "/x 5 <nil>", string(body))
}

func TestSchemesAreSafeForConcurrentUse(t *testing.T) {
	all := challenge.Respond(challenge.Any(newCRC(t, "secret"), newZoom(t, signed), newMeta(t, challenge.NewMeta),
		newCloudEvents(t, challenge.CloudEventsOptions{Origins: []string{"a.example"}})), challenge.RespondOptions{})(http.NotFoundHandler())
	var group sync.WaitGroup
	for i := range 16 {
		token := fmt.Sprintf("token-%d", i)
		group.Go(func() {
			for range 20 {
				w := httptest.NewRecorder()
				all.ServeHTTP(w, request("POST /", `{"event":"endpoint.url_validation","payload":{"plainToken":"`+token+`"}}`))
				assert.Equal(t, `{"plainToken":"`+token+`","encryptedToken":"`+hexMAC("secret", token)+`"}`, w.Body.String())
				w = httptest.NewRecorder()
				all.ServeHTTP(w, request("GET /?crc_token="+token, ""))
				assert.Equal(t, `{"response_token":"sha256=`+base64MAC("secret", token)+`"}`, w.Body.String())
			}
		})
	}
	group.Wait()
}

func base64MAC(secret, message string) string {
	mac, _ := hex.DecodeString(hexMAC(secret, message))
	return base64.StdEncoding.EncodeToString(mac)
}
