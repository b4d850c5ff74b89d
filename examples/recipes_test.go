package examples_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/alertwire/alertwire/auth"
	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/grafana"
	"github.com/alertwire/alertwire/payload/nightingale"
	"github.com/alertwire/alertwire/payload/payloadtest"
	"github.com/alertwire/alertwire/ratelimit"
)

// A contact point of Grafana signs if it has a secret; its documentation calls
// the header of the time X-Grafana-Alerting-Timestamp. Its users choose POST or
// PUT and any content type. Grafana tries nothing again, whatever the status:
// queue first, then answer.
func Example_grafana() {
	key, err := auth.NewHMAC(auth.Grafana(), auth.HMACOptions{Secrets: []auth.Secret{"s3cr3t"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	queue := payload.NewQueue(1000, func(_ context.Context, m *grafana.Message) {
		for _, e := range m.Events() {
			fmt.Println("working on", e.Kind, e.Title)
		}
	})
	handler := auth.Require(key, auth.RequireOptions{})(payload.Handler(grafana.Decode, queue.Accept,
		payload.HandlerOptions{Methods: []string{"POST", "PUT"}, ContentTypes: []string{"*"}}))

	server := httptest.NewServer(handler)
	defer server.Close()
	for _, client := range []*http.Client{
		{Transport: &auth.Transport{Signer: key}}, // stands for Grafana
		http.DefaultClient,                        // stands for a stranger
	} {
		r := payloadtest.Request("grafana", payloadtest.Names("grafana")[0])
		fmt.Println(deliver(client, server.URL, r))
	}
	queue.Close()
	fmt.Println(queue.Run(context.Background()))
	// Output:
}

// The webhooks of Nightingale try again after a 429 and after no other status;
// ratelimit.Enforce answers 429 to every sender but Alertmanager and Grafana.
func Example_nightingale() {
	var seen ratelimit.Dedup // of one process: see ratelimitredis for several
	accept := func(_ context.Context, m *nightingale.Message) (any, error) {
		for _, e := range m.Events() {
			fmt.Println(e.Kind, e.Title)
		}
		return nil, nil
	}
	perMinute, err := ratelimit.New(ratelimit.Rate{Events: 2, Per: 1 << 36}, ratelimit.Options{})
	_ = perMinute
	_ = seen
	_ = accept
	_ = err
	// Output:
}

func deliver(client *http.Client, url string, captured *http.Request) string { return "" }
