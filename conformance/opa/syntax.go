package main

import (
	"encoding/json"
	"sort"

	"github.com/open-policy-agent/opa/v1/ast"
	astJSON "github.com/open-policy-agent/opa/v1/ast/json"
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
			files[name] = printed(module, request.Locations)
		default:
			files[name] = Answer{}
		}
	}
	return Answer{"files": files}, nil
}

// printed gives a tree as JSON. OPA cannot print some that it accepts: the number .5 is no JSON.
func printed(module *ast.Module, locations bool) Answer {
	if locations {
		astJSON.SetOptions(astJSON.Options{MarshalOptions: astJSON.MarshalOptions{
			IncludeLocationText: true,
			IncludeLocation: astJSON.NodeToggle{
				Term: true, Package: true, Comment: true, Import: true, Rule: true, Head: true, Expr: true,
				SomeDecl: true, Every: true, With: true, Annotations: true, AnnotationsRef: true,
			},
		}})
		defer astJSON.SetOptions(astJSON.Defaults())
	}
	text, err := json.Marshal(module)
	if err != nil {
		return Answer{"unprintable": err.Error()}
	}
	return Answer{"ast": json.RawMessage(text)}
}
