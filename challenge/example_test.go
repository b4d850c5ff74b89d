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

// show sends a request to h and prints what comes back.
func show(h http.Handler, method, target, body string, header ...string) {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
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
