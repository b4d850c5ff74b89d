package intake

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"
)

//go:embed page.html
var pageFiles embed.FS

// pages are server-rendered and need no script. Everything in an alert is text
// from outside, which html/template escapes for where it stands.
var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"when": func(t time.Time) string {
		if t.IsZero() {
			return "–"
		}
		return t.UTC().Format("2006-01-02 15:04:05 UTC")
	},
	"machine": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	"report":  func(key string) string { return "/report/" + url.PathEscape(key) },
	"tally":   tally,
	"http":    isHTTP,
}).ParseFS(pageFiles, "page.html"))

const newestOnPage = 100

// index lists the newest alerts.
func (r *Receiver) index(w http.ResponseWriter, _ *http.Request) {
	render(w, http.StatusOK, "index", r.history.list(newestOnPage))
}

// report shows one alert: what it is, its history, what became of each callback.
func (r *Receiver) report(w http.ResponseWriter, req *http.Request) {
	key := req.PathValue("key")
	a, ok := r.history.find(key)
	if !ok {
		render(w, http.StatusNotFound, "unknown", key)
		return
	}
	render(w, http.StatusOK, "report", a)
}

func render(w http.ResponseWriter, status int, name string, data any) {
	var page bytes.Buffer
	if err := pages.ExecuteTemplate(&page, name, data); err != nil {
		http.Error(w, "page cannot be made", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = page.WriteTo(w) // the reader has gone
}

// A count is how many callbacks are in a state.
type count struct {
	State callState
	N     int
}

// tally counts the callbacks of the newest change.
func tally(a alert) []count {
	if len(a.Changes) == 0 {
		return nil
	}
	var counts []count
	for _, state := range []callState{callDelivered, callQueued, callRetrying, callFailed, callDropped, callReturned, callRefused} {
		n := 0
		for _, c := range a.Changes[0].Calls {
			if c.State == state {
				n++
			}
		}
		if n > 0 {
			counts = append(counts, count{state, n})
		}
	}
	return counts
}

// isHTTP reports whether a link may be shown as one.
func isHTTP(link string) bool {
	u, err := url.Parse(link)
	return err == nil && u.Host != "" && (strings.EqualFold(u.Scheme, "http") || strings.EqualFold(u.Scheme, "https"))
}
