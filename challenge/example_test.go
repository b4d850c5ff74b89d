package challenge_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/alertwire/alertwire/challenge"
)

// events stands for the handler of a program's alerts in the examples.
func events(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	fmt.Fprintf(w, "event of %d bytes", len(body))
}

// respond puts s in front of them.
func respond(s challenge.Scheme) http.Handler {
	return challenge.Respond(s, challenge.RespondOptions{})(http.HandlerFunc(events))
}

// show sends a request to h and prints what comes back.
func show(h http.Handler, method, target, body string) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, target, strings.NewReader(body)))
	fmt.Println(w.Code, w.Body)
}

func ExampleNewCRC() {
	crc, err := challenge.NewCRC("secret", challenge.CRCOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	webhook := challenge.Respond(crc, challenge.RespondOptions{})(http.HandlerFunc(events))

	show(webhook, "GET", "/webhook?crc_token=token", "")
	show(webhook, "POST", "/webhook", `{"alert":"disk_full"}`)
	// Output:
	// 200 {"response_token":"sha256=6UERDj0r/oJiHw4+FDRzDXMF0QbF9oyHFl0LJ6RhGko="}
	// 200 event of 21 bytes
}

// X signs its events with the secret that answers its challenge. This has to be
// said, or the secret is refused.
func ExampleNewCRC_sharedSecret() {
	consumerSecret := "one secret for both"
	events := []string{consumerSecret}

	_, err := challenge.NewCRC(consumerSecret, challenge.CRCOptions{EventSecrets: events})
	fmt.Println(err)

	_, err = challenge.NewCRC(consumerSecret, challenge.CRCOptions{EventSecrets: events, AllowSharedSecret: true})
	fmt.Println(err)
	// Output:
	// challenge: CRC: secret is shared with events
	// <nil>
}

// One URL can answer several senders.
func ExampleAny() {
	crc, err := challenge.NewCRC("secret", challenge.CRCOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	webhook := respond(challenge.Any(crc, challenge.MSGraph{}, challenge.Okta{}))

	show(webhook, "GET", "/webhook?crc_token=token", "")
	show(webhook, "POST", "/webhook?validationToken=abc", "")
	// Output:
	// 200 {"response_token":"sha256=6UERDj0r/oJiHw4+FDRzDXMF0QbF9oyHFl0LJ6RhGko="}
	// 200 abc
}

// A handshake gets a rate limit of its own by being routed on its own: CRC by
// its method. The limiter is any middleware, such as ratelimit.Enforce.
func ExampleRespond() {
	crc, err := challenge.NewCRC("secret", challenge.CRCOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	left := 1
	limit := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if left--; left < 0 {
				http.Error(w, "slow down", http.StatusTooManyRequests)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
	rejected := challenge.RespondOptions{OnReject: func(_ *http.Request, reason error) { fmt.Println(reason) }}
	mux := http.NewServeMux()
	mux.Handle("POST /webhook", http.HandlerFunc(events))
	mux.Handle("GET /webhook", limit(challenge.Respond(crc, rejected)(http.NotFoundHandler())))

	show(mux, "GET", "/webhook?crc_token=", "")
	show(mux, "GET", "/webhook?crc_token=token", "")
	show(mux, "POST", "/webhook", "{}")
	// Output:
	// challenge: CRC: malformed challenge
	// 400 {"detail":"Invalid challenge"}
	// 429 slow down
	//
	// 200 event of 2 bytes
}

// yalidine is a Scheme of one's own: a GET with "subscribe" wants crc_token back
// as it is.
type yalidine struct{}

func (yalidine) WantsBody(*http.Request) bool { return false }

func (yalidine) Answer(r *http.Request, _ []byte) (challenge.Reply, bool, error) {
	if r.Method != http.MethodGet || !r.URL.Query().Has("subscribe") {
		return challenge.Reply{}, false, nil
	}
	return challenge.Echo{Parameter: "crc_token"}.Answer(r, nil)
}

func ExampleScheme() {
	show(respond(yalidine{}), "GET", "/yalidine?subscribe=1&crc_token=abc", "")
	show(respond(yalidine{}), "GET", "/yalidine?crc_token=abc", "")
	// Output:
	// 200 abc
	// 200 event of 0 bytes
}

// Whoever calls Answer himself sends the reply like this.
func ExampleReply_Send() {
	reply := challenge.Reply{Body: []byte("abc")}
	w := httptest.NewRecorder()
	reply.Send(w)
	fmt.Println(w.Code, w.Header().Get("Content-Type"), w.Header().Get("X-Content-Type-Options"), w.Header().Get("Cache-Control"))
	// Output: 200 text/plain; charset=utf-8 nosniff no-store
}
