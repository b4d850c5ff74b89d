package netdata_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/alertwire/alertwire/payload/internal/wiretest"
	"github.com/alertwire/alertwire/payload/netdata"
	"github.com/alertwire/alertwire/payload/payloadtest"
)

// plainFlat and plainNested are what a program with nothing but encoding/json
// would use, which knows in advance what comes. The goals are ratios to them,
// measured in one run: decode and encode at most 0.30, unknown fields at most
// 1.10 of a body without, what is not changed at most 1.5 of a copy by Raw.
type plainFlat struct {
	Message       string            `json:"message"`
	Alert         string            `json:"alert"`
	Info          string            `json:"info"`
	Chart         string            `json:"chart"`
	Context       string            `json:"context"`
	Space         string            `json:"space"`
	Rooms         map[string]string `json:"rooms"`
	Family        string            `json:"family"`
	Class         string            `json:"class"`
	Severity      string            `json:"severity"`
	Date          string            `json:"date"`
	Duration      string            `json:"duration"`
	OtherCritical int64             `json:"additional_active_critical_alerts"`
	OtherWarning  int64             `json:"additional_active_warning_alerts"`
	URL           string            `json:"alert_url"`
}

type plainNested struct {
	Message string `json:"message"`
	Space   struct {
		Name string `json:"name"`
		Slug string `json:"slug,omitempty"`
	} `json:"space"`
	Node struct {
		Hostname string `json:"hostname"`
	} `json:"node"`
	Alert struct {
		Name  string `json:"name"`
		State struct {
			Status    string          `json:"status"`
			Value     json.RawMessage `json:"value,omitempty"`
			ValueText string          `json:"value_str,omitempty"`
		} `json:"state"`
		Rendered struct {
			Info    string `json:"info"`
			Summary string `json:"summary,omitempty"`
		} `json:"rendered"`
		Chart *struct {
			Name string `json:"name"`
			ID   string `json:"id,omitempty"`
		} `json:"chart,omitempty"`
		Context  string `json:"context,omitempty"`
		Duration *struct {
			Value     json.RawMessage `json:"value,omitempty"`
			ValueText string          `json:"value_str"`
		} `json:"duration,omitempty"`
		Config struct {
			Classification string `json:"classification"`
		} `json:"config"`
		URL string `json:"url"`
	} `json:"alert"`
}

var benched = map[string]func() any{
	"flat-alert":        func() any { return new(plainFlat) },
	"nested-alert-full": func() any { return new(plainNested) },
}

func BenchmarkDecode(b *testing.B) {
	for name, plain := range benched {
		body := payloadtest.Body("netdata", name)
		b.Run("json/"+name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if err := json.Unmarshal(body, plain()); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("alertwire/"+name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := netdata.Decode(body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkEncode writes what was decoded and not changed, what was decoded
// and changed, and what was made in Go.
func BenchmarkEncode(b *testing.B) {
	for name, plain := range benched {
		body := payloadtest.Body("netdata", name)
		v := plain()
		if err := json.Unmarshal(body, v); err != nil {
			b.Fatal(err)
		}
		b.Run("json/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := json.Marshal(v); err != nil {
					b.Fatal(err)
				}
			}
		})
		unchanged, changed := decode(b, name), decode(b, name)
		changed.Alert.Message = "changed"
		buf := make([]byte, 0, 2*len(body))
		for kind, n := range map[string]*netdata.Notification{"unchanged": unchanged, "changed": changed, "made": wiretest.Bare(unchanged)} {
			b.Run(kind+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := n.AppendJSON(buf[:0]); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		b.Run("raw/"+name, func(b *testing.B) {
			for b.Loop() {
				buf = append(buf[:0], unchanged.Raw()...)
			}
		})
		b.Run("copy/"+name, func(b *testing.B) {
			for b.Loop() {
				copy(buf[:len(body)], body)
			}
		})
	}
}

// BenchmarkUnknown compares a body in which a fifth of the members is unknown
// with one of the same size in which all are known.
func BenchmarkUnknown(b *testing.B) {
	known := string(payloadtest.Body("netdata", "flat-alert"))
	unknown := strings.NewReplacer(`"family"`, `"famili"`, `"duration"`, `"durations"`, `"info"`, `"inof"`).Replace(known)
	for name, body := range map[string]string{"known": known, "unknown": unknown} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := netdata.Decode([]byte(body)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
