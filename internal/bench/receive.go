package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/alertwire/alertwire/auth"
	"github.com/alertwire/alertwire/challenge"
)

// receiveGroups measure what is in front of a handler.
func receiveGroups() ([]group, error) {
	guard, err := guardGroup()
	if err != nil {
		return nil, err
	}
	answer, err := challengeGroup()
	if err != nil {
		return nil, err
	}
	return []group{guard, answer}, nil
}

// guardGroup has a request with a body of 1 KiB pass a check of its token.
func guardGroup() (group, error) {
	const guarded = "alertwire, auth.Require(Bearer)"
	secret := auth.Secret(newSecret())
	bearer, err := auth.NewBearer(secret)
	if err != nil {
		return group{}, err
	}
	data := body(1 << 10)
	reader := bytes.NewReader(data)
	r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/", nil)
	r.Header.Set("Authorization", "Bearer "+string(secret))
	next := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	serve := func(name string, ours bool, h http.Handler) bench {
		w := &discard{h: http.Header{}}
		return repeat(name, ours, func() error {
			reader.Reset(data)
			r.Body = io.NopCloser(reader)
			h.ServeHTTP(w, r)
			if w.status >= 400 {
				return fmt.Errorf("%s: status %d", name, w.status)
			}
			return nil
		})
	}
	return group{
		title: "Check a bearer token in front of a handler, 1 KiB",
		cases: []bench{serve("the handler alone", false, next), serve(guarded, true, auth.Require(bearer, auth.RequireOptions{})(next))},
		goals: []goal{{guarded, allocs, "", 3}},
	}, nil
}

// challengeGroup answers the handshake of X and Netdata over loopback. Client
// and server are this process.
func challengeGroup() (group, error) {
	const answered, empty, fixed = "alertwire, challenge answered", "empty 200", "the same answer from a constant"
	const path = "/webhook?nonce=MTY1NDUwMzg0OTY4MA%3D%3D&crc_token=NTEyZDM4YjYtYzdiOC00MGM4LTg5ZmUtZjQ2ZjllOTYyMmI2"
	crc, err := challenge.NewCRC("a secret of this benchmark", challenge.CRCOptions{})
	if err != nil {
		return group{}, err
	}
	responder := challenge.Respond(crc, challenge.RespondOptions{})(http.NotFoundHandler())
	recorded := httptest.NewRecorder()
	responder.ServeHTTP(recorded, httptest.NewRequestWithContext(context.Background(), http.MethodGet, path, nil))
	var servers []*httptest.Server
	serve := func(name string, ours bool, h http.Handler) bench {
		s := httptest.NewServer(h)
		servers = append(servers, s)
		client := s.Client()
		return repeat(name, ours, func() error {
			r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, s.URL+path, nil)
			if err != nil {
				return err
			}
			return finish(client.Do(r))
		})
	}
	return group{
		title: "Answer a challenge over loopback",
		note:  "Client and server together, a connection that is kept.",
		cases: []bench{
			serve(empty, false, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})),
			serve(answered, true, responder),
			serve(fixed, false, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				for name, values := range recorded.Header() {
					w.Header()[name] = values
				}
				_, _ = w.Write(recorded.Body.Bytes())
			})),
		},
		goals: []goal{{answered, cost, empty, 1.05}},
		close: func() {
			for _, s := range servers {
				s.Close()
			}
		},
	}, nil
}
