package auth

import (
	"crypto/x509"
	"encoding/base64"
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

// The lines around a certificate in PEM.
const (
	pemBegin = "-----BEGIN CERTIFICATE-----"
	pemEnd   = "-----END CERTIFICATE-----"
)

// parseCertHeader reads the certificates that a proxy passes on, that of the
// client first.
func parseCertHeader(value string) ([]*x509.Certificate, error) {
	switch {
	case value == "" || value == "(null)": // from nginx and from Apache, for a client without a certificate
		return nil, ErrMissing
	case len(value) > maxCertHeader:
		return nil, fmt.Errorf("%w: certificate too long", ErrMalformed)
	}
	text, err := unescapeCert(value)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(text, "-----") {
		return parsePEMHeader(text)
	}
	var chain []*x509.Certificate
	for text := range strings.SplitSeq(text, ",") {
		text = strings.Trim(text, " ")
		if inner, ok := strings.CutPrefix(text, ":"); ok {
			if text, ok = strings.CutSuffix(inner, ":"); !ok {
				return nil, fmt.Errorf("%w: certificate truncated", ErrMalformed)
			}
		}
		if chain, err = appendCert(chain, text); err != nil {
			return nil, err
		}
	}
	return chain, nil
}

// unescapeCert undoes percent-escapes. A plus sign is itself: it is a digit of
// base64, and not all proxies escape it. Those that do and write it for a space,
// as forms do, write it so in the first line.
func unescapeCert(value string) (string, error) {
	if !strings.Contains(value, "%") {
		return value, nil
	}
	unescape := url.PathUnescape
	if strings.HasPrefix(value, strings.ReplaceAll(pemBegin, " ", "+")) {
		unescape = url.QueryUnescape
	}
	text, err := unescape(value)
	if err != nil {
		return "", fmt.Errorf("%w: certificate not percent-escaped", ErrMalformed)
	}
	return text, nil
}

// parsePEMHeader reads one block of PEM after the other. Lines may end in spaces
// instead, as a header has no lines, or not be parted at all.
func parsePEMHeader(text string) ([]*x509.Certificate, error) {
	const space = " \t\r\n"
	var chain []*x509.Certificate
	for text = strings.Trim(text, space); text != ""; text = strings.TrimLeft(text, space) {
		inner, ok := strings.CutPrefix(text, pemBegin)
		if !ok {
			return nil, fmt.Errorf("%w: certificate not PEM", ErrMalformed)
		}
		if inner, text, ok = strings.Cut(inner, pemEnd); !ok {
			return nil, fmt.Errorf("%w: certificate truncated", ErrMalformed)
		}
		digits := strings.Map(func(r rune) rune {
			if strings.ContainsRune(space, r) {
				return -1
			}
			return r
		}, inner)
		var err error
		if chain, err = appendCert(chain, digits); err != nil {
			return nil, err
		}
	}
	return chain, nil
}

// appendCert appends the certificate that text is in base64.
func appendCert(chain []*x509.Certificate, text string) ([]*x509.Certificate, error) {
	if len(chain) == maxCerts {
		return nil, fmt.Errorf("%w: more than %d certificates", ErrMalformed, maxCerts)
	}
	der, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("%w: certificate not base64", ErrMalformed)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("%w: not a certificate", ErrMalformed)
	}
	return append(chain, cert), nil
}
