package callback

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"time"

	"github.com/alertwire/alertwire/internal/confjson"
)

// A Report is what [Probe] found. It holds no secret but what the receiver may
// have put into its reply, and can be shown to whoever may test.
type Report struct {
	OK       bool          `json:"ok"`                // accepted; of a dry run, that it can be sent
	DryRun   bool          `json:"dry_run,omitempty"` // nothing was sent
	Endpoint string        `json:"endpoint"`
	Request  RequestReport `json:"request,omitzero"` // what was sent, or would be
	Timeline Timeline      `json:"timeline,omitzero"`
	TLS      *TLSReport    `json:"tls,omitempty"` // nil without TLS
	Status   int           `json:"status,omitempty"`
	Reply    string        `json:"reply,omitempty"`  // its beginning, printable
	Class    Class         `json:"class,omitempty"`  // "" if it was accepted
	Error    string        `json:"error,omitempty"`  // in one line
	Advice   string        `json:"advice,omitempty"` // what to do about it, in one sentence
	Err      error         `json:"-"`                // an *Error
}

// A RequestReport is a request without its secrets: the URL has no path or
// query, and unknown headers no values.
type RequestReport struct {
	Method string            `json:"method,omitempty"`
	URL    string            `json:"url,omitempty"`
	Header map[string]string `json:"header,omitempty"`
	Size   int64             `json:"size,omitempty"` // of the body, in bytes
}

// A Timeline says how long each part of a call took. A part that did not happen
// is 0.
type Timeline struct {
	DNS       time.Duration `json:"dns,omitempty"`
	Connect   time.Duration `json:"connect,omitempty"`
	TLS       time.Duration `json:"tls,omitempty"`
	FirstByte time.Duration `json:"first_byte,omitempty"` // from the sent request to the answer's first byte
	Body      time.Duration `json:"body,omitempty"`       // from there to its end
	Total     time.Duration `json:"total,omitempty"`
}

// A TLSReport says what the receiver proved, or could not prove.
type TLSReport struct {
	Version  string    `json:"version,omitempty"`
	Cipher   string    `json:"cipher,omitempty"`
	Protocol string    `json:"protocol,omitempty"` // "h2" or "http/1.1"
	Names    []string  `json:"names,omitempty"`    // of the certificate, at most 20
	Issuer   string    `json:"issuer,omitempty"`
	NotAfter time.Time `json:"not_after,omitzero"`
}

// MarshalJSON writes the durations as texts such as "1.5ms".
func (r Report) MarshalJSON() ([]byte, error) {
	type plain Report
	return confjson.Encode(plain(r))
}

func (r *Report) fail(e *Error) {
	r.OK, r.Status, r.Class, r.Err = false, e.Status, e.Class, e
	r.Error, r.Advice = e.Error(), advice[e.Class]
	var unverified *tls.CertificateVerificationError
	if errors.As(e, &unverified) && (r.TLS == nil || r.TLS.Names == nil) {
		r.TLS = &TLSReport{}
		r.TLS.leaf(unverified.UnverifiedCertificates)
	}
}

// leaf notes what the receiver's own certificate says.
func (t *TLSReport) leaf(chain []*x509.Certificate) {
	if len(chain) == 0 {
		return
	}
	const most = 20
	c := chain[0]
	names := c.DNSNames
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	for _, n := range names[:min(len(names), most)] {
		t.Names = append(t.Names, printable([]byte(n), maxSnippet))
	}
	t.Issuer = printable([]byte(c.Issuer.CommonName), maxSnippet)
	t.NotAfter = c.NotAfter
}
