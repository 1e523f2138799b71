// Command oracle answers questions about Rego with the real OPA, for tests: one JSON object a line on standard input,
// one on standard output, in the order asked. It is a test tool and never part of a running system.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
)

// Request is one question. Which fields count depends on Op.
type Request struct {
	ID          json.RawMessage   `json:"id"`
	Op          string            `json:"op"`
	Modules     map[string]string `json:"modules"`
	RegoVersion *int              `json:"regoVersion"`
	Query       string            `json:"query"`
	Input       json.RawMessage   `json:"input"`
	Data        json.RawMessage   `json:"data"`
	Strict      bool              `json:"strict"`
	Handle      string            `json:"handle"`
	AST         bool              `json:"ast"`
	Locations   bool              `json:"locations"`
	Directory   string            `json:"directory"`

	// Of check.
	Schemas         map[string]any  `json:"schemas"`
	Capabilities    json.RawMessage `json:"capabilities"`
	PrintStatements bool            `json:"printStatements"`
	Format          *FormatOptions  `json:"format"`

	// Of measure.
	Inputs   []json.RawMessage `json:"inputs"`
	Text     bool              `json:"text"`
	Millis   int               `json:"millis"`
	Programs []Program         `json:"programs"`
}

// Answer is written with the request's id first.
type Answer map[string]any

var operations = map[string]func(*Request) (Answer, error){
	"version":      version,
	"parse":        parse,
	"check":        check,
	"prepare":      prepare,
	"eval":         evaluate,
	"query":        bindings,
	"cases":        corpus,
	"diagnostics":  compileCorpus,
	"format":       formatted,
	"measure":      measure,
	"weigh":        weigh,
	"programs":     programs,
	"dependencies": depend,
}

func main() {
	reader := bufio.NewReaderSize(os.Stdin, 1<<20)
	writer := bufio.NewWriterSize(os.Stdout, 1<<20)
	for {
		line, err := reader.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			write(writer, answer(line))
		}
		// Answers are flushed when no further question waits, so that a caller may send many at once.
		if reader.Buffered() == 0 || err != nil {
			if writer.Flush() != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func answer(line []byte) Answer {
	var request Request
	if err := json.Unmarshal(line, &request); err != nil {
		return Answer{"error": Answer{"code": "oracle_request", "message": err.Error()}}
	}
	result := run(&request)
	if request.ID != nil {
		result["id"] = request.ID
	}
	return result
}

func run(request *Request) (result Answer) {
	defer func() {
		if fault := recover(); fault != nil {
			result = Answer{"error": Answer{"code": "oracle_panic", "message": fmt.Sprint(fault)}}
		}
	}()
	operation, ok := operations[request.Op]
	if !ok {
		return Answer{"error": Answer{"code": "oracle_request", "message": "unknown op " + request.Op}}
	}
	result, err := operation(request)
	if err != nil {
		return failure(err)
	}
	return result
}

func write(writer *bufio.Writer, result Answer) {
	encoder := json.NewEncoder(writer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(result); err != nil {
		_ = encoder.Encode(Answer{"id": result["id"], "error": Answer{"code": "oracle_encode", "message": err.Error()}})
	}
}
