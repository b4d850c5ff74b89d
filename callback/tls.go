package callback

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

const (
	tlsTimeout = 10 * time.Second
	// maxPEM bounds a file of certificates or keys, in bytes.
	maxPEM = 4 << 20
)

// A tlsIdentity is what of TLS two connections must have in common.
type tlsIdentity struct {
	caFile, certFile, keyFile string
	ca, cert, key             digest
	serverName                string
	minVersion                uint16
	insecure                  bool
}

// A tlsPlan is a TLSConfig that was checked.
type tlsPlan struct {
	TLSConfig
	identity tlsIdentity
}

// plan checks t, as far as that is possible without reading files. Its errors
// begin with the key behind "tls.".
func (t TLSConfig) plan() (*tlsPlan, error) {
	switch {
	case t.CAFile != "" && t.CA != "":
		return nil, errors.New("ca: is given by a file too")
	case t.CertFile != "" && t.Cert != "":
		return nil, errors.New("cert: is given by a file too")
	case t.KeyFile != "" && t.Key != "":
		return nil, errors.New("key: is given by a file too")
	case t.hasCert() != (t.KeyFile != "" || t.Key != ""):
		return nil, errors.New("cert: certificate and key go together")
	}
	p := &tlsPlan{TLSConfig: t, identity: tlsIdentity{
		caFile: t.CAFile, certFile: t.CertFile, keyFile: t.KeyFile,
		ca: digestOf(t.CA), cert: digestOf(t.Cert), key: digestOf(string(t.Key)),
		serverName: t.ServerName, insecure: t.InsecureSkipVerify,
	}}
	switch t.MinVersion {
	case "", "1.2":
		p.identity.minVersion = tls.VersionTLS12
	case "1.3":
		p.identity.minVersion = tls.VersionTLS13
	default:
		return nil, errors.New(`min_version: want "1.2" or "1.3"`)
	}
	return p, nil
}

func (t TLSConfig) hasCert() bool  { return t.CertFile != "" || t.Cert != "" }
func (t TLSConfig) hasFiles() bool { return t.CAFile != "" || t.CertFile != "" || t.KeyFile != "" }

// read reads the files and returns the settings.
func (p *tlsPlan) read() (*tls.Config, error) {
	config := &tls.Config{
		MinVersion:         p.identity.minVersion,
		ServerName:         p.ServerName,
		InsecureSkipVerify: p.InsecureSkipVerify, // the caller's word, loud enough
	}
	if p.CA != "" || p.CAFile != "" {
		ca, err := textOf(p.CA, p.CAFile)
		if err != nil {
			return nil, fmt.Errorf("ca_file: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(ca) {
			return nil, errors.New("ca: no certificate in PEM")
		}
	}
	if !p.hasCert() {
		return config, nil
	}
	cert, err := textOf(p.Cert, p.CertFile)
	if err != nil {
		return nil, fmt.Errorf("cert_file: %w", err)
	}
	key, err := textOf(string(p.Key), p.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("key_file: %w", err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("cert: %w", err) // which tells nothing of the key
	}
	config.Certificates = []tls.Certificate{pair}
	return config, nil
}

// textOf returns the inline text, or what is in the file. Its errors do not
// repeat the path: it may be a key that was put in the wrong place.
func textOf(inline, file string) ([]byte, error) {
	if file == "" {
		return []byte(inline), nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, withoutPath(err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxPEM+1))
	switch {
	case err != nil:
		return nil, withoutPath(err)
	case len(text) > maxPEM:
		return nil, fmt.Errorf("is larger than %d bytes", maxPEM)
	}
	return text, nil
}

// withoutPath returns what went wrong with a file, and not which it was.
func withoutPath(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// fileStamps tell whether the three files are still those that were read.
type fileStamps [3]struct {
	size    int64
	changed time.Time
}

func (p *tlsPlan) stamps() (s fileStamps) {
	for i, file := range [3]string{p.CAFile, p.CertFile, p.KeyFile} {
		if file == "" {
			continue
		}
		if info, err := os.Stat(file); err == nil {
			s[i].size, s[i].changed = info.Size(), info.ModTime()
		}
	}
	return s
}
