package callback_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// serveTLS returns the URL of a server that answers 200 over TLS as config says.
func serveTLS(t *testing.T, config *tls.Config) string {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	s.Config.ErrorLog = quiet()
	s.TLS = config
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.URL
}

// A proxy is an HTTP proxy that connects to one target, whatever is asked for,
// and counts.
type proxy struct {
	target   string
	user     string // what Proxy-Authorization must hold; "" for none
	connects atomic.Int64
	forwards atomic.Int64
	asked    atomic.Value // the last host that was asked for
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if p.user != "" && r.Header.Get("Proxy-Authorization") != p.user {
		w.WriteHeader(http.StatusProxyAuthRequired)
		return
	}
	p.asked.Store(r.Host)
	if r.Method != http.MethodConnect {
		p.forwards.Add(1)
		w.WriteHeader(http.StatusAccepted)
		return
	}
	p.connects.Add(1)
	to, err := net.Dial("tcp", p.target)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer to.Close()
	from, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer from.Close()
	fmt.Fprint(from, "HTTP/1.1 200 OK\r\n\r\n")
	go func() {
		_, _ = io.Copy(to, rw)
		to.Close()
	}()
	_, _ = io.Copy(from, to)
}

func newProxy(t *testing.T, target string) (*proxy, *httptest.Server) {
	t.Helper()
	p := &proxy{target: strings.TrimPrefix(strings.TrimPrefix(target, "https://"), "http://")}
	s := httptest.NewUnstartedServer(p)
	s.Config.ErrorLog = quiet()
	t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	return p, s
}

// socks serves one connection of SOCKS 5 (RFC 1928) without authentication.
func socks(c net.Conn, target string, asked chan<- string) {
	defer c.Close()
	r := bufio.NewReader(c)
	head := make([]byte, 2)
	_, _ = io.ReadFull(r, head)
	_, _ = io.ReadFull(r, make([]byte, head[1]))
	_, _ = c.Write([]byte{5, 0})
	request := make([]byte, 5)
	_, _ = io.ReadFull(r, request)
	name := make([]byte, int(request[4])+2)
	_, _ = io.ReadFull(r, name)
	asked <- string(name[:len(name)-2])
	to, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	defer to.Close()
	_, _ = c.Write([]byte{5, 0, 0, 1, 127, 0, 0, 1, 0, 0})
	go func() { _, _ = io.Copy(to, r) }()
	_, _ = io.Copy(c, to)
}
