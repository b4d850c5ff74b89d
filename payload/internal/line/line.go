// Package line makes the titles of events, which are one line.
package line

import "strings"

// First returns the first line of text that is not empty, without the space around
// it. Texts that come from YAML often end a line too many, or have several.
func First(text string) string {
	text = strings.TrimSpace(text)
	if end := strings.IndexByte(text, '\n'); end >= 0 {
		text = text[:end]
	}
	if end := strings.IndexByte(text, '\r'); end >= 0 {
		text = text[:end]
	}
	return strings.TrimSpace(text)
}
