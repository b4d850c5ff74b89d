package callback

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"text/template"
	"text/template/parse"
)

// maxTemplate bounds the text of a template, in bytes: package template takes
// stack for each nested if, and to run out of that ends the process.
const maxTemplate = maxURL

// maxHeaderValue bounds the value of a header that is a template, in bytes.
const maxHeaderValue = 4 << 10

// templates are the parts of a request that depend on the message.
type templates struct {
	origin  string
	rest    *template.Template // path and query; nil if they are constant
	headers []headerTemplate
}

type headerTemplate struct {
	name  string
	value *template.Template
}

// parseTemplates returns the templates among raw, a URL, and h, from which it
// removes them; nil if there are none. Its errors begin with the key.
func parseTemplates(raw string, h http.Header) (*templates, error) {
	t := &templates{}
	if isTemplate(raw) {
		start, rest, _ := splitOrigin(raw)
		u, err := url.Parse(start) // was checked
		if err != nil {
			return nil, errors.New("url: not a valid URL")
		}
		t.origin = u.Scheme + "://" + u.Host
		if t.rest, err = parseTemplate(rest, placePath); err != nil {
			return nil, fmt.Errorf("url: %w", err)
		}
	}
	for name, values := range h {
		if !isTemplate(values[0]) {
			continue
		}
		if name == "Cookie" {
			return nil, errors.New("headers: Cookie: may not be a template: a value could add a cookie")
		}
		value, err := parseTemplate(values[0], placeHeader)
		if err != nil {
			return nil, fmt.Errorf("headers: %s: %w", name, err)
		}
		t.headers = append(t.headers, headerTemplate{name, value})
		delete(h, name)
	}
	if t.rest == nil && t.headers == nil {
		return nil, nil
	}
	return t, nil
}

func isTemplate(s string) bool { return strings.Contains(s, "{{") }

// prelude names the variables.
const prelude = `{{$message := .}}{{$event := .Event}}{{$labels := .Labels}}{{$value := .Value}}`

// parseTemplate returns text as a template whose values are escaped for the
// place in which they stand, beginning with p. Its errors repeat no part of text
// but names of functions.
func parseTemplate(text string, p place) (*template.Template, error) {
	if len(text) > maxTemplate {
		return nil, fmt.Errorf("a template longer than %d bytes", maxTemplate)
	}
	t, err := template.New("").Option("missingkey=error").Funcs(functions).Parse(prelude + text)
	if err != nil {
		return nil, errors.New("not a valid template; its variables are $event, $labels, $value and $message, " +
			"and its functions those that the documentation names")
	}
	if len(t.Templates()) > 1 {
		return nil, errors.New("a template may not define others")
	}
	if _, err := escapeList(t.Root, p); err != nil {
		return nil, err
	}
	return t, nil
}

// escapeList makes all output of list pass through the escaper of its place,
// the first of which is p, and returns the place behind it.
func escapeList(list *parse.ListNode, p place) (place, error) {
	if list == nil {
		return p, nil
	}
	var err error
	for _, n := range list.Nodes {
		switch n := n.(type) {
		case *parse.TextNode:
			p, err = p.after(n.Text)
		case *parse.ActionNode:
			err = checkPipe(n.Pipe)
			escapeAction(n, p)
		case *parse.IfNode:
			p, err = escapeBranch(&n.BranchNode, p)
		case *parse.WithNode:
			p, err = escapeBranch(&n.BranchNode, p)
		case *parse.CommentNode:
		default:
			return p, errors.New("a template may use if and with, and nothing else of that kind")
		}
		if err != nil {
			return p, err
		}
	}
	return p, nil
}

func escapeBranch(b *parse.BranchNode, p place) (place, error) {
	if err := checkPipe(b.Pipe); err != nil {
		return p, err
	}
	one, err := escapeList(b.List, p)
	if err != nil {
		return p, err
	}
	other, err := escapeList(b.ElseList, p)
	if err == nil && one != other {
		err = errors.New(`a template may not have the "?" of a URL in one branch only`)
	}
	return one, err
}

// escapeAction appends the escaper to an action that prints something.
func escapeAction(a *parse.ActionNode, p place) {
	if len(a.Pipe.Decl) > 0 {
		return
	}
	a.Pipe.Cmds = append(a.Pipe.Cmds, &parse.CommandNode{
		NodeType: parse.NodeCommand, Pos: a.Pos,
		Args: []parse.Node{parse.NewIdentifier(p.escaper()).SetPos(a.Pos)},
	})
}

// checkPipe refuses functions that are not ours to offer.
func checkPipe(p *parse.PipeNode) error {
	for _, c := range p.Cmds {
		for _, arg := range c.Args {
			switch arg := arg.(type) {
			case *parse.IdentifierNode:
				if refusedFunctions[arg.Ident] {
					return fmt.Errorf("a template may not use the function %s", arg.Ident)
				}
			case *parse.PipeNode:
				if err := checkPipe(arg); err != nil {
					return err
				}
			case *parse.ChainNode:
				if inner, ok := arg.Node.(*parse.PipeNode); ok {
					if err := checkPipe(inner); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}
