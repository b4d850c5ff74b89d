package challenge_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/alertwire/alertwire/challenge"
)

// receiver is the webhook of a user who has typed secret into his program.
func receiver(secret string) *httptest.Server {
	crc, err := challenge.NewCRC(secret, challenge.CRCOptions{})
	if err != nil {
		panic(err)
	}
	return httptest.NewServer(respond(crc))
}

func ExampleProber_Probe() {
	server := receiver("secret of this webhook")
	defer server.Close()

	prober, err := challenge.NewProber(challenge.ProberOptions{
		Secret:       "secret of this webhook",
		AllowPrivate: true, // the example runs on loopback; leave it off where users type URLs
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(prober.Probe(context.Background(), server.URL+"/webhook"))
	// Output: <nil>
}

// What an operator reads is the error's sentence; what a program branches on is
// its sentinel.
func ExampleNewProber_reasons() {
	server := receiver("another secret")
	defer server.Close()

	prober, err := challenge.NewProber(challenge.ProberOptions{Secret: "secret of this webhook"})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = prober.Probe(context.Background(), server.URL)
	fmt.Println(errors.Is(err, challenge.ErrBlocked), errors.Unwrap(err))

	prober, err = challenge.NewProber(challenge.ProberOptions{Secret: "secret of this webhook", AllowPrivate: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = prober.Probe(context.Background(), server.URL)
	fmt.Println(errors.Is(err, challenge.ErrMismatch))
	// Output:
	// true the URL leads to an address that this program may not call
	// true
}

func ExampleNewProber_cloudEvents() {
	permission, err := challenge.NewCloudEvents(challenge.CloudEventsOptions{Origins: []string{"alerts.example"}, Rate: 100})
	if err != nil {
		fmt.Println(err)
		return
	}
	server := httptest.NewServer(respond(permission))
	defer server.Close()

	prober, err := challenge.NewProber(challenge.ProberOptions{
		Origin:       "alerts.example",
		Rate:         120,
		OnGrant:      func(_ string, rate int) { fmt.Println("granted per minute:", rate) },
		AllowPrivate: true, // the example runs on loopback
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(prober.Probe(context.Background(), server.URL))
	// Output:
	// granted per minute: 100
	// <nil>
}

// settings is where a program keeps the webhook that one of its users typed.
type settings struct{ url, secret string }

// change takes a new configuration only after it was proved, whichever part of
// it is new. Whoever wants the proof repeated calls it hourly with what is set.
func (s *settings) change(ctx context.Context, url, secret string) error {
	prober, err := challenge.NewProber(challenge.ProberOptions{Secret: secret, AllowPrivate: true})
	if err != nil {
		return err
	}
	if err := prober.Probe(ctx, url); err != nil {
		return err
	}
	s.url, s.secret = url, secret
	return nil
}

// A webhook is asked again on every change of its configuration.
func ExampleNewProber_onChange() {
	first, second := receiver("one"), receiver("two")
	defer first.Close()
	defer second.Close()
	gone := httptest.NewServer(http.NotFoundHandler())
	defer gone.Close()

	var s settings
	ctx := context.Background()
	fmt.Println(s.change(ctx, first.URL, "one"))
	fmt.Println(errors.Unwrap(s.change(ctx, gone.URL, "one")))
	fmt.Println(s.url == first.URL)
	fmt.Println(s.change(ctx, second.URL, "two"))
	fmt.Println(s.url == second.URL)
	// Output:
	// <nil>
	// the receiver did not answer with status 200 (status 404)
	// true
	// <nil>
	// true
}
