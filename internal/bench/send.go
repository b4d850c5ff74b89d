package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/alertwire/alertwire/auth"
	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/dispatch"
)

const timeout = 10 * time.Second

// The names by which goals and headlines speak of the cases of a send.
const (
	doName        = "net/http Do"
	doMarshalName = "net/http Do and json.Marshal"
	plainName     = "alertwire"
	safeName      = "alertwire, retry, breaker and limit"
	queueName     = "alertwire, through the dispatcher"
	signedName    = "alertwire, signed"
	typedName     = "alertwire, 4 typed alerts"
	typed10Name   = "alertwire, 10 typed alerts"
	notifyName    = "Alertmanager Notify, 10 alerts"
	n9eName       = "Nightingale callback processor"
	grafanaName   = "Grafana webhook"
)

// sender sends one message.
type sender func(ctx context.Context) error

// spreadOver makes a bench of many senders at once.
func spreadOver(senders int, name string, ours bool, send sender) bench {
	return bench{name: name, ours: ours, op: func(ctx context.Context, n int) error {
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
	for _, way := range []struct {
		title   string
		lane    lane
		goals   []goal
		of, all string // headlines: of ready bytes, and of typed alerts
	}{
		{"Send 4 KiB over HTTP, one sender", lane{to: t.http, senders: 1}, goalsHTTP, "", ""},
		{"Send 4 KiB over HTTPS, one sender", lane{to: t.https, ca: t.ca, senders: 1}, goalsHTTPS, "", "typed alerts, HTTPS, one sender"},
		{"Send 4 KiB over HTTPS, 64 senders", lane{to: t.https, ca: t.ca, senders: 64}, goals64, "4 KiB, HTTPS, 64 senders", "typed alerts, HTTPS, 64 senders"},
		{"Send 4 KiB over HTTP/2, one sender", lane{to: t.h2, ca: t.ca, senders: 1, h2: true}, goalsH2, "", ""},
	} {
		g, err := way.lane.group(ctx)
		if err != nil {
			return nil, err
		}
		g.title, g.goals = way.title, way.goals
		if way.of != "" {
			g.headlines = append(g.headlines, headline{work: "send " + way.of, ours: plainName,
				theirs: []string{doName, "http.DefaultTransport", "go-retryablehttp", "resty", "fasthttp"}})
		}
		if way.all != "" {
			only := way.lane.senders == 1
			g.headlines = append(g.headlines,
				headline{work: "send 4 " + way.all, ours: typedName, theirs: []string{doMarshalName, n9eName, grafanaName}, textOnly: only},
				headline{work: "send 10 " + way.all, ours: typed10Name, theirs: []string{notifyName}, textOnly: only})
		}
		groups = append(groups, g)
	}
	groups[len(groups)-1].close = t.stop // groups are measured in this order
	return groups, nil
}

// What is asked of sending. Ours has a deadline always, and so have the others.
var (
	goalsHTTP = []goal{
		{plainName, cost, doName, 0.90}, {plainName, allocs, "", 57}, {plainName, bytesEach, "", 5 << 10},
		{signedName, allocs, "", 60},
		{safeName, cost, plainName, 1.02}, {safeName, more, plainName, 2},
		{typedName, cost, doName, 1.00}, {typedName, cost, doMarshalName, 0.75},
		{typed10Name, cost, notifyName, 0.30},
	}
	goalsHTTPS = []goal{
		{plainName, cost, doName, 0.90},
		{typedName, cost, doName, 1.00}, {typedName, cost, doMarshalName, 0.75},
		{typedName, cost, n9eName, 0.10}, {typedName, cost, grafanaName, 0.10},
		{typed10Name, cost, notifyName, 0.30},
	}
	goals64 = []goal{
		{plainName, cost, doName, 0.90}, {plainName, wall, doName, 1.00},
		{typedName, cost, doName, 1.00}, {typedName, cost, doMarshalName, 0.75},
		{typedName, cost, n9eName, 0.10}, {typedName, cost, grafanaName, 0.10},
		{typed10Name, cost, notifyName, 0.20},
	}
	goalsH2 = []goal{
		{plainName, cost, doName, 1.00},
		{typedName, cost, doName, 1.10}, {typedName, cost, doMarshalName, 0.85},
	}
)

// A lane is one way to one receiver.
type lane struct {
	to      string
	ca      []byte // nil over HTTP
	senders int
	h2      bool
}

func (l lane) bench(name string, ours bool, send sender) bench {
	return spreadOver(l.senders, name, ours, send)
}

// trusting returns the settings of a client that knows the receiver.
func (l lane) trusting() *tls.Config {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(l.ca)
	return &tls.Config{RootCAs: roots}
}

func (l lane) group(ctx context.Context) (group, error) {
	g := group{note: "The receiver is another process. Bodies are ready bytes of 4 KiB. With 4 typed alerts, which make about as much, are also those of json.Marshal, Nightingale and Grafana."}
	ours, err := l.ours(ctx)
	if err != nil {
		return g, err
	}
	own := &http.Client{Transport: &http.Transport{TLSClientConfig: l.trusting(), MaxIdleConnsPerHost: 256, ForceAttemptHTTP2: l.h2}}
	ready := body(4096)
	same := func() ([]byte, error) { return ready, nil }
	g.cases = append(g.cases, l.bench(doName, false, do(own, l.to, same)))
	g.cases = append(g.cases, ours...)
	g.cases = append(g.cases, l.bench(doMarshalName, false, do(own, l.to, marshal(theirs(4)))))
	if l.h2 {
		return g, nil // the others would be measured over their own idea of it
	}
	g.cases = append(g.cases, l.clients(ready)...)
	peers, err := l.alertSenders()
	g.cases = append(g.cases, peers...)
	return g, err
}

// ours are the ways in which alertwire sends.
func (l lane) ours(ctx context.Context) ([]bench, error) {
	config := callback.Config{URL: l.to, TLS: callback.TLSConfig{CA: string(l.ca)}}
	hook, err := callback.New(config, callback.Options{})
	if err != nil {
		return nil, err
	}
	signer, err := auth.NewHMAC(auth.StandardWebhooks(), auth.HMACOptions{Secrets: []auth.Secret{auth.Secret(newSecret())}})
	if err != nil {
		return nil, err
	}
	signed, err := callback.New(config, callback.Options{Signer: signer})
	if err != nil {
		return nil, err
	}
	limit, err := plentyOf()
	if err != nil {
		return nil, err
	}
	safe := callback.Decorate(hook, callback.Retry(callback.RetryPolicy{}), callback.Breaker(callback.BreakerPolicy{}), limit)
	prepared, err := callback.NewMessage(body(4096))
	if err != nil {
		return nil, err
	}
	call := func(c callback.Caller) sender {
		return func(ctx context.Context) error { _, err := c.Call(ctx, prepared); return err }
	}
	typed := func(n int) sender {
		event := message(n)
		return func(ctx context.Context) error {
			m, err := callback.NewMessage(event)
			if err == nil {
				_, err = hook.Call(ctx, m)
			}
			return err
		}
	}
	list := []bench{
		l.bench(plainName, true, call(hook)),
		l.bench(safeName, true, call(safe)),
	}
	if !l.h2 {
		queued, err := l.queued(ctx, hook, prepared)
		if err != nil {
			return nil, err
		}
		list = append(list, queued, l.bench(signedName, true, call(signed)), l.bench(typed10Name, true, typed(10)))
	}
	return append(list, l.bench(typedName, true, typed(4))), nil
}

// queued sends through a dispatcher, with as many messages under way as there
// are senders.
func (l lane) queued(ctx context.Context, hook callback.Caller, m callback.Message) (bench, error) {
	places := make(chan struct{}, l.senders)
	var failed atomic.Pointer[error]
	d, err := dispatch.NewMemory(dispatch.MemoryOptions{Observe: func(o dispatch.Outcome) {
		if o.Err != nil {
			failed.CompareAndSwap(nil, &o.Err)
		}
		<-places
	}})
	if err != nil {
		return bench{}, err
	}
	if err := d.Add(ctx, "ops", hook, dispatch.EndpointOptions{Concurrency: l.senders}); err != nil {
		return bench{}, err
	}
	return bench{name: queueName, ours: true, op: func(ctx context.Context, n int) error {
		for range n {
			places <- struct{}{}
			if err := d.Dispatch(ctx, m, "ops"); err != nil {
				return err
			}
		}
		for range l.senders { // until the last of them is back
			places <- struct{}{}
		}
		for range l.senders {
			<-places
		}
		if err := failed.Load(); err != nil {
			return *err
		}
		return nil
	}}, nil
}
