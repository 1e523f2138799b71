package main

import (
	"bytes"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/test/compilecases"
	"github.com/open-policy-agent/opa/v1/util"
)

// check compiles the modules together, as `opa check` (with `strict`, `opa check --strict`). Keys of `schemas` are
// references: `schema`, `schema.input`. All errors are given, not only the first ones.
func check(request *Request) (Answer, error) {
	parsing := options(request)
	compiler := ast.NewCompiler().
		SetErrorLimit(0).
		WithStrict(request.Strict).
		WithUseTypeCheckAnnotations(true).
		WithEnablePrintStatements(request.PrintStatements).
		WithDefaultRegoVersion(regoVersion(request))
	if request.Capabilities != nil {
		capabilities, err := ast.LoadCapabilitiesJSON(bytes.NewReader(request.Capabilities))
		if err != nil {
			return nil, err
		}
		parsing.Capabilities = capabilities
		compiler = compiler.WithCapabilities(capabilities)
	}
	if request.Schemas != nil {
		schemas, err := schemaSet(request.Schemas)
		if err != nil {
			return nil, err
		}
		compiler = compiler.WithSchemas(schemas)
	}
	modules := map[string]*ast.Module{}
	for _, name := range fileNames(request.Modules) {
		module, err := ast.ParseModuleWithOpts(name, request.Modules[name], parsing)
		if err != nil {
			return nil, err
		}
		modules[name] = module
	}
	if compiler.Compile(modules); compiler.Failed() {
		return nil, compiler.Errors
	}
	return Answer{"ok": true}, nil
}

func schemaSet(given map[string]any) (*ast.SchemaSet, error) {
	set := ast.NewSchemaSet()
	for path, schema := range given {
		ref := ast.SchemaRootRef
		if path != "schema" {
			parsed, err := ast.ParseRef(path)
			if err != nil {
				return nil, err
			}
			ref = parsed
		}
		// The loader of schemas reads numbers as they are written.
		var document any
		if err := util.UnmarshalJSON(util.MustMarshalJSON(schema), &document); err != nil {
			return nil, err
		}
		set.Put(ref, document)
	}
	return set, nil
}

// compileCorpus gives the cases of OPA's compile corpus under a folder.
func compileCorpus(request *Request) (Answer, error) {
	set, err := compilecases.Load(request.Directory)
	if err != nil {
		return nil, err
	}
	return Answer{"cases": set.Sorted().Cases}, nil
}
