package challenge

import (
	"net/url"
	"strings"
)

// maxToken bounds the length of what is signed or echoed, in bytes.
const maxToken = 512

// opaque says whether s is a token as senders make them: letters, digits and
// the other characters of base64 in both its alphabets. Text of this kind is
// never a JSON object or array, and never has the separators of a signature's
// input. Characters in extra are allowed besides.
func opaque(s, extra string) bool {
	if s == "" || len(s) > maxToken {
		return false
	}
	for i := range len(s) {
		if !opaqueByte(s[i]) && strings.IndexByte(extra, s[i]) < 0 {
			return false
		}
	}
	return true
}

func opaqueByte(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return c == '+' || c == '/' || c == '=' || c == '_' || c == '-'
}

// echoable says whether s may be sent back as it came: printable ASCII without
// what means something to HTML, JSON or a shell's quotes. Nothing is escaped,
// because a sender compares the bytes.
func echoable(s string) bool {
	if s == "" || len(s) > maxToken {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if c < ' ' || c > '~' || strings.IndexByte("\"'`&<>\\", c) >= 0 {
			return false
		}
	}
	return true
}

// parameter finds a parameter in a raw query and says how often it is there.
// The value is decoded (%2B is a plus sign, a plus sign is a space), that of
// the last occurrence, and "" if it cannot be decoded. Other parameters may be
// whatever they like. url.ParseQuery would build a map of all of them.
func parameter(query, name string) (value string, times int) {
	for query != "" {
		var pair string
		pair, query, _ = strings.Cut(query, "&")
		key, raw, _ := strings.Cut(pair, "=")
		if unescape(key) != name {
			continue
		}
		times++
		value = unescape(raw)
	}
	return value, times
}

// unescape is url.QueryUnescape, with "" for what is malformed: no name and no
// token is empty.
func unescape(s string) string {
	if strings.IndexByte(s, '%') < 0 && strings.IndexByte(s, '+') < 0 {
		return s
	}
	s, err := url.QueryUnescape(s)
	if err != nil {
		return ""
	}
	return s
}

// single returns the one value of values, or "" if there are none or several.
func single(values []string) string {
	if len(values) != 1 {
		return ""
	}
	return values[0]
}
