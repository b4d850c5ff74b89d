package auth

import (
	"crypto/x509"
	"encoding/asn1"
	"slices"
	"strings"
)

// names returns what the first certificate of a verified chain says whose it
// is. A subject with several common names has none: which of them is meant
// depends on who reads it. Nor has one whose common name the authorities may not
// speak for: the verification of a chain holds all other names to their
// constraints.
func names(chain []*x509.Certificate) []string {
	cert := chain[0]
	list := slices.Concat(cert.DNSNames, cert.EmailAddresses)
	for _, u := range cert.URIs {
		list = append(list, u.String())
	}
	for _, ip := range cert.IPAddresses {
		list = append(list, ip.String())
	}
	commonName := asn1.ObjectIdentifier{2, 5, 4, 3}
	count := 0
	for _, attribute := range cert.Subject.Names {
		if attribute.Type.Equal(commonName) {
			count++
		}
	}
	name := cert.Subject.CommonName
	forbids := func(authority *x509.Certificate) bool { return !permits(authority, name) }
	if count == 1 && !slices.ContainsFunc(chain[1:], forbids) {
		list = append(list, name)
	}
	return list
}

// permits reports whether an authority may speak for name as a DNS name.
func permits(authority *x509.Certificate, name string) bool {
	within := func(domain string) bool { return withinDomain(name, domain) }
	if slices.ContainsFunc(authority.ExcludedDNSDomains, within) {
		return false
	}
	permitted := authority.PermittedDNSDomains
	return len(permitted) == 0 || slices.ContainsFunc(permitted, within)
}

// withinDomain reports whether name is domain or ends in it, without regard to
// case. Everything ends in the empty domain.
func withinDomain(name, domain string) bool {
	name, domain = strings.ToLower(name), strings.TrimPrefix(strings.ToLower(domain), ".")
	return domain == "" || name == domain || strings.HasSuffix(name, "."+domain)
}
