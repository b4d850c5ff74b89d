package challenge

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// askCRC asks for the HMAC of a random token.
func (p *Prober) askCRC(ctx context.Context, u *url.URL) error {
	const name = "crc_token"
	if _, times := parameter(u.RawQuery, name); times > 0 {
		return fmt.Errorf("%w: it has a crc_token already", ErrURL)
	}
	token := rand.Text() // at least 128 bits, letters and digits
	asked := *u
	if asked.RawQuery != "" {
		asked.RawQuery += "&"
	}
	asked.RawQuery += name + "=" + token

	reply, body, err := p.exchange(ctx, http.MethodGet, &asked, http.Header{"Accept": {typeJSON}}, maxProbeReply+1)
	if err != nil {
		return err
	}
	if reply.StatusCode != http.StatusOK {
		return fmt.Errorf("%w (status %d)", ErrStatus, reply.StatusCode)
	}
	return p.checkCRC(token, body)
}

func (p *Prober) checkCRC(token string, body []byte) error {
	if len(body) > maxProbeReply {
		return fmt.Errorf("%w: it is longer than 64 KiB", ErrReply)
	}
	var reply object
	if json.Unmarshal(body, &reply) != nil {
		return fmt.Errorf("%w: it is no JSON object", ErrReply)
	}
	got := reply.str("response_token")
	if got == "" {
		return fmt.Errorf("%w: it has no response_token", ErrReply)
	}
	if !strings.HasPrefix(got, crcPrefix) {
		return ErrPrefix
	}
	mac := p.key.sum(token)
	want := crcPrefix + base64.StdEncoding.EncodeToString(mac[:])
	if subtle.ConstantTimeCompare([]byte(got), []byte(want)) != 1 {
		return ErrMismatch
	}
	return nil
}

// askPermission asks for the permission to deliver under the origin.
func (p *Prober) askPermission(ctx context.Context, u *url.URL, target string) error {
	header := http.Header{requestOrigin: {p.origin}}
	if p.rate > 0 {
		header.Set(requestRate, strconv.Itoa(p.rate))
	}
	// The status proves nothing, either way: the headers are the permission.
	reply, _, err := p.exchange(ctx, http.MethodOptions, u, header, 0)
	if err != nil {
		return err
	}
	rate, err := p.checkPermission(reply.Header)
	if err == nil && p.onGrant != nil {
		p.onGrant(target, rate)
	}
	return err
}

func (p *Prober) checkPermission(h http.Header) (rate int, err error) {
	origin := single(h[allowedOrigin])
	if origin == "" {
		return 0, fmt.Errorf("%w: its reply has no WebHook-Allowed-Origin", ErrNotGranted)
	}
	if origin != "*" && !sameOrigin(origin, p.origin) {
		return 0, fmt.Errorf("%w: it permits another", ErrNotGranted)
	}
	allowed := single(h[allowedRate])
	switch {
	case allowed == "*", allowed == "" && p.rate == 0 && len(h[allowedRate]) == 0:
		return 0, nil
	case allowed == "":
		return 0, fmt.Errorf("%w: its reply has no WebHook-Allowed-Rate", ErrNotGranted)
	}
	rate, err = strconv.Atoi(allowed)
	if err != nil || rate <= 0 {
		return 0, fmt.Errorf("%w: its WebHook-Allowed-Rate is neither a positive number nor *", ErrNotGranted)
	}
	return rate, nil
}
