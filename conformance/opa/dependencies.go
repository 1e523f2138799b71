package main

import (
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/dependencies"
)

// depend lists what a query depends on, as `opa deps` does: {base: [ref], virtual: [ref]}, references as text.
func depend(request *Request) (Answer, error) {
	query, err := ast.ParseBody(request.Query)
	if err != nil {
		return nil, err
	}
	modules := map[string]*ast.Module{}
	for _, name := range fileNames(request.Modules) {
		module, err := ast.ParseModuleWithOpts(name, request.Modules[name], options(request))
		if err != nil {
			return nil, err
		}
		modules[name] = module
	}
	compiler := ast.NewCompiler().WithDefaultRegoVersion(regoVersion(request))
	if compiler.Compile(modules); compiler.Failed() {
		return nil, compiler.Errors
	}
	base, err := dependencies.Base(compiler, query)
	if err != nil {
		return nil, err
	}
	virtual, err := dependencies.Virtual(compiler, query)
	if err != nil {
		return nil, err
	}
	return Answer{"base": texts(base), "virtual": texts(virtual)}, nil
}

func texts(refs []ast.Ref) []string {
	written := make([]string, 0, len(refs))
	for _, ref := range refs {
		written = append(written, ref.String())
	}
	return written
}
