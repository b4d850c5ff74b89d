package main

import (
	"fmt"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// What a letter has was written by others, and a terminal obeys what it reads:
// everything that is not printable is written out.

// line returns s so that it is one line.
func line(s string) string { return clean(s, "") }

// text returns s with its lines and tabs.
func text(s string) string { return clean(s, "\n\t") }

func clean(s, keep string) string {
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], string(utf8.RuneError)):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case unicode.IsPrint(r) || strings.ContainsRune(keep, r):
			b.WriteRune(r)
		default:
			b.WriteString(escape(r))
		}
	}
	return b.String()
}

// escape writes a rune as JSON does.
func escape(r rune) string {
	if r > 0xffff {
		hi, lo := utf16.EncodeRune(r)
		return fmt.Sprintf(`\u%04x\u%04x`, hi, lo)
	}
	return fmt.Sprintf(`\u%04x`, r)
}

// plainJSON returns JSON that means the same. What is not printable can only
// stand in its strings.
func plainJSON(s string) string { return clean(s, "\n") }

// shorten returns s with at most n letters.
func shorten(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}

// secretive are parts of the names of headers that are not for everybody who
// looks at the screen, or reads the ticket that it is copied to.
var secretive = []string{"auth", "cookie", "token", "secret", "password", "passwd", "credential", "signature", "api-key", "apikey",
	"access-key", "subscription-key", "functions-key", "routing-key", "bearer", "jwt", "session"}

const redacted = "[redacted]"

// header returns the headers to show. Those of a letter that cannot be decoded
// are as they are stored: an extra one is name=value.
func (p *program) header(h http.Header) http.Header {
	shown := h.Clone()
	if p.secrets {
		return shown
	}
	for name, values := range shown {
		for i, value := range values {
			if extra, _, ok := strings.Cut(value, "="); looksSecret(name) {
				values[i] = redacted
			} else if name == "Alertwire-Header" && ok && looksSecret(extra) {
				values[i] = extra + "=" + redacted
			}
		}
	}
	return shown
}

func looksSecret(name string) bool {
	name = strings.ReplaceAll(strings.ToLower(name), "_", "-")
	for _, part := range secretive {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}
