package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-resty/resty/v2"
	"github.com/hashicorp/go-retryablehttp"
	"github.com/prometheus/alertmanager/alert"
	amcommon "github.com/prometheus/alertmanager/config/common"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/alertmanager/notify/webhook"
	"github.com/prometheus/alertmanager/template"
	commoncfg "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"github.com/valyala/fasthttp"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/dispatch"
)

const timeout = 10 * time.Second

// sender sends one message.
type sender func(ctx context.Context) error

// spread makes a bench of many senders at once.
func spread(name string, ours bool, senders int, send sender) bench {
	return bench{name, ours, func(ctx context.Context, n int) error {
		if senders == 1 {
			for range n {
				if err := send(ctx); err != nil {
					return err
				}
			}
			return nil
		}
		var left atomic.Int64
		left.Store(int64(n))
		var wg sync.WaitGroup
		var first atomic.Pointer[error]
		for range senders {
			wg.Go(func() {
				for left.Add(-1) >= 0 {
					if err := send(ctx); err != nil {
						first.CompareAndSwap(nil, &err)
						return
					}
				}
			})
		}
		wg.Wait()
		if err := first.Load(); err != nil {
			return *err
		}
		return nil
	}}
}

func sendGroups(ctx context.Context, _ bool) ([]group, error) {
	t, err := startTarget(ctx)
	if err != nil {
		return nil, err
	}
	var groups []group
	for i, way := range []struct {
		title, url string
		senders    int
	}{
		{"Send 4 KiB over HTTP, one sender", t.http, 1},
		{"Send 4 KiB over HTTPS, one sender", t.https, 1},
		{"Send 4 KiB over HTTPS, 64 senders", t.https, 64},
	} {
		g, err := sendGroup(t, way.url, way.senders)
		if err != nil {
			return nil, err
		}
		g.title = way.title
		if i == 2 {
			g.close = t.stop // groups are measured in this order
		}
		groups = append(groups, g)
	}
	return groups, nil
}

func sendGroup(t *target, to string, senders int) (group, error) {
	ready := body(4096)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(t.ca)
	trusting := &tls.Config{RootCAs: roots}

	config := callback.Config{URL: to, TLS: callback.TLSConfig{CA: string(t.ca)}}
	if to == t.http {
		config.TLS = callback.TLSConfig{}
	}
	hook, err := callback.New(config, callback.Options{})
	if err != nil {
		return group{}, err
	}
	decorated := callback.Decorate(hook, callback.Retry(callback.RetryPolicy{}), callback.Breaker(callback.BreakerPolicy{}))
	call := func(c callback.Caller, m func() (callback.Message, error)) sender {
		return func(ctx context.Context) error {
			msg, err := m()
			if err != nil {
				return err
			}
			_, err = c.Call(ctx, msg)
			return err
		}
	}
	prepared, err := callback.NewMessage(ready)
	if err != nil {
		return group{}, err
	}
	bytesReady := func() (callback.Message, error) { return prepared, nil }
	typed := func(n int) func() (callback.Message, error) {
		event := message(n)
		return func() (callback.Message, error) { return callback.NewMessage(event) }
	}

	notifier, alerts, notifyCtx, err := alertmanagerNotifier(to, t.ca, 10)
	if err != nil {
		return group{}, err
	}
	std := &http.Client{Transport: &http.Transport{TLSClientConfig: trusting, MaxIdleConnsPerHost: 256}}
	defaults := http.DefaultTransport.(*http.Transport).Clone()
	defaults.TLSClientConfig = trusting
	retryable := retryablehttp.NewClient()
	retryable.Logger = nil
	retryable.HTTPClient.Transport.(*http.Transport).TLSClientConfig = trusting
	rest := resty.New().SetTLSClientConfig(trusting)
	fast := &fasthttp.Client{TLSConfig: trusting}
	five := theirs(5)

	do := func(c *http.Client, encode func() ([]byte, error)) sender {
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
	same := func() ([]byte, error) { return ready, nil }

	return group{
		note: "The receiver is another process. Bodies are ready bytes of 4 KiB, and about as much with 5 typed alerts.",
		cases: []bench{
			spread("net/http Do", false, senders, do(std, same)),
			spread("alertwire", true, senders, call(hook, bytesReady)),
			spread("alertwire, retry and breaker", true, senders, call(decorated, bytesReady)),
			spread("alertwire, 5 typed alerts", true, senders, call(hook, typed(5))),
			spread("alertwire, 10 typed alerts", true, senders, call(hook, typed(10))),
			spread("net/http Do and json.Marshal, 5 typed alerts", false, senders, do(std, func() ([]byte, error) { return json.Marshal(five) })),
			spread("http.DefaultTransport", false, senders, do(&http.Client{Transport: defaults}, same)),
			spread("fasthttp", false, senders, func(context.Context) error {
				r, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
				defer fasthttp.ReleaseRequest(r)
				defer fasthttp.ReleaseResponse(resp)
				r.SetRequestURI(to)
				r.Header.SetMethod(fasthttp.MethodPost)
				r.Header.SetContentType("application/json")
				r.SetBodyRaw(ready)
				return fast.DoTimeout(r, resp, timeout)
			}),
			spread("go-retryablehttp", false, senders, func(ctx context.Context) error {
				ctx, cancel := context.WithTimeout(ctx, timeout)
				defer cancel()
				r, err := retryablehttp.NewRequestWithContext(ctx, http.MethodPost, to, ready)
				if err != nil {
					return err
				}
				r.Header.Set("Content-Type", "application/json")
				resp, err := retryable.Do(r)
				return finish(resp, err)
			}),
			spread("resty", false, senders, func(ctx context.Context) error {
				ctx, cancel := context.WithTimeout(ctx, timeout)
				defer cancel()
				_, err := rest.R().SetContext(ctx).SetHeader("Content-Type", "application/json").SetBody(ready).Post(to)
				return err
			}),
			spread("Alertmanager Notify, 10 alerts", false, senders, func(ctx context.Context) error {
				_, err := notifier.Notify(notifyCtx(ctx), alerts...)
				return err
			}),
		},
		goals: []goal{
			{"alertwire", "net/http Do", 0.90},
			{"alertwire, retry and breaker", "alertwire", 1.02},
			{"alertwire, 5 typed alerts", "net/http Do", 1.00},
			{"alertwire, 5 typed alerts", "net/http Do and json.Marshal, 5 typed alerts", 0.75},
			{"alertwire, 10 typed alerts", "Alertmanager Notify, 10 alerts", 0.30},
		},
	}, nil
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

// alertmanagerNotifier returns Alertmanager's webhook notifier as Alertmanager
// makes it, and n alerts for it.
func alertmanagerNotifier(to string, ca []byte, n int) (*webhook.Notifier, []*alert.Alert, func(context.Context) context.Context, error) {
	tmpl, err := template.FromGlobs(nil)
	if err != nil {
		return nil, nil, nil, err
	}
	tmpl.ExternalURL = &url.URL{Scheme: "http", Host: "alertmanager.monitoring.svc:9093"}
	var conf webhook.WebhookConfig
	httpConfig := commoncfg.DefaultHTTPClientConfig
	httpConfig.TLSConfig.CA = string(ca)
	conf.HTTPConfig = &httpConfig
	conf.URL = amcommon.SecretTemplateURL(to)
	notifier, err := webhook.New(&conf, tmpl, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, nil, nil, err
	}
	var alerts []*alert.Alert
	for _, a := range message(n).Alerts {
		theirs := &alert.Alert{}
		theirs.Labels, theirs.Annotations = model.LabelSet{}, model.LabelSet{}
		for _, l := range a.Labels {
			theirs.Labels[model.LabelName(l.Name)] = model.LabelValue(l.Value)
		}
		for _, l := range a.Annotations {
			theirs.Annotations[model.LabelName(l.Name)] = model.LabelValue(l.Value)
		}
		theirs.StartsAt, theirs.GeneratorURL = a.StartsAt, a.GeneratorURL
		alerts = append(alerts, theirs)
	}
	withGroup := func(ctx context.Context) context.Context {
		ctx = notify.WithGroupKey(ctx, "{}:{alertname=\"KubePodCrashLooping\"}")
		ctx = notify.WithReceiverName(ctx, "ops-webhook")
		return notify.WithGroupLabels(ctx, model.LabelSet{"alertname": "KubePodCrashLooping"})
	}
	return notifier, alerts, withGroup, nil
}

// fanoutGroups sends one message to 100 endpoints, of which ten may hang.
func fanoutGroups(ctx context.Context, _ bool) ([]group, error) {
	t, err := startTarget(ctx)
	if err != nil {
		return nil, err
	}
	const targets = 100
	hang := callback.CallerFunc(func(ctx context.Context, _ callback.Message) (callback.Reply, error) {
		<-ctx.Done()
		return callback.Reply{}, ctx.Err()
	})
	fan := func(name string, hanging int) (bench, error) {
		var good atomic.Int64
		done := make(chan struct{}, 1<<20)
		d, err := dispatch.NewMemory(dispatch.MemoryOptions{Observe: func(o dispatch.Outcome) {
			if o.Result == dispatch.Delivered {
				good.Add(1)
				done <- struct{}{}
			}
		}})
		if err != nil {
			return bench{}, err
		}
		var names []string
		for i := range targets {
			hook, err := callback.New(callback.Config{URL: t.http + fmt.Sprint(i)}, callback.Options{})
			if err != nil {
				return bench{}, err
			}
			var c callback.Caller = hook
			if i < hanging {
				c = hang
			}
			name := fmt.Sprint("e", i)
			names = append(names, name)
			if err := d.Add(ctx, name, c, dispatch.EndpointOptions{Queue: 1 << 20}); err != nil {
				return bench{}, err
			}
		}
		return bench{name, true, func(ctx context.Context, n int) error {
			for range n {
				msg, err := callback.NewMessage(message(1))
				if err != nil {
					return err
				}
				if err := d.Dispatch(ctx, msg, names...); err != nil {
					return err
				}
				for range targets - hanging { // until the last good one has it
					<-done
				}
			}
			return nil
		}}, nil
	}
	none, err := fan("none hangs", 0)
	if err != nil {
		return nil, err
	}
	ten, err := fan("ten of them hang", 10)
	if err != nil {
		return nil, err
	}
	return []group{{
		title: "One event to 100 endpoints through the dispatcher",
		note:  "Per event, until the last endpoint that works has it. CPU of the sender; 90 calls instead of 100 where ten hang.",
		cases: []bench{none, ten},
		goals: []goal{{"ten of them hang", "none hangs", 1.10}},
		close: t.stop,
	}}, nil
}
