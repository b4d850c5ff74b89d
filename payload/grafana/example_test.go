package grafana_test

import (
	"fmt"

	"github.com/alertwire/alertwire/payload/grafana"
	"github.com/alertwire/alertwire/payload/payloadtest"
)

func ExampleDecode() {
	m, err := grafana.Decode(payloadtest.Body("grafana", "grafana-default-firing2"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(m.ReceiverName(), "-", m.Title)
	for _, a := range m.Alerts {
		b, _ := a.Values.Get("B")
		fmt.Println(a.Status, a.Labels.Get("instance"), b)
	}
	// Output:
	// ops team (eu) - [FIRING:2] High memory usage Infra (warning)
	// firing node-1:9100 44.23943737541908
	// firing node-2:9100 44.23943737541908
}

func ExampleMessage_Events() {
	m, err := grafana.Decode(payloadtest.Body("grafana", "grafana-default-resolved"))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range m.Events() {
		fmt.Println(e.Key, e.Kind, e.Severity)
	}
	// Output: 1/94c30027d2d25c22 resolved warning
}
