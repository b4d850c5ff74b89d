package auth_test

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/alertwire/alertwire/auth"
)

// A receiver of alerts that demands a token, and the answers that it gives.
func Example() {
	token, err := auth.NewBearer("s3cr3t-token")
	if err != nil {
		log.Fatal(err)
	}
	hook := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Printf("received %s\n", body)
	})
	server := httptest.NewServer(auth.Require(token, auth.RequireOptions{})(hook))
	defer server.Close()

	// The sender, with the same value at the other end.
	client := &http.Client{Transport: &auth.Transport{Signer: token}}
	for _, c := range []*http.Client{client, http.DefaultClient} {
		resp, err := c.Post(server.URL, "application/json", strings.NewReader(`{"status":"firing"}`))
		if err != nil {
			log.Fatal(err)
		}
		text, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		fmt.Printf("%d %q\n", resp.StatusCode, text)
	}
	// Output:
	// received {"status":"firing"}
	// 200 ""
	// 401 "{\"detail\":\"Unauthorized\"}"
}

func ExampleNewBasic() {
	basic, err := auth.NewBasic("grafana", "p:ssword", auth.BasicOptions{})
	if err != nil {
		log.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/hook", nil)
	if err := basic.Sign(r, nil); err != nil {
		log.Fatal(err)
	}
	fmt.Println(r.Header.Get("Authorization"))
	fmt.Println(basic.Verify(r, nil))
	// Output:
	// Basic Z3JhZmFuYTpwOnNzd29yZA==
	// <nil>
}

// A token is rolled in three steps, in each of which both sides understand
// each other.
func ExampleNewBearer() {
	sender, receiver := must(auth.NewBearer("old")), must(auth.NewBearer("old"))
	send := func() error {
		r := httptest.NewRequest(http.MethodPost, "/hook", nil)
		if err := sender.Sign(r, nil); err != nil {
			return err
		}
		return receiver.Verify(r, nil)
	}
	fmt.Println(receiver.Replace("old", "new"), send())
	fmt.Println(sender.Replace("new"), send())
	fmt.Println(receiver.Replace("new"), send())
	// Output:
	// <nil> <nil>
	// <nil> <nil>
	// <nil> <nil>
}

func ExampleNewHeader() {
	key, err := auth.NewHeader("X-Api-Key", "k-2026", "k-2025")
	if err != nil {
		log.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/hook", nil)
	r.Header.Set("X-Api-Key", "k-2025") // still valid
	fmt.Println(key.Verify(r, nil))
	r.Header.Set("X-Api-Key", "k-2024")
	fmt.Println(key.Verify(r, nil))

	// A scheme of the sender's own in the Authorization header.
	_, err = auth.NewHeader("Authorization", "Token abc123")
	fmt.Println(err)
	// Output:
	// <nil>
	// auth: header: credentials do not match
	// <nil>
}

func ExampleNewQuery() {
	query, err := auth.NewQuery("token", "s3cret")
	if err != nil {
		log.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/hook?team=ops&token=s3cret", nil)
	fmt.Println(query.Verify(r, nil))
	// Output: <nil>
}

// The example of GitHub's documentation, whose body is no JSON.
func ExampleNewHMAC() {
	key, err := auth.NewHMAC(auth.GitHub(), auth.HMACOptions{
		Secrets: []auth.Secret{"It's a Secret to Everybody"},
		AnyBody: true,
	})
	if err != nil {
		log.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/hook", nil)
	r.Header.Set("X-Hub-Signature-256", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")
	fmt.Println(key.Verify(r, []byte("Hello, World!")))
	fmt.Println(key.Verify(r, []byte("Hello, World?")))
	// Output:
	// <nil>
	// auth: github: credentials do not match
}

// The vector of the Standard Webhooks libraries. The id is the sender's and
// stays the same when the message is sent again.
func ExampleNewHMAC_standardWebhooks() {
	key, err := auth.NewHMAC(auth.StandardWebhooks(), auth.HMACOptions{
		Secrets: []auth.Secret{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
		Now:     func() time.Time { return time.Unix(1614265330, 0) }, // for this example only
	})
	if err != nil {
		log.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/hook", nil)
	r.Header.Set("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek")
	if err := key.Sign(r, []byte(`{"test": 2432232314}`)); err != nil {
		log.Fatal(err)
	}
	fmt.Println(r.Header.Get("webhook-timestamp"))
	fmt.Println(r.Header.Get("webhook-signature"))
	// Output:
	// 1614265330
	// v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=
}

// A receiver that has the public half of an Ed25519 key can check signatures
// and make none.
func ExampleNewHMAC_ed25519() {
	sender := must(auth.NewHMAC(auth.StandardWebhooks(), auth.HMACOptions{
		Secrets: []auth.Secret{"whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="},
	}))
	receiver := must(auth.NewHMAC(auth.StandardWebhooks(), auth.HMACOptions{
		Secrets: []auth.Secret{"whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="},
	}))
	r := httptest.NewRequest(http.MethodPost, "/hook", nil)
	r.Header.Set("webhook-id", "msg_1")
	fmt.Println(sender.Sign(r, []byte(`{}`)))
	fmt.Println(receiver.Verify(r, []byte(`{}`)))
	fmt.Println(receiver.Sign(r, []byte(`{}`)))
	// Output:
	// <nil>
	// <nil>
	// auth: standard-webhooks: sign: unusable secret: public keys only verify
}

// A scheme that has no name here, as data.
func ExampleScheme() {
	key, err := auth.NewHMAC(auth.Scheme{
		Header:          "X-Buildkite-Signature",
		Prefix:          "signature=",
		Separator:       ",",
		TimestampPrefix: "timestamp=",
		Signed:          "{timestamp}.{body}",
	}, auth.HMACOptions{
		Secrets: []auth.Secret{"s3cret"},
		Now:     func() time.Time { return time.Unix(1767225600, 0) }, // for this example only
	})
	if err != nil {
		log.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/hook", nil)
	if err := key.Sign(r, []byte(`{}`)); err != nil {
		log.Fatal(err)
	}
	fmt.Println(r.Header.Get("X-Buildkite-Signature"))
	// Output: timestamp=1767225600,signature=29ee05578fef21788e25d00ee3270df92a9e454a1fb82bc2c22d2269c729892b
}

// A sender whose headers have other names differs in nothing else.
func ExampleStandardWebhooks_svix() {
	svix := auth.StandardWebhooks()
	svix.Header, svix.IDHeader, svix.TimestampHeader = "svix-signature", "svix-id", "svix-timestamp"
	key, err := auth.NewHMAC(svix, auth.HMACOptions{Secrets: []auth.Secret{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}})
	fmt.Println(key.Headers(), err)
	// Output: [Svix-Signature Svix-Timestamp] <nil>
}

// Netdata Cloud presents a client certificate on every notification, those of
// all its customers: a token says that it is yours. The root is checked
// against the fingerprint that was written down before it is trusted.
func ExampleNewClientCert() {
	data, err := os.ReadFile("testdata/netdata-root-ca.pem")
	if err != nil {
		log.Fatal(err)
	}
	block, _ := pem.Decode(data)
	const fingerprint = "61e5d8d002e83a2dfaf9d6fdd86ee5c128870a9875cec7501332270528e56d61"
	if sum := sha256.Sum256(block.Bytes); hex.EncodeToString(sum[:]) != fingerprint {
		log.Fatal("another root than that of Netdata")
	}
	root, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		log.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(root)

	certificate, err := auth.NewClientCert(auth.ClientCertOptions{
		Roots: pool,
		Names: []string{"app.netdata.cloud"},
		// Behind nginx that terminates TLS and sets this header from
		// $ssl_client_escaped_cert. Leave both out where this server does it.
		Header:         "X-SSL-Client-Cert",
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")},
	})
	if err != nil {
		log.Fatal(err)
	}
	netdata := auth.All(certificate, must(auth.NewBearer("token-of-our-space")))

	r := httptest.NewRequest(http.MethodPost, "/netdata", nil)
	r.Header.Set("Authorization", "Bearer token-of-our-space")
	fmt.Println(netdata.Verify(r, nil))
	// Output: auth: client certificate: credentials missing
}

func ExampleNewAddresses() {
	addresses, err := auth.NewAddresses(auth.AddressOptions{
		Allow:          auth.FlashdutyAddresses(),
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
	})
	if err != nil {
		log.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/flashduty", nil)
	r.RemoteAddr = "10.0.0.7:40000"
	r.Header.Set("X-Forwarded-For", "123.56.8.183")
	fmt.Println(addresses.Verify(r, nil))

	// The provider has a new address: no restart.
	list := append(auth.FlashdutyAddresses(), netip.MustParsePrefix("192.0.2.8/32"))
	fmt.Println(addresses.Replace(list...))
	// Output:
	// <nil>
	// <nil>
}

func ExampleNewOAuth2() {
	issuer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, `{"access_token":"at-123","token_type":"Bearer","expires_in":3600}`)
	}))
	defer issuer.Close()

	signer, err := auth.NewOAuth2(auth.OAuth2Options{
		TokenURL:     issuer.URL,
		ClientID:     "alerts",
		ClientSecret: "s3cret",
		Scopes:       []string{"hooks.write"},
		AllowHTTP:    true, // for this example only
	})
	if err != nil {
		log.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "https://hooks.example.com/", nil)
	fmt.Println(signer.Sign(r, nil))
	fmt.Println(r.Header.Get("Authorization"))
	// Output:
	// <nil>
	// Bearer at-123
}

// Either the new signature or, until all senders have changed, the old token.
func ExampleAny() {
	v := auth.Any(
		must(auth.NewHMAC(auth.Grafana(), auth.HMACOptions{Secrets: []auth.Secret{"s3cret"}})),
		must(auth.NewBearer("old-token")),
	)
	r := httptest.NewRequest(http.MethodPost, "/hook", nil)
	r.Header.Set("Authorization", "Bearer old-token")
	fmt.Println(v.Verify(r, []byte(`{}`)))
	r.Header.Set("Authorization", "Bearer older-token")
	fmt.Println(v.Verify(r, []byte(`{}`)))
	// Output:
	// <nil>
	// auth: bearer: credentials do not match
}

func ExampleAll() {
	v := auth.All(must(auth.NewBearer("token")), must(auth.NewHeader("X-Team", "ops")))
	r := httptest.NewRequest(http.MethodPost, "/hook", nil)
	r.Header.Set("Authorization", "Bearer token")
	fmt.Println(v.Verify(r, nil))
	// Output: auth: header: credentials missing
}

// The reason for a refusal is for the operator; the sender reads one text.
func ExampleRequire() {
	key := must(auth.NewHMAC(auth.PagerDuty(), auth.HMACOptions{Secrets: []auth.Secret{"s3cret"}}))
	guarded := auth.Require(key, auth.RequireOptions{
		MaxBody: 1 << 20,
		OnReject: func(r *http.Request, reason error) {
			fmt.Println("refused:", reason, errors.Is(reason, auth.ErrMissing))
		},
	})(http.NotFoundHandler())

	w := httptest.NewRecorder()
	guarded.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/hook", strings.NewReader(`{}`)))
	fmt.Println(w.Code, w.Body)
	// Output:
	// refused: auth: pagerduty: credentials missing true
	// 401 {"detail":"Unauthorized"}
}

func ExampleTransport() {
	key := must(auth.NewHMAC(auth.GitHub(), auth.HMACOptions{Secrets: []auth.Secret{"s3cret"}}))
	server := httptest.NewServer(auth.Require(key, auth.RequireOptions{})(http.HandlerFunc(noContent)))
	defer server.Close()

	client := &http.Client{Timeout: 10 * time.Second, Transport: &auth.Transport{Signer: key}}
	resp, err := client.Post(server.URL, "application/json", strings.NewReader(`{"status":"firing"}`))
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	fmt.Println(resp.Status)
	// Output: 204 No Content
}

// Credentials as a part of a configuration file.
func ExampleConfig() {
	os.Setenv("OPS_TOKEN", "s3cret")
	var config auth.Config
	err := json.Unmarshal([]byte(`{"bearer": [{"env": "OPS_TOKEN"}, "the-old-one"]}`), &config)
	if err != nil {
		log.Fatal(err)
	}
	strategy, err := config.Strategy()
	if err != nil {
		log.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/hook", nil)
	if err := strategy.Sign(r, nil); err != nil {
		log.Fatal(err)
	}
	fmt.Println(r.Header.Get("Authorization"))
	fmt.Println(config.Bearer)
	// Output:
	// Bearer s3cret
	// [{[redacted]  OPS_TOKEN} {[redacted]  }]
}
