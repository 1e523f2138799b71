package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/util"
)

// Program is a policy with its data, and the questions about it.
type Program struct {
	Modules     map[string]string `json:"modules"`
	RegoVersion *int              `json:"regoVersion"`
	Data        json.RawMessage   `json:"data"`
	Strict      bool              `json:"strict"`
	TimeNs      int64             `json:"timeNs"`
	Questions   []Question        `json:"questions"`
}

// Question is a query with its input, absent where the input is undefined.
type Question struct {
	Query string          `json:"query"`
	Input json.RawMessage `json:"input"`
}

// What one answer may cost.
const answerDeadline = 2 * time.Second

// programs compiles each program once and answers its questions; the programs are spread over the processors. The
// answers come in order: {programs: [{errors} | {answers: [{results} | {errors}]}]}.
func programs(request *Request) (Answer, error) {
	answers := make([]Answer, len(request.Programs))
	next := make(chan int)
	var group sync.WaitGroup
	for range min(runtime.NumCPU(), len(answers)) {
		group.Go(func() {
			for index := range next {
				answers[index] = guarded(func() Answer { return answerProgram(&request.Programs[index]) })
			}
		})
	}
	for index := range answers {
		next <- index
	}
	close(next)
	group.Wait()
	return Answer{"programs": answers}, nil
}

// guarded turns a panic of OPA into an answer.
func guarded(work func() Answer) (result Answer) {
	defer func() {
		if fault := recover(); fault != nil {
			result = failure(errors.New("panic: " + fmt.Sprint(fault)))
			result["panic"] = true
		}
	}()
	return work()
}

func answerProgram(program *Program) Answer {
	compiler, store, err := prepareProgram(program)
	if err != nil {
		return failure(err)
	}
	answers := make([]Answer, 0, len(program.Questions))
	for _, question := range program.Questions {
		answers = append(answers, guarded(func() Answer {
			result, err := answerQuestion(program, compiler, store, &question)
			if err != nil {
				return failure(err)
			}
			return result
		}))
	}
	return Answer{"answers": answers}
}

func prepareProgram(program *Program) (*ast.Compiler, storage.Store, error) {
	request := &Request{RegoVersion: program.RegoVersion}
	modules := map[string]*ast.Module{}
	for _, name := range fileNames(program.Modules) {
		module, err := ast.ParseModuleWithOpts(name, program.Modules[name], options(request))
		if err != nil {
			return nil, nil, err
		}
		modules[name] = module
	}
	data := map[string]any{}
	if len(program.Data) > 0 {
		if err := util.UnmarshalJSON(program.Data, &data); err != nil {
			return nil, nil, err
		}
	}
	compiler := ast.NewCompiler().WithDefaultRegoVersion(regoVersion(request)).WithEnablePrintStatements(true)
	if compiler.Compile(modules); compiler.Failed() {
		return nil, nil, compiler.Errors
	}
	return compiler, inmem.NewFromObjectWithOpts(data, inmem.OptRoundTripOnWrite(false)), nil
}

func answerQuestion(program *Program, compiler *ast.Compiler, store storage.Store, question *Question) (Answer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), answerDeadline)
	defer cancel()
	settings := []func(*rego.Rego){
		rego.Query(question.Query),
		rego.SetRegoVersion(regoVersion(&Request{RegoVersion: program.RegoVersion})),
		rego.Compiler(compiler),
		rego.Store(store),
		rego.StrictBuiltinErrors(program.Strict),
		rego.GenerateJSON(typedValue),
	}
	if program.TimeNs != 0 {
		settings = append(settings, rego.Time(time.Unix(0, program.TimeNs)))
	}
	if len(question.Input) > 0 && !bytes.Equal(question.Input, []byte("undefined")) {
		var input any
		if err := util.UnmarshalJSON(question.Input, &input); err != nil {
			return nil, err
		}
		value, err := ast.InterfaceToValue(input)
		if err != nil {
			return nil, err
		}
		settings = append(settings, rego.ParsedInput(value))
	}
	set, err := rego.New(settings...).Eval(ctx)
	if err != nil {
		return nil, err
	}
	return Answer{"results": resultList(set)}, nil
}

// typedValue gives a value as JSON text that keeps what JSON has no word for: {"$set": [members]} and
// {"$object": [[key, value]]} where a key is no string.
func typedValue(term *ast.Term, _ *rego.EvalContext) (any, error) {
	var text strings.Builder
	writeTyped(&text, term.Value)
	return text.String(), nil
}

func writeTyped(out *strings.Builder, value ast.Value) {
	switch value := value.(type) {
	case *ast.Array:
		out.WriteByte('[')
		for index := range value.Len() {
			separate(out, index)
			writeTyped(out, value.Elem(index).Value)
		}
		out.WriteByte(']')
	case ast.Set:
		out.WriteString(`{"$set":[`)
		for index, member := range value.Slice() {
			separate(out, index)
			writeTyped(out, member.Value)
		}
		out.WriteString(`]}`)
	case ast.Object:
		writeObject(out, value)
	case ast.Number:
		out.WriteString(jsonNumber(string(value)))
	case ast.String:
		out.WriteString(jsonString(string(value)))
	default:
		out.WriteString(value.String())
	}
}

func writeObject(out *strings.Builder, object ast.Object) {
	plain := true
	object.Foreach(func(key, _ *ast.Term) {
		_, isString := key.Value.(ast.String)
		plain = plain && isString
	})
	if plain {
		out.WriteByte('{')
	} else {
		out.WriteString(`{"$object":[`)
	}
	for index, key := range object.Keys() {
		separate(out, index)
		if !plain {
			out.WriteByte('[')
		}
		writeTyped(out, key.Value)
		out.WriteByte(map[bool]byte{true: ':', false: ','}[plain])
		writeTyped(out, object.Get(key).Value)
		if !plain {
			out.WriteByte(']')
		}
	}
	if plain {
		out.WriteByte('}')
	} else {
		out.WriteString(`]}`)
	}
}

func separate(out *strings.Builder, index int) {
	if index > 0 {
		out.WriteByte(',')
	}
}

// jsonNumber mends what OPA takes for a number and JSON does not: `.5`, `1.`.
func jsonNumber(text string) string {
	sign := ""
	if strings.HasPrefix(text, "-") {
		sign, text = "-", text[1:]
	}
	if strings.HasPrefix(text, ".") {
		text = "0" + text
	}
	return sign + text
}

func jsonString(text string) string {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(text)
	return strings.TrimRight(out.String(), "\n")
}
