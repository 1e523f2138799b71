package main

import (
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/format"
)

// FormatOptions are the flags of `opa fmt`, and the span that only OPA's own tests and Go API ask for.
type FormatOptions struct {
	RegoV1        bool `json:"regoV1"`
	DropV0Imports bool `json:"dropV0Imports"`
	// Target is the newest version that the result must parse at, where it is not the source's own.
	Target *int `json:"target"`
}

func formatOptions(request *Request) (format.Opts, error) {
	version := regoVersion(request)
	parser := ast.ParserOptions{RegoVersion: version}
	opts := format.Opts{RegoVersion: version, ParserOptions: &parser}
	wanted := request.Format
	if wanted == nil {
		return opts, nil
	}
	opts.DropRedundantDirectiveImports = wanted.DropV0Imports
	if wanted.RegoV1 {
		opts.RegoVersion = ast.RegoV0CompatV1
		opts.Capabilities = ast.CapabilitiesForThisVersion(ast.CapabilitiesRegoVersion(ast.RegoV0CompatV1))
	}
	if wanted.Target != nil {
		span, err := ast.NewRegoVersionSpan(version, ast.RegoVersionFromInt(*wanted.Target))
		if err != nil {
			return opts, err
		}
		opts.RegoVersionSpan = span
	}
	return opts, nil
}

// formatted gives each module as `opa fmt` writes it: {files: {name: {text} | {errors: […], message}}}.
func formatted(request *Request) (Answer, error) {
	opts, err := formatOptions(request)
	if err != nil {
		return nil, err
	}
	files := Answer{}
	for _, name := range fileNames(request.Modules) {
		text, err := format.SourceWithOpts(name, []byte(request.Modules[name]), opts)
		if err != nil {
			refused := failure(err)
			refused["message"] = err.Error()
			files[name] = refused
			continue
		}
		files[name] = Answer{"text": string(text)}
	}
	return Answer{"files": files}, nil
}
