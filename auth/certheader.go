package auth

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net/url"
	"strings"
)

const (
	// maxCertHeader bounds the header with a certificate. A certificate has
	// about 2 KB.
	maxCertHeader = 64 << 10
	// maxCerts is how many certificates a proxy may pass on at once.
	maxCerts = 8
)

// parseCertHeader reads the certificates that a proxy passes on, that of the
// client first.
func parseCertHeader(value string) ([]*x509.Certificate, error) {
	switch {
	case value == "": // what nginx sends for a client without a certificate
		return nil, ErrMissing
	case len(value) > maxCertHeader:
		return nil, fmt.Errorf("%w: certificate too long", ErrMalformed)
	case strings.HasPrefix(value, "-----BEGIN"):
		return parsePEMHeader(value)
	}
	var chain []*x509.Certificate
	for text := range strings.SplitSeq(value, ",") {
		text = strings.Trim(text, " ")
		if inner, ok := strings.CutPrefix(text, ":"); ok {
			if text, ok = strings.CutSuffix(inner, ":"); !ok {
				return nil, fmt.Errorf("%w: certificate truncated", ErrMalformed)
			}
		}
		der, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return nil, fmt.Errorf("%w: certificate not base64", ErrMalformed)
		}
		if chain, err = appendCert(chain, der); err != nil {
			return nil, err
		}
	}
	return chain, nil
}

// parsePEMHeader reads PEM with percent-escapes. A plus sign is itself: it is
// a digit of base64, and not all proxies escape it.
func parsePEMHeader(value string) ([]*x509.Certificate, error) {
	text, err := url.PathUnescape(value)
	if err != nil {
		return nil, fmt.Errorf("%w: certificate not percent-escaped", ErrMalformed)
	}
	var chain []*x509.Certificate
	for data := bytes.TrimSpace([]byte(text)); len(data) > 0; {
		block, rest := pem.Decode(data)
		if block == nil || block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("%w: certificate not PEM", ErrMalformed)
		}
		// Decode passes over what it cannot read until it finds a block.
		if bytes.Count(data[:len(data)-len(rest)], []byte("-----BEGIN")) != 1 || !bytes.HasPrefix(data, []byte("-----BEGIN")) {
			return nil, fmt.Errorf("%w: text between certificates", ErrMalformed)
		}
		data = bytes.TrimSpace(rest)
		if chain, err = appendCert(chain, block.Bytes); err != nil {
			return nil, err
		}
	}
	return chain, nil
}

func appendCert(chain []*x509.Certificate, der []byte) ([]*x509.Certificate, error) {
	if len(chain) == maxCerts {
		return nil, fmt.Errorf("%w: more than %d certificates", ErrMalformed, maxCerts)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("%w: not a certificate", ErrMalformed)
	}
	return append(chain, cert), nil
}
