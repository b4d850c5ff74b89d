package intake

import (
	"cmp"
	"net/url"

	"github.com/alertwire/alertwire/payload"
)

// A reply is what the OnCallM document promises to a sender.
type reply struct {
	Status  string   `json:"status"`
	Message string   `json:"message"`
	Reports []report `json:"report_urls"`
}

type report struct {
	Fingerprint string `json:"fingerprint"`
	AlertName   string `json:"alert_name"`
	Namespace   string `json:"namespace"`
	URL         string `json:"report_url"`
}

// reply says where each alert is reported on.
func (r *Receiver) reply(events []payload.Event) reply {
	out := reply{Status: "success", Message: "Alerts queued for analysis", Reports: make([]report, len(events))}
	for i, e := range events {
		out.Reports[i] = report{
			Fingerprint: e.Key,
			AlertName:   cmp.Or(e.Labels.Get("alertname"), e.Title),
			Namespace:   cmp.Or(e.Labels.Get("namespace"), "Unknown"),
			URL:         r.baseURL + "/report/" + url.PathEscape(e.Key),
		}
	}
	return out
}
