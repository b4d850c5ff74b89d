package callback

import "net/http"

type templates struct{}

func parseTemplates(string, http.Header) (*templates, error) { return nil, nil }

func (*templates) apply(*http.Request, *Message) error { return nil }
