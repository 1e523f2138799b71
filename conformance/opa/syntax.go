package main

import (
	"encoding/json"
	"sort"

	"github.com/open-policy-agent/opa/v1/ast"
	opaversion "github.com/open-policy-agent/opa/v1/version"
)

func version(*Request) (Answer, error) {
	return Answer{"version": opaversion.Version}, nil
}

func regoVersion(request *Request) ast.RegoVersion {
	if request.RegoVersion == nil {
		return ast.RegoV1
	}
	return ast.RegoVersionFromInt(*request.RegoVersion)
}

func options(request *Request) ast.ParserOptions {
	return ast.ParserOptions{ProcessAnnotation: true, RegoVersion: regoVersion(request)}
}

func fileNames(modules map[string]string) []string {
	names := make([]string, 0, len(modules))
	for name := range modules {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// parse reads every module by itself: {files: {name: {errors: […]} | {ast} | {unprintable}}}.
func parse(request *Request) (Answer, error) {
	files := Answer{}
	for _, name := range fileNames(request.Modules) {
		module, err := ast.ParseModuleWithOpts(name, request.Modules[name], options(request))
		switch {
		case err != nil:
			files[name] = failure(err)
		case request.AST:
			files[name] = printed(module)
		default:
			files[name] = Answer{}
		}
	}
	return Answer{"files": files}, nil
}

// printed gives a tree as JSON. OPA cannot print some that it accepts: the number .5 is no JSON.
func printed(module *ast.Module) Answer {
	text, err := json.Marshal(module)
	if err != nil {
		return Answer{"unprintable": err.Error()}
	}
	return Answer{"ast": json.RawMessage(text)}
}
