package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/go-resty/resty/v2"
	"github.com/hashicorp/go-retryablehttp"
	"github.com/valyala/fasthttp"
)

// do sends with net/http as it is written by hand.
func do(c *http.Client, to string, encode func() ([]byte, error)) sender {
	return func(ctx context.Context) error {
		data, err := encode()
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(data))
		if err != nil {
			return err
		}
		r.Header.Set("Content-Type", "application/json")
		resp, err := c.Do(r)
		return finish(resp, err)
	}
}

func finish(resp *http.Response, err error) error {
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d", resp.StatusCode)
	}
	return err
}

func marshal(v any) func() ([]byte, error) {
	return func() ([]byte, error) { return json.Marshal(v) }
}

// clients are HTTP clients as their READMEs use them, one for all events.
func (l lane) clients(ready []byte) []bench {
	defaults := http.DefaultTransport.(*http.Transport).Clone()
	defaults.TLSClientConfig = l.trusting()
	retryable := retryablehttp.NewClient()
	retryable.Logger = nil
	retryable.HTTPClient.Transport.(*http.Transport).TLSClientConfig = l.trusting()
	rest := resty.New().SetTLSClientConfig(l.trusting())
	fast := &fasthttp.Client{TLSConfig: l.trusting()}
	return []bench{
		l.bench("http.DefaultTransport", false, do(&http.Client{Transport: defaults}, l.to, func() ([]byte, error) { return ready, nil })),
		l.bench("fasthttp", false, func(context.Context) error {
			r, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
			defer fasthttp.ReleaseRequest(r)
			defer fasthttp.ReleaseResponse(resp)
			r.SetRequestURI(l.to)
			r.Header.SetMethod(fasthttp.MethodPost)
			r.Header.SetContentType("application/json")
			r.SetBodyRaw(ready)
			return fast.DoTimeout(r, resp, timeout)
		}),
		l.bench("go-retryablehttp", false, func(ctx context.Context) error {
			ctx, cancel := context.WithTimeout(ctx, timeout)
			defer cancel()
			r, err := retryablehttp.NewRequestWithContext(ctx, http.MethodPost, l.to, ready)
			if err != nil {
				return err
			}
			r.Header.Set("Content-Type", "application/json")
			resp, err := retryable.Do(r)
			return finish(resp, err)
		}),
		l.bench("resty", false, func(ctx context.Context) error {
			ctx, cancel := context.WithTimeout(ctx, timeout)
			defer cancel()
			_, err := rest.R().SetContext(ctx).SetHeader("Content-Type", "application/json").SetBody(ready).Post(l.to)
			return err
		}),
	}
}

// alertSenders are how alert systems send.
func (l lane) alertSenders() ([]bench, error) {
	notifier, alerts, withGroup, err := alertmanagerNotifier(l.to, l.ca, 10)
	if err != nil {
		return nil, err
	}
	var left leftover
	processor := l.bench(n9eName, false, nightingaleSender(l.to, theirs(4), &left))
	processor.after = left.clear
	return []bench{
		l.bench(notifyName, false, func(ctx context.Context) error {
			_, err := notifier.Notify(withGroup(ctx), alerts...)
			return err
		}),
		processor,
		l.bench(grafanaName, false, grafanaSender(l.to, l.trusting(), theirs(4))),
	}, nil
}
