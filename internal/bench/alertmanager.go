package main

import (
	"context"
	"log/slog"
	"net/url"

	"github.com/prometheus/alertmanager/alert"
	amcommon "github.com/prometheus/alertmanager/config/common"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/alertmanager/notify/webhook"
	"github.com/prometheus/alertmanager/template"
	commoncfg "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
)

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
