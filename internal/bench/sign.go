package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/alertwire/alertwire/auth"
)

func signGroups(context.Context, bool) ([]group, error) {
	var groups []group
	for _, size := range []int{1 << 10, 4 << 10} {
		g, err := signGroup(size)
		if err != nil {
			return nil, err
		}
		groups = append(groups, g...)
	}
	more, err := receiveGroups()
	return append(groups, more...), err
}

func signGroup(size int) ([]group, error) {
	data := body(size)
	secret := newSecret()
	theirs, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		return nil, err
	}
	ours, err := auth.NewHMAC(auth.StandardWebhooks(), auth.HMACOptions{Secrets: []auth.Secret{auth.Secret(secret)}})
	if err != nil {
		return nil, err
	}
	three, err := auth.NewHMAC(auth.StandardWebhooks(), auth.HMACOptions{Secrets: []auth.Secret{auth.Secret(newSecret()), auth.Secret(newSecret()), auth.Secret(secret)}})
	if err != nil {
		return nil, err
	}
	request := func() (*http.Request, error) {
		r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, "http://127.0.0.1/", bytes.NewReader(data))
		if err == nil {
			r.Header.Set("webhook-id", "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W")
		}
		return r, err
	}
	r, err := request()
	if err != nil {
		return nil, err
	}
	signed, err := request()
	if err != nil {
		return nil, err
	}
	if err := ours.Sign(signed, data); err != nil {
		return nil, err
	}
	if err := theirs.Verify(data, signed.Header); err != nil {
		return nil, err // the two must understand each other
	}
	kept := hmac.New(sha256.New, []byte(secret))
	before := []byte("msg_2KWPBgLlAfxdpx2AI54pPJ85f4W.1772366400.")
	var code []byte
	floor := repeat("crypto/hmac with a key that is kept", false, func() error {
		kept.Reset()
		kept.Write(before)
		kept.Write(data)
		code = kept.Sum(code[:0])
		return nil
	})
	sum := repeat("SHA-256 alone", false, func() error { sha256.Sum256(data); return nil })
	name := map[int]string{1 << 10: "1 KiB", 4 << 10: "4 KiB"}[size]
	github, err := auth.NewHMAC(auth.GitHub(), auth.HMACOptions{Secrets: []auth.Secret{auth.Secret(secret)}})
	if err != nil {
		return nil, err
	}
	groups := []group{
		{
			title: "Sign " + name + ", Standard Webhooks",
			cases: []bench{
				repeat("standard-webhooks", false, func() error {
					_, err := theirs.Sign("msg_2KWPBgLlAfxdpx2AI54pPJ85f4W", time.Now(), data)
					return err
				}),
				repeat("alertwire, headers included", true, func() error { return ours.Sign(r, data) }),
				repeat("alertwire, GitHub", true, func() error { return github.Sign(r, data) }),
				floor, sum,
			},
			goals: signGoals(size),
		},
		{
			title: "Verify " + name + ", Standard Webhooks",
			cases: []bench{
				repeat("standard-webhooks", false, func() error { return theirs.Verify(data, signed.Header) }),
				repeat("alertwire", true, func() error { return ours.Verify(signed, data) }),
				repeat("alertwire, three live secrets", true, func() error { return three.Verify(signed, data) }),
				sum,
			},
			goals: verifyGoals(size),
		},
	}
	if size == 1<<10 {
		for i, h := range []headline{
			{work: "sign 1 KiB, Standard Webhooks", ours: "alertwire, headers included", theirs: []string{"standard-webhooks"}},
			{work: "verify 1 KiB, Standard Webhooks", ours: "alertwire", theirs: []string{"standard-webhooks"}, textOnly: true},
		} {
			groups[i].headlines = []headline{h}
		}
	}
	return groups, nil
}

func signGoals(size int) []goal {
	if size == 1<<10 {
		return []goal{{"alertwire, headers included", cost, "standard-webhooks", 0.35}, {"alertwire, headers included", allocs, "", 1}}
	}
	return []goal{
		{"alertwire, headers included", cost, "SHA-256 alone", 1.10}, {"alertwire, headers included", allocs, "", 1},
		{"alertwire, GitHub", cost, "SHA-256 alone", 1.10}, {"alertwire, GitHub", allocs, "", 1},
	}
}

func newSecret() string {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails
	return "whsec_" + base64.StdEncoding.EncodeToString(raw)
}

func verifyGoals(size int) []goal {
	if size == 1<<10 {
		return nil
	}
	return []goal{{"alertwire, three live secrets", cost, "SHA-256 alone", 3.3}, {"alertwire, three live secrets", allocs, "", 2}}
}
