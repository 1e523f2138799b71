package main

import (
	"errors"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// failure turns any of OPA's errors into {error: first, errors: all}, each with code, message, file, row and col.
func failure(err error) Answer {
	all := flatten(err)
	return Answer{"error": all[0], "errors": all}
}

func flatten(err error) []Answer {
	// First: an evaluation's error may hold what a builtin's parser said.
	var evaluation *topdown.Error
	if errors.As(err, &evaluation) {
		result := Answer{"code": evaluation.Code, "message": evaluation.Message}
		if evaluation.Location != nil {
			locate(result, evaluation.Location)
		}
		return []Answer{result}
	}
	var many ast.Errors
	if errors.As(err, &many) {
		result := make([]Answer, 0, len(many))
		for _, each := range many {
			result = append(result, fromAST(each))
		}
		return result
	}
	var regoErrors rego.Errors
	if errors.As(err, &regoErrors) && len(regoErrors) > 0 {
		var result []Answer
		for _, each := range regoErrors {
			result = append(result, flatten(each)...)
		}
		return result
	}
	var one *ast.Error
	if errors.As(err, &one) {
		return []Answer{fromAST(one)}
	}
	return []Answer{{"code": "error", "message": err.Error()}}
}

func fromAST(err *ast.Error) Answer {
	result := Answer{"code": err.Code, "message": err.Message}
	if err.Location != nil {
		locate(result, err.Location)
	}
	if err.Details != nil {
		result["details"] = err.Details.Lines()
	}
	return result
}

func locate(result Answer, location *ast.Location) {
	result["file"] = location.File
	result["row"] = location.Row
	result["col"] = location.Col
}
