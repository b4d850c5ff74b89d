package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"text/template"
	"time"
)

// Two alert systems do not come as a dependency that could be measured. What
// follows does, call by call, what they do for each event.

// A leftover keeps the transports that a sender leaves behind for each event, so
// that they can be cleared away where nobody measures. Else the connections of
// one case would slow down all that come after it.
type leftover struct {
	mu         sync.Mutex
	transports []*http.Transport
}

func (l *leftover) add(t *http.Transport) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.transports = append(l.transports, t)
}

func (l *leftover) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, t := range l.transports {
		t.CloseIdleConnections()
	}
	l.transports = nil
}

// A nightingaleNode has the settings of a callback processor in a pipeline.
type nightingaleNode struct {
	URL        string            `json:"url"`
	Headers    map[string]string `json:"header"`
	User       string            `json:"auth_username"`
	Password   string            `json:"auth_password"`
	Timeout    int               `json:"timeout"` // ms
	SkipVerify bool              `json:"skip_ssl_verify"`
	Proxy      string            `json:"proxy"`
}

// nightingaleSender sends as the callback processor of Nightingale 9 does: the engine
// makes the processor anew for each event, out of settings that go through JSON,
// and with it the client. The URL is a template. The answer is read without a
// bound, its status is not looked at, and neither it nor the client is closed.
// The snapshots that the engine takes of the event, before and after, are left
// out here: they are no part of the sending.
func nightingaleSender(to string, event any, left *leftover) sender {
	settings := map[string]any{
		"url": to, "header": map[string]string{"X-Source": "bench"}, "auth_username": "", "auth_password": "",
		"timeout": 10_000, "skip_ssl_verify": true, // there is no way to name a CA
	}
	functions := template.FuncMap{
		"toUpper": strings.ToUpper, "toLower": strings.ToLower, "title": strings.ToTitle, "split": strings.Split,
		"join": strings.Join, "contains": strings.Contains, "trimSpace": strings.TrimSpace, "escape": url.PathEscape,
	}
	return func(ctx context.Context) error {
		text, err := json.Marshal(settings)
		if err != nil {
			return err
		}
		var node nightingaleNode
		if err := json.Unmarshal(text, &node); err != nil {
			return err
		}
		transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: node.SkipVerify}}
		left.add(transport)
		client := &http.Client{Timeout: time.Duration(node.Timeout) * time.Millisecond, Transport: transport}

		tmpl, err := template.New("callback").Funcs(functions).Parse(`{{ $event := .Event }}{{ $inputs := .Inputs }}` + node.URL)
		if err != nil {
			return err
		}
		var address strings.Builder
		if err := tmpl.Execute(&address, map[string]any{"Event": event, "Inputs": map[string]string{}}); err != nil {
			return err
		}
		data, err := json.Marshal(event)
		if err != nil {
			return err
		}
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSpace(address.String()), strings.NewReader(string(data)))
		if err != nil {
			return err
		}
		headers := map[string]string{"Content-Type": "application/json"}
		for name, value := range node.Headers {
			headers[name] = value
		}
		for name, value := range headers {
			r.Header.Set(name, value)
		}
		resp, err := client.Do(r) //nolint:bodyclose // nor does it
		if err != nil {
			return err
		}
		_, err = io.ReadAll(resp.Body)
		return err
	}
}

// grafanaSender sends as the webhook of Grafana's alerting does: a client for each
// event, whose connection is closed after it, with TLS that may be renegotiated.
// The answer of a success is not read. The templates of the message are left
// out here: what is compared is sending.
func grafanaSender(to string, trusting *tls.Config, event any) sender {
	settings := trusting.Clone()
	settings.Renegotiation = tls.RenegotiateFreelyAsClient
	return func(ctx context.Context) error {
		text, err := json.Marshal(event)
		if err != nil {
			return err
		}
		body := string(text) // its settings keep the body as text
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader([]byte(body)))
		if err != nil {
			return err
		}
		if _, err := url.Parse(to); err != nil {
			return err
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("User-Agent", "Grafana")
		client := &http.Client{
			Timeout: 30 * time.Second,
			Transport: &http.Transport{
				TLSClientConfig:     settings,
				Proxy:               http.ProxyFromEnvironment,
				DialContext:         (&net.Dialer{Timeout: 30 * time.Second}).DialContext,
				TLSHandshakeTimeout: 5 * time.Second,
				DisableKeepAlives:   true,
			},
		}
		resp, err := client.Do(r)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode/100 != 2 {
			return fmt.Errorf("status %d", resp.StatusCode)
		}
		return nil
	}
}
