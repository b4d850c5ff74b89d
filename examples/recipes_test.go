package examples_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/alertwire/alertwire/auth"
	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/grafana"
	"github.com/alertwire/alertwire/payload/nightingale"
	"github.com/alertwire/alertwire/payload/payloadtest"
	"github.com/alertwire/alertwire/ratelimit"
)

// A contact point of Grafana that has a secret and a name for the timestamp
// header signs what it sends. Its users choose POST or PUT, and any content
// type. Grafana sends nothing again within a flush, whatever the status: queue
// the message, then answer.
func Example_grafana() {
	key, err := auth.NewHMAC(auth.Grafana(), auth.HMACOptions{Secrets: []auth.Secret{"s3cr3t"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	queue := payload.NewQueue(1000, func(_ context.Context, m *grafana.Message) {
		for _, e := range m.Events() {
			fmt.Println("working on:", e.Kind, e.Title)
		}
	})
	handler := payload.Handler(grafana.Decode, queue.Accept, payload.HandlerOptions{
		Methods:      []string{"POST", "PUT"},
		ContentTypes: []string{"*"},
	})
	server := httptest.NewServer(auth.Require(key, auth.RequireOptions{})(handler))
	defer server.Close()

	contactPoint := &http.Client{Transport: &auth.Transport{Signer: key}}
	post(contactPoint, server.URL, payloadtest.GrafanaFiring())
	post(http.DefaultClient, server.URL, payloadtest.GrafanaFiring()) // unsigned

	queue.Close()
	if err := queue.Run(context.Background()); err != nil { // in a program: go queue.Run(ctx)
		fmt.Println(err)
	}
	// Output:
	// 200 {"status":"success"}
	// 401 Unauthorized
	// working on: firing Memory above 90 % on node-1:9100
}

// The global webhook of Nightingale tries again after a 429 and after no other
// status: it is the one that Enforce answers with. Once makes what comes again
// harmless.
func Example_nightingale() {
	perAddress, err := ratelimit.New(ratelimit.Rate{Events: 3, Per: time.Minute}, ratelimit.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	limit := ratelimit.Enforce(ratelimit.EnforceOptions{},
		ratelimit.Limit{Name: "address", Limiter: perAddress, Key: ratelimit.RemoteIP})
	var repeats ratelimit.Dedup // in this process; ratelimitredis has one for several
	accept := func(_ context.Context, m *nightingale.Message) (any, error) {
		for _, e := range m.Events() {
			fmt.Println("new:", e.Kind, e.Title) // in a program: queue it
		}
		return nil, nil
	}
	handler := payload.Handler(nightingale.Decode, accept, payload.HandlerOptions{Once: repeats.Reserve})
	server := httptest.NewServer(limit(handler))
	defer server.Close()

	post(http.DefaultClient, server.URL, payloadtest.NightingaleFiring())
	post(http.DefaultClient, server.URL, payloadtest.NightingaleFiring()) // the same again
	post(http.DefaultClient, server.URL, payloadtest.NightingaleRecovered())
	post(http.DefaultClient, server.URL, payloadtest.NightingaleTick(1)) // one too many
	// Output:
	// new: firing CPU idle below 10%
	// 200 {"status":"success"}
	// 200 {"status":"success","message":"Already received"}
	// new: resolved CPU idle below 10%
	// 200 {"status":"success"}
	// 429 Too Many Requests
}

// post sends an event as its sender would, and prints the answer.
func post(client *http.Client, url string, event any) {
	body, err := json.Marshal(event)
	if err != nil {
		fmt.Println(err)
		return
	}
	resp, err := client.Post(url, "application/json", bytes.NewReader(body))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		fmt.Println(err)
		return
	}
	if resp.StatusCode != http.StatusOK {
		fmt.Println(resp.Status)
		return
	}
	fmt.Println(resp.StatusCode, string(answer))
}

// A chat takes a body of its own. Whoever wants a queue gives the hook to a
// dispatcher instead, which has retries and a breaker itself.
func Example_chat() {
	chat := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Println(string(body), r.Header.Get("Webhook-Signature") != "")
	}))
	defer chat.Close()
	hook, err := callback.New(callback.Config{
		URL: chat.URL, // a secret where the URL is all that a stranger needs: errors and logs have its host only
		Auth: auth.Config{HMAC: auth.HMACConfig{
			Scheme: "standard-webhooks",
			Secret: auth.Sources{{Value: "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"}}, // in a program: File or Env
		}},
	}, callback.Options{Name: "chat"})
	if err != nil {
		fmt.Println(err)
		return
	}
	caller := callback.Decorate(hook, callback.Retry(callback.RetryPolicy{}), callback.Breaker(callback.BreakerPolicy{}))

	for _, e := range payloadtest.AlertmanagerFiring().Events() {
		msg, err := callback.NewMessage(map[string]string{"text": fmt.Sprintf("[%s] %s", e.Kind, e.Title)})
		if err != nil {
			fmt.Println(err)
			return
		}
		msg.ID = callback.DeriveID(e.Source, e.ID) // a repeat keeps its ID
		reply, err := caller.Call(context.Background(), msg)
		fmt.Println(reply.Status, reply.Attempts, err)
	}
	// Output:
	// {"text":"[firing] Pod crash looping"} true
	// 200 1 <nil>
}
