package clientip

import (
	"net/http"
	"net/netip"
	"strings"
)

// ForwardedRFC7239 returns the address of the client as reported in the
// Forwarded header (RFC 7239), walked as [Forwarded] does. A hop without a "for"
// parameter, or whose "for" is "unknown" or an obfuscated name, ends the walk
// with [ErrNoAddress].
func ForwardedRFC7239(r *http.Request, trusted []netip.Prefix) (netip.Addr, error) {
	return walk(r, trusted, r.Header["Forwarded"], lastUnquotedComma, forParameter)
}

// lastUnquotedComma looks for the comma before the last element. It reads from
// the right, because only the right end was written by someone who is trusted:
// a quote that a client left open must not swallow what a proxy appended.
func lastUnquotedComma(s string) int {
	quoted := false
	for i := len(s) - 1; i >= 0; i-- {
		switch {
		case s[i] == ',' && !quoted:
			return i
		case s[i] == '"' && !escaped(s, i):
			quoted = !quoted
		}
	}
	return -1
}

// escaped reports whether the byte at i has an odd number of backslashes before it.
func escaped(s string, i int) bool {
	n := 0
	for n < i && s[i-1-n] == '\\' {
		n++
	}
	return n%2 == 1
}

// forParameter reads the address of the only "for" parameter of an element.
func forParameter(element string) (addr netip.Addr, ok bool) {
	for element != "" {
		var pair string
		pair, element = nextPair(element)
		name, value, found := strings.Cut(pair, "=")
		if !strings.EqualFold(strings.Trim(name, " \t"), "for") {
			continue
		}
		if ok || !found { // twice, or without a value
			return netip.Addr{}, false
		}
		value, closed := unquote(strings.Trim(value, " \t"))
		if !closed {
			return netip.Addr{}, false
		}
		value, _, _ = strings.Cut(value, ":_") // a port may be obfuscated
		if addr, ok = parse(value); !ok {
			return netip.Addr{}, false
		}
	}
	return addr, ok
}

// nextPair cuts at the first semicolon outside of quotes.
func nextPair(s string) (pair, rest string) {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && quoted:
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == ';' && !quoted:
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

// unquote takes the quotes off. No address needs an escape, so a value with one
// is left for the parser to refuse.
func unquote(s string) (string, bool) {
	if s == "" || s[0] != '"' {
		return s, true
	}
	if len(s) < 2 || s[len(s)-1] != '"' {
		return "", false
	}
	return s[1 : len(s)-1], true
}
