package auth_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/auth"
)

// A signature is compared to its last bit, in each scheme.
func TestEveryByteOfASignatureCounts(t *testing.T) {
	const body = `{"status":"firing"}`
	for name, scheme := range schemes() {
		t.Run(name, func(t *testing.T) {
			key := must(auth.NewHMAC(scheme, auth.HMACOptions{Secrets: []auth.Secret{whsec}}))
			decode, encode := hex.DecodeString, hex.EncodeToString
			if scheme.Encoding == "base64" {
				decode, encode = base64.StdEncoding.DecodeString, base64.StdEncoding.EncodeToString
			}
			r := signedMessage(t, key, body)
			list := r.Header.Get(scheme.Header)
			at := strings.Index(list, scheme.Prefix) + len(scheme.Prefix)
			mac, err := decode(list[at:])
			require.NoError(t, err)
			require.Len(t, mac, sha256.Size)
			for i := range mac {
				mac[i] ^= 1
				r.Header.Set(scheme.Header, list[:at]+encode(mac))
				require.ErrorIs(t, key.Verify(r, []byte(body)), auth.ErrMismatch, "byte %d", i)
				mac[i] ^= 1
			}
			r.Header.Set(scheme.Header, list[:at]+encode(mac))
			require.NoError(t, key.Verify(r, []byte(body)))
		})
	}
}

// signed returns the options of an example: its secret, and the time at which
// the request in it was signed. A program leaves Now out.
func signed(secret auth.Secret) auth.HMACOptions {
	return auth.HMACOptions{
		Secrets: []auth.Secret{secret},
		Now:     func() time.Time { return time.Unix(1767225600, 0) },
	}
}

// deliver sends a request with a body and headers, in pairs, to an endpoint
// behind the verifier, and prints the status of the answer.
func deliver(v auth.Verifier, body string, header ...string) {
	endpoint := auth.Require(v, auth.RequireOptions{})(http.HandlerFunc(noContent))
	r := httptest.NewRequest(http.MethodPost, "/hook", strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	endpoint.ServeHTTP(w, r)
	fmt.Println(w.Code)
}

// A receiver of GitHub's webhooks.
func ExampleGitHub() {
	key, err := auth.NewHMAC(auth.GitHub(), auth.HMACOptions{Secrets: []auth.Secret{"s3cret"}})
	if err != nil {
		log.Fatal(err)
	}
	const signature = "sha256=3ef76f8f67c2839504b3534592c6f42cabaa13dca21ed349ad19be2f2124b158"
	deliver(key, `{"action":"opened"}`, "X-Hub-Signature-256", signature)
	deliver(key, `{"action":"closed"}`, "X-Hub-Signature-256", signature)
	// Output:
	// 204
	// 401
}

// The secret is the "Signing Secret" of the app. The challenge of Slack, which
// package challenge answers, is signed as well.
func ExampleSlack() {
	key, err := auth.NewHMAC(auth.Slack(), signed("8f742231b10e8888abcd99yyyzzz85a5"))
	if err != nil {
		log.Fatal(err)
	}
	deliver(key, `{"type":"event_callback"}`,
		"X-Slack-Request-Timestamp", "1767225600",
		"X-Slack-Signature", "v0=0849ffdc6cf9c274c260304501528bb125f71f872c0f5e3b484f93b6aa9b26b9")
	deliver(key, `{"type":"event_callback"}`,
		"X-Slack-Request-Timestamp", "1767225299", // five minutes and a second ago
		"X-Slack-Signature", "v0=a9a7dfbdc15c2fd3553b41fb446e994fccad0de404bbc7a72559d35422d5ee7c")
	// Output:
	// 204
	// 401
}

// The secret is the "Secret Token" of the app.
func ExampleZoom() {
	key, err := auth.NewHMAC(auth.Zoom(), signed("zoom-secret"))
	if err != nil {
		log.Fatal(err)
	}
	deliver(key, `{"event":"meeting.started","event_ts":1767225600000}`,
		"X-Zm-Request-Timestamp", "1767225600",
		"X-Zm-Signature", "v0=82007d71304ca5101921ef84184cec770c416ab12d7a8d586d83e3b0167544b1")
	// Output: 204
}

// While a secret is rolled, Stripe signs with both: either is enough.
func ExampleStripe() {
	key, err := auth.NewHMAC(auth.Stripe(), signed("whsec_new"))
	if err != nil {
		log.Fatal(err)
	}
	deliver(key, `{"object":"event"}`, "Stripe-Signature", "t=1767225600,"+
		"v1=bd3df71b0c9d8238eec4256e7e48547c9e76c2156a480c03152014fb50d1f91b,"+
		"v1=69d1a3303b632001850e450c66c93b1dfaf60945f4dc6c57aaafe0f4dc993b5b")
	// Output: 204
}

// While a secret is rolled, PagerDuty signs with both: either is enough.
func ExamplePagerDuty() {
	key, err := auth.NewHMAC(auth.PagerDuty(), auth.HMACOptions{Secrets: []auth.Secret{"new"}})
	if err != nil {
		log.Fatal(err)
	}
	deliver(key, `{"event":{"event_type":"incident.triggered"}}`, "X-PagerDuty-Signature",
		"v1=a1d31c4da6b6ad49d908e18995c250b99507a105daa127816514535c7a9e9507,"+
			"v1=63a34f6a845069fdb018238bb3a1a4be5f165af196cbe2622bc8142741fb197e")
	// Output: 204
}

// The names of both headers are typed into the contact point, under "HMAC
// signature": what stands there is to be here.
func ExampleGrafana() {
	scheme := auth.Grafana()
	scheme.Header, scheme.TimestampHeader = "X-Signature", "X-Signed-At"
	key, err := auth.NewHMAC(scheme, signed("s3cret"))
	if err != nil {
		log.Fatal(err)
	}
	deliver(key, `{"status":"firing"}`,
		"X-Signed-At", "1767225600",
		"X-Signature", "9002d6394c3533687a138e7d1800e0de14ca17d2dd6476692ef68ffe99bf4095")
	deliver(key, `{"status":"firing"}`, "X-Signature", "043737fa7d4b65306416549b14537adb753ed11a55b3fb6f50fec5192bbd3851")
	// Output:
	// 204
	// 401
}

// For a contact point that has no name for a timestamp header.
func ExampleGrafanaUntimed() {
	key, err := auth.NewHMAC(auth.GrafanaUntimed(), auth.HMACOptions{Secrets: []auth.Secret{"s3cret"}})
	if err != nil {
		log.Fatal(err)
	}
	deliver(key, `{"status":"firing"}`, "X-Grafana-Alerting-Signature", "043737fa7d4b65306416549b14537adb753ed11a55b3fb6f50fec5192bbd3851")
	// Output: 204
}

// The secret also answers the challenge of X. What is signed for a stranger there
// is no JSON, so that here it is refused whatever its signature.
func ExampleX() {
	key, err := auth.NewHMAC(auth.X(), auth.HMACOptions{Secrets: []auth.Secret{"consumer-secret"}})
	if err != nil {
		log.Fatal(err)
	}
	deliver(key, `{"for_user_id":"2244994945"}`, "X-Twitter-Webhooks-Signature", "sha256=eoKjzeO72//XwD1oTSk4p7tixM6TIW5C9SzJ6SXuJpw=")
	deliver(key, `a-crc-token`, "X-Twitter-Webhooks-Signature", "sha256=moD8G0mg98S7Ipn68mjuqReajn5fEkZP15Uld4na9Q8=")
	// Output:
	// 204
	// 401
}

// The secret is the "App secret" of the console.
func ExampleDropbox() {
	key, err := auth.NewHMAC(auth.Dropbox(), auth.HMACOptions{Secrets: []auth.Secret{"app-secret"}})
	if err != nil {
		log.Fatal(err)
	}
	deliver(key, `{"list_folder":{"accounts":["dbid:AAH4f99"]}}`, "X-Dropbox-Signature", "222b82b6b925973cd4d69cc3365b30a3c13814f1a656fd9a88a2946890901174")
	// Output: 204
}
