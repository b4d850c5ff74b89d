package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"strings"

	"github.com/alertwire/alertwire/auth"
)

// flags are what the command line says.
type flags struct {
	listen, challengeFile, tokenFile, basicFile string
	certFile, keyFile                           string
	clientCA, clientName, proxyHeader, proxies  string
}

func (f *flags) add(fs *flag.FlagSet) {
	fs.StringVar(&f.listen, "listen", "127.0.0.1:8003", "`address` to listen on")
	fs.StringVar(&f.challengeFile, "challenge-secret-file", "", "`file` with the secret for GET /netdata?crc_token=…")
	fs.StringVar(&f.tokenFile, "token-file", "", "`file` with the bearer token that Netdata sends")
	fs.StringVar(&f.basicFile, "basic-file", "", "`file` with user:password that Netdata sends")
	fs.StringVar(&f.certFile, "tls-cert", "", "`file` with the certificate of this server; with -tls-key it speaks TLS itself")
	fs.StringVar(&f.keyFile, "tls-key", "", "`file` with its key")
	fs.StringVar(&f.clientCA, "client-ca", "", "`file` with Netdata's CA: a client certificate is demanded")
	fs.StringVar(&f.clientName, "client-name", "app.netdata.cloud", "`name` in the client certificate, compared whole")
	fs.StringVar(&f.proxyHeader, "proxy-header", "X-Client-Cert", "`header` in which a proxy that terminates TLS passes the certificate on ($ssl_client_escaped_cert in nginx)")
	fs.StringVar(&f.proxies, "proxies", "", "`prefixes` of such proxies, with commas; without them the header does not count")
}

// options are the flags, read and checked.
type options struct {
	credentials     auth.Config
	challengeSecret auth.Secret
	clients         *auth.ClientCertOptions
	tls             *tls.Config // nil: plain HTTP
}

func (f *flags) options() (options, error) {
	var o options
	switch {
	case f.tokenFile == "" && f.basicFile == "" && f.clientCA == "":
		return o, errOpen
	case f.tokenFile != "" && f.basicFile != "":
		return o, errors.New("-token-file and -basic-file exclude each other")
	case (f.certFile == "") != (f.keyFile == ""):
		return o, errors.New("-tls-cert and -tls-key go together")
	case f.clientCA == "" && f.proxies != "":
		return o, errors.New("-proxies is for the certificates of -client-ca")
	case f.clientCA != "" && f.certFile == "" && f.proxies == "":
		return o, errors.New("-client-ca needs -tls-cert, or -proxies that pass the certificate on")
	}
	if f.tokenFile != "" {
		o.credentials.Bearer = auth.Sources{{File: f.tokenFile}}
	}
	if f.basicFile != "" {
		pair, err := read("-basic-file", f.basicFile)
		if err != nil {
			return o, err
		}
		user, password, _ := strings.Cut(pair, ":")
		o.credentials.Basic = auth.BasicConfig{User: user, Password: auth.Source{Value: auth.Secret(password)}}
	}
	if f.challengeFile != "" {
		secret, err := read("-challenge-secret-file", f.challengeFile)
		if err != nil {
			return o, err
		}
		o.challengeSecret = auth.Secret(secret)
	}
	if f.certFile != "" {
		cert, err := tls.LoadX509KeyPair(f.certFile, f.keyFile)
		if err != nil {
			return o, fmt.Errorf("-tls-cert: %w", err)
		}
		o.tls = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	}
	if f.clientCA == "" {
		return o, nil
	}
	return o, f.clientCert(&o)
}

// clientCert fills in who the client has to be.
func (f *flags) clientCert(o *options) error {
	pem, err := read("-client-ca", f.clientCA)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(pem)) {
		return fmt.Errorf("-client-ca: %s has no certificate", f.clientCA)
	}
	o.clients = &auth.ClientCertOptions{Roots: roots, Names: []string{f.clientName}}
	if o.tls != nil {
		// Asked for here and judged by auth.Require, which answers 401 where the
		// handshake could only break off.
		o.tls.ClientAuth = tls.RequestClientCert
	}
	if f.proxies != "" {
		for _, text := range strings.Split(f.proxies, ",") {
			p, err := netip.ParsePrefix(strings.TrimSpace(text))
			if err != nil {
				return fmt.Errorf("-proxies: %w", err)
			}
			o.clients.TrustedProxies = append(o.clients.TrustedProxies, p)
		}
		o.clients.Header = f.proxyHeader
	}
	return nil
}

func read(flag, file string) (string, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("%s: %w", flag, err)
	}
	text := strings.TrimSpace(string(data))
	if text == "" {
		return "", fmt.Errorf("%s: %s is empty", flag, file)
	}
	return text, nil
}
