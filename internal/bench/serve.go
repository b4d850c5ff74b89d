package main

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"time"
)

const serveCommand = "-serve-child"

// A target is a receiver in a process of its own, so that the processor time of
// this one is that of the sender.
type target struct {
	http, https string // URLs; https speaks HTTP/1.1 alone
	h2          string // offers HTTP/2
	flaky       string // fails every fifth call
	ca          []byte // PEM of the certificate
	stop        func()
}

// startTarget starts this program again as a receiver.
func startTarget(ctx context.Context) (*target, error) {
	cmd := exec.CommandContext(ctx, os.Args[0], serveCommand)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("receiver: %w", err)
	}
	parts := strings.Fields(line)
	if len(parts) != 4 {
		return nil, fmt.Errorf("receiver: says %q", line)
	}
	ca, err := base64.StdEncoding.DecodeString(parts[3])
	if err != nil {
		return nil, err
	}
	return &target{
		http: parts[0], https: parts[1], h2: parts[2], flaky: parts[0] + flakyPath, ca: ca,
		stop: func() { _ = in.Close(); _ = cmd.Wait() },
	}, nil
}

const flakyPath = "flaky"

// serve is the receiver: it reads each body to its end and answers 200, until
// its standard input is closed.
func serve() {
	var calls atomic.Int64
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if r.URL.Path == "/"+flakyPath && calls.Add(1)%5 == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(w, "ok")
	})
	plain, secure, both := listen(), listen(), listen()
	cert, ca, err := certificate()
	check(err)
	go func() { check(http.Serve(plain, h)) }()
	for l, offerBoth := range map[net.Listener]bool{secure: false, both: true} {
		srv := &http.Server{
			Handler: h, TLSConfig: &tls.Config{Certificates: []tls.Certificate{cert}},
			ErrorLog:  log.New(io.Discard, "", 0), // some peers break off in the middle of a handshake
			Protocols: new(http.Protocols),
		}
		srv.Protocols.SetHTTP1(true)
		srv.Protocols.SetHTTP2(offerBoth)
		go func() { check(srv.ServeTLS(l, "", "")) }()
	}
	fmt.Printf("http://%s/ https://%s/ https://%s/ %s\n", plain.Addr(), secure.Addr(), both.Addr(), base64.StdEncoding.EncodeToString(ca))
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}

func listen() net.Listener {
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	check(err)
	return l
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench: child:", err)
		os.Exit(1)
	}
}

// certificate returns a self-signed certificate for 127.0.0.1, and its PEM.
func certificate() (tls.Certificate, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	t := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key},
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), nil
}
