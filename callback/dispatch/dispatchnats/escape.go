package dispatchnats

import (
	"net/url"
	"strings"
)

const hexDigits = "0123456789ABCDEF"

// escape writes s so that it survives as the value of a header: everything that
// is not printable ASCII becomes %XX, and so does a space at either end.
func escape(s string) string {
	for i := range len(s) {
		if !safe(s, i) {
			return escapeFrom(s, i)
		}
	}
	return s
}

func escapeFrom(s string, i int) string {
	b := append(make([]byte, 0, len(s)+16), s[:i]...)
	for ; i < len(s); i++ {
		if safe(s, i) {
			b = append(b, s[i])
		} else {
			b = append(b, '%', hexDigits[s[i]>>4], hexDigits[s[i]&15])
		}
	}
	return string(b)
}

func safe(s string, i int) bool {
	c := s[i]
	if c == ' ' {
		return i > 0 && i < len(s)-1
	}
	return c > ' ' && c < 0x7f && c != '%'
}

func unescape(s string) (string, error) {
	if strings.IndexByte(s, '%') < 0 {
		return s, nil
	}
	return url.PathUnescape(s)
}
