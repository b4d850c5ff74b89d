package challenge_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/alertwire/alertwire/auth"
	"github.com/alertwire/alertwire/challenge"
)

// The verifier that checks the events also checks the handshake.
func ExampleNewSlack() {
	signature, err := auth.NewHMAC(auth.Slack(), auth.HMACOptions{Secrets: []auth.Secret{"signing secret"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	slack, err := challenge.NewSlack(signature.Verify)
	if err != nil {
		fmt.Println(err)
		return
	}
	webhook := challenge.Respond(slack, challenge.RespondOptions{})(
		auth.Require(signature, auth.RequireOptions{})(http.HandlerFunc(events)))

	body := `{"type":"url_verification","challenge":"3eZbrw1aBm2r"}`
	show(webhook, "POST", "/slack", body) // nobody signed it

	r := httptest.NewRequest("POST", "/slack", strings.NewReader(body))
	if err := signature.Sign(r, []byte(body)); err != nil {
		fmt.Println(err)
		return
	}
	w := httptest.NewRecorder()
	webhook.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)
	// Output:
	// 401 {"detail":"Unauthorized"}
	// 200 3eZbrw1aBm2r
}

func ExampleNewZoom() {
	const secret = "secret token"
	signature, err := auth.NewHMAC(auth.Zoom(), auth.HMACOptions{Secrets: []auth.Secret{secret}})
	if err != nil {
		fmt.Println(err)
		return
	}
	zoom, err := challenge.NewZoom(secret, signature.Verify)
	if err != nil {
		fmt.Println(err)
		return
	}

	body := `{"event":"endpoint.url_validation","payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"}}`
	r := httptest.NewRequest("POST", "/zoom", strings.NewReader(body))
	if err := signature.Sign(r, []byte(body)); err != nil {
		fmt.Println(err)
		return
	}
	w := httptest.NewRecorder()
	respond(zoom).ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)
	// Output:
	// 200 {"plainToken":"qgg8vlvZRS6UYooatFL8Aw","encryptedToken":"4010a309f8ec0e4dc7506ef21e98975c6302caa558db61e48081282f677a68df"}
}

func ExampleNewMeta() {
	meta, err := challenge.NewMeta("what was typed into the dashboard")
	if err != nil {
		fmt.Println(err)
		return
	}
	show(respond(meta), "GET", "/meta?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=what+was+typed+into+the+dashboard", "")
	show(respond(meta), "GET", "/meta?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=a+guess", "")
	// Output:
	// 200 1158201444
	// 401 {"detail":"Unauthorized"}
}

func ExampleNewStrava() {
	strava, err := challenge.NewStrava("STRAVA")
	if err != nil {
		fmt.Println(err)
		return
	}
	show(respond(strava), "GET", "/strava?hub.verify_token=STRAVA&hub.challenge=15f7d1a91c1f40f8&hub.mode=subscribe", "")
	// Output:
	// 200 {"hub.challenge":"15f7d1a91c1f40f8"}
}

// Only the program knows what it wants to hear of.
func ExampleNewWebSub() {
	wanted := map[string]bool{"subscribe https://example.com/status.atom": true}
	hub, err := challenge.NewWebSub(func(_ *http.Request, mode, topic string) error {
		if wanted[mode+" "+topic] {
			return nil
		}
		return errors.New("nobody asked for it")
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	show(respond(hub), "GET", "/hub?hub.mode=subscribe&hub.topic=https://example.com/status.atom&hub.challenge=abc", "")
	show(respond(hub), "GET", "/hub?hub.mode=subscribe&hub.topic=https://example.com/other.atom&hub.challenge=abc", "")
	// Output:
	// 200 abc
	// 404 {"detail":"Not Found"}
}

func ExampleEcho() {
	onfleet := challenge.Echo{Parameter: "check"}
	show(respond(onfleet), "GET", "/onfleet?check=e1b5", "")
	// Output:
	// 200 e1b5
}

func ExampleDropbox() {
	show(respond(challenge.Dropbox{}), "GET", "/dropbox?challenge=q9Lx-3", "")
	show(respond(challenge.Dropbox{}), "GET", "/dropbox?challenge=%3Cscript%3E", "")
	// Output:
	// 200 q9Lx-3
	// 400 {"detail":"Invalid challenge"}
}

func ExampleMSGraph() {
	show(respond(challenge.MSGraph{}), "POST", "/graph?validationToken=Validation%3A+Request-Id%3A+522a8e7e", "")
	// Output:
	// 200 Validation: Request-Id: 522a8e7e
}

func ExampleEventGrid() {
	show(respond(challenge.EventGrid{}), "POST", "/azure", `[{
		"eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
		"data": {"validationCode": "512d38b6-c7b8-40c8-89fe-f46f9e9622b6"}
	}]`)
	// Output:
	// 200 {"validationResponse":"512d38b6-c7b8-40c8-89fe-f46f9e9622b6"}
}

func ExampleOkta() {
	r := httptest.NewRequest("GET", "/okta", nil)
	r.Header.Set("X-Okta-Verification-Challenge", "GDaB5F9c")
	w := httptest.NewRecorder()
	respond(challenge.Okta{}).ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)
	// Output:
	// 200 {"verification":"GDaB5F9c"}
}

// The secret is taken once, while the program waits for it.
func ExampleNewAsana() {
	waiting, stored := true, ""
	asana, err := challenge.NewAsana(func(_ *http.Request, secret string) error {
		if !waiting {
			return errors.New("no handshake is expected")
		}
		waiting, stored = false, secret
		return nil
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, secret := range []string{"b537207f20cbfa02357cf448134da559", "attacker"} {
		r := httptest.NewRequest("POST", "/asana", strings.NewReader("{}"))
		r.Header.Set("X-Hook-Secret", secret)
		w := httptest.NewRecorder()
		respond(asana).ServeHTTP(w, r)
		fmt.Printf("%d %q\n", w.Code, w.Header().Get("X-Hook-Secret"))
	}
	fmt.Println("stored", stored)
	// Output:
	// 200 "b537207f20cbfa02357cf448134da559"
	// 401 ""
	// stored b537207f20cbfa02357cf448134da559
}

func ExampleNewCloudEvents() {
	azure, err := challenge.NewCloudEvents(challenge.CloudEventsOptions{Origins: []string{"eventgrid.azure.net"}, Rate: 120})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, origin := range []string{"eventgrid.azure.net", "eventgrid.azure.net.evil.test"} {
		r := httptest.NewRequest("OPTIONS", "/azure", nil)
		r.Header.Set("WebHook-Request-Origin", origin)
		w := httptest.NewRecorder()
		respond(azure).ServeHTTP(w, r)
		fmt.Printf("%d %q %q\n", w.Code, w.Header().Get("WebHook-Allowed-Origin"), w.Header().Get("WebHook-Allowed-Rate"))
	}
	// Output:
	// 200 "eventgrid.azure.net" "120"
	// 401 "" ""
}

// The token goes to a person, who copies it into Netdata's console. The check
// of who sent it comes first.
func ExampleNewNetdataTest() {
	bearer, err := auth.NewBearer("token-of-the-integration")
	if err != nil {
		fmt.Println(err)
		return
	}
	test, err := challenge.NewNetdataTest(func(_ *http.Request, token string) error {
		fmt.Println("paste this into the box Verification:", token)
		return nil
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	webhook := auth.Require(bearer, auth.RequireOptions{})(respond(test))

	r := httptest.NewRequest("POST", "/netdata", strings.NewReader(
		`{"message":"This is a Test Notification.","title":"Test Notification","token":"00000000-0000-4000-8000-000000000000"}`))
	r.Header.Set("Authorization", "Bearer token-of-the-integration")
	w := httptest.NewRecorder()
	webhook.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)
	// Output:
	// paste this into the box Verification: 00000000-0000-4000-8000-000000000000
	// 200
}

func ExampleNewNotion() {
	notion, err := challenge.NewNotion(func(_ *http.Request, token string) error {
		fmt.Println("paste this into the integration:", token)
		return nil
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	show(respond(notion), "POST", "/notion", `{"verification_token":"secret_tMrlL1qK5vuQ"}`)
	// Output:
	// paste this into the integration: secret_tMrlL1qK5vuQ
	// 200
}
