package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/util"
)

const preparedMax = 4096

// prepared queries by the digest of everything that they depend on.
var prepared = map[string]*rego.PreparedEvalQuery{}

func handleOf(request *Request) (string, error) {
	text, err := json.Marshal([]any{request.Modules, int(regoVersion(request)), request.Query, request.Data, request.Strict})
	if err != nil {
		return "", err
	}
	digest := sha256.Sum256(text)
	return hex.EncodeToString(digest[:]), nil
}

func query(request *Request) (string, *rego.PreparedEvalQuery, error) {
	handle := request.Handle
	if handle == "" {
		var err error
		if handle, err = handleOf(request); err != nil {
			return "", nil, err
		}
	} else if prepared[handle] == nil {
		return "", nil, errors.New("unknown handle")
	}
	if known := prepared[handle]; known != nil {
		return handle, known, nil
	}
	made, err := newQuery(request)
	if err != nil {
		return "", nil, err
	}
	if len(prepared) >= preparedMax {
		clear(prepared)
	}
	prepared[handle] = made
	return handle, made, nil
}

func newQuery(request *Request) (*rego.PreparedEvalQuery, error) {
	version := regoVersion(request)
	settings := []func(*rego.Rego){
		rego.Query(request.Query),
		rego.SetRegoVersion(version),
		rego.StrictBuiltinErrors(request.Strict),
	}
	for _, name := range fileNames(request.Modules) {
		module, err := ast.ParseModuleWithOpts(name, request.Modules[name], options(request))
		if err != nil {
			return nil, err
		}
		settings = append(settings, rego.ParsedModule(module))
	}
	if len(request.Data) > 0 {
		var data map[string]any
		if err := util.UnmarshalJSON(request.Data, &data); err != nil {
			return nil, err
		}
		settings = append(settings, rego.Store(inmem.NewFromObject(data)))
	}
	made, err := rego.New(settings...).PrepareForEval(context.Background())
	return &made, err
}

// prepare compiles a query: {handle}, to be named in later evaluations instead of modules, data and query.
func prepare(request *Request) (Answer, error) {
	handle, _, err := query(request)
	return Answer{"handle": handle}, err
}

func results(request *Request) (rego.ResultSet, error) {
	_, made, err := query(request)
	if err != nil {
		return nil, err
	}
	var settings []rego.EvalOption
	if len(request.Input) > 0 && !bytes.Equal(request.Input, []byte("undefined")) {
		var input any
		if err := util.UnmarshalJSON(request.Input, &input); err != nil {
			return nil, err
		}
		settings = append(settings, rego.EvalInput(input))
	}
	return made.Eval(context.Background(), settings...)
}

// evaluate gives the value of the query's first expression: {defined, value}.
func evaluate(request *Request) (Answer, error) {
	set, err := results(request)
	if err != nil {
		return nil, err
	}
	if len(set) == 0 || len(set[0].Expressions) == 0 {
		return Answer{"defined": false}, nil
	}
	return Answer{"defined": true, "value": set[0].Expressions[0].Value}, nil
}

// bindings gives every result of a query: {results: [{bindings, expressions}]}.
func bindings(request *Request) (Answer, error) {
	set, err := results(request)
	if err != nil {
		return nil, err
	}
	return Answer{"results": resultList(set)}, nil
}

func resultList(set rego.ResultSet) []Answer {
	list := make([]Answer, 0, len(set))
	for _, result := range set {
		values := make([]any, 0, len(result.Expressions))
		for _, expression := range result.Expressions {
			values = append(values, expression.Value)
		}
		list = append(list, Answer{"bindings": result.Bindings, "expressions": values})
	}
	return list
}
