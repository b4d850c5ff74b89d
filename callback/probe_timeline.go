package callback

import (
	"crypto/tls"
	"net/http/httptrace"
	"sync"
	"time"
)

// A timeline collects the moments of a call. Those of dialling come from other
// goroutines, and may come after the call is over.
type timeline struct {
	start time.Time

	mu          sync.Mutex
	began, took [phases]time.Time
	state       *tls.ConnectionState
}

// The phases of a call.
const (
	phaseDNS = iota
	phaseConnect
	phaseTLS
	phaseAnswer
	phases
)

// begin notes when a phase began. Of several attempts at it the first counts.
func (l *timeline) begin(phase int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.began[phase].IsZero() {
		l.began[phase] = time.Now()
	}
}

// end notes when a phase ended; the last time counts.
func (l *timeline) end(phase int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.took[phase] = time.Now()
}

func (l *timeline) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		DNSStart: func(httptrace.DNSStartInfo) { l.begin(phaseDNS) },
		DNSDone:  func(httptrace.DNSDoneInfo) { l.end(phaseDNS) },
		ConnectStart: func(network, _ string) {
			if network != "udp" { // which is a question to a name server
				l.begin(phaseConnect)
			}
		},
		ConnectDone: func(network, _ string, _ error) {
			if network != "udp" {
				l.end(phaseConnect)
			}
		},
		TLSHandshakeStart: func() { l.begin(phaseTLS) },
		TLSHandshakeDone: func(s tls.ConnectionState, err error) {
			l.end(phaseTLS)
			if err == nil {
				l.mu.Lock()
				l.state = &s
				l.mu.Unlock()
			}
		},
		WroteRequest:         func(httptrace.WroteRequestInfo) { l.begin(phaseAnswer) },
		GotFirstResponseByte: func() { l.end(phaseAnswer) },
	}
}

// fill notes in r what was seen until now.
func (l *timeline) fill(r *Report, reply Reply) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r.Timeline = Timeline{
		DNS:       l.between(phaseDNS),
		Connect:   l.between(phaseConnect),
		TLS:       l.between(phaseTLS),
		FirstByte: l.between(phaseAnswer),
		Total:     reply.Took,
	}
	if answered := l.took[phaseAnswer]; !answered.IsZero() {
		r.Timeline.Body = max(reply.Took-answered.Sub(l.start), 0)
	}
	r.Status = reply.Status
	r.Reply = printable(reply.Body, maxReportReply)
	if l.state != nil {
		r.TLS = &TLSReport{
			Version:  tls.VersionName(l.state.Version),
			Cipher:   tls.CipherSuiteName(l.state.CipherSuite),
			Protocol: printable([]byte(l.state.NegotiatedProtocol), maxSnippet),
		}
		r.TLS.leaf(l.state.PeerCertificates)
	}
}

// between returns how long a phase took; 0 if it did not come to its end.
func (l *timeline) between(phase int) time.Duration {
	if l.began[phase].IsZero() || l.took[phase].IsZero() {
		return 0
	}
	return l.took[phase].Sub(l.began[phase])
}
