package netpulse_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/netpulse"
)

// plainMessage is what a program with nothing but encoding/json would use for
// generation 4: any for what has no fixed form. The goals are ratios to it,
// measured in one run: decode and encode at most 0.30, encode without an
// allocation, bytes that came at most 1.5 of a copy, unknown members at most
// 1.10 of known ones.
type plainMessage struct {
	ID        string       `json:"id"`
	Status    string       `json:"status"`
	EventType string       `json:"event_type"`
	Final     bool         `json:"final"`
	Timestamp time.Time    `json:"timestamp"`
	StartedAt *time.Time   `json:"started_at"`
	EndedAt   *time.Time   `json:"ended_at"`
	Duration  *float64     `json:"duration"`
	Result    *plainResult `json:"result"`
	Device    *struct {
		Host       string `json:"host,omitempty"`
		DeviceType string `json:"device_type,omitempty"`
	} `json:"device"`
	TaskID     *string  `json:"task_id"`
	DeviceName *string  `json:"device_name"`
	Command    []string `json:"command"`
}

type plainResult struct {
	Type   string `json:"type"`
	RetVal any    `json:"retval"`
	Error  *struct {
		Type    string `json:"type"`
		Message string `json:"message"`
	} `json:"error"`
}

// plainFlat is the same for generations 2 and 3.
type plainFlat struct {
	ID     string `json:"id"`
	Status string `json:"status"`
	Result string `json:"result"`
	Device *struct {
		Host       string `json:"host,omitempty"`
		DeviceType string `json:"device_type,omitempty"`
	} `json:"device,omitempty"`
	Driver  string  `json:"driver,omitempty"`
	Command *string `json:"command,omitempty"`
	Config  *string `json:"config,omitempty"`
}

// long is a message with the output of twenty commands.
func long(b *testing.B) []byte {
	m := decode(b, body("gen4-job-completed"))
	list, err := m.Result.Executions()
	if err != nil {
		b.Fatal(err)
	}
	m.Command = nil
	for range 20 {
		x := list[0]
		x.Stdout, _ = json.Marshal(strings.Repeat("GigabitEthernet0/1 is up, line protocol is up\n", 5))
		list = append(list, x)
		m.Command = append(m.Command, "show interface GigabitEthernet0/1")
	}
	if err := m.Result.SetExecutions(list[1:]); err != nil {
		b.Fatal(err)
	}
	return []byte(encode(b, m))
}

func bodies(b *testing.B) map[string][]byte {
	return map[string][]byte{"gen3": body("gen3-success"), "gen4": body("gen4-job-completed"), "long": long(b)}
}

func plainOf(name string) any {
	if name == "gen3" {
		return new(plainFlat)
	}
	return new(plainMessage)
}

func BenchmarkDecode(b *testing.B) {
	for name, body := range bodies(b) {
		b.Run("json/"+name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if err := json.Unmarshal(body, plainOf(name)); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("alertwire/"+name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := netpulse.Decode(body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkShape(b *testing.B) {
	for name, body := range bodies(b) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s, err := payload.ShapeOf(body)
				if err != nil || s.Text("id") == "" || s.Text("status") == "" {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkEncode writes what was made in Go, what was decoded and not changed,
// and what was decoded and changed.
func BenchmarkEncode(b *testing.B) {
	for name, body := range bodies(b) {
		plain := plainOf(name)
		if err := json.Unmarshal(body, plain); err != nil {
			b.Fatal(err)
		}
		b.Run("json/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := json.Marshal(plain); err != nil {
					b.Fatal(err)
				}
			}
		})
		unchanged, changed := decode(b, body), decode(b, body)
		changed.Status = "changed"
		buf := make([]byte, 0, 2*len(body))
		for _, v := range []struct {
			name string
			m    *netpulse.Message
		}{{"made", madeMessage(unchanged)}, {"unchanged", unchanged}, {"changed", changed}} {
			b.Run(v.name+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := v.m.AppendJSON(buf[:0]); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		b.Run("raw/"+name, func(b *testing.B) {
			b.ReportAllocs()
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

// BenchmarkUnknown compares a body in which half of the members are unknown with
// the same body in which they are known.
func BenchmarkUnknown(b *testing.B) {
	known := body("gen4-job-completed")
	unknown := []byte(strings.NewReplacer(`"timestamp"`, `"timestam_"`, `"started_at"`, `"started_a_"`, `"ended_at"`, `"ended_a_"`,
		`"duration"`, `"duratio_"`, `"task_id"`, `"task_i_"`, `"device_name"`, `"device_nam_"`).Replace(string(known)))
	for _, v := range []struct {
		name string
		body []byte
	}{{"known", known}, {"unknown", unknown}} {
		b.Run(v.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := netpulse.Decode(v.body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
