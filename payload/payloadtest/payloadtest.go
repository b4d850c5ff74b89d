// Package payloadtest has bodies of every system for the tests of programs that
// receive them, as they were captured on the wire or composed after the
// documentation of the system, and builders for messages of each kind.
//
//	for _, name := range payloadtest.Names("alertmanager") {
//		m, err := alertmanager.Decode(payloadtest.Body("alertmanager", name))
//		…
//	}
//
// All names, tokens and addresses in them are made up.
package payloadtest

import (
	"bufio"
	"bytes"
	"embed"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"
)

//go:embed testdata
var files embed.FS

// Systems returns the names of the systems, sorted.
func Systems() []string {
	return list("testdata")
}

// Names returns the names of the bodies of a system, sorted. It panics if there
// is no such system.
func Names(system string) []string {
	names := list(path.Join("testdata", system))
	for i, name := range names {
		names[i] = strings.TrimSuffix(name, path.Ext(name))
	}
	return names
}

func list(dir string) []string {
	entries, err := files.ReadDir(dir)
	if err != nil {
		panic(fmt.Sprintf("payloadtest: nothing in %s", dir))
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names
}

// Body returns a body, byte for byte; it is empty for the few requests that had
// none. It panics if there is no such body.
func Body(system, name string) []byte {
	if b, err := files.ReadFile(path.Join("testdata", system, name+".json")); err == nil {
		return b
	}
	b, err := io.ReadAll(Request(system, name).Body)
	if err != nil {
		panic(fmt.Sprintf("payloadtest: %s %s: %v", system, name, err))
	}
	return b
}

// Request returns a request as it was captured, head and body, to be given to a
// handler. For a body that was composed it is a plain POST of it. It panics if
// there is no such body.
func Request(system, name string) *http.Request {
	var r *http.Request
	var err error
	if b, missing := files.ReadFile(path.Join("testdata", system, name+".json")); missing == nil {
		r, err = http.NewRequest(http.MethodPost, "/", bytes.NewReader(b))
		if err == nil {
			r.Header.Set("Content-Type", "application/json")
		}
	} else if b, err = files.ReadFile(path.Join("testdata", system, name+".http")); err == nil {
		r, err = http.ReadRequest(bufio.NewReader(bytes.NewReader(b)))
	}
	if err != nil {
		panic(fmt.Sprintf("payloadtest: no body %q of %q", name, system))
	}
	return r
}
