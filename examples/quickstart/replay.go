package main

import (
	"bufio"
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

//go:embed testdata
var captures embed.FS

// A request is one that comes in, and how to tell of it.
type request struct {
	story  string
	file   string // of the capture; "" for a challenge
	token  string
	mangle func(body []byte) []byte
}

var story = []request{
	{story: "three pods crash: one group, three alerts", file: "am034-group3-first-notification", token: token},
	{story: "the same bytes once more, as after a lost answer", file: "am034-group3-first-notification", token: token},
	{story: "one of them is resolved, two still fire", file: "am034-some-alerts-resolved", token: token},
	{story: "the other two are resolved", file: "am034-all-alerts-resolved", token: token},
	{story: "somebody who guesses the token", file: "am034-group3-first-notification", token: "guess"},
	{story: "a body that was cut off", file: "am034-group3-first-notification", token: token,
		mangle: func(body []byte) []byte { return body[:len(body)/2] }},
}

// replay sends the story to url, after the check that we own the URL. It
// returns how many alerts it sent; a request that must be rejected counts as
// one, since nobody looks inside.
func replay(ctx context.Context, url string, s *screen) (sent int, err error) {
	check, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"?crc_token=are-you-the-owner", nil)
	if err != nil {
		return 0, err
	}
	if err := exchange(check, "a check that we own our URL (CRC)", s); err != nil {
		return 0, err
	}

	for _, in := range story {
		r, body, err := load(in.file)
		if err != nil {
			return 0, err
		}
		n, err := countAlerts(body)
		if err != nil {
			return 0, err
		}
		if in.mangle != nil {
			body = in.mangle(body)
		}
		if in.mangle != nil || in.token != token {
			n = 1
		}
		out, err := http.NewRequestWithContext(ctx, r.Method, url, bytes.NewReader(body))
		if err != nil {
			return 0, err
		}
		out.Header = r.Header
		out.Header.Set("Authorization", "Bearer "+in.token)
		if err := exchange(out, in.story, s); err != nil {
			return 0, err
		}
		sent += n
	}
	return sent, nil
}

// load returns a captured request and its body.
func load(name string) (*http.Request, []byte, error) {
	raw, err := captures.ReadFile("testdata/" + name + ".http")
	if err != nil {
		return nil, nil, err
	}
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(raw)))
	if err != nil {
		return nil, nil, fmt.Errorf("capture %s: %w", name, err)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, nil, fmt.Errorf("capture %s: %w", name, err)
	}
	return r, body, nil
}

// countAlerts looks into a body the way anybody would who has no alertwire, so
// that the sum at the end compares two independent counts.
func countAlerts(body []byte) (int, error) {
	var m struct{ Alerts []json.RawMessage }
	if err := json.Unmarshal(body, &m); err != nil {
		return 0, err
	}
	return len(m.Alerts), nil
}

func exchange(r *http.Request, what string, s *screen) error {
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	s.incoming(what, resp.StatusCode, strings.TrimSpace(string(answer)))
	return nil
}
