package alertmanager

import "github.com/alertwire/alertwire/internal/jsonscan"

// A Reply is an answer that tells where each alert is reported on. Alertmanager
// ignores it; programs that post alerts themselves may not. It is a reply for
// payload.Handler:
//
//	{"status":"success","message":"Alerts queued for analysis","report_urls":[
//	  {"fingerprint":"…","alert_name":"…","namespace":"…","report_url":"…"}]}
type Reply struct {
	Status  string
	Message string
	Reports []Report
}

// A Report is where one alert is reported on.
type Report struct {
	Fingerprint string
	AlertName   string
	Namespace   string
	URL         string
}

// NewReply returns the reply to m. url returns the address of the report on an
// alert. An alert without the label namespace is in the namespace "Unknown".
func NewReply(m *Message, url func(*Alert) string) *Reply {
	r := &Reply{Status: "success", Message: "Alerts queued for analysis", Reports: make([]Report, len(m.Alerts))}
	for i := range m.Alerts {
		a := &m.Alerts[i]
		namespace, ok := a.Labels.Lookup("namespace")
		if !ok {
			namespace = "Unknown"
		}
		r.Reports[i] = Report{a.ID(), a.Labels.Get("alertname"), namespace, url(a)}
	}
	return r
}

func (r *Reply) fields(f *jsonscan.Fields) {
	f.String("status", &r.Status)
	f.String("message", &r.Message)
	jsonscan.List(f, "report_urls", &r.Reports, (*Report).fields)
}

func (r *Report) fields(f *jsonscan.Fields) {
	f.String("fingerprint", &r.Fingerprint)
	f.String("alert_name", &r.AlertName)
	f.String("namespace", &r.Namespace)
	f.String("report_url", &r.URL)
}

// AppendJSON appends r as JSON.
func (r *Reply) AppendJSON(dst []byte) ([]byte, error) {
	return jsonscan.Append(dst, r, (*Reply).fields)
}

// MarshalJSON implements json.Marshaler.
func (r Reply) MarshalJSON() ([]byte, error) { return r.AppendJSON(nil) }
