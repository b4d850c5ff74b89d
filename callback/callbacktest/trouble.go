package callbacktest

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
)

// Reset resets the connection in place of an answer.
func Reset() http.HandlerFunc {
	return raw(func(c net.Conn, _ *bufio.Writer) {
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // close with RST
		}
	})
}

// Close closes the connection in place of an answer.
func Close() http.HandlerFunc { return raw(func(net.Conn, *bufio.Writer) {}) }

// CloseMidHeader closes the connection in the middle of the header.
func CloseMidHeader() http.HandlerFunc {
	return text("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Le")
}

// CloseMidBody announces a body and closes the connection in the middle of it.
func CloseMidBody() http.HandlerFunc {
	return text("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nonly this")
}

// Garbage answers with something that is not HTTP.
func Garbage() http.HandlerFunc {
	return text("220 mail.example.com ESMTP\r\n" + strings.Repeat("\x00\xff", 100) + "\r\n\r\n")
}

// HeaderBomb answers 200 with a header of size bytes.
func HeaderBomb(size int) http.HandlerFunc {
	return raw(func(_ net.Conn, w *bufio.Writer) {
		_, _ = w.WriteString("HTTP/1.1 200 OK\r\n")
		for sent := 0; sent < size; {
			n, err := fmt.Fprintf(w, "X-Bomb-%d: %s\r\n", sent, strings.Repeat("b", 1000))
			if err != nil {
				return
			}
			sent += n
		}
		_, _ = w.WriteString("Content-Length: 0\r\n\r\n")
	})
}

// Informational answers 103 without end.
func Informational() http.HandlerFunc {
	return raw(func(_ net.Conn, w *bufio.Writer) {
		for {
			if _, err := w.WriteString("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"); err != nil {
				return
			}
		}
	})
}

// text sends s as it is and closes the connection.
func text(s string) http.HandlerFunc {
	return raw(func(_ net.Conn, w *bufio.Writer) { _, _ = w.WriteString(s) })
}

// raw hands the connection to write and closes it. On HTTP/2 and when the
// server is closed the stream is cut off instead.
func raw(write func(net.Conn, *bufio.Writer)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			abort()
		}
		// Nobody else closes a hijacked connection when the server is closed.
		stop := context.AfterFunc(r.Context(), func() { _ = c.Close() })
		defer stop()
		defer c.Close()
		write(c, rw.Writer)
		_ = rw.Flush()
	}
}
